//! `data inspect FOLDER`: a draft of a list that `data import` takes.

use std::path::Path;

use super::{data, fixtures, stdout, text_of};

/// A table with `rows` rows at 50 Hz, whose values depend on `seed`.
pub(super) fn table(seed: usize, rows: usize, more: &dyn Fn(usize) -> String) -> String {
    let row = |i: usize| {
        let value = |k: usize| ((i * (2 * seed + k + 2)) as f64 * 0.37).sin();
        let more = more(i);
        format!(
            "{:.2},{:.4},{:.4}{more}\n",
            i as f64 * 0.02,
            value(0),
            value(1)
        )
    };
    (0..rows).map(row).collect()
}

/// Writes files below a folder.
pub(super) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub(super) fn plain(folder: &Path, name: &str, seed: usize) {
    let rows = table(seed, 300, &|_| String::new());
    write(folder, name, format!("time,x,y\n{rows}"));
}

/// A WAV file of one channel at 100 Hz.
fn wav(seed: usize, samples: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..samples)
        .flat_map(|i| ((((i * (seed + 2)) as f64 * 0.37).sin() * 9000.0) as i16).to_le_bytes())
        .collect();
    let mut bytes = header(data.len() as u32);
    bytes.extend(data);
    bytes
}

pub(super) fn header(length: u32) -> Vec<u8> {
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(100u32.to_le_bytes());
    bytes.extend(200u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(length.to_le_bytes());
    bytes
}

/// The draft of a folder as `recordings.yaml`, and what the import prints.
pub(super) fn imported(folder: &Path) -> (String, String) {
    let list = folder.join("recordings.yaml");
    let list_name = list.display().to_string();
    let said = stdout(
        folder,
        &[
            "inspect",
            &folder.display().to_string(),
            "--draft",
            &list_name,
        ],
    );
    assert!(
        said.contains("list of recordings written to DIR/recordings.yaml"),
        "{said}"
    );
    let yaml = std::fs::read_to_string(&list).unwrap();
    let out = folder.join("out").display().to_string();
    let output = data(&["import", &list_name, "--out", &out]);
    let dir = folder.display().to_string();
    (
        yaml.replace(&dir, "DIR"),
        text_of(&output).replace(&dir, "DIR"),
    )
}

#[test]
fn classes_and_persons_in_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = 0;
    for class in ["sit", "walk"] {
        for who in ["anna", "ben", "carl"] {
            for i in 1..3 {
                seed += 1;
                plain(folder.path(), &format!("data/{class}/{who}_{i}.csv"), seed);
            }
        }
    }
    write(folder.path(), "README.md", "x,y\n1,2\n");
    write(folder.path(), ".git/config", "x");
    write(folder.path(), "data/junk.bin", [0, 1, 2, 3]);
    insta::assert_snapshot!(stdout(folder.path(), &["inspect", &folder.path().display().to_string()]), @r"
    DIR: 14 files in 4 folders; 1 hidden or of systems and editors left out
    recordings:
      table, 12 files: 50 Hz; 72 s (6 s each); channels x, y; such as data/sit/anna_1.csv
    other files:
      documents (1), such as README.md
      files of unknown formats (1), such as data/junk.bin

    draft of a list of recordings (`--draft FILE` writes it):

    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Save it as DIR/recordings.yaml. Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # guess: names of folders; check
    recordings:
      # Guess: `group` is from names of files, anna, ben, carl; check.
      - {files: 'data/{class}/{group}_*.csv'}
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    let (_, said) = imported(folder.path());
    assert!(said.contains("train       1        8    4     4"), "{said}");
}

#[test]
fn splits_in_names_of_folders() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, name) in [
        "train/on/1",
        "train/on/2",
        "train/off/3",
        "val/on/4",
        "val/off/5",
        "test/on/6",
        "test/off/7",
    ]
    .iter()
    .enumerate()
    {
        plain(folder.path(), &format!("{name}.csv"), seed);
    }
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: ['off', 'on']  # guess: names of folders; check
    recordings:
      - {files: '{split}/{class}/*.csv'}
    split: {by: given}  # from names of folders
    ");
    assert!(said.contains("train       3        6    2   4"), "{said}");
}

