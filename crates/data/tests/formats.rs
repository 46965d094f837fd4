//! The same samples in every format are the same data: NumPy's files (`scripts/conformance/make_numpy.py`), and TFRecord
//! made of them.

use std::path::{Path, PathBuf};

use data::reader::{self, Record};
use data::{Dataset, DatasetConfig, Normalisation, Storage, batch};
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

const SOURCES: [&str; 8] = [
    "stored.npz",
    "compressed.npz",
    "X_train.npy",
    "f8_data.npy",
    "f2.npy",
    "i2-windows-2.npy",
    "i4.x.npy",
    "i8_x.npy",
];

#[test]
fn the_same_records_in_every_file_of_numpy() {
    let expected = records(&fixtures().join(SOURCES[0])).unwrap();
    assert_eq!((expected.len(), &expected[8].shape[..]), (9, &[2, 64][..]));
    assert_eq!(expected[8].group.as_deref(), Some("run 2"));
    assert_eq!(expected[7].label, 1);
    // As NumPy prints them.
    assert_eq!(&expected[0].values[..4], [683.0, 1220.0, -1910.0, 1231.0]);
    for name in &SOURCES[1..] {
        assert_eq!(records(&fixtures().join(name)).unwrap(), expected, "{name}");
    }
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
    // Any other samples serve to validate.
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
        if name == "compressed.npz" {
            let error = streamed.unwrap_err().to_string();
            assert!(
                error.contains("compressed.npz: cannot be streamed"),
                "{error}"
            );
            continue;
        }
        let streamed = streamed.unwrap();
        assert_eq!(streamed.train.fingerprint, expected.train.fingerprint);
        assert_eq!(streamed.preprocessing, expected.preprocessing, "{name}");
        let order = [8, 0, 4, 4];
        let fetch = |own: &Dataset| {
            let mut fetcher = batch::Fetcher::new(&own.train, &own.preprocessing);
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
        alone.contains("alone_x.npy: there are no labels beside it"),
        "{alone}"
    );
    assert!(alone.contains("alone_y.npy (or `labels`"), "{alone}");
    assert!(error("fortran_x.npy").contains("np.ascontiguousarray(x)"));
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

    /// Damaged anywhere: an error that names the file, or other values; never a panic.
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
                prop_assert!(windows.window(&files[0], i, span).is_ok());
            }
        }
    }
}
