//! What `data inspect` says of recordings.

use super::*;

/// Records out of order are no gaps. A change of the sampling rate is noted.
#[test]
fn stretches_and_rates_of_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.mseed");
    let inspect = || {
        let path = path.display().to_string();
        let json = stdout(Path::new("/nowhere"), &["inspect", &path, "--json"]);
        serde_json::from_str::<Value>(&json).unwrap()
    };
    std::fs::write(
        &path,
        [record(2, 10), record(1, 10), record(0, 10), record(4, 10)].concat(),
    )
    .unwrap();
    let json = inspect();
    assert_eq!(json["recordings"][0]["stretches"], 2);
    assert_eq!(json["recordings"][0]["samples"], 40);
    assert_eq!(json["notes"], Value::Array(Vec::new()));
    std::fs::write(&path, [record(0, 10), record(1, 20)].concat()).unwrap();
    let json = inspect();
    assert_eq!(json["recordings"][0]["stretches"], 2);
    let expected = "channel `XX.NODE..EHZ` has several sampling rates: 10, 20 Hz";
    assert_eq!(json["notes"][0]["note"], expected);
}

/// A channel without a finite sample has no smallest one, and is not called equal to another.
#[test]
fn channels_without_a_finite_sample() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.wav");
    let samples = f32::NAN.to_le_bytes().repeat(400);
    let format = [3u16, 2, 100, 0, 800, 0, 8, 32].map(u16::to_le_bytes);
    let chunk = |name: &[u8], content: &[u8]| {
        [name, &(content.len() as u32).to_le_bytes(), content].concat()
    };
    let form = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", format.as_flattened()),
        chunk(b"data", &samples),
    ];
    std::fs::write(&path, chunk(b"RIFF", &form.concat())).unwrap();
    let text = stdout(
        Path::new("/nowhere"),
        &["inspect", &path.display().to_string()],
    );
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(2)
        .map(|line| line.split_whitespace().collect())
        .collect();
    let row = |channel| {
        [
            channel, "0.000", "s", "100", "200", "2.000", "1", "-", "-", "200",
        ]
    };
    assert_eq!(rows, [row("1"), row("2")], "{text}");
}

