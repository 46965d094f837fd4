//! HDF5 of pandas, compared with pandas (`scripts/conformance/make_to_hdf.py`), and files that are refused.

use std::collections::BTreeMap;

use data::recording::{self, Contents, Hints};
use serde::Deserialize;

use super::conformance;

/// A channel as pandas has it; `None` where there is no value.
#[derive(Deserialize)]
struct Expected {
    channel: String,
    start: i64,
    rate: f64,
    samples: Vec<Option<f64>>,
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(conformance::folder("to_hdf").join(name)).unwrap()
}

fn parse(bytes: &[u8]) -> Result<Contents, String> {
    recording::parse(bytes, "h5", &Hints::default()).map_err(|error| error.to_string())
}

#[test]
fn every_file_holds_what_pandas_reads() {
    let all: BTreeMap<String, Vec<Expected>> = conformance::expected("to_hdf");
    assert_eq!(all.len(), 11);
    for (name, expected) in &all {
        let contents = conformance::read("to_hdf", name).unwrap();
        assert_eq!(
            contents.traces.len(),
            expected.len(),
            "{name}: {:?}",
            contents.notes
        );
        for (trace, expected) in contents.traces.iter().zip(expected) {
            let found = (&trace.channel, trace.start, trace.rate);
            let expected_head = (&expected.channel, expected.start, expected.rate);
            assert_eq!(found, expected_head, "{name}");
            let samples = trace.samples.iter();
            let samples: Vec<Option<f64>> = samples
                .map(|sample| Some(*sample).filter(|sample| !sample.is_nan()))
                .collect();
            assert_eq!(samples, expected.samples, "{name}, {}", trace.channel);
        }
    }
}

#[test]
fn columns_that_are_no_samples_are_named() {
    let contents = conformance::read("to_hdf", "table-columns.h5").unwrap();
    let notes = contents.notes.all().join("\n");
    assert!(
        notes.contains("`kind`") && notes.contains("category"),
        "{notes}"
    );
    assert!(notes.contains("`activity`"), "{notes}");
}

#[test]
fn other_files_are_refused() {
    for (name, why) in [
        (
            "several.h5",
            "with 2 objects (/a, /b): write the one that is the recording",
        ),
        ("blosc.h5", "the values are packed ("),
        ("levels.h5", "whose columns have several levels"),
        ("rows.h5", "whose rows have several levels"),
        ("empty.h5", "without rows that can be read"),
    ] {
        let error = parse(&bytes(&format!("refused/{name}"))).unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
    }
    let sound = bytes("fixed-index.h5");
    let changed = |from: &[u8], to: &[u8]| {
        let mut file = sound.clone();
        let places = (0..sound.len() - from.len()).filter(|at| sound[*at..].starts_with(from));
        for at in places {
            file[at..at + to.len()].copy_from_slice(to);
        }
        parse(&file).unwrap_err()
    };
    assert!(changed(b"frame\0", b"panel\0").contains("with a `panel`"));
    assert!(changed(b"nblocks", b"nblacks").contains("`nblocks` is missing or damaged"));
    for length in [300, 2500, 9000] {
        let error = parse(&sound[..length]).unwrap_err();
        assert!(!error.is_empty());
    }
}
