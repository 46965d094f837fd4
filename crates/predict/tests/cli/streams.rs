//! `predict recording` and `predict stream` give the same windows and events for the same samples.

use data::{BandLayout, Compression, SpectralMethod, Statistics, Thresholds};

use super::*;

/// Events and windows of the synthetic station do not depend on the order of its records, or on whether they are read
/// from a file or streamed.
#[test]
fn the_help_shows_what_to_pipe_in() {
    let output = run(&["stream", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("COMMAND | predict stream [OPTIONS] <MODEL> -"),
        "{help}"
    );
    assert!(help.contains("--format int16 --rate 512"), "{help}");
}

#[test]
fn a_stream_gives_what_a_recording_gives() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let model = model.to_str().unwrap();
    let bytes = std::fs::read(station()).unwrap();
    // Channel by channel, as ObsPy writes them.
    let mut sorted: Vec<&[u8]> = bytes.chunks(512).collect();
    sorted.sort_by_key(|record| record[17]);
    let sorted_path = folder.path().join("sorted.mseed");
    std::fs::write(&sorted_path, sorted.concat()).unwrap();
    let expected: Value = serde_json::from_str(include_str!("../fixtures/station.json")).unwrap();
    let common = [
        "--channels",
        "HHN,HHE",
        "--hop",
        "256",
        "--json",
        "--on",
        "0.5",
    ];
    for kind in [
        &["--windows"][..],
        &["--merge-gap", "1", "--ignore", "vehicle"],
    ] {
        let options = [&common[..], kind].concat();
        let read = |path: &str| run(&[&["recording", model, path][..], &options].concat());
        let found = read(&station());
        let read_lines = lines(&found);
        assert!(!read_lines.is_empty());
        assert_eq!(stdout(&read(sorted_path.to_str().unwrap())), stdout(&found));
        let arguments = [&["stream", model, "-"][..], &options].concat();
        // Cut in the middle of records.
        let pieces: Vec<&[u8]> = bytes.chunks(700).collect();
        let streamed = run_with_input(&arguments, &pieces);
        assert_eq!(stdout(&streamed), stdout(&found));
        let stderr = text(&streamed.stderr);
        assert!(stderr.contains("latency"), "{stderr}");
        assert!(stderr.contains("lost samples: 1133 in 1 gaps"), "{stderr}");
        if kind[0] == "--windows" {
            let starts = expected["HHN-HHE"]
                .as_array()
                .unwrap()
                .iter()
                .map(|window| window[0].as_i64().unwrap() / 1000);
            let found_starts = read_lines.iter().map(|line| {
                let time = line["start"].as_str().unwrap();
                data::recording::parse_time(time).unwrap() / 1000
            });
            assert_eq!(found_starts.collect::<Vec<_>>(), starts.collect::<Vec<_>>());
        }
    }
}

#[test]
fn numbers_come_in_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(50.0));
    let model = model.to_str().unwrap();
    let values: Vec<i16> = (0..4000).map(|i| ((i * i) % 1999 - 1000) as i16).collect();
    let mut table = "z,n\n".to_owned();
    for pair in values.chunks(2) {
        table.push_str(&format!("{},{}\n", pair[0], pair[1]));
    }
    let path = folder.path().join("table.csv");
    std::fs::write(&path, table).unwrap();
    let options = [
        "--windows",
        "--csv",
        "--rate",
        "100",
        "--start",
        "2024-05-01T00:00:00Z",
    ];
    let read = run(&[&["recording", model, path.to_str().unwrap()][..], &options].concat());
    let rows = |output: &Output| -> Vec<String> {
        // Without the site column.
        let rows = stdout(output).lines().skip(1);
        rows.map(|row| row.split_once(',').unwrap().1.to_owned())
            .collect()
    };
    // 2000 samples at 100 Hz become 1000 at 50 Hz: windows of 64, one every 32.
    assert_eq!(rows(&read).len(), 30);
    for format in ["int16", "int32", "float32"] {
        let bytes: Vec<u8> = match format {
            "int16" => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            "int32" => values
                .iter()
                .flat_map(|v| i32::from(*v).to_le_bytes())
                .collect(),
            _ => values
                .iter()
                .flat_map(|v| f32::from(*v).to_le_bytes())
                .collect(),
        };
        let arguments = [&["stream", model, "-", "--format", format][..], &options].concat();
        let pieces: Vec<&[u8]> = bytes.chunks(1001).collect();
        assert_eq!(
            rows(&run_with_input(&arguments, &pieces)),
            rows(&read),
            "{format}"
        );
    }
}

