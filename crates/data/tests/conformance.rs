//! Fixtures with what the readers of the field have of them, in `expected.json`.

use std::path::{Path, PathBuf};

use data::recording::{self, Contents, Hints};
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
