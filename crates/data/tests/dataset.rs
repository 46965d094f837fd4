//! Whole datasets from disk: the demo, archives, batches, and all rejected input.

mod batches;
mod refused;

use std::path::{Path, PathBuf};

use data::reader::{Record, TfrecordWriter};
use data::{DataError, Dataset, DatasetConfig, Normalisation, demo};

fn load(config: &Path) -> Result<Dataset, DataError> {
    let config = DatasetConfig::load(config, None)?;
    Dataset::load(&config, Normalisation::Sample)
}

#[test]
fn the_demo_loads_and_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = demo::ensure(folder.path()).unwrap();
    let dataset = load(&config).unwrap();
    assert_eq!(dataset.class_names, demo::CLASSES);
    assert_eq!(dataset.train.shape, [2, 7, 256]);
    let sizes = [&dataset.train, &dataset.val, &dataset.test].map(|split| split.len());
    assert_eq!(sizes, demo::SPLITS.map(|(_, size)| size));
    assert_eq!(dataset.train.class_counts(3), [400, 400, 400]);
    assert!(!dataset.test_is_val);
    assert_eq!(dataset.warnings, Vec::<String>::new());
    // Integers on disk, so the bytes are the same on every machine.
    let start = &dataset.train.fingerprint[..16];
    insta::assert_snapshot!(start);

    let before = std::fs::metadata(&config).unwrap().modified().unwrap();
    assert_eq!(demo::ensure(folder.path()).unwrap(), config);
    assert_eq!(
        std::fs::metadata(&config).unwrap().modified().unwrap(),
        before
    );
    let entries = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(entries, 1, "nothing is left aside");
}

/// A configuration with one TFRecord file per split.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for (split, group) in [("train", "a"), ("val", "b")] {
            let records = (0..6).map(|i| record(i, (i % 3) as i64, &[2, 1024], group));
            project.source(split, records.collect());
            project.file(&format!("{split}.txt"), &format!("{split}.tfrecord\n"));
        }
        project.file(
            "config.yaml",
            "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n",
        );
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn source(&self, split: &str, records: Vec<Record>) {
        let mut writer = TfrecordWriter::create(&self.path(&format!("{split}.tfrecord"))).unwrap();
        records.iter().for_each(|r| writer.write(r).unwrap());
        writer.finish().unwrap();
    }

    fn error(&self) -> String {
        load(&self.path("config.yaml")).unwrap_err().to_string()
    }
}

fn record(record: usize, label: i64, shape: &[usize], group: &str) -> Record {
    // Other groups have other windows.
    let start = record + 100 * usize::from(group.as_bytes()[0]);
    let values = (0..shape.iter().product()).map(|i: usize| ((i * 7 + start) % 31 + start) as f32);
    Record {
        record,
        values: values.collect(),
        shape: shape.to_vec(),
        label,
        group: Some(group.into()),
    }
}

#[test]
fn without_a_test_split_the_validation_split_serves() {
    let dataset = load(&Project::new().path("config.yaml")).unwrap();
    assert!(dataset.test_is_val);
    assert_eq!(dataset.test, dataset.val);
    assert!(dataset.warnings[0].contains("serves as test"));

    // One list under two names is the same split.
    let project = Project::new();
    project.file("test.txt", "val.tfrecord\n");
    project.file(
        "config.yaml",
        "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n  \
         test_index_file: test.txt\n",
    );
    assert!(load(&project.path("config.yaml")).unwrap().test_is_val);
    project.file("test.txt", "train.tfrecord\n");
    let error = load(&project.path("config.yaml")).unwrap_err().to_string();
    assert!(error.contains("share 1 group(s)"), "{error}");
}

