//! Tables of labels: any names of columns, several recordings in one.

use super::*;

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

/// A table at 50 Hz from `start` seconds on, whose values are `first`, `first + 1`, ...
fn samples(folder: &Path, name: &str, (start, first): (usize, usize)) {
    let row = |i: usize| format!("{:.2},{}\n", start as f64 + i as f64 / 50.0, first + i);
    let rows: String = (0..2000).map(row).collect();
    write(folder, name, &format!("time,Z\n{rows}"));
}

/// Imports the `recordings` of a list with windows of 2 s.
fn import_list(folder: &Path, recordings: &str, more: &str) -> Result<Imported, String> {
    let list = format!(
        "sampling_rate: 50\nwindow: 2.0\nchannels: [Z]\nclass_names: [rest, walk]\n{more}recordings:\n{recordings}\n"
    );
    write(folder, "list.yaml", &list);
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    let out = folder.join("out");
    let _ = std::fs::remove_dir_all(&out);
    import(&config, &out, 1000, &mut |_| {}).map_err(|error| error.to_string())
}

/// The first samples and labels of all windows, ascending.
fn windows(folder: &Path) -> Vec<(usize, i64)> {
    let mut found = Vec::new();
    for split in ["train", "val", "test"] {
        let shard = folder.join(format!("out/{split}-00000-of-00001.tfrecord"));
        if shard.exists() {
            data::reader::read(&shard, &Default::default(), &mut |record| {
                found.push((record.values[0] as usize, record.label));
                Ok(())
            })
            .unwrap();
        }
    }
    found.sort_unstable();
    found
}

const HALVES: &str = "split: {train: 0.5, val: 0.5, test: 0}\n";

/// Tables packed with gzip are read, and a row without a class is named.
#[test]
fn packed_tables_and_rows_without_a_class() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    let packed = |name: &str, text: &str| {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        let mut stream = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        std::io::Write::write_all(&mut stream, text.as_bytes()).unwrap();
        stream.finish().unwrap();
    };
    let time = "split: {by: time, train: 0.5, val: 0.5, test: 0}\n";
    packed("l.csv.gz", "start,end,class\n0,20,walk\n20,40,rest\n");
    let list = "  - {files: [a.csv], labels_file: l.csv.gz}";
    import_list(folder.path(), list, time).unwrap();
    assert_eq!(windows(folder.path()).len(), 20);
    packed("l.csv.gz", "start,end,class\n0,20,walk\n20,40,\n");
    let error = import_list(folder.path(), list, time).unwrap_err();
    assert!(
        error.contains("a row has no class, that of label 2"),
        "{error}"
    );
    // Cut short.
    let bytes = std::fs::read(folder.path().join("l.csv.gz")).unwrap();
    std::fs::write(folder.path().join("l.csv.gz"), &bytes[..bytes.len() - 12]).unwrap();
    let error = import_list(folder.path(), list, time).unwrap_err();
    assert!(
        error.contains("l.csv.gz") && !error.contains("twice"),
        "{error}"
    );
}

/// One table with columns of other names labels three recordings. The rows of a file in the second part of a recording
/// count from the start of that file.
#[test]
fn one_table_labels_many_recordings() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    samples(folder.path(), "b.csv", (0, 10_000));
    samples(folder.path(), "c1.csv", (0, 20_000));
    samples(folder.path(), "c2.csv", (40, 22_000));
    write(
        folder.path(),
        "events.csv",
        "nr;Source;Behaviour;Onset [ms];Offset [s];Observer\n1;a;walk;10000;14,0;x\n2;a.csv;rest;20000;22,0;x\n3;b.csv;walk;5000;\
         7,0;y\n4;c2.csv;rest;1000;5,0;y\n5;c1.csv;walk;2000;4,0;y\n6;z.csv;other;2000;4,0;y\n",
    );
    let table = "labels_file: {file: events.csv, recording: Source, class: Behaviour, start: 'Onset [ms]', end: 5}";
    let list = format!(
        "  - {{files: '[ab].csv', each_file: true, {table}}}\n  - {{files: [c1.csv, c2.csv], {table}}}"
    );
    let imported = import_list(folder.path(), &list, HALVES).unwrap();
    let expected = [
        (500, 1),
        (600, 1),
        (1000, 0),
        (10_250, 1),
        (20_100, 1),
        (22_050, 0),
        (22_150, 0),
    ];
    assert_eq!(windows(folder.path()), expected);
    let said = imported.warnings.texts(false).join("; ");
    let expected = "events.csv: column `Source`: 1 of 6 rows are of files or recordings that the list does not have with this \
                    table, and are left out: `z.csv` (1)";
    assert!(said.contains(expected), "{said}");
    assert_eq!(imported.warnings.texts(true), Vec::<String>::new());
}

