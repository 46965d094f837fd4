//! Labels in seconds count from the earliest sample of the chosen channels, whatever is left out later. The windows cut
//! by ObsPy are in `crates/data/tests/fixtures/imports` (`scripts/conformance/make_imports.py`); the value of every
//! sample is its time.

use std::path::{Path, PathBuf};

use data::import::{RecordingsConfig, SPLITS, import};
use data::reader;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports")
}

/// The windows imported from the list `yaml` with their classes, sorted.
fn windows(yaml: &str) -> Vec<(i64, Vec<f32>)> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.yaml");
    std::fs::write(&list, yaml).unwrap();
    let config = RecordingsConfig::load(&list).unwrap();
    let out = folder.path().join("out");
    import(&config, &out, 1000, &mut |_| ()).unwrap();
    let mut found = Vec::new();
    for split in SPLITS {
        let shard = out.join(format!("{split}-00000-of-00001.tfrecord"));
        if !shard.exists() {
            continue;
        }
        reader::read(&shard, &Default::default(), &mut |record| {
            found.push((record.label, record.values));
            Ok(())
        })
        .unwrap();
    }
    found.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    found
}

/// Class, and first and last sample of every channel.
fn ends(windows: &[(i64, Vec<f32>)]) -> Value {
    let end = |(label, values): &(i64, Vec<f32>)| {
        let mut row = vec![Value::from(["quiet", "steps"][*label as usize])];
        for channel in values.chunks(128) {
            row.extend([channel[0], channel[127]].map(|v| Value::from(v as i64)));
        }
        Value::from(row)
    };
    windows.iter().map(end).collect()
}

const HEAD: &str = "sampling_rate: 100\nwindow: 1.28\nclass_names: [quiet, steps]\n";

#[test]
fn seconds_count_from_the_earliest_sample() {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(expected.len(), 5);
    for (case, expected) in expected {
        let labels = expected["labels"].as_array().unwrap().iter();
        let labels: String = labels
            .enumerate()
            .map(|(i, label)| {
                format!(
                    "      - {{start: {}, end: {}, class: {}, event: e{i}}}\n",
                    label[0], label[1], label[2]
                )
            })
            .collect();
        let files = expected["files"].as_array().unwrap().iter();
        let files: Vec<PathBuf> = files
            .map(|name| fixtures().join(name.as_str().unwrap()))
            .collect();
        let windows = windows(&format!(
            "{HEAD}channels: {}\nrecordings:\n  - files: {files:?}\n    labels:\n{labels}split: {{by: event}}\n",
            expected["channels"]
        ));
        assert_eq!(ends(&windows), expected["windows"], "{case}");
    }
}

/// `class:` counts from the earliest sample, 14 s before the first stretch that is long enough.
#[test]
fn classes_of_whole_recordings_too() {
    let file = fixtures().join("spike.mseed");
    let windows = windows(&format!(
        "{HEAD}channels: [EHZ]\nrecordings:\n  - files: [{file:?}]\n    class: quiet\nsplit: {{by: time}}\n"
    ));
    assert_eq!(windows[0].1[0], (1.28f32 * 9.0 * 100.0).round());
    assert!(
        windows
            .iter()
            .all(|(_, values)| values[0] as i64 % 128 == 0)
    );
}

/// `start:` is the time of the first sample; seconds and times refer to it.
#[test]
fn a_given_start_is_the_zero() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("a.csv");
    let rows: String = (0..4000).map(|i| format!("{i}\n")).collect();
    std::fs::write(&table, format!("Z\n{rows}")).unwrap();
    let list = |times: [&str; 4]| {
        let labels = times.iter().enumerate().map(|(i, times)| {
            let class = ["quiet", "steps"][i % 2];
            format!("      - {{{times}, class: {class}, event: e{i}}}\n")
        });
        format!(
            "{HEAD}channels: [Z]\nrecordings:\n  - files: [{table:?}]\n    sampling_rate: 100\n    start: \
             2024-05-01T10:00:00Z\n    labels:\n{}split: {{by: event, train: 0.5, val: 0.5, test: 0}}\n",
            labels.collect::<String>()
        )
    };
    let seconds = windows(&list([
        "start: 2, end: 5",
        "start: 10, end: 13",
        "start: 20, end: 23",
        "start: 30, end: 33",
    ]));
    let moments = windows(&list([
        "start: 2024-05-01T10:00:02Z, end: 2024-05-01T10:00:05Z",
        "start: 2024-05-01T10:00:10Z, end: 2024-05-01T10:00:13Z",
        "start: 2024-05-01T10:00:20Z, end: 2024-05-01T10:00:23Z",
        "start: 2024-05-01T10:00:30Z, end: 2024-05-01T10:00:33Z",
    ]));
    assert_eq!(seconds, moments);
    let starts: Vec<f32> = seconds.iter().map(|(_, values)| values[0]).collect();
    assert_eq!(
        starts,
        [200.0, 328.0, 1000.0, 1128.0, 2000.0, 2128.0, 3000.0, 3128.0]
    );
}

/// The trace's first 1.7 s are NaN in one component: they are a gap and do not shift the zero of the times.
#[test]
fn arrivals_of_seisbench_too() {
    let windows = windows(&format!(
        "{HEAD}channels: [Z, N]\nseisbench:\n  - folder: {:?}\n    class_column: source_type\n    around: \
         trace_P_arrival_sample\n    before: 1\n    after: 2\nsplit: {{by: given}}\n",
        fixtures().join("seisbench")
    ));
    let starts: Vec<f32> = windows.iter().map(|(_, values)| values[0]).collect();
    let expected: Vec<f32> = (0..4u16)
        .flat_map(|i| [300, 428].map(|first| f32::from(1000 * i + first)))
        .collect();
    assert_eq!(starts, expected);
    assert!(
        windows
            .iter()
            .all(|(_, values)| values[128] - values[0] == 100_000.0)
    );
}
