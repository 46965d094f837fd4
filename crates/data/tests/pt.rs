//! Samples written by PyTorch (`scripts/conformance/make_pt_samples.py`), value by value.

use std::io::Write;
use std::path::{Path, PathBuf};

use data::reader::{self, Record, SourceSelection};
use data::{DataError, Dataset, DatasetConfig, Normalisation, Storage};
use proptest::prelude::*;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pt")
}

fn wanted(task: &str) -> SourceSelection {
    let text = format!(
        "{task}:\n  num_classes: 9\n  train_index_file: a\n  val_index_file: b\nlocation: shake\nmodality: seismic\n"
    );
    DatasetConfig::parse(&text, Path::new("config.yaml"), None)
        .unwrap()
        .wanted()
}

fn read(path: &Path, wanted: &SourceSelection) -> Result<Record, DataError> {
    let mut records = Vec::new();
    reader::read(path, wanted, &mut |record| {
        records.push(record);
        Ok(())
    })?;
    assert_eq!(records.len(), 1);
    Ok(records.remove(0))
}

#[test]
fn every_file_is_what_pytorch_loads() {
    let text = std::fs::read_to_string(fixtures().join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let files = expected.as_object().unwrap();
    assert!(files.len() > 25);
    for (name, file) in files {
        for (task, label) in file["labels"].as_object().unwrap() {
            let record = read(&fixtures().join(name), &wanted(task)).unwrap();
            assert_eq!(serde_json::json!(record.shape), file["shape"], "{name}");
            assert_eq!(serde_json::json!(record.label), *label, "{name} {task}");
            let values = file["values"].as_array().unwrap().iter();
            let values: Vec<f32> = values.map(|v| v.as_f64().unwrap() as f32).collect();
            assert_eq!(record.values, values, "{name}");
        }
    }
    let record = read(&fixtures().join("window.pt"), &SourceSelection::default()).unwrap();
    assert_eq!(record.group.as_deref(), Some("run 4"));
}

/// Other names, pairs as data sets of PyTorch return them, labels in other forms, and numbers of groups.
#[test]
fn habits_of_others() {
    let text = std::fs::read_to_string(fixtures().join("habits.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let wanted = SourceSelection {
        class_names: ["bicycle", "car", "truck"].map(str::to_owned).to_vec(),
        ..SourceSelection::default()
    };
    // A value for each class of another number.
    let other = SourceSelection {
        num_classes: Some(5),
        ..SourceSelection::default()
    };
    let error = read(&fixtures().join("one_hot.pt"), &other).unwrap_err();
    assert!(
        error.to_string().contains(
            "a tensor of 3 values, of which one is 1 and all others 0, but there are 5 classes"
        ),
        "{error}"
    );
    for (name, file) in expected.as_object().unwrap() {
        let record = read(&fixtures().join(name), &wanted).unwrap();
        assert_eq!(serde_json::json!(record.label), file["label"], "{name}");
        assert_eq!(serde_json::json!(record.group), file["group"], "{name}");
        let values = file["values"].as_array().unwrap().iter();
        let values: Vec<f32> = values.map(|v| v.as_f64().unwrap() as f32).collect();
        assert_eq!(record.values, values, "{name}");
    }
    // A label in the key that the configuration names.
    let given = |name: &str| SourceSelection {
        given_label: Some(name.into()),
        class_names: ["run 3", "run 4"].map(str::to_owned).to_vec(),
        ..SourceSelection::default()
    };
    let path = fixtures().join("x_and_y.pt");
    assert_eq!(read(&path, &given("recording")).unwrap().label, 1);
    let note = reader::note(&path, &given("speeed")).unwrap();
    assert!(
        note.contains(
            "there is no `speeed`, which `label_field` names: the labels are those in `y`"
        ),
        "{note}"
    );
    assert_eq!(reader::note(&path, &wanted), None);
    let error = read(
        &fixtures().join("class_name.pt"),
        &SourceSelection::default(),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`car` is not among `class_names`"),
        "{error}"
    );
}

#[test]
fn code_is_never_run_and_what_is_wrong_is_named() {
    let trace = Path::new("/tmp/code_was_run");
    let _ = std::fs::remove_file(trace);
    let seismic = wanted("vehicle_classification");
    let no_location = SourceSelection {
        location: None,
        modality: None,
        ..seismic.clone()
    };
    let elsewhere = SourceSelection {
        location: Some("moon".into()),
        ..seismic.clone()
    };
    let other_task = SourceSelection {
        label: "weather".into(),
        ..seismic.clone()
    };
    for (name, wanted, expected) in [
        ("malicious.pt", &seismic, "asks for `posix.system`: refused"),
        ("plain_pickle.pt", &seismic, "not a file of torch.save"),
        (
            "nested.pt",
            &elsewhere,
            "`data` has no location `moon`; there are `shake`",
        ),
        (
            "nested.pt",
            &no_location,
            "set `modality` in the configuration; there are `seismic`, `audio`",
        ),
        (
            "nested.pt",
            &other_task,
            "`label` has no field `weather`; there are `vehicle_type`",
        ),
    ] {
        let error = read(&fixtures().join(name), wanted)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(name), "{error}");
    }
    assert!(!trace.exists());
}

#[test]
fn a_configuration_of_the_python_system_works_here() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "window.pt",
        "old_window.pt",
        "window_of_run_5.pt",
        "sliced.pt",
    ] {
        std::fs::copy(fixtures().join(name), folder.path().join(name)).unwrap();
    }
    std::fs::create_dir(folder.path().join("indices")).unwrap();
    let index = |name: &str, text: &str| {
        std::fs::write(folder.path().join("indices").join(name), text).unwrap();
    };
    index("train.txt", &"old_window.pt\nwindow.pt\n".repeat(300));
    index("val.txt", "window_of_run_5.pt\n");
    let path = folder.path().join("dataset_config.yaml");
    let text = "vehicle_classification:\n  num_classes: 3\n  class_names: [a, b, c]\n  \
        train_index_file: indices/train.txt\n  val_index_file: indices/val.txt\nspeed_classification:\n  \
        num_classes: 2\n  train_index_file: indices/train.txt\n  val_index_file: indices/val.txt\n\
        location: shake\nmodality: seismic\nspectral_processing: {method: none, sampling_rate: 512.0}\n";
    std::fs::write(&path, text).unwrap();
    let open = |task: &str| {
        let config = DatasetConfig::load(&path, Some(task)).unwrap();
        assert_eq!(config.warnings, []);
        Dataset::open(&config, Normalisation::None, Storage::Memory)
    };
    let vehicles = open("vehicle_classification").unwrap();
    assert_eq!(
        (vehicles.train.len(), vehicles.train.shape),
        (600, [2, 7, 256])
    );
    assert_eq!(
        (&vehicles.train.y[..2], &vehicles.val.y[..]),
        (&[1, 1][..], &[2][..])
    );
    assert_eq!(vehicles.train.memory()[..3], [0.0, 1.0, 2.0]);
    assert_eq!(
        vehicles.val.memory()[0],
        1024.0,
        "the second channel was turned to the front"
    );
    // 12 // 5 - 1
    assert_eq!(open("speed_classification").unwrap().val.y, [1]);

    for (val, expected) in [
        ("window.pt", "run 4"),
        ("sliced.pt", "sliced.pt"),
        ("window_of_run_5.pt\nmissing.pt", "line 2: no such file"),
    ] {
        index("val.txt", val);
        let error = open("vehicle_classification").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// Only the required part of a large archive is read: other parts may even be damaged.
#[test]
fn of_large_files_the_wanted_sensor_alone_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.pt");
    let bytes = std::fs::read(fixtures().join("nested.pt")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = zip::ZipWriter::new(file);
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("nested/data/99", stored).unwrap();
    let other = b"audio beside the seismic data   ".repeat(10_000);
    writer.write_all(&other).unwrap();
    for i in 0..archive.len() {
        writer.raw_copy_file(archive.by_index(i).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    let wanted = wanted("vehicle_classification");
    let expected = read(&fixtures().join("nested.pt"), &wanted).unwrap();
    assert_eq!(read(&path, &wanted).unwrap(), expected);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[5000..300_000].fill(0);
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(read(&path, &wanted).unwrap(), expected);
}

#[test]
fn many_files_stream_like_they_load() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = String::new();
    for i in 0..600 {
        let name = format!("{i}.pt");
        let source = ["float32.pt", "old_float64.pt", "batch_of_one.pt"][i % 3];
        // Samples stored in segments: [2, 3, 4].
        std::fs::copy(fixtures().join(source), folder.path().join(&name)).unwrap();
        index.push_str(&format!("{name}\n"));
    }
    std::fs::write(folder.path().join("train.txt"), &index).unwrap();
    // A different window, since one of the training split would be rejected.
    std::fs::copy(fixtures().join("uint8.pt"), folder.path().join("val.pt")).unwrap();
    std::fs::write(folder.path().join("val.txt"), "val.pt\n").unwrap();
    let path = folder.path().join("config.yaml");
    let text = "t:\n  num_classes: 3\n  included_classes: [1, 2]\n  train_index_file: train.txt\n  \
                val_index_file: val.txt\n";
    std::fs::write(&path, text).unwrap();
    let config = DatasetConfig::load(&path, None).unwrap();
    let open = |storage| Dataset::open(&config, Normalisation::Dataset, storage).unwrap();
    let (memory, streamed) = (open(Storage::Memory), open(Storage::Streamed));
    assert_eq!(memory.train.shape, [2, 3, 4]);
    assert_eq!(memory.train.len(), 600);
    assert_eq!(memory.train.class_counts(2), [400, 200]);
    assert_eq!(memory.train.fingerprint, streamed.train.fingerprint);
    let order: Vec<usize> = (0..600).rev().collect();
    let fetch = |dataset: &Dataset| {
        data::batch::Fetcher::new(&dataset.train, &dataset.preprocessing)
            .fetch(&order)
            .unwrap()
    };
    assert_eq!(fetch(&memory), fetch(&streamed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..Default::default() })]

    /// Damage anywhere, in every form, gives an error that names the file, or other values, but never a panic.
    #[test]
    fn damage(
        name in proptest::sample::select(vec!["nested.pt", "old_nested.pt", "sliced.pt", "old_sliced.pt", "protocol5.pt"]),
        flips in proptest::collection::vec((0usize..6000, any::<u8>()), 0..4),
        cut in proptest::option::of(0usize..6000),
    ) {
        let mut bytes = std::fs::read(fixtures().join(name)).unwrap();
        for (at, value) in flips {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("damaged.pt");
        std::fs::write(&path, &bytes).unwrap();
        if let Err(error) = read(&path, &wanted("vehicle_classification")) {
            prop_assert!(error.to_string().contains("damaged.pt"), "{error}");
        }
    }
}