/// Windows that share spectra within a recording give the same results as by themselves.
#[test]
fn overlapping_windows_are_classified_as_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let spectral = |method, compression| SpectralConfig {
        method,
        compression,
        ..Default::default()
    };
    let mut spectra = Preprocessing::new(
        vec![Step::Scale(0.25)],
        spectral(SpectralMethod::Fft, Compression::Log1p),
    );
    spectra.normalisation = Normalisation::Dataset;
    spectra.thresholds = Some(Thresholds {
        compression: vec![0.5, 2.0],
        ..Default::default()
    });
    let bands = spectral(SpectralMethod::Bands, Compression::None);
    let layout = BandLayout::new(&bands.bands, 64).unwrap();
    let mut bands = Preprocessing::new(Vec::new(), bands);
    bands.normalisation = Normalisation::Band;
    bands.bands = Some(layout);
    let values: Vec<f32> = (0..6000)
        .map(|i| ((i * i) % 1999) as f32 - 1000.0 + (i as f32 * 0.01).cos())
        .collect();
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    for (mut preprocessing, entries) in [(spectra, 2), (bands, 32)] {
        preprocessing.sampling_rate = Some(100.0);
        preprocessing.thresholds.get_or_insert_default();
        preprocessing.statistics = Some(Statistics {
            mean: (0..entries).map(|i| 0.01 * f64::from(i)).collect(),
            std: (0..entries).map(|i| 1.5 + 0.1 * f64::from(i)).collect(),
        });
        let model = write_model_with(folder.path(), 64, preprocessing);
        for (hop, threads) in [("16", "1"), ("16", "3"), ("40", "2"), ("5", "1")] {
            let starts = (0..=3000 - 64).step_by(hop.parse().unwrap());
            let window = |start: usize| Window {
                values: (0..128)
                    .map(|i| values[2 * (start + i % 64) + i / 64])
                    .collect(),
                shape: vec![2, 64],
            };
            let windows: Vec<Window> = starts.map(window).collect();
            let expected = Classifier::open(&model).unwrap().classify(&windows);
            let options = [
                "--windows",
                "--json",
                "--rate",
                "100",
                "--format",
                "float32",
            ];
            let options = [&options[..], &["--hop", hop, "--threads", threads]].concat();
            let arguments = [&["stream", model.to_str().unwrap(), "-"], &options[..]].concat();
            let found = lines(&run_with_input(&arguments, &[&bytes]));
            assert_eq!(found.len(), windows.len());
            for (line, expected) in found.iter().zip(expected.unwrap()) {
                for (name, p) in CLASSES.iter().zip(&expected.probabilities) {
                    let value = line["probabilities"][name].as_f64().unwrap();
                    assert_eq!(value as f32, *p, "hop {hop}, {threads} threads");
                }
            }
        }
    }
}

#[test]
fn events_are_written_as_quakeml() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let path = folder.path().join("events.xml");
    let found = lines(&run(&[
        "recording",
        model.to_str().unwrap(),
        &station(),
        "--channels",
        "Z,E",
        "--json",
        "--on",
        "0.4",
        "--off",
        "0.3",
        "--ignore",
        "vehicle",
        "--quakeml",
        path.to_str().unwrap(),
    ]));
    let xml = std::fs::read_to_string(path).unwrap();
    assert_eq!(xml.matches("<event publicID").count(), found.len());
    for event in &found {
        let start = format!("<value>{}</value>", event["start"].as_str().unwrap());
        assert!(xml.contains(&start), "{start}");
    }
    assert!(!found.is_empty());
}

