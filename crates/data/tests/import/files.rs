//! Lists whose files share times, names or folders.

use std::fmt::Write;

use super::*;

/// Rows at 50 Hz from `start` seconds on: time, label, a value that tells the file and the row, and one from its square.
fn table(file: usize, rows: usize, start: f64, label: &str) -> String {
    let mut text = String::from("time,label,x,y\n");
    for row in 0..rows {
        let time = start + row as f64 / 50.0;
        let value = file * 10_000 + row;
        // No two files have a run of values in common.
        let other = value * value % 997 + value / 997;
        writeln!(text, "{time:.2},{label},{value},{other}").unwrap();
    }
    text
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Imports the `recordings` of a list to the folder `out`.
fn import_list(folder: &Path, recordings: &str, out: &str) -> Result<Imported, String> {
    let list = format!(
        "sampling_rate: 50\nwindow: 1.0\nchannels: [x, y]\nclass_names: [sit, walk]\nrecordings:\n{recordings}\n"
    );
    let by = if list.contains("by: given") {
        ""
    } else {
        "split: {train: 0.5, val: 0.25, test: 0.25}\n"
    };
    std::fs::write(folder.join("list.yaml"), list + by).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    import(&config, &folder.join(out), 1000, &mut |_| {}).map_err(|error| error.to_string())
}

/// Windows: split, label, group and the first value.
fn windows(out: &Path) -> Vec<(usize, i64, String, usize)> {
    let mut found = Vec::new();
    for (split, name) in ["train", "val", "test"].into_iter().enumerate() {
        let shard = out.join(format!("{name}-00000-of-00001.tfrecord"));
        if !shard.exists() {
            continue;
        }
        data::reader::read(&shard, &Default::default(), &mut |record| {
            assert_eq!(record.values.len(), 100);
            let group = record.group.unwrap_or_default();
            found.push((split, record.label, group, record.values[0] as usize));
            Ok(())
        })
        .unwrap();
    }
    found
}

/// Files that each begin at 0 are not one recording: only the samples of one would be used, under the labels of all.
#[test]
fn files_that_begin_at_the_same_time_are_not_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    for (file, label) in [(1, "walk"), (2, "sit"), (3, "other")] {
        let text = table(file, 500, 0.0, label);
        write(folder.path(), &format!("p{file}.csv"), &text);
    }
    for keys in [
        "label_column: label",
        "class: walk",
        "class: walk, start: 2024-05-01T10:00:00Z",
    ] {
        let entry = format!("  - {{files: ['p*.csv'], {keys}}}");
        let error = import_list(folder.path(), &entry, "out").unwrap_err();
        for part in [
            "p2.csv: channel `x`: ",
            "p1.csv and this file have different samples for the same 10.000 s",
            "each_file: true",
        ] {
            assert!(error.contains(part), "{keys}: {error}");
        }
    }
    // Copies, and files that follow each other, are as before.
    write(folder.path(), "p2.csv", &table(1, 500, 0.0, "walk"));
    write(folder.path(), "p3.csv", &table(3, 500, 10.0, "sit"));
    let imported = import_list(
        folder.path(),
        "  - {files: ['p*.csv'], label_column: label}\nsplit: {by: time}\n#by: given",
        "out",
    );
    assert_eq!(imported.unwrap().overlapping, 1000);
    for (_, label, _, first) in windows(&folder.path().join("out")) {
        assert_eq!(label, i64::from(first < 20_000), "{first}");
    }
}

/// Samples of the earlier file are used where two files with dates overlap, and so are its labels only.
#[test]
fn labels_of_samples_that_are_not_used_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let unix = 1_714_550_400.0;
    write(folder.path(), "a.csv", &table(1, 1000, unix, "other"));
    write(folder.path(), "b.csv", &table(2, 1000, unix + 10.0, "walk"));
    write(folder.path(), "c.csv", &table(3, 1000, unix + 40.0, "sit"));
    let list = "  - {files: ['?.csv'], label_column: label}\nsplit: {by: time}\n#by: given";
    let imported = import_list(folder.path(), list, "out").unwrap();
    let said = imported.warnings.join("\n");
    assert!(said.contains("500 samples were there twice"), "{said}");
    assert!(
        said.contains("1000 of 3000 rows have another label than rows of another file"),
        "{said}"
    );
    let found = windows(&folder.path().join("out"));
    assert!(found.len() > 20);
    for (_, label, _, first) in found {
        assert!(
            first >= 20_500 && label == i64::from(first < 30_000),
            "{label} {first}"
        );
    }
}

