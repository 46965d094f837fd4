//! Times without a name or a unit: told by the list of recordings, or an error.

use super::*;

/// Writes six tables of 200 rows with `head` above them.
fn tables(folder: &Path, head: &str, row: impl Fn(usize) -> String) {
    for file in 0..6 {
        let value = |i: usize| (i * i * 37 + i * file + file) % 10_007;
        let rows = (0..200).map(|i| format!("{},{}\n", row(i), value(i)));
        let text = format!("{head}{}", rows.collect::<String>());
        std::fs::write(folder.join(format!("{file}.csv")), text).unwrap();
    }
}

/// Imports the tables with windows of 0.64 s at `rate`; each recording has more `keys`.
fn imported(folder: &Path, rate: f64, keys: &str) -> Result<Imported, String> {
    let entry = |i: usize| {
        let class = ["a", "b"][i % 2];
        format!("  - {{files: [{i}.csv], class: {class}{keys}}}\n")
    };
    let list: String = (0..6).map(entry).collect();
    let head = format!("sampling_rate: {rate}\nwindow: 0.64\nclass_names: [a, b]\n");
    let list = format!("{head}channels: [\"2\"]\nrecordings:\n{list}");
    std::fs::write(folder.join("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).map_err(|e| e.to_string())?;
    let out = folder.join(format!("out{rate}{}", keys.len()));
    import(&config, &out, 100, &mut |_| {}).map_err(|error| error.to_string())
}

#[test]
fn the_rate_of_the_list_tells_milliseconds() {
    let folder = tempfile::tempdir().unwrap();
    tables(folder.path(), "timestamp,2\n", |i| (10 * i).to_string());
    let done = imported(folder.path(), 100.0, "").unwrap();
    assert_eq!(done.counts.windows, 18, "{:?}", done.warnings);
    // In seconds, nearly all samples would be made up.
    let error = imported(folder.path(), 200.0, "").unwrap_err();
    assert!(
        error.contains("the sampling rate is 0.1 Hz") && error.contains("the rate is 100 Hz"),
        "{error}"
    );
}

/// No window spans the gap of five seconds.
#[test]
fn a_list_names_the_column_of_times() {
    let folder = tempfile::tempdir().unwrap();
    let time = |i: usize| i as f64 * 0.01 + if i < 100 { 0.0 } else { 5.0 };
    tables(folder.path(), "", |i| format!("{:.2}", time(i)));
    for keys in [", time_column: 1", ", time_column: \"1\""] {
        let done = imported(folder.path(), 100.0, keys).unwrap();
        assert_eq!(done.counts.windows, 6, "{:?}", done.warnings);
    }
    for (keys, problem) in [
        (
            ", time_column: 1.5",
            "expected `time_column` as the name of a column, or its number",
        ),
        (
            ", classes: {[a]: b}",
            "expected the label as a text, a number",
        ),
    ] {
        let error = imported(folder.path(), 100.0, keys).err().unwrap();
        assert!(error.contains(problem), "{error}");
    }
    // Rows are joined if only the rate is given, which the import says.
    let done = imported(folder.path(), 100.0, ", sampling_rate: 100").unwrap();
    assert_eq!(done.counts.windows, 18);
    let said = done.warnings.texts(true).join("; ");
    assert!(said.contains("`time_column: 1`"), "{said}");
}

/// `--strict` refuses no table whose first column counts the rows.
#[test]
fn a_first_column_counts_rows() {
    let folder = tempfile::tempdir().unwrap();
    tables(folder.path(), "", |i| (i + 1).to_string());
    let done = imported(folder.path(), 100.0, ", sampling_rate: 100").unwrap();
    assert_eq!(done.warnings.texts(true), Vec::<String>::new());
    // Milliseconds are possible; the recordings would be too short.
    let error = imported(folder.path(), 100.0, ", sampling_rate: 1000").unwrap_err();
    assert!(
        error.contains("column `1` rises from row to row, usually by 1,"),
        "{error}"
    );
}

/// Each row has ten samples: `samples_in_rows` says so, and a label in samples is refused.
#[test]
fn a_list_says_that_rows_have_several_samples() {
    let folder = tempfile::tempdir().unwrap();
    let names = (0..10).map(|i| format!(",s{i}")).collect::<String>();
    for file in 0..6 {
        let value = |i: usize| (i * i * 37 + i * file + file) % 10_007;
        let row = |row: usize| {
            let cells = (10 * row..10 * row + 10).map(|i| format!(",{}", value(i)));
            format!("{:.1}{}\n", row as f64 / 10.0, cells.collect::<String>())
        };
        // A row is missing.
        let rows: String = (0..41).filter(|number| *number != 20).map(row).collect();
        std::fs::write(
            folder.path().join(format!("{file}.csv")),
            format!("time{names}\n{rows}"),
        )
        .unwrap();
    }
    let import_list = |keys: &str, labels: &str| {
        let entry = |i: usize| {
            let class = ["a", "b"][i % 2];
            format!(
                "  - {{files: [{i}.csv], {}{keys}}}\n",
                labels.replace("CLASS", class)
            )
        };
        let list: String = (0..6).map(entry).collect();
        let head = "sampling_rate: 100\nwindow: 0.64\nclass_names: [a, b]\nchannels: [s]\n";
        std::fs::write(
            folder.path().join("list.yaml"),
            format!("{head}recordings:\n{list}"),
        )
        .unwrap();
        let config = RecordingsConfig::load(&folder.path().join("list.yaml"));
        let out = folder
            .path()
            .join(format!("out{}{}", keys.len(), labels.len()));
        import(&config.unwrap(), &out, 100, &mut |_| {}).map_err(|error| error.to_string())
    };
    for keys in [", samples_in_rows: true", ""] {
        let done = import_list(keys, "class: CLASS").unwrap();
        // Five windows of each, and none over the gap.
        assert_eq!(done.counts.windows, 30, "{:?}", done.warnings);
        assert_eq!(done.warnings.texts(true), [""; 0]);
    }
    let error = import_list(", samples_in_rows: false", "class: CLASS").unwrap_err();
    assert!(error.contains("there is no channel `s`"), "{error}");
    let samples =
        "labels: [{start: 64, end: 150, class: CLASS}, {start: 200, end: 400, class: CLASS}]";
    let error = import_list("", samples).unwrap_err();
    assert!(
        error.contains("if they are samples at 100 Hz, divide them by 100"),
        "{error}"
    );
}
