//! Samples, events and rows of labels that several recordings share.

use super::*;

/// A value that tells the place in a long signal, without runs that repeat.
fn value(i: u64) -> u64 {
    let hash = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 44) % 20_011
}

/// Writes rows at 100 Hz: those from `from` to `to` of one signal, which began at 10:00.
fn part(path: &Path, from: u64, to: u64) {
    let row = |i: u64| {
        let (hundredths, seconds) = (i % 100, i / 100);
        let (minute, second) = (seconds / 60, seconds % 60);
        format!(
            "2024-05-01T10:{minute:02}:{second:02}.{hundredths:02}Z,{}\n",
            value(i)
        )
    };
    let rows: String = (from..to).map(row).collect();
    std::fs::write(path, format!("time,Z\n{rows}")).unwrap();
}

/// Imports the recordings `list` with windows of 0.64 s.
fn of_list(folder: &Path, list: &str) -> Result<Imported, String> {
    let head = "sampling_rate: 100\nwindow: 0.64\nchannels: [Z]\nclass_names: [a, b]\n";
    std::fs::write(folder.join("list.yaml"), format!("{head}{list}")).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    import(&config, &folder.join("out"), 100, &mut |_| {}).map_err(|error| error.to_string())
}

/// The warnings of the list.
fn said(folder: &Path, list: &str) -> String {
    let imported = of_list(folder, list).unwrap();
    let _ = std::fs::remove_dir_all(folder.join("out"));
    imported.warnings.join("\n")
}

/// An event's own file, and those of hours that overlap, have samples of others.
#[test]
fn parts_of_other_files_stay_in_one_split() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    part(&at("day.csv"), 0, 6000);
    part(&at("event.csv"), 2030, 2700);
    part(&at("next.csv"), 5800, 9000);
    part(&at("other.csv"), 20_000, 23_000);
    part(&at("more.csv"), 24_000, 27_000);
    let entry = |name: &str, class: &str, keys: &str| {
        format!("  - {{files: {name}.csv, class: {class}{keys}}}\n")
    };
    let list = |event: &str| {
        let names = [("day", "a"), ("event", event), ("next", "a")];
        let names = names.into_iter().chain([("other", "b"), ("more", "a")]);
        let entries: String = names.map(|(name, class)| entry(name, class, "")).collect();
        format!("recordings:\n{entries}")
    };
    let imported = of_list(folder.path(), &list("a")).unwrap();
    assert_eq!(imported.united, 2);
    std::fs::remove_dir_all(at("out")).unwrap();
    let found = said(folder.path(), &list("b"));
    assert!(
        found.contains(
            "windows share samples with windows of another class: recordings of the same samples"
        ),
        "{found}"
    );
    let given = [
        ("day", ", split: train"),
        ("event", ", split: test"),
        ("other", ", split: dev"),
    ];
    let entries: String = given.map(|(name, keys)| entry(name, "a", keys)).concat();
    let imported = of_list(
        folder.path(),
        &format!("recordings:\n{entries}split: {{by: given}}\n"),
    );
    let imported = imported.unwrap();
    // The event is in 11 or 12 windows of the day; its ends are known to some samples.
    assert!((11..=16).contains(&imported.shared), "{}", imported.shared);
}

#[test]
fn windows_that_count_twice_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    part(&at("day.csv"), 0, 3000);
    part(&at("other.csv"), 4000, 6000);
    std::fs::copy(at("day.csv"), at("copy.csv")).unwrap();
    let list = |copy: &str| {
        format!(
            "recordings:\n  - {{files: day.csv, class: a}}\n  - {{files: {copy}.csv, class: a}}\n  - {{files: other.csv, class: b}}\n"
        )
    };
    let found = said(folder.path(), &list("copy"));
    let expected = "46 windows have the values of an earlier one, to the bit, and count twice (the first in `copy`, as in `day`)";
    assert!(found.contains(expected), "{found}");
    // Labels of one class that overlap give a window once.
    let list = "recordings:\n  - {files: day.csv, labels: [{start: 0, end: 10, class: a}, {start: 0, end: 8, class: a}]}\n  \
                - {files: other.csv, class: b}\n";
    let imported = of_list(folder.path(), list).unwrap();
    assert_eq!(imported.counts.repeated, 12);
    assert!(!imported.warnings.join("\n").contains("twice"));
}

