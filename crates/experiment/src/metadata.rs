//! `metadata.json`: the fields that tools of the Python system read, and ours beside them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ExperimentError;
use crate::files::read_regular;

/// Version of the fields we add; additive changes keep it.
pub const SCHEMA_VERSION: u32 = 1;

/// State of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A process holds its lock.
    Running,
    /// Ended by itself.
    Completed,
    /// Ended by an error.
    Failed,
    /// Ended by the user.
    Interrupted,
    /// Says running, but no process holds its lock. Derived when read, never written.
    Crashed,
    /// A state of a newer version.
    #[serde(other)]
    Unknown,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Status::Running => "running",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Interrupted => "interrupted",
            Status::Crashed => "crashed",
            Status::Unknown => "unknown",
        })
    }
}

/// The network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelInfo {
    /// Network name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name for people; the same unless configured.
    pub name: String,
    /// `[height, width, channels]`.
    pub input_shape: Vec<usize>,
    /// Number of classes.
    pub num_classes: usize,
    /// All parameters.
    pub total_params: usize,
    /// Parameters the optimizer changes.
    pub trainable_params: usize,
    /// Fields we do not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What the training was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingConfig {
    /// Samples a batch.
    pub batch_size: usize,
    /// Most epochs.
    pub epochs: usize,
    /// Learning rate at the start.
    pub learning_rate: f64,
    /// `[height, width, channels]`.
    pub input_shape: Vec<usize>,
    /// Number of classes.
    pub num_classes: usize,
    /// Network name.
    pub model_type: String,
    /// The dataset configuration: a path, or its content.
    pub dataset_config: Value,
    /// Everything else that changes the result.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetInfo {
    /// Training samples.
    pub train_size: usize,
    /// Validation samples.
    pub val_size: usize,
    /// Test samples.
    pub test_size: usize,
    /// `[height, width, channels]`.
    pub input_shape: Vec<usize>,
    /// Number of classes.
    pub num_classes: usize,
    /// SHA-256 a split.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fingerprints: BTreeMap<String, String>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The machine and the software.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemInfo {
    /// Host name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Operating system and processor family.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub platform: String,
    /// Logical processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<usize>,
    /// Fields we do not know: versions, git, device.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How well it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// Epochs run.
    pub epochs_run: usize,
    /// Epoch whose weights were kept, from 0.
    pub best_epoch: usize,
    /// Why training ended: `epochs`, `early_stopping`, `interrupted`.
    pub stopped_by: String,
    /// Metrics of the best epoch on the validation split: loss, accuracy, f1_macro, ...
    pub validation: Map<String, Value>,
    /// Metrics of the kept weights on the test split.
    pub test: Map<String, Value>,
    /// Fields we do not know.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A time as `metadata.json` has it: ISO 8601 with microseconds.
pub(crate) fn timestamp(time: chrono::DateTime<chrono::Local>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// `metadata.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Name of the directory.
    pub experiment_id: String,
    /// Start, ISO 8601 with microseconds.
    pub timestamp: String,
    /// [`SCHEMA_VERSION`]; none in files of the Python system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// State as last written; none in files of the Python system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The network.
    pub model_info: ModelInfo,
    /// The training.
    pub training_config: TrainingConfig,
    /// The data.
    pub dataset_info: DatasetInfo,
    /// The machine.
    pub system_info: SystemInfo,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Class names, one a logit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// End, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Seconds from start to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// How well it went; none before the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// The error of a failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Labels for finding it again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Fields we do not know, and those of `--meta`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Largest `metadata.json` that is read, in bytes: bounds memory on a directory of strangers.
pub(crate) const LARGEST: u64 = 16 << 20;

impl Metadata {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ExperimentError`] naming the file, and line and column where it is malformed.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, LARGEST).map_err(ExperimentError::read(path))?;
        serde_json::from_slice(&bytes).map_err(|source| ExperimentError::Metadata {
            path: path.to_owned(),
            source,
        })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("metadata is JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Metric `name` (`f1_macro`, `accuracy`, `loss`) of `split` (`validation`, `test`).
    pub fn metric(&self, split: &str, name: &str) -> Option<f64> {
        let results = self.results.as_ref()?;
        let metrics = match split {
            "validation" => &results.validation,
            _ => &results.test,
        };
        metrics.get(name)?.as_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the Python system writes it: none of our fields, one we do not know.
    const PYTHON: &str = r#"{
      "experiment_id": "20250101_120000_simple_cnn_3classes_32batch_deadbeef",
      "timestamp": "2025-01-01T12:00:00.123456",
      "model_info": {"type": "simple_cnn", "name": "SimpleCNN", "input_shape": [2, 7, 256],
                     "num_classes": 3, "total_params": 154723, "trainable_params": 154275},
      "training_config": {"batch_size": 32, "epochs": 50, "learning_rate": 0.001,
                          "input_shape": [2, 7, 256], "num_classes": 3, "model_type": "simple_cnn",
                          "dataset_config": "dataset_config.yaml"},
      "dataset_info": {"train_size": 10, "val_size": 2, "test_size": 2, "input_shape": [2, 7, 256],
                       "num_classes": 3},
      "system_info": {"tensorflow_version": "2.15.0", "gpu_available": false},
      "lab": {"operator": "x"}
    }"#;

    #[test]
    fn files_of_the_python_system_are_read_and_kept() {
        let metadata: Metadata = serde_json::from_str(PYTHON).unwrap();
        assert_eq!(metadata.model_info.total_params, 154_723);
        assert_eq!(metadata.status, None);
        assert_eq!(metadata.other["lab"]["operator"], "x");
        assert_eq!(metadata.system_info.other["tensorflow_version"], "2.15.0");
        let again: Value = serde_json::from_slice(&metadata.to_bytes()).unwrap();
        let before: Value = serde_json::from_str(PYTHON).unwrap();
        for key in before.as_object().unwrap().keys() {
            assert_eq!(again[key], before[key], "{key}");
        }
    }

    #[test]
    fn a_newer_status_is_unknown_not_an_error() {
        let metadata: Metadata = serde_json::from_str(r#"{"status": "paused"}"#).unwrap();
        assert_eq!(metadata.status, Some(Status::Unknown));
    }

    proptest! {
        /// No bytes make the reader panic.
        #[test]
        fn damaged_files_are_errors(at in 0usize..1000, value: u8, cut in 0usize..1000) {
            let mut bytes = PYTHON.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = value;
            bytes.truncate(bytes.len() - cut % bytes.len());
            let _ = serde_json::from_slice::<Metadata>(&bytes);
        }
    }
}
