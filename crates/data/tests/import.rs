//! From recordings written by ObsPy and pyarrow (`crates/data/tests/fixtures/recordings`) to a dataset for training.

mod files;
mod label_tables;
mod labels;
mod lists;
mod notes;
mod rows;
mod shared;
mod told;
mod units;

use std::path::{Path, PathBuf};

use data::import::{Imported, RecordingsConfig, import};
use data::{Dataset, DatasetConfig, EdgeSettings, Normalisation, Preprocessing, Step};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings")
}

/// Imports the list `yaml`, in which `{fixtures}` stands for their folder.
fn run(yaml: &str) -> (tempfile::TempDir, Result<Imported, String>) {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("recordings.yaml");
    std::fs::write(
        &list,
        yaml.replace("{fixtures}", &fixtures().display().to_string()),
    )
    .unwrap();
    let config = RecordingsConfig::load(&list).map_err(|error| error.to_string());
    let out = folder.path().join("out");
    let result = config.and_then(|config| {
        import(&config, &out, 10, &mut |_| ()).map_err(|error| error.to_string())
    });
    if result.is_err() {
        assert!(!out.exists(), "a failed import leaves nothing");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "only the list");
    }
    (folder, result)
}

fn dataset(imported: &Imported) -> Dataset {
    let config = DatasetConfig::load(&imported.config, None).unwrap();
    assert!(config.warnings.is_empty());
    Dataset::load(&config, Normalisation::None).unwrap()
}

const M3N_VC: &str = "
sampling_rate: 200
window: 1.28
hop: 0.64
channels: [SH3]
class_names: [gle350, mustang]
task: vehicle_classification
m3n_vc: [{folder: '{fixtures}/m3n_vc'}]
split: {by: given, train: 0.8, val: 0.2}
";

#[test]
fn m3n_vc_becomes_a_dataset() {
    let (folder, imported) = run(M3N_VC);
    let imported = imported.unwrap();
    assert_eq!(
        (imported.recordings, imported.gaps, imported.counts.in_gaps),
        (8, 0, 0)
    );
    // 30 windows in 20 s, two runs with two nodes each. Whole runs are tested; the last fifth of the others validates.
    assert_eq!(imported.windows[2], [60, 60]);
    assert_eq!(
        imported.windows[0][0] + imported.windows[1][0] + imported.straddling / 2,
        60
    );
    // The report says which recordings are in which split.
    let report = imported.config.with_file_name("import_report.json");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let mut totals = [0; 3];
    for recording in report["recordings"].as_array().unwrap() {
        let splits = recording["splits"].as_object().unwrap();
        let names: Vec<&str> = splits.keys().map(String::as_str).collect();
        assert!(names == ["test"] || names == ["train", "val"], "{names:?}");
        for (total, split) in totals.iter_mut().zip(["train", "val", "test"]) {
            *total += splits.get(split).map_or(0, |count| count.as_u64().unwrap());
        }
    }
    let windows = imported.windows.clone();
    assert_eq!(
        totals,
        windows.map(|counts| counts.iter().sum::<usize>() as u64)
    );
    let dataset = dataset(&imported);
    assert_eq!(dataset.train.shape, [1, 7, 64]);
    assert_eq!(
        dataset.test.groups.iter().collect::<Vec<_>>(),
        ["m3n_vc/run1", "m3n_vc/run3"]
    );
    assert!(dataset.val.groups.contains("m3n_vc/run0@val"));
    let index = std::fs::read_to_string(folder.path().join("out/test_index.txt")).unwrap();
    assert_eq!(index.lines().count(), 12);
    assert!(index.starts_with("test-00000-of-00012.tfrecord\n"));

    // Importing again gives the same bytes.
    let (_again, second) = run(M3N_VC);
    let second = self::dataset(&second.unwrap());
    assert_eq!(second.train.fingerprint, dataset.train.fingerprint);
}

/// Two channels of miniSEED with a gap, resampled and filtered; labels in seconds, as times, and from a table.
#[test]
fn miniseed_is_cut_between_gaps() {
    let list = "
sampling_rate: 50
window: 0.32
hop: 0.16
channels: [EHZ, EHN]
class_names: [quiet, steps]
preprocessing: [detrend, {high_pass: {frequency: 1, order: 2}}]
recordings:
  - name: node
    files: ['{fixtures}/steim2.mseed']
    labels:
      - {start: 0, end: 2, class: quiet, event: a}
      - {start: 2024-05-01T10:00:02Z, end: '2024-05-01T10:00:05.5Z', class: steps, event: b}
      - {start: 5.5, end: 6, class: quiet, event: c}
split: {by: time, train: 0.5, val: 0.5, test: 0}
";
    let (_folder, imported) = run(list);
    let imported = imported.unwrap();
    assert_eq!(imported.gaps, 2);
    let counts = imported.counts;
    assert!(counts.in_gaps > 10, "{counts:?}");
    assert_eq!(imported.windows[2], [0, 0]);
    let dataset = dataset(&imported);
    assert!(dataset.test_is_val);
    assert_eq!(dataset.train.shape, [2, 7, 4]);
    // A model has to do the same to recordings.
    assert_eq!(dataset.preprocessing.recording_channels, ["EHZ", "EHN"]);
    let edge = EdgeSettings {
        frequency: 1.0,
        order: 2,
        zero_phase: true,
    };
    assert_eq!(
        dataset.preprocessing.recording_steps,
        [Step::Detrend, Step::HighPass(edge)]
    );
    let stored = serde_json::to_string(&dataset.preprocessing).unwrap();
    let stored: Preprocessing = serde_json::from_str(&stored).unwrap();
    assert_eq!(stored, dataset.preprocessing);
    let all: usize = imported.windows.iter().flatten().sum();
    assert_eq!(all + imported.straddling, counts.windows);
}