/// A split of a recording that does not count is refused, and its usual names are known.
#[test]
fn splits_of_recordings_count_or_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    part(&at("day.csv"), 0, 3000);
    part(&at("other.csv"), 4000, 6000);
    let list = |split: &str, by: &str| {
        format!(
            "recordings:\n  - {{files: day.csv, class: a, split: Training}}\n  - {{files: other.csv, class: b, split: {split}}}\n{by}"
        )
    };
    let given = "split: {by: given}\n";
    let imported = of_list(folder.path(), &list("dev", given)).unwrap();
    let windows = imported.windows.map(|counts| counts.iter().sum::<usize>());
    assert_eq!(windows, [46, 31, 0]);
    std::fs::remove_dir_all(at("out")).unwrap();
    for by in [
        "",
        "split: {by: recording}\n",
        "split: {train: 0.5, val: 0.5}\n",
    ] {
        let error = of_list(folder.path(), &list("val", by)).unwrap_err();
        let expected = "`recordings: day`: has `split: Training`, which counts only if the list says `split: {by: given}`";
        assert!(error.contains(expected), "{error}");
    }
    let error = of_list(folder.path(), &list("other", given)).unwrap_err();
    assert!(
        error.contains("`other` is not train, val or test"),
        "{error}"
    );
}

/// Blanks around the name of an event or a group make no other.
#[test]
fn names_with_blanks_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..4 {
        let path = folder.path().join(format!("{i}.csv"));
        part(&path, 4000 * i, 4000 * i + 3000);
    }
    let label = |start: usize, event: &str, class: &str| {
        format!(
            "{{start: {start}, end: {}, event: '{event}', class: {class}}}",
            start + 10
        )
    };
    let recording = |i: usize| {
        format!(
            "  - {{files: {i}.csv, group: ' g{i} ', labels: [{}, {}]}}\n",
            label(0, "e", "a"),
            label(15, "e ", "b")
        )
    };
    let list: String = (0..4).map(recording).collect();
    let imported = of_list(
        folder.path(),
        &format!("recordings:\n{list}split: {{by: event}}\n"),
    )
    .unwrap();
    assert_eq!(imported.groups.iter().sum::<usize>(), 4);
    let found = imported.warnings.join("\n");
    assert!(
        found.contains("1 of 1 events are in several splits"),
        "{found}"
    );
}

/// Rows of labels that may be those of other recordings are not given to all in silence.
#[test]
fn rows_of_other_recordings_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (i, name) in ["north", "south", "east"].into_iter().enumerate() {
        part(
            &at(&format!("{name}.csv")),
            4000 * i as u64,
            4000 * i as u64 + 3500,
        );
    }
    let names = ["north", "south", "east"];
    let list = |head: &str, names: [&str; 3]| {
        let row = |(i, name): (usize, &str)| {
            let start = i * 40 + 5;
            let time = |at: usize| format!("2024-05-01T10:{:02}:{:02}Z", at / 60, at % 60);
            format!(
                "{},{},{},{name}\n",
                time(start),
                time(start + 20),
                ["a", "b"][i % 2]
            )
        };
        let rows: String = names.into_iter().enumerate().map(row).collect();
        std::fs::write(at("labels.csv"), format!("start,end,class,{head}\n{rows}")).unwrap();
        let entry = |name: &str| format!("  - {{files: {name}.csv, labels_file: labels.csv}}\n");
        let entries: String = ["north", "south", "east"].map(entry).concat();
        said(folder.path(), &format!("recordings:\n{entries}"))
    };
    for (head, names, expected) in [
        (
            "where",
            names,
            "column `where` seems to name recordings (`east`, `north`, `south`) and is not used",
        ),
        (
            "file",
            ["1.wav", "2.wav", "3.wav"],
            "column `file` names 3 files, such as `1.wav`, `2.wav`, `3.wav`, and no recording",
        ),
        (
            "station",
            ["N1", "N2", "N3"],
            "and is not used: rows of 3 stations are labels of 3 recordings each",
        ),
    ] {
        let found = list(head, names);
        assert!(found.contains(expected), "{head}: {found}");
    }
    for (head, names) in [
        ("node", names),
        ("file", names),
        ("comment", ["one", "two", "three"]),
    ] {
        let found = list(head, names);
        assert!(!found.contains("labels.csv: "), "{head}: {found}");
    }
}

#[test]
fn steps_stay_within_the_range_of_float32() {
    let folder = tempfile::tempdir().unwrap();
    part(&folder.path().join("day.csv"), 0, 3000);
    part(&folder.path().join("other.csv"), 4000, 6000);
    let of = |scale: &str| {
        let list =
            "recordings:\n  - {files: day.csv, class: a}\n  - {files: other.csv, class: b}\n";
        of_list(
            folder.path(),
            &format!("{list}preprocessing: [scale: {scale}]\n"),
        )
    };
    for scale in ["1.0e+36", "1.0e-46"] {
        let error = of(scale).unwrap_err();
        assert!(
            error.contains("day.csv: the steps of `preprocessing` make samples of up to"),
            "{error}"
        );
    }
    assert!(of("1.0e-30").is_ok());
}