/// A recording that a table of several does not name has no labels, which is a warning.
#[test]
fn recordings_without_a_row_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for (number, name) in ["a", "b", "c"].into_iter().enumerate() {
        samples(folder.path(), &format!("{name}.csv"), (0, 10_000 * number));
    }
    let rows = "file,start,end,class\na,0,10,walk\na,20,30,rest\nb,0,10,rest\n";
    write(folder.path(), "events.csv", rows);
    let list = "  - {files: '*[abc].csv', each_file: true, labels_file: events.csv}";
    let imported = import_list(folder.path(), list, HALVES).unwrap();
    let said = imported.warnings.texts(true).join("; ");
    assert!(
        said.contains("c: has no labels: give it `labels`, a `labels_file` with rows"),
        "{said}"
    );
}

/// A window begins at each onset if labels are as long as windows; around the middle of shorter labels.
#[test]
fn onsets_with_a_length() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    let rows: String = (1..9)
        .map(|i| format!("{},{}\n", 4 * i, ["rest", "walk"][i % 2]))
        .collect();
    write(folder.path(), "picks.csv", &format!("time,class\n{rows}"));
    let list = |length: &str| {
        format!("  - {{files: [a.csv], labels_file: {{file: picks.csv, length: {length}}}}}")
    };
    let by_event = "split: {by: event, train: 0.5, val: 0.5, test: 0}\n";
    for (length, first) in [("2.0", 0), ("1.0", -25), ("1", -25)] {
        let imported = import_list(folder.path(), &list(length), by_event).unwrap();
        let expected: Vec<(usize, i64)> = (1..9)
            .map(|i| (usize::try_from(200 * i + first).unwrap(), i as i64 % 2))
            .collect();
        assert_eq!(windows(folder.path()), expected, "{length}");
        assert_eq!(imported.counts.instants, 0);
    }
    let more = format!("centre_short_events: false\n{by_event}");
    let error = import_list(folder.path(), &list("1.0"), &more).unwrap_err();
    assert!(
        error.contains("8 labels are shorter than a window"),
        "{error}"
    );
    let list = "  - {files: [a.csv], labels_file: picks.csv}";
    let error = import_list(folder.path(), list, by_event).unwrap_err();
    assert!(
        error.contains("picks.csv: there is no column `end` or `duration`"),
        "{error}"
    );
}

/// Dates and times of day are in columns of their own, in the recording and in its labels.
#[test]
fn times_in_several_columns() {
    let folder = tempfile::tempdir().unwrap();
    let row = |i: usize| {
        let seconds = 36_000 + i / 50;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("2024,5,1,{hour},{minute},{second}.{:02},{i}\n", i % 50 * 2)
    };
    let rows: String = (0..6000).map(row).collect();
    write(
        folder.path(),
        "a.csv",
        &format!("year,month,day,hour,minute,second,Z\n{rows}"),
    );
    let rows: String = (1..9)
        .map(|i| {
            format!(
                "2024-05-01,10:00:{:02}.5,{}\n",
                5 * i,
                ["rest", "walk"][i % 2]
            )
        })
        .collect();
    write(
        folder.path(),
        "picks.csv",
        &format!("date,time,class\n{rows}"),
    );
    let list = "  - {files: [a.csv], labels_file: {file: picks.csv, length: 2.0}}";
    let by_event = "split: {by: event, train: 0.5, val: 0.5, test: 0}\n";
    let imported = import_list(folder.path(), list, by_event).unwrap();
    let expected: Vec<(usize, i64)> = (1..9).map(|i| (250 * i + 25, i as i64 % 2)).collect();
    assert_eq!(windows(folder.path()), expected);
    let said = imported.warnings.texts(true).join("; ");
    assert!(!said.contains("column"), "{said}");
    // The same without dates is no time of the recording.
    write(
        folder.path(),
        "picks.csv",
        "hour,minute,second,class\n10,0,5,walk\n",
    );
    let error = import_list(folder.path(), list, by_event).unwrap_err();
    assert!(
        error.contains("picks.csv: columns have parts of times, but there is no column `date`"),
        "{error}"
    );
}

/// Times of day without a date are those of the day of the recording, and information says so.
#[test]
fn times_of_day_without_a_date() {
    let folder = tempfile::tempdir().unwrap();
    let row = |i: usize| format!("2024-05-01T10:00:{:05.2}Z,{i}\n", i as f64 / 50.0);
    let rows: String = (0..2000).map(row).collect();
    write(folder.path(), "a.csv", &format!("time,Z\n{rows}"));
    let labels = "start,end,class\n10:00:10,10:00:14,walk\n10:00:20,10:00:22,rest\n";
    write(folder.path(), "events.csv", labels);
    let list = "  - {files: [a.csv], labels_file: events.csv}";
    let by_event = "split: {by: event, train: 0.5, val: 0.5, test: 0}\n";
    let imported = import_list(folder.path(), list, by_event).unwrap();
    assert_eq!(windows(folder.path()), [(500, 1), (600, 1), (1000, 0)]);
    let said = imported.warnings.texts(false).join("; ");
    let expected = "a: 2 labels with times of day and no date, taken for those of the recording: from \
                    2024-05-01T10:00:10.000Z to 2024-05-01T10:00:22.000Z";
    assert!(said.contains(expected), "{said}");
    // Nothing tells which of two recordings has them.
    write(folder.path(), "b.csv", &format!("time,Z\n{rows}"));
    let list = "  - {files: '[ab].csv', each_file: true, labels_file: events.csv}";
    let error = import_list(folder.path(), list, by_event).unwrap_err();
    let expected =
        "events.csv: 2 recordings have this table, and its times are times of day without a date";
    assert!(error.contains(expected), "{error}");
}