#[test]
fn tables_of_labels_beside_recordings() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, day) in ["day1", "day2", "day3"].iter().enumerate() {
        write(folder.path(), &format!("wav/{day}.wav"), wav(seed, 6000));
        write(
            folder.path(),
            &format!("labels/{day}.txt"),
            "0\t30\tquiet\n30\t60\tsteps\n",
        );
    }
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 100  # Hz, as in the files
    window: 2.56  # seconds, 256 samples: a guess
    channels: ['1']
    class_names: [quiet, steps]  # from the tables of labels
    recordings:
      - {files: wav/day1.wav, labels_file: labels/day1.txt}
      - {files: wav/day2.wav, labels_file: labels/day2.txt}
      - {files: wav/day3.wav, labels_file: labels/day3.txt}
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(
        said.contains("test        1       22     11     11"),
        "{said}"
    );
}

#[test]
fn columns_of_labels_and_persons() {
    let folder = tempfile::tempdir().unwrap();
    let more = |i: usize| format!(",{},{}", ["sit", "walk"][i / 150 % 2], i / 600);
    let rows = table(1, 1800, &more);
    write(
        folder.path(),
        "all.csv",
        format!("time,x,y,activity,person\n{rows}"),
    );
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # values of the column `activity`; check
    recordings:
      - {files: all.csv, label_column: activity, group_column: person}
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(said.contains("train       1"), "{said}");
}

/// A person must say what no name tells, and the import says so.
#[test]
fn what_nothing_tells_is_to_be_filled_in() {
    let folder = tempfile::tempdir().unwrap();
    for i in 1..4 {
        plain(folder.path(), &format!("{i}.csv"), i);
    }
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: []  # FILL_IN: at least two; no name and no column tells them
    recordings:
      # FILL_IN: `class` of each recording, or `labels_file`: a table with the columns start, end, class.
      - {files: '*.csv', each_file: true, class: FILL_IN}
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(
        said.contains("`class_names`: a classifier needs at least 2 classes")
            || said.contains("at least 2 classes"),
        "{said}"
    );

    // Components of a station without labels.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        fixtures().join("steim2.mseed"),
        folder.path().join("a.mseed"),
    )
    .unwrap();
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 100  # Hz, as in the files
    window: 2.56  # seconds, 256 samples: a guess
    channels: [EHZ, EHN]
    class_names: []  # FILL_IN: at least two; those of the labels
    recordings:
      # FILL_IN: no names tell the classes. Write a table with the columns start, end, class for each station.
      - {files: a.mseed, labels_file: FILL_IN_XX.NODE.00.csv}
    split: {by: time}  # there are 1 recording(s) or group(s), too few for three splits: each is divided in time
    ");
    assert!(said.contains("FILL_IN_XX.NODE.00.csv"), "{said}");
}

/// Files of another kind in the same folders: the pattern would take them, so that files are listed.
#[test]
fn other_files_are_not_in_the_draft() {
    let folder = tempfile::tempdir().unwrap();
    for i in 1..4 {
        plain(folder.path(), &format!("sit/{i}.csv"), i);
        plain(folder.path(), &format!("walk/{i}.csv"), 10 + i);
        write(
            folder.path(),
            &format!("walk/meta{i}.csv"),
            "key,value\nweather,rain\n",
        );
    }
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # guess: names of folders; check
    recordings:
      - files:
          - sit/1.csv
          - sit/2.csv
          - sit/3.csv
        class: sit
        each_file: true
      - files:
          - walk/1.csv
          - walk/2.csv
          - walk/3.csv
        class: walk
        each_file: true
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(said.contains("train with:"), "{said}");
}

/// A list in another folder, named relative to the working directory.
#[test]
fn patterns_are_relative_to_the_list_once() {
    let folder = tempfile::tempdir().unwrap();
    for i in 1..4 {
        plain(folder.path(), &format!("own/sit/{i}.csv"), i);
        plain(folder.path(), &format!("own/walk/{i}.csv"), 10 + i);
    }
    let list = "sampling_rate: 50\nwindow: 2.56\nchannels: [x]\nclass_names: [sit, walk]\nrecordings:\n  - {files: '{class}/*.csv'}\n";
    write(folder.path(), "own/list.yaml", list);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_data"))
        .args(["import", "own/list.yaml", "--out", "out"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
}
