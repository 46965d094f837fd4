//! Whole datasets from disk: the demo, archives, and everything that is refused.

use std::path::{Path, PathBuf};

use data::reader::{Record, TfrecordWriter};
use data::{DataError, Dataset, DatasetConfig, Normalisation, Storage, batch, demo};

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
    // Whole numbers on disk: the same bytes on every machine.
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

/// A configuration over one TFRecord a split.
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
    // Another group has other windows.
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
fn streamed_batches_are_those_in_memory_to_the_bit() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    for normalisation in [
        Normalisation::Sample,
        Normalisation::Dataset,
        Normalisation::Batch,
        Normalisation::None,
    ] {
        let open = |storage| Dataset::open(&config, normalisation, storage).unwrap();
        let (memory, streamed) = (open(Storage::Memory), open(Storage::Streamed));
        assert_eq!(memory.preprocessing, streamed.preprocessing);
        assert_eq!(memory.train.fingerprint, streamed.train.fingerprint);
        assert_eq!(memory.train.y, streamed.train.y);
        assert!(memory.train.inputs().is_some() && streamed.train.inputs().is_none());
        let order = batch::shuffled(memory.train.len(), 5, 0);
        let collect = |dataset: &Dataset| {
            let mut batches = Vec::new();
            let lists = order.chunks(3);
            batch::for_each(&dataset.train, &dataset.preprocessing, lists, |batch| {
                batches.push(batch);
                true
            })
            .unwrap();
            batches
        };
        assert_eq!(collect(&memory), collect(&streamed), "{normalisation}");
        let windows = open(Storage::Windows);
        assert_eq!(
            windows.preprocessing, memory.preprocessing,
            "{normalisation}"
        );
        assert!(windows.train.inputs().is_none());
        assert_eq!(collect(&memory), collect(&windows), "{normalisation}");
        assert_eq!(windows.val, memory.val, "only training windows are kept");
        // Parts are parts, wherever the samples lie.
        let part = [3, 1, 4];
        for dataset in [&memory, &streamed, &windows] {
            let own = dataset.train.subset(&part);
            assert_eq!(own.y, part.map(|i| dataset.train.y[i]));
            let fetch = |split, indices: &[usize]| {
                batch::Fetcher::new(split, &dataset.preprocessing)
                    .fetch(indices)
                    .unwrap()
            };
            assert_eq!(fetch(&own, &[0, 2]), fetch(&dataset.train, &[3, 4]));
        }
    }
}

/// What becomes of a window depends on seed, epoch and place in it: from memory or streamed, in any batches, from any
/// place on.
#[test]
fn augmented_batches_depend_on_seed_and_place_alone() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    let open = |storage| Dataset::open(&config, Normalisation::Dataset, storage).unwrap();
    let (windows, streamed, plain) = (
        open(Storage::Windows),
        open(Storage::Streamed),
        open(Storage::Memory),
    );
    let background = data::Background {
        class: "x".into(),
        probability: 0.5,
        snr_db: [0.0, 10.0],
    };
    let mut augmentation = data::Augmentation::preset("field").unwrap();
    augmentation.background = Some(background);
    let order = batch::shuffled(windows.train.len(), 5, 0);
    let collect = |dataset: &Dataset, size: usize, first: usize, epoch: u64| {
        let augmenting = batch::Augmenting {
            augmentation: &augmentation,
            background: Some(0),
            seed: 1,
            epoch,
            first,
        };
        let mut x = Vec::new();
        let lists = order[first..].chunks(size);
        batch::for_each_augmented(
            &dataset.train,
            &dataset.preprocessing,
            Some(augmenting),
            lists,
            |batch| {
                x.extend(batch.x);
                true
            },
        )
        .unwrap();
        x
    };
    let all = collect(&windows, 3, 0, 0);
    assert_eq!(all, collect(&streamed, 5, 0, 0));
    let length = windows.train.sample_length();
    assert_eq!(all[4 * length..], collect(&windows, 2, 4, 0)[..]);
    assert_ne!(all, collect(&windows, 3, 0, 1));
    let unchanged = batch::Fetcher::new(&plain.train, &plain.preprocessing)
        .fetch(&order)
        .unwrap();
    assert_ne!(all, unchanged.x);
    let error = batch::check_augmentable(&plain.train, &plain.preprocessing);
    assert!(error.is_ok(), "inputs in memory are not asked for windows");
}

/// Windows and the segments cut from them become the same inputs, augmented and preprocessed.
#[test]
fn segments_of_windows_are_augmented_like_windows() {
    let cut = |record: &Record| {
        let channels = record.values.chunks_exact(64);
        let values = channels.flat_map(|c| (0..7).flat_map(move |i| &c[i * 8..i * 8 + 16]));
        Record {
            values: values.copied().collect(),
            shape: vec![2, 7, 16],
            ..record.clone()
        }
    };
    let inputs = |segments: bool| {
        let project = Project::new();
        for split in ["train", "val"] {
            let of = |i| record(i, (i % 3) as i64, &[2, 64], &split[..1]);
            let records = (0..6).map(of);
            project.source(
                split,
                records
                    .map(|r| if segments { cut(&r) } else { r })
                    .collect(),
            );
        }
        let text = std::fs::read_to_string(project.path("config.yaml")).unwrap();
        project.file("config.yaml", &(text + "preprocessing: [detrend]\n"));
        let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
        let dataset = Dataset::open(&config, Normalisation::None, Storage::Windows).unwrap();
        batch::check_augmentable(&dataset.train, &dataset.preprocessing).unwrap();
        let augmentation = data::Augmentation::preset("field").unwrap();
        let augmenting = batch::Augmenting {
            augmentation: &augmentation,
            background: None,
            seed: 3,
            epoch: 1,
            first: 0,
        };
        let fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
        fetcher
            .augmented(Some(augmenting))
            .fetch(&[5, 1, 3])
            .unwrap()
    };
    assert_eq!(inputs(true), inputs(false));
}