/// A record of ten samples from a second on.
fn record(second: u8, rate: i16) -> Vec<u8> {
    let mut record = b"000001D NODE   EHZXX".to_vec();
    record.extend(2024_u16.to_be_bytes());
    record.extend(122_u16.to_be_bytes());
    record.extend([10, 0, second, 0, 0, 0]);
    record.extend(10_u16.to_be_bytes());
    record.extend(rate.to_be_bytes());
    record.extend(1_i16.to_be_bytes());
    record.extend([0, 0, 0, 1, 0, 0, 0, 0]);
    record.extend(64_u16.to_be_bytes());
    record.extend(48_u16.to_be_bytes());
    // Blockette 1000: 16-bit integers, big-endian, 128 bytes.
    record.extend(1000_u16.to_be_bytes());
    record.extend([0, 0, 1, 1, 7, 0]);
    record.resize(64, 0);
    (0..10_i16).for_each(|i| record.extend((i * i).to_be_bytes()));
    record.resize(128, 0);
    record
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file of another format is named, whatever its own name says. Packed recordings are read under any name.
#[test]
fn other_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let mut tar = vec![0; 1024];
    tar[..5].copy_from_slice(b"a.csv");
    tar[148..156].copy_from_slice(b"001333\0 ");
    let html = b"<!DOCTYPE html><title>404 Not Found</title>";
    for (name, bytes, expected) in [
        (
            "day.tar.gz",
            packed(&tar),
            "is a tar archive: unpack it first",
        ),
        ("day.tgz", packed(&tar), "is a tar archive: unpack it first"),
        ("day.tar", tar.clone(), "is a tar archive: unpack it first"),
        (
            "day.mseed",
            html.to_vec(),
            "is a page of HTML: the download went wrong",
        ),
        (
            "day.csv",
            html.to_vec(),
            "is a page of HTML: the download went wrong",
        ),
        (
            "day.gz",
            packed(html),
            "is a page of HTML: the download went wrong",
        ),
        (
            "day.xlsx",
            b"PK\x03\x04...xl/workbook.xml".to_vec(),
            "is an Excel workbook: export",
        ),
        (
            "day.npz.zip",
            b"PK\x03\x04...x.npy".to_vec(),
            "is a NumPy archive",
        ),
    ] {
        let output = data(&["inspect", &at(name, &bytes)]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(expected), "{name}: {said}");
    }
    // Sources of samples say so too.
    at("index.txt", b"day.tar.gz\nday.xlsx\n");
    let config = "events:\n  num_classes: 2\n  class_names: [a, b]\n  train_index_file: index.txt\n  val_index_file: \
                  index.txt\n  test_index_file: index.txt\n";
    let config = at("dataset_config.yaml", config.as_bytes());
    let said = text(&data(&["count", &config]).stderr);
    assert!(
        said.contains("day.tar.gz: is a tar archive: unpack it first; sample sources are"),
        "{said}"
    );
    let records = at(
        "records.gz",
        &packed(&[record(0, 10), record(1, 10)].concat()),
    );
    let json = stdout(Path::new("/nowhere"), &["inspect", &records, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["recordings"][0]["samples"], 20);
}

/// Columns that could tell the class of each row are named.
#[test]
fn columns_of_labels_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.csv");
    let row = |i: usize| {
        let activity = ["walk", "sit", "jump"][i / 100 % 3];
        format!(
            "{:.2},{activity},{},{},{}\n",
            i as f64 / 50.0,
            i / 300,
            i % 5,
            i * i % 997
        )
    };
    let rows: String = (0..1200).map(row).collect();
    std::fs::write(&path, format!("t,activity,subject,ticks,x\n{rows}")).unwrap();
    let shown = stdout(folder.path(), &["inspect", &path.display().to_string()]);
    for expected in [
        "note: column `activity` could tell the label or the group of each row: 3 different texts, walk, sit, jump; see \
         `label_column`",
        "note: column `subject` could tell the label or the group of each row: 4 different whole numbers, 0, 1, 2, 3; see",
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
    assert!(
        !shown.contains("`ticks` could") && !shown.contains("`x` could"),
        "{shown}"
    );
}

/// Picks in the header of a SAC file are listed, and an import says that it does not read them as labels.
#[test]
fn picks_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut file = std::fs::read(fixtures.join("sac/le.sac")).unwrap();
    file[4 * 8..4 * 9].copy_from_slice(&0.25f32.to_le_bytes());
    file[480..488].copy_from_slice(b"P       ");
    file[4 * 10..4 * 11].copy_from_slice(&0.375f32.to_le_bytes());
    std::fs::write(folder.path().join("own.sac"), file).unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let sac = path("own.sac");
    let json = stdout(folder.path(), &["inspect", &sac, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let expected = serde_json::json!([
        {"file": "DIR/own.sac", "channel": "XX.NODE.00.EHZ", "field": "A", "name": "P",
         "time": "2024-05-01T10:00:00.500Z", "seconds": 0.25},
        {"file": "DIR/own.sac", "channel": "XX.NODE.00.EHZ", "field": "T0", "name": "",
         "time": "2024-05-01T10:00:00.625Z", "seconds": 0.375},
    ]);
    assert_eq!(json["picks"], expected);
    let text = stdout(folder.path(), &["inspect", &sac]);
    for line in [
        "pick: A `P` 2024-05-01T10:00:00.500Z, 0.250 s from the first sample",
        "pick: T0 2024-05-01T10:00:00.625Z, 0.375 s from the first sample",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let of_folder = stdout(folder.path(), &["inspect", &path("")]);
    assert!(
        of_folder.contains("; picks A (1), T0 (1) by files"),
        "{of_folder}"
    );
    let list = "sampling_rate: 100\nwindow: 0.16\nchannels: [EHZ]\nclass_names: [a, b]\nsplit: {by: time, train: 0.5, val: 0.5}\n\
                recordings:\n  - files: [own.sac]\n    labels:\n      - {start: 0, end: 0.2, class: a}\n      - {start: 0.2, end: \
                0.5, class: b}\n";
    std::fs::write(folder.path().join("list.yaml"), list).unwrap();
    stdout(
        folder.path(),
        &["import", &path("list.yaml"), "--out", &path("out")],
    );
    let report = std::fs::read_to_string(folder.path().join("out/import_report.txt")).unwrap();
    let expected = "own.sac: the header has picks, which are not read as labels: A `P`, T0; `data inspect --json` lists";
    assert!(report.contains(expected), "{report}");
}

/// A fill value is told once, in the same words for every format, whether it is there once or more often.
#[test]
fn fill_values_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let table = |rows: &[usize]| {
        let value = |i: usize| {
            if rows.contains(&i) {
                -9999
            } else {
                (i * i % 17) as i64
            }
        };
        let row = |i: usize| format!("{:.1},{}\n", i as f64 / 10.0, value(i));
        format!("t,x\n{}", (0..200).map(row).collect::<String>()).into_bytes()
    };
    let mut records: Vec<u8> = (0..9).flat_map(|second| record(second, 10)).collect();
    for second in [2, 4, 8] {
        records[second * 128 + 64..][..2].copy_from_slice(&(-9999_i16).to_be_bytes());
    }
    for (name, bytes, expected) in [
        (
            "one.csv",
            table(&[50]),
            "channel `x`: one sample at 5.000 s is -9999, and all others lie between 0 and 16: is it a fill value? Missing \
             samples must be left out or NaN",
        ),
        (
            "four.csv",
            table(&[30, 50, 51, 90]),
            "channel `x`: 4 samples (the first at 3.000 s) are -9999, and all others lie between 0 and 16:",
        ),
        (
            "three.mseed",
            records,
            "channel `XX.NODE..EHZ`: 3 samples (the first at 2024-05-01T10:00:02.000Z) are -9999, and all others lie between 0 \
             and 81:",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let path = path.display().to_string();
        let json = stdout(folder.path(), &["inspect", &path, "--json"]);
        let json = serde_json::from_str::<Value>(&json).unwrap();
        let notes = json["notes"].as_array().unwrap();
        assert_eq!(notes.len(), 1, "{name}: {notes:?}");
        let note = notes[0]["note"].as_str().unwrap();
        assert!(note.starts_with(expected), "{name}: {note}");
    }
}
