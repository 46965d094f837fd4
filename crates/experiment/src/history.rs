//! `history.jsonl`: one line an epoch, appended and synced when the epoch ends.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ExperimentError;
use crate::files::read_regular;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epoch {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Learning rate in force during the epoch.
    pub learning_rate: f64,
    /// Metrics by name: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `val_f1_macro`, ...
    pub metrics: Map<String, Value>,
    /// Confusion matrix of the validation split, rows the true classes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub val_confusion: Vec<Vec<u64>>,
    /// Seconds since the start of the run, wall clock: the only field that differs between two runs
    /// of one seed.
    pub elapsed_s: f64,
}

impl Epoch {
    /// Metric `name`.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.get(name)?.as_f64()
    }
}

/// Largest history that is read, in bytes: a hundred thousand epochs.
const LARGEST: u64 = 256 << 20;

/// All epochs of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// In the order written.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// Reads a file. Lines that are no epochs are passed over: the last may be torn, where the process was
    /// killed while writing.
    ///
    /// # Errors
    /// [`ExperimentError`] where the file cannot be read, or is too large for a history.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, LARGEST).map_err(ExperimentError::read(path))?;
        let lines = bytes.split(|&byte| byte == b'\n');
        let epochs = lines.filter_map(|line| serde_json::from_slice(line).ok());
        Ok(Self {
            epochs: epochs.collect(),
        })
    }

    /// Values of a metric by epoch.
    pub fn curve(&self, name: &str) -> Vec<(usize, f64)> {
        let points = self.epochs.iter().map(|e| (e.epoch, e.metric(name)));
        points
            .filter_map(|(epoch, value)| Some((epoch, value?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn torn_lines_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let line = r#"{"epoch":0,"learning_rate":0.001,"metrics":{"loss":1.5},"elapsed_s":1.0}"#;
        std::fs::write(&path, format!("{line}\n{}", &line[..40])).unwrap();
        let history = History::load(&path).unwrap();
        assert_eq!(history.curve("loss"), [(0, 1.5)]);
    }

    proptest! {
        /// No bytes make the reader panic or lose the epochs before them.
        #[test]
        fn whatever_follows(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("history.jsonl");
            let line = "{\"epoch\":0,\"metrics\":{\"loss\":1.5}}\n";
            std::fs::write(&path, [line.as_bytes(), &bytes].concat()).unwrap();
            let history = History::load(&path).unwrap();
            prop_assert_eq!(history.curve("loss")[0], (0, 1.5));
        }
    }
}