/// Channels of the same name in files of different sensors have the end of the file's name before them.
#[test]
fn channels_of_sensors_are_told_apart_by_their_files() {
    let folder = tempfile::tempdir().unwrap();
    for (file, name) in ["ann_acc", "ann_gyr", "ben_acc", "ben_gyr"]
        .into_iter()
        .enumerate()
    {
        write(
            folder.path(),
            &format!("{name}.csv"),
            &table(file + 1, 500, 0.0, ""),
        );
    }
    let list = |channels: &str| {
        format!(
            "  - {{files: ['ann_*.csv'], class: walk, channels: [{channels}]}}\n  - {{files: ['ben_*.csv'], class: sit, \
         channels: [{channels}]}}\nsplit: {{by: time}}\n#by: given"
        )
    };
    let error = import_list(folder.path(), &list("x, y"), "out").unwrap_err();
    assert!(error.contains("such as `acc.x` and `gyr.x`"), "{error}");
    import_list(folder.path(), &list("gyr.x, acc.x"), "out").unwrap();
    for (_, label, _, first) in windows(&folder.path().join("out")) {
        assert_eq!(first / 10_000, if label == 1 { 2 } else { 4 });
    }
}

/// Class, group and split in the names of folders and files.
#[test]
fn folders_tell_class_group_and_split() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    for class in ["walk", "sit", "run"] {
        for person in ["ann", "ben", "cat", "dan"] {
            for take in 1..=2 {
                number += 1;
                let split = if person == "dan" { "test" } else { "train" };
                let name = format!("data/{split}/{class}/{person}_{take}.csv");
                write(folder.path(), &name, &table(number, 600, 0.0, ""));
            }
        }
    }
    let list = "  - {files: 'data/*/{class}/{group}_*.csv'}";
    let imported = import_list(folder.path(), list, "out").unwrap();
    assert_eq!((imported.recordings, imported.groups), (16, [2, 1, 1]));
    let said = imported.warnings.join("\n");
    assert!(said.contains("8 of 24 files have a `{class}` that is not in `class_names` and are left out: `run` (8)"), "{said}");
    let found = windows(&folder.path().join("out"));
    assert_eq!(found.len(), 16 * 12);
    for (_, label, group, first) in &found {
        let file = first / 10_000 - 1;
        assert_eq!(*label, i64::from(file < 8));
        assert_eq!(*group, ["ann", "ben", "cat", "dan"][file / 2 % 4]);
    }
    let list = "  - {files: 'data/{split}/{class}/{group}_*.csv', classes: {run: walk}}";
    let error = import_list(folder.path(), list, "given").unwrap_err();
    assert!(
        error.contains("`{split}`, which needs `split: {by: given}`"),
        "{error}"
    );
    let list = format!("{list}\nsplit: {{by: given}}");
    let imported = import_list(folder.path(), &list, "given").unwrap();
    assert_eq!(imported.recordings, 24);
    assert_eq!(imported.windows[2], [24, 48]);
    assert!(imported.windows[1].iter().sum::<usize>() > 0);
}

/// Files of one name in several folders are recordings, and groups, of their own, in whatever order they are listed.
#[test]
fn default_names_differ() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Vec::new();
    for (number, person) in ["ann", "ben", "cat", "dan"].into_iter().enumerate() {
        for (class, file) in [("walk", "w.csv"), ("sit", "s.csv")] {
            let name = format!("{person}/{file}");
            write(
                folder.path(),
                &name,
                &table(2 * number + file.len() % 2, 100 + number, 0.0, ""),
            );
            entries.push(format!("  - {{files: [{name}], class: {class}}}\n"));
        }
    }
    // Values of walking and sitting differ.
    for person in ["ann", "ben", "cat", "dan"] {
        write(
            folder.path(),
            &format!("{person}/s.csv"),
            &table(
                person.len() + usize::from(person.as_bytes()[0]),
                100,
                0.0,
                "",
            ),
        );
    }
    let imported = import_list(folder.path(), &entries.concat(), "out").unwrap();
    assert_eq!(imported.groups.iter().sum::<usize>(), 8);
    entries.reverse();
    import_list(folder.path(), &entries.concat(), "again").unwrap();
    let sorted = |out: &str| {
        let mut found = windows(&folder.path().join(out));
        found.sort();
        found
    };
    assert!(sorted("out").iter().any(|(.., group, _)| group == "ann/w"));
    assert_eq!(sorted("out"), sorted("again"));
    import_list(folder.path(), &entries.concat(), "same").unwrap();
    let bytes = |out: &str| {
        std::fs::read(
            folder
                .path()
                .join(out)
                .join("train-00000-of-00001.tfrecord"),
        )
        .unwrap()
    };
    assert_eq!(bytes("again"), bytes("same"));
}
