//! The same samples give the same data in every format: NumPy files (`scripts/conformance/make_numpy.py`), and TFRecord
//! files made from them.

use std::path::{Path, PathBuf};

use data::reader::{self, Record};
use data::{DataError, Dataset, DatasetConfig, Normalisation, Storage, batch};
use proptest::prelude::*;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/numpy")
}

fn records(path: &Path) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    let read = reader::read(path, &Default::default(), &mut |record| {
        records.push(record);
        Ok(())
    });
    read.map(|()| records).map_err(|error| error.to_string())
}

const SOURCES: [&str; 11] = [
    "stored.npz",
    "compressed.npz",
    "X_train.npy",
    "f8_data.npy",
    "f2.npy",
    "i2-windows-2.npy",
    "i4.x.npy",
    "i8_x.npy",
    "fortran_x.npy",
    "fortran.npz",
    "other_names.npz",
];

#[test]
fn the_same_records_in_every_file_of_numpy() {
    let expected = records(&fixtures().join(SOURCES[0])).unwrap();
    assert_eq!((expected.len(), &expected[8].shape[..]), (9, &[2, 64][..]));
    assert_eq!(expected[8].group.as_deref(), Some("run 2"));
    assert_eq!(expected[7].label, 1);
    // As printed by NumPy.
    assert_eq!(&expected[0].values[..4], [683.0, 1220.0, -1910.0, 1231.0]);
    for name in &SOURCES[1..] {
        assert_eq!(records(&fixtures().join(name)).unwrap(), expected, "{name}");
    }
}

/// Every integer type in both byte orders, with unnamed arrays: `np.savez(file, x, y)`.
#[test]
fn small_numbers_in_every_type() {
    let files = std::fs::read_dir(fixtures()).unwrap();
    let names = files.map(|file| file.unwrap().path());
    let small = |path: &PathBuf| {
        path.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("small_")
    };
    let small: Vec<PathBuf> = names.filter(small).collect();
    assert_eq!(small.len(), 11);
    for path in small {
        let records = records(&path).unwrap();
        let values: Vec<f32> = records
            .iter()
            .flat_map(|record| record.values.clone())
            .collect();
        let expected: Vec<f32> = (0..128u8).map(f32::from).collect();
        assert_eq!(values, expected, "{}", path.display());
        let labels: Vec<i64> = records.iter().map(|record| record.label).collect();
        assert_eq!(
            (labels, &records[3].shape[..]),
            (vec![0, 1, 0, 1], &[2, 16][..])
        );
    }
}

#[test]
fn what_is_not_clear_is_refused() {
    for (name, problem) in [
        (
            "refused_alone.npz",
            "no array `y`: there is `data` int64 [4, 2, 16]; expected `x` [N, ",
        ),
        ("refused_two.npz", "`data`, `waveforms` could all be `x`"),
        (
            "refused_text.npz",
            "type <U1 is not supported: expected the numbers of classes",
        ),
        (
            "refused_halves.npz",
            "label 1, counted from 0, is not a whole number",
        ),
        (
            "refused_complex.npz",
            "array `x`: type <c8 is not supported",
        ),
        ("refused_objects.npy", "holds pickled Python objects"),
    ] {
        let error = records(&fixtures().join(name)).unwrap_err();
        assert!(error.contains(problem) && error.contains(name), "{error}");
    }
}

/// Labels with a column for each class, and labels that are names of classes.
#[test]
fn labels_in_other_forms_are_numbers_of_classes() {
    let labels = |name: &str, class_names: &[&str]| {
        let wanted = reader::SourceSelection {
            class_names: class_names.iter().map(ToString::to_string).collect(),
            ..Default::default()
        };
        let mut labels = Vec::new();
        let read = reader::read(&fixtures().join(name), &wanted, &mut |record| {
            labels.push(record.label);
            Ok(())
        });
        read.map(|()| labels).map_err(|error| error.to_string())
    };
    assert_eq!(labels("one_hot.npz", &[]).unwrap(), [0, 1, 2, 3]);
    let records = "../tfrecord_types/one_hot.tfrecord";
    assert_eq!(labels(records, &["a", "b", "c"]).unwrap(), [1; 4]);
    let error = labels(records, &["a", "b"]).unwrap_err();
    assert!(
        error.contains("record 0") && error.contains("there are 2 classes"),
        "{error}"
    );
    let names = ["b", "a"];
    assert_eq!(labels("refused_text.npz", &names).unwrap(), [1, 0, 1, 0]);
    let error = labels("refused_text.npz", &["a", "c"]).unwrap_err();
    let expected = "`y`: label 1, counted from 0, is `b`, which is not in `class_names`: a, c";
    assert!(error.ends_with(expected), "{error}");
    let error = labels("refused_text.npz", &["a", "B"]).unwrap_err();
    let expected = "is not in `class_names`: a, B (upper and lower case differ)";
    assert!(error.ends_with(expected), "{error}");
    let error = labels("refused_text.npz", &["a", "b\u{200b}"]).unwrap_err();
    assert!(error.ends_with("is `b\\u{200b}`)"), "{error}");
}

