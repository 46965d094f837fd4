//! `data inspect FOLDER`: columns and tables that tell the classes of files.

use super::folder::{imported, plain, table, write};

/// A column of labels with one value in each file: the files tell the classes.
#[test]
fn columns_with_one_label_in_each_file() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..6 {
        let label = ["sit", "walk"][i % 2];
        let more = |_| format!(",{label},p{},phone", i / 2);
        let rows = table(i, 300, &more);
        let name = format!("r{i}.csv");
        write(
            folder.path(),
            &name,
            format!("time,x,y,activity,person,device\n{rows}"),
        );
    }
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # values of the column `activity`; check
    recordings:
      - {files: '*.csv', each_file: true, label_column: activity, group_column: person}
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(said.contains("train with:"), "{said}");
}

/// Tables that name files: with a class for each, or with intervals in them.
#[test]
fn tables_that_name_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = "filename,fold,target,category\n".to_owned();
    for i in 0..6 {
        plain(folder.path(), &format!("audio/r{i}.csv"), i);
        rows += &format!("r{i}.csv,{i},{},{}\n", i % 2, ["sit", "walk"][i % 2]);
    }
    write(folder.path(), "meta/all.csv", rows);
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # guess: columns `filename` and `category` of meta/all.csv; check
    recordings:
      - files:
          - audio/r0.csv
          - audio/r2.csv
          - audio/r4.csv
        class: sit
        each_file: true
      - files:
          - audio/r1.csv
          - audio/r3.csv
          - audio/r5.csv
        class: walk
        each_file: true
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(said.contains("train with:"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let mut rows = "file;begin;end;species\n".to_owned();
    for i in 0..3 {
        plain(folder.path(), &format!("audio/r{i}.csv"), i);
        rows += &format!("r{i};0;3;sit\nr{i};3;6;walk\n");
    }
    write(folder.path(), "meta/all.csv", rows);
    let (yaml, said) = imported(folder.path());
    insta::assert_snapshot!(yaml, @r"
    # Draft by `data inspect`, from the contents and the names of files. Check each guess.
    # Then: data import DIR/recordings.yaml --out dataset
    sampling_rate: 50  # Hz, as in the files
    window: 2.56  # seconds, 128 samples: a guess
    channels: [x, 'y']
    class_names: [sit, walk]  # from the tables of labels
    recordings:
      - files:
          - audio/r0.csv
          - audio/r1.csv
          - audio/r2.csv
        labels_file: meta/all.csv
        each_file: true
    split: {by: recording}  # windows of one recording or group stay in one split
    ");
    assert!(said.contains("train with:"), "{said}");
}

/// The name of a file in each row does not make a table of samples one of files.
#[test]
fn samples_with_the_name_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let more = |i: usize| format!(",s1.wav,{}", ["sit", "walk"][i / 150 % 2]);
    let rows = table(1, 600, &more);
    let text = format!("time,x,y,filename,activity\n{rows}");
    write(folder.path(), "all.csv", text);
    let (yaml, _) = imported(folder.path());
    let expected = "{files: all.csv, label_column: activity}";
    assert!(yaml.contains(expected), "{yaml}");
}