#[test]
#[cfg(unix)]
fn an_interrupted_stream_tells_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let mut child = command(&[
        "stream",
        model.to_str().unwrap(),
        "-",
        "--format",
        "int16",
        "--rate",
        "100",
        "--windows",
    ])
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&[7; 4 * 96]).unwrap();
    input.flush().unwrap();
    // Results appear while the stream is still open.
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for _ in 0..3 {
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    }
    assert_eq!(line.lines().count(), 3, "{line}");
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert!(text(&ended.stderr).contains("96 samples of every channel"));
}

/// Which channels a stream is analysed on does not depend on which of them come first.
#[test]
fn channels_of_a_stream_are_of_one_station() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 512, Some(100.0));
    let model = model.to_str().unwrap();
    let bytes = std::fs::read(station()).unwrap();
    let of = |code: u8| bytes.chunks(512).filter(move |record| record[17] == code);
    let renamed = |code: u8| {
        of(code).map(|record| {
            let mut record = record.to_vec();
            record[8..13].copy_from_slice(b"OTHER");
            record
        })
    };
    let vertical: Vec<Vec<u8>> = of(b'Z').map(<[u8]>::to_vec).collect();
    let east: Vec<Vec<u8>> = of(b'E').map(<[u8]>::to_vec).collect();
    let streamed = |parts: &[&[Vec<u8>]], channels: &str| {
        let bytes = parts.concat().concat();
        let options = ["stream", model, "-", "--windows", "--channels", channels];
        run_with_input(&options, &[&bytes])
    };
    let elsewhere: Vec<Vec<u8>> = renamed(b'E').collect();
    let output = streamed(&[&vertical, &elsewhere], "Z,E");
    refused(
        &output,
        2,
        "XX.MADE.00.HHZ, XX.OTHER.00.HHE are of different stations",
    );
    let output = streamed(&[&vertical, &elsewhere], "XX.MADE.00.HHZ,XX.OTHER.00.HHE");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let late: Vec<Vec<u8>> = renamed(b'Z').collect();
    let output = streamed(&[&vertical, &east, &late], "Z,E");
    refused(&output, 2, "`Z` must match exactly one channel");
    let output = streamed(&[&vertical, &east, &late], "XX.MADE.00.HHZ,E");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// `arecord` without `-t raw`, and records with --format, are no samples.
#[test]
fn files_are_no_raw_samples() {
    let folder = tempfile::tempdir().unwrap();
    let model = write_model(folder.path(), 64, Some(100.0));
    let model = model.to_str().unwrap();
    let raw = ["stream", model, "-", "--format", "int16", "--rate", "100"];
    let samples: Vec<u8> = (0..2000_i32)
        .flat_map(|i| ((i * 37 % 501) as i16).to_le_bytes())
        .collect();
    let wave = [&b"RIFF\xff\xff\xff\x7fWAVEfmt "[..], &samples].concat();
    // In pieces that are shorter than the part that is looked at.
    let pieces: Vec<&[u8]> = wave.chunks(5).collect();
    refused(&run_with_input(&raw, &pieces), 2, "is a WAV file");
    let records = std::fs::read(station()).unwrap();
    refused(&run_with_input(&raw, &[&records]), 2, "leave out --format");
    let pieces: Vec<&[u8]> = samples.chunks(7).collect();
    let found = run_with_input(&[&raw[..], &["--windows"]].concat(), &pieces);
    assert_eq!(stdout(&found).lines().count(), 1 + (1000 - 64) / 32 + 1);
}
