//! Fixtures with what the readers of the field have of them, in `expected.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data::recording::{self, Contents, Hints};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A trace as ObsPy has it.
#[derive(Deserialize)]
pub struct Expected {
    pub channel: String,
    pub start: i64,
    pub rate: f64,
    pub samples: Vec<f64>,
}

/// The folder of a format.
pub fn folder(format: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(format)
}

/// What `expected.json` of a format has.
pub fn expected<T: DeserializeOwned>(format: &str) -> T {
    let text = std::fs::read_to_string(folder(format).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads a fixture of a format.
pub fn read(format: &str, file: &str) -> Result<Contents, String> {
    let path = folder(format).join(file);
    recording::read(&path, &Hints::default()).map_err(|error| error.to_string())
}

/// A fixture of a format.
pub fn bytes(format: &str, file: &str) -> Vec<u8> {
    std::fs::read(folder(format).join(file)).unwrap()
}

/// `sound` with other bytes from `at` on.
pub fn changed(sound: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut file = sound.to_vec();
    file[at..at + with.len()].copy_from_slice(with);
    file
}

/// Reads bytes without the name of a file.
pub fn parse(bytes: &[u8]) -> Result<Contents, String> {
    recording::parse(bytes, "", &Hints::default()).map_err(|error| error.to_string())
}

/// Checks that all `count` fixtures of a format are read as expected, and without a note.
pub fn check_all(format: &str, count: usize) {
    let all: BTreeMap<String, Vec<Expected>> = expected(format);
    assert_eq!(all.len(), count, "{format}");
    for (name, expected) in &all {
        let contents = read(format, name).unwrap();
        assert!(contents.notes.is_empty(), "{name}: {:?}", contents.notes);
        check_traces(name, &contents, expected);
    }
}

/// Bytes of a file that are changed, and where it is cut.
pub type Damage = (Vec<(prop::sample::Index, u8)>, prop::sample::Index);

/// Up to so many changed bytes.
pub fn damage(most: usize) -> impl Strategy<Value = Damage> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (
        proptest::collection::vec(change, 0..most),
        any::<prop::sample::Index>(),
    )
}

/// Checks that a damaged file gives an error or samples, and never more than there is room for.
pub fn check_damaged(mut file: Vec<u8>, (changes, cut): Damage) -> Result<(), TestCaseError> {
    for (at, byte) in changes {
        let at = at.index(file.len());
        file[at] = byte;
    }
    check_cut(file, cut)
}

/// Checks that a file that is cut gives an error or samples, and never more than there is room for.
pub fn check_cut(mut file: Vec<u8>, cut: prop::sample::Index) -> Result<(), TestCaseError> {
    file.truncate(cut.index(file.len()) + 1);
    if let Ok(contents) = parse(&file) {
        let samples: usize = contents
            .traces
            .iter()
            .map(|trace| trace.samples.len())
            .sum();
        prop_assert!(samples <= file.len());
    }
    Ok(())
}

/// Checks that the traces of a file are those expected.
pub fn check_traces(name: &str, contents: &Contents, expected: &[Expected]) {
    assert_eq!(contents.traces.len(), expected.len(), "{name}");
    for (trace, expected) in contents.traces.iter().zip(expected) {
        let found = (&trace.channel, trace.start, trace.rate);
        let expected_head = (&expected.channel, expected.start, expected.rate);
        assert_eq!(found, expected_head, "{name}");
        assert_eq!(trace.samples, expected.samples, "{name}");
    }
}
