//! `history.jsonl`: one line an epoch, appended and synced when the epoch ends.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalogue::layout::HISTORY;
use crate::error::ExperimentError;
use crate::files::read_regular;
use crate::json;
use crate::lenient::{lenient, nan, or_nan};
use crate::words::counted;

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epoch {
    /// Epoch, from 0.
    #[serde(deserialize_with = "lenient")]
    pub epoch: usize,
    /// Learning rate in force during the epoch; NaN where not known.
    #[serde(default = "nan", deserialize_with = "or_nan")]
    pub learning_rate: f64,
    /// Metrics by name: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `val_f1_macro`, ...
    #[serde(deserialize_with = "lenient")]
    pub metrics: Map<String, Value>,
    /// Confusion matrix of the validation split, rows the true classes.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub val_confusion: Vec<Vec<u64>>,
    /// Seconds since the start of the run, wall clock: the only field that differs between two runs
    /// of one seed. NaN where not known.
    #[serde(default = "nan", deserialize_with = "or_nan")]
    pub elapsed_s: f64,
}

impl Epoch {
    /// Metric `name`.
    pub fn metric(&self, name: &str) -> Option<f64> {
        json::number(self.metrics.get(name)?)
    }
}

/// Largest history that is read, in bytes: a hundred thousand epochs.
const LARGEST: u64 = 256 << 20;

/// All epochs of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// In the order written.
    pub epochs: Vec<Epoch>,
    /// Whether they are epochs: steps of other people's event logs may be batches.
    pub steps_are_epochs: bool,
    /// What could not be read or understood, in sentences.
    pub notes: Vec<String>,
}

impl Default for History {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<Epoch>> for History {
    fn from(epochs: Vec<Epoch>) -> Self {
        Self {
            epochs,
            steps_are_epochs: true,
            notes: Vec::new(),
        }
    }
}

impl History {
    /// Reads a file. Lines that are no epochs are passed over and counted in [`History::notes`], but for a torn last
    /// one, as a process leaves it that is writing or was killed while it did.
    ///
    /// # Errors
    /// [`ExperimentError`] where the file cannot be read, or is too large for a history.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, LARGEST).map_err(ExperimentError::read(path))?;
        let whole = &bytes[..whole_lines(&bytes)];
        let lines = whole.split(|&byte| byte == b'\n');
        let lines: Vec<Option<Epoch>> = lines
            .filter(|line| !line.trim_ascii().is_empty())
            .map(|line| Epoch::deserialize(json::plain(object(line)?)).ok())
            .collect();
        let passed_over = lines.iter().filter(|line| line.is_none()).count();
        let mut history = Self::from(lines.into_iter().flatten().collect::<Vec<_>>());
        if passed_over > 0 {
            let lines = counted(passed_over, "line");
            let note = format!("{lines} of {HISTORY} passed over: no epoch");
            history.notes.push(note);
        }
        Ok(history)
    }

    /// Values of a metric by epoch.
    pub fn curve(&self, name: &str) -> Vec<(usize, f64)> {
        let points = self.epochs.iter().map(|e| (e.epoch, e.metric(name)));
        points
            .filter_map(|(epoch, value)| Some((epoch, value?)))
            .collect()
    }
}

/// Bytes of the whole lines of a history. A last line that reads is whole even where its end was not written.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    let end = bytes.iter().rposition(|&byte| byte == b'\n');
    let start = end.map_or(0, |end| end + 1);
    if is_object(&bytes[start..]) {
        bytes.len()
    } else {
        start
    }
}

/// Whether a line is an object of JSON, as every epoch is.
pub(crate) fn is_object(line: &[u8]) -> bool {
    object(line).is_some()
}

fn object(line: &[u8]) -> Option<Value> {
    json::parse(line).ok().filter(Value::is_object)
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
        assert_eq!(history.notes, [""; 0]);
        let text = format!(
            "{line}\n\n<html>\n{{\"epoch\": \"1\", \"learning_rate\": null, \"metrics\": {{\"loss\": NaN}}}}"
        );
        std::fs::write(&path, text).unwrap();
        let history = History::load(&path).unwrap();
        assert_eq!(history.epochs.len(), 2);
        assert!(
            history.epochs[1].learning_rate.is_nan()
                && history.epochs[1].metric("loss").unwrap().is_nan()
        );
        assert_eq!(
            history.notes,
            ["1 line of history.jsonl passed over: no epoch"]
        );
    }

    #[test]
    fn a_line_that_lacks_only_its_end_is_whole() {
        for (text, whole) in [
            ("", 0),
            ("{}\n", 3),
            ("{}\n{}", 5),
            ("{}\n{\"a", 3),
            ("{\"a", 0),
        ] {
            assert_eq!(whole_lines(text.as_bytes()), whole, "{text}");
        }
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