#[test]
fn events_stay_together() {
    let events: String = (0..12)
        .map(|i| {
            let class = if i % 2 == 0 { "quiet" } else { "steps" };
            format!(
                "      - {{start: {}, end: {}, class: {class}, event: e{i}}}\n",
                0.3 * f64::from(i),
                0.3 * f64::from(i + 1)
            )
        })
        .collect();
    let list = format!(
        "sampling_rate: 100\nwindow: 0.08\nchannels: ['1', '2']\nclass_names: [quiet, steps]\nrecordings:\n  - files: \
         ['{{fixtures}}/int32.wav']\n    labels:\n{events}split: {{by: event}}\n"
    );
    let (_folder, imported) = run(&list);
    let imported = imported.unwrap();
    assert_eq!(imported.groups.iter().sum::<usize>(), 12);
    for split in &imported.windows {
        assert!(
            split.iter().all(|count| *count > 0),
            "{:?}",
            imported.windows
        );
    }
    dataset(&imported);
}

/// Traces of a class, around their arrivals; traces of other classes or without an arrival are left out.
#[test]
fn seisbench_is_cut_around_arrivals() {
    let list = "
sampling_rate: 100
window: 0.64
channels: [Z, N]
class_names: [quake, blast]
seisbench:
  - folder: '{fixtures}/seisbench'
    class_column: source_type
    classes: {earthquake: quake, explosion: blast}
    around: trace_P_arrival_sample
    before: 0.2
    after: 1.2
split: {by: given}
";
    let (_folder, imported) = run(list);
    let imported = imported.unwrap();
    // Of nine traces, two are thunder and one has no arrival; 1.4 s give two windows.
    assert_eq!(imported.recordings, 6);
    assert_eq!(imported.windows, [vec![4, 4], vec![0, 2], vec![2, 0]]);
    let warnings = imported.warnings.join("\n");
    assert!(warnings.contains("2 traces of no class"), "{warnings}");
    assert!(
        warnings.contains("1 trace without an arrival"),
        "{warnings}"
    );
    let dataset = dataset(&imported);
    assert_eq!(dataset.val.groups.iter().collect::<Vec<_>>(), ["ev1"]);
    let error = run(&list.replace("source_type", "kind")).1.unwrap_err();
    assert!(
        error.contains("there is no column `kind`: there are trace_name"),
        "{error}"
    );
}

#[test]
fn mistakes_are_named() {
    let list = "sampling_rate: 100\nwindow: 0.08\nchannels: [Z, N]\nclass_names: [quiet, steps]\nrecordings:\n  - files: \
                ['{fixtures}/table.csv']\n    class: quiet\n";
    for (from, to, problem) in [
        (
            "class: quiet",
            "class: loud",
            "the class `loud` is not in `class_names`: quiet, steps",
        ),
        (
            "[Z, N]",
            "[Z, E]",
            "there is no channel `E`: there are N, Z",
        ),
        ("[Z, N]", "[Z, Z]", "`channels`: `Z` appears twice"),
        (
            "class: quiet",
            "class: quiet\n    channels: [N, N]",
            "channels`: `N` appears twice",
        ),
        ("table.csv", "*.seed", "no file matches; the folder"),
        ("window: 0.08", "window: 0.1", "10 samples: "),
        ("window: 0.08", "windows: 0.08", "unknown field `windows`"),
        (
            "class: quiet",
            "labels: [{start: 2, end: 1, class: quiet}]",
            "label 1 (`quiet`) ends before it begins: from 2024-05-01T10:00:02.000Z to 2024-05-01T10:00:01.000Z",
        ),
        (
            "window:",
            "preprocessing: [fft]\nwindow:",
            "belongs in `preprocessing` of dataset_config.yaml",
        ),
        (
            "class: quiet",
            "class: quiet\nsplit: {by: given}",
            "write train, val or test",
        ),
        ("nothing", "", "0 for validation, of 1 group(s)"),
    ] {
        let text = list.replace(from, to);
        let (_folder, result) = run(&text);
        let error = result.unwrap_err();
        assert!(error.contains(problem), "{error}\nexpected: {problem}");
    }
}