#[test]
fn a_source_that_changes_under_a_streamed_training_is_named() {
    let project = Project::new();
    let config = DatasetConfig::load(&project.path("config.yaml"), None).unwrap();
    let dataset = Dataset::open(&config, Normalisation::None, Storage::Streamed).unwrap();
    let path = project.path("train.tfrecord");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
    assert!(fetcher.fetch(&[0]).is_ok());
    let error = fetcher.fetch(&[dataset.train.len() - 1]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("train.tfrecord, record 5: damaged"),
        "{error}"
    );
}

#[test]
fn without_a_test_split_the_validation_split_serves() {
    let dataset = load(&Project::new().path("config.yaml")).unwrap();
    assert!(dataset.test_is_val);
    assert_eq!(dataset.test, dataset.val);
    assert!(dataset.warnings[0].contains("serves as test"));

    // One list under two names is one split.
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
fn bad_input_is_named() {
    let project = Project::new();
    project.source(
        "val",
        vec![record(0, 0, &[2, 1024], "b"), record(1, 3, &[2, 1024], "b")],
    );
    let error = project.error();
    assert!(
        error.contains("val.tfrecord, record 1: label 3 is not a class of `task`"),
        "{error}"
    );

    project.source("val", vec![record(0, 0, &[2, 512], "b")]);
    let error = project.error();
    assert!(
        error.contains("record 0: the input would be [2, 7, 128]"),
        "{error}"
    );

    project.source("val", vec![record(0, 0, &[2, 1024], "a")]);
    let error = project.error();
    assert!(
        error.contains("training and validation splits share 1 group(s)"),
        "{error}"
    );

    project.file("val.txt", "# nothing\n");
    let error = project.error();
    assert!(error.contains("the validation split is empty"), "{error}");

    project.file("val.txt", "gone.npz\n");
    let error = project.error();
    assert!(error.contains("val.txt, line 1: no such file"), "{error}");

    project.file("readme.md", "hello");
    project.file("val.txt", "readme.md\n");
    let error = project.error();
    assert!(error.contains("readme.md: unknown format"), "{error}");

    let bytes = std::fs::read(project.path("train.tfrecord")).unwrap();
    std::fs::write(project.path("train.tfrecord"), &bytes[..bytes.len() - 100]).unwrap();
    let error = project.error();
    assert!(
        error.contains("train.tfrecord, record 5: truncated"),
        "{error}"
    );
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

#[test]
fn windows_on_two_sides_are_named() {
    let project = Project::new();
    // The same windows under the names of other recordings; and a dead sensor's, which are alike everywhere.
    let renamed = |i| Record {
        group: Some("c".into()),
        ..record(i, 0, &[2, 1024], "a")
    };
    let dead = |group: &str| Record {
        values: vec![0.0; 2048],
        ..record(9, 0, &[2, 1024], group)
    };
    project.source("val", vec![dead("b"), record(0, 0, &[2, 1024], "b")]);
    project.source(
        "train",
        vec![
            dead("a"),
            record(0, 0, &[2, 1024], "a"),
            record(1, 1, &[2, 1024], "a"),
        ],
    );
    load(&project.path("config.yaml")).unwrap();
    project.source(
        "val",
        vec![dead("b"), renamed(1), record(0, 0, &[2, 1024], "b")],
    );
    let error = load(&project.path("config.yaml")).unwrap_err().to_string();
    assert!(
        error.contains("training and validation splits share 1 window(s)"),
        "{error}"
    );
    assert!(error.contains("train.tfrecord, record 2 and "), "{error}");
    assert!(error.contains("val.tfrecord, record 1;"), "{error}");
}

/// Windows that are all of a length which the front end cannot cut: the configuration is at fault, and no file. One window
/// of another length is.
#[test]
fn a_length_that_no_front_end_takes_is_one_of_the_configuration() {
    let project = Project::new();
    let config = std::fs::read_to_string(project.path("config.yaml")).unwrap();
    project.file(
        "config.yaml",
        &(config + "spectral_processing: {method: fft}\n"),
    );
    for (split, group) in [("train", "a"), ("val", "b")] {
        project.source(split, vec![record(0, 0, &[2, 1001], group)]);
    }
    let error = project.error();
    assert!(
        error.contains(
            "config.yaml: the front end does not fit the windows: a window of 1001 samples"
        ),
        "{error}"
    );
    assert!(error.contains("cut windows to 1000"), "{error}");
    assert!(error.contains("train.tfrecord, record 0)"), "{error}");
    project.source("train", vec![record(0, 0, &[2, 1024], "a")]);
    let error = project.error();
    assert!(
        error.contains("val.tfrecord, record 0: a window of 1001 samples"),
        "{error}"
    );
}
