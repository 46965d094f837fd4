//! That an import explains what it found with what is true.

use data::recording::Hints;

use super::*;

/// Writes a table at 100 Hz of `seconds` seconds with samples that no other table has.
fn table(path: &Path, seconds: usize, salt: usize) {
    let value = |i: usize| (i * i * 37 + i * salt + salt) % 10_007;
    let rows = (0..100 * seconds).map(|i| format!("{}.{:02},{}\n", i / 100, i % 100, value(i)));
    std::fs::write(path, format!("time,Z\n{}", rows.collect::<String>())).unwrap();
}

/// Imports the recordings `list` with windows of 0.64 s.
fn of_list(folder: &Path, list: &str) -> Result<Imported, String> {
    let head = "sampling_rate: 100\nwindow: 0.64\nchannels: [Z]\nclass_names: [a, b]\n";
    std::fs::write(folder.join("list.yaml"), format!("{head}{list}")).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    import(&config, &folder.join("out"), 100, &mut |_| {}).map_err(|error| error.to_string())
}

/// A recording without measurements is left out, for what it is.
#[test]
fn recordings_without_measurements() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    (0..4).for_each(|i| table(&at(&format!("{i}.csv")), 20, i));
    let rows = (0..400).map(|i| format!("{}.{:02},inf\n", i / 100, i % 100));
    let dead = format!("time,Z\n{}", rows.collect::<String>());
    std::fs::write(at("dead.csv"), dead).unwrap();
    let list = "recordings:\n\
                \x20 - {files: [0.csv], class: a}\n  - {files: [1.csv], class: b}\n\
                \x20 - {files: [2.csv], class: a}\n  - {files: [3.csv], class: b}\n";
    let dead = "  - {files: [dead.csv], class: a}\n";
    let imported = of_list(folder.path(), &format!("{list}{dead}")).unwrap();
    let said = imported.warnings.join("\n");
    assert!(
        said.contains("gives no windows: channel `Z` has no measurement at all"),
        "{said}"
    );
    assert!(said.contains("read as gaps: 400 not finite"), "{said}");
}

/// Labels that meet between two samples share none, and no note says so.
#[test]
fn labels_that_meet_share_no_sample() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("one.csv"), 60, 1);
    let label = |i: usize| {
        let (class, start) = (["a", "b"][i % 2], 2.0 + 1.928 * i as f64);
        format!(
            "{{start: {start:.3}, end: {:.3}, class: {class}}}, ",
            start + 1.928
        )
    };
    let labels: String = (0..28).map(label).collect();
    let list = format!(
        "recordings: [{{files: [one.csv], labels: [{labels}]}}]\nsplit: {{by: event, train: 0.5, val: 0.5}}\n"
    );
    let imported = of_list(folder.path(), &list).unwrap();
    assert_eq!(imported.united, 0, "{:?}", imported.warnings);
    assert!(
        imported.counts.windows >= 28 * 3 - 14,
        "{:?}",
        imported.counts
    );
    let said = imported.warnings.join("\n");
    assert!(!said.contains("share samples"), "{said}");
}

/// Windows around events of two classes that lie close together are explained with that, not with a second recording.
#[test]
fn crowded_events_are_no_second_recording() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("one.csv"), 60, 1);
    let pair = |i: usize| {
        let at = 2.0 + 5.0 * i as f64;
        format!(
            "{{start: {at}, end: {at}, class: a}}, {{start: {:.1}, end: {:.1}, class: b}}, ",
            at + 0.4,
            at + 0.4
        )
    };
    let labels: String = (0..10).map(pair).collect();
    let list = format!(
        "recordings: [{{files: [one.csv], labels: [{labels}]}}]\nsplit: {{by: event, train: 0.5, val: 0.5}}\n"
    );
    let imported = of_list(folder.path(), &list).unwrap();
    let said = imported.warnings.join("\n");
    let expected = "10 windows share samples with a window of another class of the same recording: their events are shorter \
                    than a window";
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains("recordings of one file"), "{said}");
}

/// The note on groups that share samples names two that do.
#[test]
fn named_groups_do_share_samples() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (i, name) in ["a.csv", "b.csv", "c.csv", "d.csv"].into_iter().enumerate() {
        table(&at(name), 20, i + 1);
    }
    // `first` and `second` share no sample; `both` shares some with each.
    let list = "recordings:\n  - {name: first, files: [a.csv], labels: [{start: 0, end: 5, class: a}]}\n  - {name: second, \
                files: [a.csv], labels: [{start: 10, end: 15, class: a}]}\n  - {name: both, files: [a.csv], labels: [{start: \
                2, end: 12, class: a}]}\n  - {files: [b.csv], class: b}\n  - {files: [c.csv], class: b}\n  - {files: [d.csv], \
                class: a}\n";
    let imported = of_list(folder.path(), list).unwrap();
    let said = imported.warnings.join("\n");
    assert_eq!(imported.united, 2);
    assert!(said.contains("`first` and `both`, ..."), "{said}");
}

/// Each way to split has its own advice.
#[test]
fn advice_is_not_what_was_done_already() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("one.csv"), 1, 1);
    for (by, advice) in [
        (
            "recording",
            "more recordings or events are needed, or another way to split, such as `by: time`",
        ),
        ("time", "each recording is divided in time"),
    ] {
        let list = format!("recordings: [{{files: [one.csv], class: a}}]\nsplit: {{by: {by}}}\n");
        let error = of_list(folder.path(), &list).unwrap_err();
        assert!(error.contains(advice), "{error}");
        assert_eq!(error.contains("`by: time`"), by == "recording", "{error}");
    }
}