/// Samples in segments that no window becomes, such as spectra, have no window length; those of a window have.
#[test]
fn segments_of_their_own_are_told_from_those_of_a_window() {
    let project = Project::new();
    project.file(
        "config.yaml",
        "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n\
         spectral_processing: {method: none}\n",
    );
    let preprocessing = |of: &dyn Fn(usize, &str) -> Record| {
        for (split, group) in [("train", "a"), ("val", "b")] {
            project.source(split, (0..6).map(|i| of(i, group)).collect());
        }
        let dataset = load(&project.path("config.yaml")).unwrap();
        let shape = dataset.train.shape;
        dataset.preprocessing.check(shape).unwrap();
        let settings = dataset.preprocessing;
        (settings.own_segments, settings.window_samples(shape))
    };
    for (segments, length) in [(5, 40), (7, 33), (7, 32)] {
        let found = preprocessing(&|i, group| record(i, 0, &[2, segments, length], group));
        assert_eq!(found, (Some([segments, length]), None));
    }
    let cut = |i: usize, group: &str| {
        let window = record(i, 0, &[2, 128], group);
        let channels = window.values.chunks(128);
        let values =
            channels.flat_map(|channel| (0..7).flat_map(move |at| &channel[16 * at..16 * at + 32]));
        Record {
            values: values.copied().collect(),
            shape: vec![2, 7, 32],
            ..window.clone()
        }
    };
    assert_eq!(preprocessing(&cut), (None, Some(128)));
}

#[test]
fn included_classes_are_filtered_and_renumbered() {
    let project = Project::new();
    project.file(
        "config.yaml",
        "task:\n  class_names: [a, b, c]\n  included_classes: [2, 0]\n  \
         train_index_file: train.txt\n  val_index_file: val.txt\n",
    );
    let dataset = load(&project.path("config.yaml")).unwrap();
    assert_eq!(dataset.class_names, ["a", "c"]);
    assert_eq!(dataset.train.y, [0, 1, 0, 1]);
}

#[test]
#[ignore = "needs the recordings of ../shared/data/goodvibes"]
fn real_recordings() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/goodvibes");
    let project = Project::new();
    for split in ["train", "val"] {
        let source = shared.join(format!("{split}.npz"));
        project.file(&format!("{split}.txt"), &format!("{}\n", source.display()));
    }
    let dataset = load(&project.path("config.yaml")).unwrap();
    assert_eq!(dataset.train.class_counts(3), [297, 292, 297]);
    assert_eq!(dataset.val.class_counts(3), [151, 151, 80]);
    assert_eq!(
        (dataset.train.groups.len(), dataset.val.groups.len()),
        (39, 11)
    );
}

/// Windows without a group are told, with what that means for scores.
#[test]
fn windows_without_a_group_are_told() {
    let project = Project::new();
    let warnings = || {
        let dataset = load(&project.path("config.yaml")).unwrap();
        dataset.warnings.join("\n")
    };
    assert!(!warnings().contains("no group"), "{}", warnings());
    let ungrouped = |record: Record| Record {
        group: None,
        ..record
    };
    let shape = [2, 1024];
    project.source(
        "val",
        vec![
            record(20, 0, &shape, "b"),
            ungrouped(record(21, 1, &shape, "b")),
        ],
    );
    let said = warnings();
    assert!(
        said.contains("1 of 2 validation windows name no group, while others do: whether windows of one recording are in several"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_there_twice_is_said() {
    let project = Project::new();
    std::fs::copy(
        project.path("train.tfrecord"),
        project.path("copy.tfrecord"),
    )
    .unwrap();
    project.file("train.txt", "train.tfrecord\ncopy.tfrecord\n");
    let dataset = load(&project.path("config.yaml")).unwrap();
    let said = "6 windows of the training split have the values of an earlier one, to the bit";
    let found = dataset
        .warnings
        .iter()
        .filter(|warning| warning.starts_with(said));
    assert_eq!(found.count(), 1, "{:?}", dataset.warnings);
}

#[test]
fn an_empty_file_is_named() {
    let project = Project::new();
    project.file("train.tfrecord", "");
    let error = project.error();
    assert!(
        error.ends_with("train.tfrecord is an empty file"),
        "{error}"
    );
}
