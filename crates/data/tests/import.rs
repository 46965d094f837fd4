//! From recordings to a dataset that trains: `crates/data/tests/fixtures/recordings` holds what ObsPy and pyarrow wrote.

use std::path::{Path, PathBuf};

use data::import::{Imported, RecordingsConfig, import};
use data::{Dataset, DatasetConfig, Normalisation};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings")
}

/// Imports what `yaml` lists, with `{fixtures}` for their folder.
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
    // 30 windows in 20 s, of two runs by two nodes each: the test runs whole, the last fifth of the others validates.
    assert_eq!(imported.windows[2], [60, 60]);
    assert_eq!(
        imported.windows[0][0] + imported.windows[1][0] + imported.straddling / 2,
        60
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

    // The same to the byte, whenever it is done.
    let (_again, second) = run(M3N_VC);
    let second = self::dataset(&second.unwrap());
    assert_eq!(second.train.fingerprint, dataset.train.fingerprint);
}

/// Two channels of miniSEED with a gap, resampled and filtered; labels by second and by moment, and from a table.
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

/// Traces of a class, around their arrivals; those of other classes and without arrival are left out.
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
    // Of nine traces two are thunder, and one has no arrival; 1.4 s are two windows.
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
        ("table.csv", "*.seed", "no file matches"),
        (
            "window: 0.08",
            "window: 0.1",
            "10 samples: a window needs a multiple of 8",
        ),
        ("window: 0.08", "windows: 0.08", "unknown field `windows`"),
        (
            "class: quiet",
            "labels: [{start: 2, end: 1, class: quiet}]",
            "label 1 (`quiet`) ends before it begins: from 2024-05-01T10:00:02.000Z to 2024-05-01T10:00:01.000Z",
        ),
        (
            "window:",
            "preprocessing: [fft]\nwindow:",
            "belongs in dataset_config.yaml",
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

/// What a careful colleague would say: silence, a class of one recording, minutes on both sides, a window that is no
/// multiple of 8.
#[test]
fn an_import_says_what_is_odd_about_its_windows() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let table = |silent_from: usize| {
        let value = |i: usize| {
            if i < silent_from {
                (i * i * 37 + silent_from) % 1009
            } else {
                7
            }
        };
        let rows = (0..2000).map(|i| format!("{}.{:02},{}\n", i / 100, i % 100, value(i)));
        format!("time,Z\n{}", rows.collect::<String>())
    };
    std::fs::write(at("one.csv"), table(2000)).unwrap();
    std::fs::write(at("two.csv"), table(1000)).unwrap();
    let list = "sampling_rate: 100\nwindow: 0.5\nchannels: [Z]\nclass_names: [a, b]\nrecordings:\n  - {files: [one.csv], \
                class: a}\n  - files: [two.csv]\n    labels: [{start: 0, end: 10, class: a}, {start: 10, end: 20, class: \
                b}]\nsplit: {by: time, train: 0.6, val: 0.2, test: 0.2}\n";
    std::fs::write(at("list.yaml"), list).unwrap();
    let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
    let imported = import(&config, &at("out"), 100, &mut |_| {}).unwrap();
    let said = imported.warnings.join("\n");
    for part in [
        "50 samples, and a window needs a multiple of 8: 48 samples are taken, 0.480000 s",
        "two: all 20 windows of class `b` are silent",
        "class `b` is in one recording alone, two",
        "windows of split val",
        "from minutes that split train has windows of",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    import(&config, &at("again"), 100, &mut |_| {}).unwrap();
    for entry in std::fs::read_dir(at("out")).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |folder: &str| std::fs::read(at(folder).join(&name)).unwrap();
        assert_eq!(read("out"), read("again"), "{name:?}");
    }
}

/// Channels of one recording at 50, 100 and 200 Hz become one at the rate of the windows; one that nobody asks for refuses
/// nothing. `--strict` minds a channel that is slower than the windows, and neither the resampling itself nor decimal
/// commas.
#[test]
fn channels_at_several_rates_are_one_recording() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // 2 Hz, which every rate holds, and a channel nobody asks for.
    let table = |name: &str, rate: u32| {
        let row = |i: u32| {
            let time = f64::from(i) / f64::from(rate);
            let value = 100.0 * (2.0 * std::f64::consts::TAU * time).sin();
            format!("{time:.4};{value:.6};texts\n").replace('.', ",")
        };
        let rows: String = (0..20 * rate).map(row).collect();
        std::fs::write(at(name), format!("time;{name};remark\n{rows}")).unwrap();
    };
    table("LOW", 50);
    table("MID", 100);
    table("HIGH", 200);
    let run = |channels: &str, out: &str, strict: bool| {
        let list = format!(
            "sampling_rate: 100\nwindow: 1.28\nchannels: [{channels}]\nclass_names: [a, b]\nrecordings:\n  - {{name: r, files: \
             [LOW.csv, MID.csv, HIGH.csv], class: a}}\nsplit: {{by: time, train: 0.6, val: 0.4}}\n"
        );
        std::fs::write(at("list.yaml"), list).unwrap();
        let config = RecordingsConfig::load(&at("list.yaml")).unwrap();
        let how = data::import::Writing { shard: 100, strict };
        let done = data::import::import_watched(&config, &at(out), how, &mut |_| {}, &mut |_| {});
        done.map_err(|error| error.to_string())
    };
    for name in ["LOW", "MID", "HIGH"] {
        std::fs::rename(at(name), at(&format!("{name}.csv"))).unwrap();
    }
    let imported = run("MID, HIGH", "out", false).unwrap();
    let loud = imported.warnings.texts(false).join("\n");
    for part in [
        "decimal commas",
        "left out column `remark`: texts",
        "r: 20.000 s are resampled to 100 Hz by channel",
    ] {
        assert!(loud.contains(part), "{part}: {loud}");
    }
    let shard = at("out").join("train-00000-of-00001.tfrecord");
    let (mut largest, mut windows) = (0.0f32, 0);
    data::reader::read(&shard, &Default::default(), &mut |record| {
        let (mid, high) = record.values.split_at(record.values.len() / 2);
        // The first window begins with the recording, before which a filter sees zeros.
        let pairs = mid.iter().zip(high).filter(|_| record.record > 0);
        largest = pairs.fold(largest, |largest, (a, b)| largest.max((a - b).abs()));
        windows += 1;
        Ok(())
    })
    .unwrap();
    assert!(windows > 5);
    assert!(largest < 0.2, "{largest} of 100");
    let strict = run("MID, HIGH", "strict", true).unwrap_err();
    assert!(
        !strict.contains("comma") && !strict.contains("resampled"),
        "{strict}"
    );
    let strict = run("MID, LOW", "strict", true).unwrap_err();
    let expected = "channel `LOW` has nothing above 25 Hz";
    assert!(strict.contains(expected), "{strict}");
    let report = std::fs::read_to_string(at("out").join("import_report.txt")).unwrap();
    assert!(report.contains("\nInformation: "), "{report}");
}

/// A list of one table of 100 Hz, whose labels are `labels`.
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

/// Labels of another day: the times of both are named.
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