/// A recording without windows says why, and notes that many recordings share are one line of the readable report.
#[test]
fn recordings_without_windows_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut list = String::from("recordings:\n");
    for i in 0..9 {
        table(&at(&format!("r{i}.csv")), 20, i + 1);
        list += &match i {
            0..5 => {
                format!("  - {{files: [r{i}.csv], labels: [{{start: 3, end: 3.2, class: a}}]}}\n")
            }
            _ => format!("  - {{files: [r{i}.csv], class: {}}}\n", ["a", "b"][i % 2]),
        };
    }
    list += "centre_short_events: false\nsplit: {by: time}\n";
    let imported = of_list(folder.path(), &list).unwrap();
    let said = "gives no windows: 1 label is shorter than a window: a shorter `window` fits them";
    let notes = imported.warnings.texts(true);
    assert!(notes.contains(&format!("r3: {said}")), "{notes:?}");
    let read = |name: &str| std::fs::read_to_string(at("out").join(name)).unwrap();
    let text = read("import_report.txt");
    assert!(
        text.contains(&format!("\n  - 5 times: {said} (r0, r1, r2 and 2 more)\n")),
        "{text}"
    );
    assert_eq!(read("import_report.json").matches(said).count(), 5);
}

/// Intervals that overlap another class have no window, and are not counted as widened.
#[test]
fn only_intervals_with_a_window_are_widened() {
    let folder = tempfile::tempdir().unwrap();
    table(&folder.path().join("one.csv"), 60, 1);
    let short = |i: usize| {
        let at = 2.0 + 5.0 * i as f64;
        let class = ["a", "b"][i % 2];
        format!("{{start: {at}, end: {}, class: {class}}}, ", at + 0.2)
    };
    let labels: String = (0..10).map(short).collect();
    // The last four lie in an interval of the other class.
    let list = format!(
        "recordings: [{{files: [one.csv], labels: [{labels} {{start: 31, end: 50, class: a}}, {{start: 31.2, end: 49.8, class: \
         b}}]}}]\nsplit: {{by: event, train: 0.5, val: 0.5}}\n"
    );
    let imported = of_list(folder.path(), &list).unwrap();
    assert_eq!((imported.counts.windows, imported.counts.centred), (6, 6));
}

/// A file's own sampling rate counts; that another one was given is a warning.
#[test]
fn a_rate_that_is_not_the_files_own_is_told() {
    let given = |rate: f64| Hints {
        sampling_rate: Some(rate),
        ..Default::default()
    };
    let notes = |name: &str, rate: f64| {
        let contents = data::recording::read(&fixtures().join(name), &given(rate)).unwrap();
        assert!(contents.traces.iter().all(|trace| trace.rate != 50.0));
        contents.notes.texts(true).join("\n")
    };
    for name in ["steim2.mseed", "int32.wav"] {
        let said = notes(name, 50.0);
        let expected = "the given sampling rate is 50 Hz, but the file stores ";
        assert!(said.contains(expected), "{name}: {said}");
        assert!(
            said.contains("Hz: that of the file is used"),
            "{name}: {said}"
        );
    }
    assert_eq!(notes("steim2.mseed", 100.0), "");
}

/// A file's own times count; that another start was given is a warning.
#[test]
fn a_start_that_is_not_the_files_own_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dated = folder.path().join("dated.csv");
    let row = |i: usize| format!("2024-05-01T10:00:00.{:02}0Z,{i}\n", i);
    let rows: String = (0..100).map(row).collect();
    std::fs::write(&dated, format!("time,Z\n{rows}")).unwrap();
    let notes = |path: &Path, start: i64| {
        let hints = Hints {
            start: Some(start),
            ..Default::default()
        };
        let contents = data::recording::read(path, &hints).unwrap();
        let first = contents.traces.iter().map(|trace| trace.start).min();
        (contents.notes.texts(true).join("\n"), first.unwrap())
    };
    let sac = fixtures().join("le.sac");
    for path in [&fixtures().join("steim2.mseed"), &sac, &dated] {
        let (said, start) = notes(path, 1_000_000_000_000_000_000);
        let expected = "the given start is 2001-09-09T01:46:40";
        assert!(said.contains(expected), "{}: {said}", path.display());
        assert_ne!(start, 1_000_000_000_000_000_000);
        let (said, _) = notes(path, start);
        assert!(
            !said.contains("the given start"),
            "{}: {said}",
            path.display()
        );
    }
    // Sound files have no times.
    let (said, start) = notes(&fixtures().join("int32.wav"), 1_000_000_000_000_000_000);
    assert_eq!((said.as_str(), start), ("", 1_000_000_000_000_000_000));
}

/// A fill value of a table is told once by an import, too.
#[test]
fn fill_values_are_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let value = |i: usize| {
        if i % 700 == 300 {
            -9999.0
        } else {
            (i as f64 * 0.7).sin()
        }
    };
    let rows = (0..6000).map(|i| format!("{:.2},{:.4}\n", i as f64 / 100.0, value(i)));
    let text = format!("time,Z\n{}", rows.collect::<String>());
    std::fs::write(folder.path().join("one.csv"), text).unwrap();
    let list = "recordings: [{files: [one.csv], labels: [{start: 0, end: 30, class: a}, {start: 30, end: 60, class: b}]}]\n\
                split: {by: time, train: 0.5, val: 0.5}\n";
    let imported = of_list(folder.path(), list).unwrap();
    let said = imported.warnings.all();
    let said: Vec<String> = said
        .into_iter()
        .filter(|warning| warning.contains("-9999"))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let expected = "9 samples (the first at 3.000 s) are -9999, and all others lie between -1 and 1: is it a fill value?";
    assert!(said[0].contains(expected), "{said:?}");
}
