//! Labels that are instants, and labels outside the recording.

use super::*;

/// Imports one table of 100 Hz with the labels `labels`.
fn of_labels(folder: &Path, labels: &str, more: &str) -> Result<Imported, String> {
    let row = |i: u32| {
        let time = format!(
            "2025-04-03T10:{:02}:{:02}.{:02}",
            i / 6000,
            i / 100 % 60,
            i % 100
        );
        format!("{time},{}\n", (i % 1009 * 37 + i / 7) % 1009)
    };
    let rows: String = (0..12_000).map(row).collect();
    std::fs::write(folder.join("one.csv"), format!("time,Z\n{rows}")).unwrap();
    let list = format!(
        "sampling_rate: 100\nwindow: 0.64\nchannels: [Z]\nclass_names: [a, b]\n{more}recordings:\n  - files: [one.csv]\n    \
         labels: [{labels}]\nsplit: {{by: event, train: 0.5, val: 0.5, test: 0}}\n"
    );
    std::fs::write(folder.join("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&folder.join("list.yaml")).unwrap();
    let out = folder.join("out");
    import(&config, &out, 100, &mut |_| {}).map_err(|error| error.to_string())
}

/// Arrivals, which end where they begin.
#[test]
fn instants_have_windows_around_them() {
    let labels: String = (0..8)
        .map(|i| {
            let class = if i % 2 == 0 { "a" } else { "b" };
            let time = 10 * (i + 1);
            format!("{{start: {time}, end: {time}, class: {class}}}, ")
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let imported = of_labels(folder.path(), &labels, "").unwrap();
    assert_eq!((imported.counts.windows, imported.counts.instants), (8, 8));
    let said = imported.warnings.texts(false).join("; ");
    assert!(
        said.contains(
            "one: 8 of 8 labels end where they begin: each is an instant with a window around it"
        ),
        "{said}"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = of_labels(folder.path(), &labels, "centre_short_events: false\n").unwrap_err();
    assert!(
        error.contains("8 of 8 labels end where they begin, and `centre_short_events` is false"),
        "{error}"
    );
}

/// Raven lists a selection once for each view.
#[test]
fn repeated_labels_count_once() {
    let labels = |times: usize| -> String {
        let label = |i: usize| {
            let (class, time) = (["a", "b"][i % 2], 10 * (i + 1));
            format!("{{start: {time}, end: {}, class: {class}}}, ", time + 5)
        };
        (0..8).map(|i| label(i).repeat(times)).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let once = of_labels(folder.path(), &labels(1), "").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let twice = of_labels(folder.path(), &labels(2), "").unwrap();
    assert_eq!(twice.counts, once.counts);
    let said = twice.warnings.texts(false).join("; ");
    assert!(
        said.contains("one: 8 of 16 labels are left out: another has the same times and class"),
        "{said}"
    );
}

/// For labels on another day, the error gives the times of both.
#[test]
fn labels_beside_the_recording_name_both_times() {
    let labels = "{start: 2025-03-04T10:00:10Z, end: 2025-03-04T10:00:20Z, class: a}, {start: 2025-03-04T10:00:30Z, end: \
                  2025-03-04T10:00:40Z, class: b}";
    let folder = tempfile::tempdir().unwrap();
    let error = of_labels(folder.path(), labels, "").unwrap_err();
    for part in [
        "one: 2 of 2 labels lie where nothing was recorded: `a` from 2025-03-04T10:00:10.000Z",
        "; the recording is from 2025-04-03T10:00:00.000Z to 2025-04-03T10:02:00.000Z",
        "; its labels are from 2025-03-04T10:00:10.000Z to 2025-03-04T10:00:40.000Z",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