/// Windows in every type that the bytes of a TFRecord may hold, and bytes whose type is not given
/// (`scripts/conformance/make_tfrecord_types.py`).
#[test]
fn bytes_of_tfrecord_are_read_for_sure_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tfrecord_types");
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (mut read, mut refused) = (0, 0);
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("refused_") {
            let error = records(&path).unwrap_err();
            assert!(error.contains(&format!("{name}, record 0: ")), "{error}");
            refused += 1;
        }
        if !name.starts_with("read_") {
            continue;
        }
        read += 1;
        let records = records(&path).unwrap();
        assert_eq!(records.len(), 4, "{name}");
        for (i, record) in records.iter().enumerate() {
            let values: Vec<i64> = record.values.iter().map(|v| *v as i64).collect();
            assert_eq!(serde_json::json!(values), expected["windows"][i], "{name}");
            assert_eq!(serde_json::json!(record.shape), expected["shape"], "{name}");
            assert_eq!(
                serde_json::json!(record.label),
                expected["labels"][i],
                "{name}"
            );
        }
    }
    assert_eq!((read, refused), (18, 9));
}

/// A configuration whose training split is `source`.
fn config(folder: &Path, source: &str) -> DatasetConfig {
    let val = folder.join("val.tfrecord");
    std::fs::write(folder.join("train.txt"), source).unwrap();
    std::fs::write(folder.join("val.txt"), val.display().to_string()).unwrap();
    let path = folder.join("config.yaml");
    let text = "task:\n  class_names: [a, b, c]\n  train_index_file: train.txt\n  val_index_file: val.txt\n\
                spectral_processing: {method: fft}\n";
    std::fs::write(&path, text).unwrap();
    DatasetConfig::load(&path, None).unwrap()
}

#[test]
fn one_fingerprint_and_streamed_or_not_the_same_inputs() {
    let folder = tempfile::tempdir().unwrap();
    // Validation can use any other samples.
    let mut writer = reader::TfrecordWriter::create(&folder.path().join("val.tfrecord")).unwrap();
    for (i, record) in records(&fixtures().join("stored.npz"))
        .unwrap()
        .into_iter()
        .enumerate()
    {
        let values = record.values.iter().map(|v| v + 0.5 + i as f32).collect();
        let group = Some("other".to_owned());
        writer
            .write(&Record {
                values,
                group,
                ..record
            })
            .unwrap();
    }
    writer.finish().unwrap();

    let open = |source: &str, storage| {
        let config = config(folder.path(), source);
        Dataset::open(&config, Normalisation::Dataset, storage)
    };
    let source = |name: &str| fixtures().join(name).display().to_string();
    let expected = open(&source("stored.npz"), Storage::Memory).unwrap();
    for name in SOURCES {
        let memory = open(&source(name), Storage::Memory).unwrap();
        assert_eq!(memory, expected, "{name}");
        let streamed = open(&source(name), Storage::Streamed);
        if name == "compressed.npz" || name.starts_with("fortran") {
            let error = streamed.unwrap_err();
            assert!(matches!(error, DataError::NotStreamable { .. }), "{error}");
            let error = error.to_string();
            let problem = format!("{name}: cannot be streamed");
            assert!(error.contains(&problem), "{error}");
            continue;
        }
        let streamed = streamed.unwrap();
        assert_eq!(streamed.train.fingerprint, expected.train.fingerprint);
        assert_eq!(streamed.preprocessing, expected.preprocessing, "{name}");
        let order = [8, 0, 4, 4];
        let fetch = |dataset: &Dataset| {
            let mut fetcher = batch::Fetcher::new(&dataset.train, &dataset.preprocessing);
            fetcher.fetch(&order).unwrap()
        };
        assert_eq!(fetch(&streamed), fetch(&expected), "{name}");
    }
}

#[test]
fn what_is_missing_beside_an_array_is_named() {
    let error = |name: &str| records(&fixtures().join(name)).unwrap_err();
    let alone = error("alone_x.npy");
    assert!(
        alone.contains("alone_x.npy: ") && alone.contains("there are no labels beside it"),
        "{alone}"
    );
    assert!(alone.contains("alone_y.npy (or `labels`"), "{alone}");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::copy(fixtures().join("X_train.npy"), at("x.npy")).unwrap();
    std::fs::copy(fixtures().join("f2_y.npy"), at("y.npy")).unwrap();
    let whole = std::fs::read(at("x.npy")).unwrap();
    std::fs::write(at("x.npy"), &whole[..whole.len() - 600]).unwrap();
    let cut = records(&at("x.npy")).unwrap_err();
    assert!(
        cut.contains("x.npy, record 7: `x` ends before this sample"),
        "{cut}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..Default::default() })]

    /// Damage anywhere gives an error that names the file, or other values, but never a panic.
    #[test]
    fn damaged_arrays(at in 0usize..700, value: u8, cut in proptest::option::of(0usize..5000), name in 0usize..2) {
        let folder = tempfile::tempdir().unwrap();
        let files = ["x.npy", "y.npy"].map(|name| folder.path().join(name));
        for (file, source) in files.iter().zip(["f8_data.npy", "f8_labels.npy"]) {
            std::fs::copy(fixtures().join(source), file).unwrap();
        }
        let mut bytes = std::fs::read(&files[name]).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        bytes.truncate(cut.unwrap_or(bytes.len()));
        std::fs::write(&files[name], &bytes).unwrap();
        if let Err(error) = records(&files[0]) {
            prop_assert!(error.contains(".npy"), "{error}");
        }
        if let Ok(reader) = reader::of(&files[0]) && let Ok(Some(spans)) = reader.spans(&files[0]) {
            let mut windows = reader.windows(&files[0], &Default::default()).unwrap();
            for (i, span) in spans.into_iter().enumerate() {
                if let Err(error) = windows.window(&files[0], i, span) {
                    let error = error.to_string();
                    prop_assert!(error.contains("a float32 reaches to 3.4e38"), "{error}");
                }
            }
        }
    }
}
