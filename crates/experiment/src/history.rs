//! `history.jsonl`: one line per epoch, appended and synced at the end of the epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalogue::Metric;
use crate::catalogue::layout::HISTORY;
use crate::error::ExperimentError;
use crate::files::read_regular;
use crate::json;
use crate::lenient::{lenient, nan, or_nan};
use support::words::counted;

/// One line of the history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Epoch {
    /// Epoch number, from 0.
    #[serde(deserialize_with = "lenient")]
    pub epoch: usize,
    /// Learning rate of the epoch; NaN if unknown.
    #[serde(default = "nan", deserialize_with = "or_nan")]
    pub learning_rate: f64,
    /// Metrics by name: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `val_f1_macro`, ...
    #[serde(deserialize_with = "lenient")]
    pub metrics: Map<String, Value>,
    /// Confusion matrix of the validation split, `[true][predicted]`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub val_confusion: Vec<Vec<u64>>,
    /// Wall-clock seconds since the start of the run, NaN if unknown. This is the only field that differs between two
    /// runs with the same seed.
    #[serde(default = "nan", deserialize_with = "or_nan")]
    pub elapsed_s: f64,
}

impl Epoch {
    /// Value of the metric `name`.
    pub fn metric(&self, name: &str) -> Option<f64> {
        Metric::read(name, self.metrics.get(name)?)
    }
}

/// Size limit of a history file in bytes, enough for a hundred thousand epochs.
const MAX_SIZE: u64 = 256 << 20;

/// The epochs of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// In the order of the file.
    pub epochs: Vec<Epoch>,
    /// Whether the steps are epochs. In event logs of other programs they may be batches.
    pub steps_are_epochs: bool,
    /// Sentences about anything that could not be read.
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
    /// Reads a history. Malformed lines are skipped and counted in [`History::notes`]. A torn last line is ignored,
    /// since a running or killed process may leave one.
    ///
    /// # Errors
    /// [`ExperimentError`] if the file cannot be read or exceeds the size limit.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, MAX_SIZE).map_err(ExperimentError::read(path))?;
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

    /// The values of a metric with their epochs.
    pub fn curve(&self, name: &str) -> Vec<(usize, f64)> {
        let points = self.epochs.iter().map(|e| (e.epoch, e.metric(name)));
        points
            .filter_map(|(epoch, value)| Some((epoch, value?)))
            .collect()
    }
}

/// Number of bytes in complete lines. A last line that parses is complete even without a line end.
pub(crate) fn whole_lines(bytes: &[u8]) -> usize {
    let end = bytes.iter().rposition(|&byte| byte == b'\n');
    let start = end.map_or(0, |end| end + 1);
    if is_object(&bytes[start..]) {
        bytes.len()
    } else {
        start
    }
}

/// Whether a line is a JSON object, as every epoch is.
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
        /// No input panics or loses the epochs before the damage.
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