/// A catalogue of all days labels a file for each day: only labels that none of them has are worth a warning.
#[test]
fn one_catalogue_labels_the_files_of_several_days() {
    let folder = tempfile::tempdir().unwrap();
    let (mut table, list) = (
        "start,end,class\n".to_owned(),
        "  - {files: '[abc].csv', each_file: true, labels_file: events.csv}",
    );
    for (day, name) in ["a", "b", "c"].into_iter().enumerate() {
        let first = 10_000 * day;
        let day = format!("2024-05-0{}T10:00:", day + 1);
        let row = |i: usize| format!("{day}{:05.2}Z,{}\n", i as f64 / 50.0, first + i);
        let rows: String = (0..2000).map(row).collect();
        write(
            folder.path(),
            &format!("{name}.csv"),
            &format!("time,Z\n{rows}"),
        );
        table += &format!("{day}10Z,{day}14Z,walk\n{day}20Z,{day}22Z,rest\n");
    }
    write(folder.path(), "events.csv", &table);
    let halves = "split: {train: 0.34, val: 0.33, test: 0.33}\n";
    let warnings = |imported: &Imported| imported.warnings.texts(true).join("; ");
    let imported = import_list(folder.path(), list, halves).unwrap();
    assert_eq!(windows(folder.path()).len(), 9);
    let said = warnings(&imported);
    assert!(!said.contains("nothing was recorded"), "{said}");
    table += "2024-05-02T11:00:00Z,2024-05-02T11:00:09Z,walk\n";
    write(folder.path(), "events.csv", &table);
    let said = warnings(&import_list(folder.path(), list, halves).unwrap());
    let expected = "b: 1 of 7 labels lie where nothing was recorded: `walk` from 2024-05-02T11:00:00.000Z to \
                    2024-05-02T11:00:09.000Z; the recording";
    assert!(said.contains(expected), "{said}");
}

/// `classes` gives the classes of a table the names of the list.
#[test]
fn classes_of_a_table_have_other_names() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    let labels = "start,end,class\n10,14,Walking\n20,22,0\n30,32,rest\n";
    write(folder.path(), "events.csv", labels);
    let list = |classes: &str| {
        let classes = format!("classes: {{{classes}}}");
        format!("  - {{files: [a.csv], labels_file: events.csv, {classes}}}")
    };
    let by_event = "split: {by: event, train: 0.5, val: 0.5, test: 0}\n";
    import_list(folder.path(), &list("Walking: walk, 0: rest"), by_event).unwrap();
    let expected = [(500, 1), (600, 1), (1000, 0), (1500, 0)];
    assert_eq!(windows(folder.path()), expected);
    for (classes, problem) in [
        (
            "Walking: walk",
            "the class `0` is not in `class_names`: rest, walk; add it, or map it with `classes: {0: CLASS}`",
        ),
        ("Walking: run, 0: rest", "the class `run` is not in"),
    ] {
        let error = import_list(folder.path(), &list(classes), by_event).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
    let list = "  - {files: [a.csv], class: walk, classes: {0: rest}}";
    let error = import_list(folder.path(), list, by_event).unwrap_err();
    assert!(error.contains("and both are missing"), "{error}");
}

/// A class of the whole recording and labels within it contradict each other: the windows of a label would be lost.
#[test]
fn one_class_for_all_and_labels_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    write(folder.path(), "events.csv", "start,end,class\n10,20,walk\n");
    for labels in [
        "labels_file: events.csv",
        "labels: [{start: 10, end: 20, class: walk}]",
    ] {
        let list = format!("  - {{files: [a.csv], class: rest, {labels}}}");
        let error = import_list(folder.path(), &list, HALVES).unwrap_err();
        let expected = "`recordings: a`: `class` is that of the whole recording, and `labels` or `labels_file` give others";
        assert!(error.contains(expected), "{error}");
    }
}

/// Names of classes with umlauts, as a spreadsheet saves them; the report says how they were read.
#[test]
fn tables_of_windows_are_read_and_named() {
    let folder = tempfile::tempdir().unwrap();
    samples(folder.path(), "a.csv", (0, 0));
    let path = folder.path().join("events.csv");
    std::fs::write(
        &path,
        b"Beginn;Ende;Klasse\n10,0;20,0;Fu\xdfg\xe4nger\n20;30;rest\n",
    )
    .unwrap();
    let list = "  - {files: [a.csv], labels_file: events.csv, classes: {Fußgänger: walk}}";
    let split = "split: {by: time, train: 0.5, val: 0.5, test: 0}\n";
    let imported = import_list(folder.path(), list, split).unwrap();
    let said = imported.warnings.texts(false).join("; ");
    let expected = "events.csv: is not UTF-8, and read as Windows-1252 (Latin-1): line 2 is `10,0;20,0;Fußgänger`";
    assert!(said.contains(expected), "{said}");
}
