//! `metadata.json`: the fields that tools around the Python scripts read, and additional ones.
//!
//! Fields are read one by one: numbers may be strings, and a field that does not fit becomes unknown. Writing a file
//! back preserves everything that was not understood (see `file`).

mod file;
pub(crate) mod foreign;
mod prune;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalogue::{Metric, Split};
use crate::error::{ExperimentError, plain};
use crate::json;
use crate::lenient::{Lenient, field};

/// Version of the added fields. Additive changes do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// Fields at the top of `metadata.json` that the programs write, in every run or in some. Others are the user's.
pub const FIELDS: [&str; 28] = [
    "experiment_id",
    "timestamp",
    "schema_version",
    "status",
    "model_info",
    "training_config",
    "dataset_info",
    "system_info",
    "seed",
    "class_names",
    "augmentation_choice",
    "front_end_choice",
    "distillation_choice",
    "fold",
    "fold_name",
    "study",
    "study_line",
    "trial",
    "varied",
    "end_time",
    "duration_s",
    "timing_s",
    "files",
    "resumed",
    "results",
    "error",
    "notes",
    "tags",
];

/// Status of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The training process holds the experiment's lock.
    Running,
    /// Training ended normally.
    Completed,
    /// Training ended with an error.
    Failed,
    /// The user stopped the training.
    Interrupted,
    /// The metadata say running, but no process holds the lock. Derived when read, never written.
    Crashed,
    /// The metadata cannot be read. Derived when read, never written.
    #[serde(skip)]
    Broken,
    /// A status that only a newer version knows.
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
            Status::Broken => "broken",
            Status::Unknown => "unknown",
        })
    }
}

/// The network.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ModelInfo {
    /// Network name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Display name; equal to the network name unless configured.
    pub name: String,
    /// `[height, width, channels]`.
    pub input_shape: Vec<usize>,
    /// Number of classes.
    pub num_classes: usize,
    /// Number of parameters.
    pub total_params: usize,
    /// Number of parameters that the optimiser updates.
    pub trainable_params: usize,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Configuration of the training.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrainingConfig {
    /// Batch size in samples.
    pub batch_size: usize,
    /// Maximum number of epochs.
    pub epochs: usize,
    /// Initial learning rate.
    pub learning_rate: f64,
    /// `[height, width, channels]`.
    pub input_shape: Vec<usize>,
    /// Number of classes.
    pub num_classes: usize,
    /// Network name.
    pub model_type: String,
    /// The dataset configuration: its path or its content.
    pub dataset_config: Value,
    /// Everything else that changes the result.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Sizes and fingerprints of the dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// SHA-256 of each split.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "lenient"
    )]
    pub fingerprints: BTreeMap<String, String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The machine and the software.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// Unknown fields: versions, git commit, device.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Results of the training.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Results {
    /// Number of completed epochs, if known.
    pub epochs_run: Option<usize>,
    /// Epoch whose weights were kept, counted from 0, if known.
    pub best_epoch: Option<usize>,
    /// Why training ended: `epochs`, `early_stopping` or `interrupted`.
    pub stopped_by: String,
    /// Metrics of the best epoch on the validation split: loss, accuracy, f1_macro, ...
    pub validation: Map<String, Value>,
    /// Metrics of the kept weights on the test split.
    pub test: Map<String, Value>,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Formats a time for `metadata.json`: ISO 8601 with microseconds.
pub(crate) fn timestamp(time: chrono::DateTime<chrono::Local>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// The content of `metadata.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metadata {
    /// Name of the experiment's directory.
    pub experiment_id: String,
    /// Start, ISO 8601 with microseconds.
    pub timestamp: String,
    /// [`SCHEMA_VERSION`]; missing in files of the Python scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<u32>,
    /// Status as last written; missing in files of the Python scripts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Network.
    pub model_info: ModelInfo,
    /// Configuration of the training.
    pub training_config: TrainingConfig,
    /// Dataset.
    pub dataset_info: DatasetInfo,
    /// Machine and software.
    pub system_info: SystemInfo,
    /// Seed of all randomness.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Class names in the order of the logits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
    /// End, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Duration in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Results; missing until the training ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
    /// Error message of a failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The user's notes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// The user's tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Unknown fields, and those given by `--meta`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
    /// Bytes of the file as read. Fields that did not change are written back as they were, whether understood or
    /// not.
    #[serde(skip)]
    pub file: Option<Box<[u8]>>,
    /// Whether containers deep in the file were left out when it was read.
    #[serde(skip)]
    pub pruned: bool,
}

/// Size limit of `metadata.json` in bytes, which bounds memory use for foreign directories.
pub(crate) const MAX_SIZE: u64 = 16 << 20;

/// Parses a schema version. An unreadable one counts as newer than any.
fn version(value: Value) -> Option<u32> {
    let number = json::number(&value).filter(|number| !number.is_nan());
    let known = number.map(|number| number.ceil().clamp(0.0, u32::MAX.into()) as u32);
    known.or((!value.is_null()).then_some(u32::MAX))
}

/// Reads a section field by field; unknown fields go to `other`.
macro_rules! section {
    ($section:ty { $($field:ident: $key:literal),* $(,)? }) => {
        impl Lenient for $section {
            fn read(value: Value) -> Self {
                let mut fields = Map::read(value);
                Self {
                    $($field: field(&mut fields, $key),)*
                    other: fields,
                }
            }
        }
    };
}

section!(ModelInfo {
    kind: "type",
    name: "name",
    input_shape: "input_shape",
    num_classes: "num_classes",
    total_params: "total_params",
    trainable_params: "trainable_params",
});
section!(TrainingConfig {
    batch_size: "batch_size",
    epochs: "epochs",
    learning_rate: "learning_rate",
    input_shape: "input_shape",
    num_classes: "num_classes",
    model_type: "model_type",
    dataset_config: "dataset_config",
});
section!(DatasetInfo {
    train_size: "train_size",
    val_size: "val_size",
    test_size: "test_size",
    input_shape: "input_shape",
    num_classes: "num_classes",
    fingerprints: "fingerprints",
});
section!(SystemInfo {
    host: "host",
    platform: "platform",
    cpus: "cpus",
});
section!(Results {
    epochs_run: "epochs_run",
    best_epoch: "best_epoch",
    stopped_by: "stopped_by",
    validation: "validation",
    test: "test",
});

impl Lenient for Option<Results> {
    fn read(value: Value) -> Self {
        value.is_object().then(|| Results::read(value))
    }
}

impl Lenient for Option<Status> {
    fn read(value: Value) -> Self {
        Status::deserialize(value).ok()
    }
}

impl Lenient for Metadata {
    fn read(value: Value) -> Self {
        let mut all = Map::read(value);
        let fields = &mut all;
        Self {
            experiment_id: field(fields, "experiment_id"),
            timestamp: field(fields, "timestamp"),
            schema_version: fields.shift_remove("schema_version").and_then(version),
            status: field(fields, "status"),
            model_info: field(fields, "model_info"),
            training_config: field(fields, "training_config"),
            dataset_info: field(fields, "dataset_info"),
            system_info: field(fields, "system_info"),
            seed: field(fields, "seed"),
            class_names: field(fields, "class_names"),
            end_time: field(fields, "end_time"),
            duration_s: field(fields, "duration_s"),
            results: field(fields, "results"),
            error: field(fields, "error"),
            notes: field(fields, "notes"),
            tags: field(fields, "tags"),
            other: all,
            file: None,
            pruned: false,
        }
    }
}

impl Metadata {
    /// Value of the metric `name` (`f1_macro`, `loss`) on `split`; in files of other programs, also under their names for it.
    pub fn metric(&self, split: Split, name: &str) -> Option<f64> {
        let value_of = |results: &Results| {
            let metrics = match split {
                Split::Train => return None,
                Split::Validation => &results.validation,
                Split::Test => &results.test,
            };
            Metric::read(name, metrics.get(name)?)
        };
        let value = self.results.as_ref().and_then(value_of);
        value.or_else(|| foreign::metric(self, split, name))
    }

    /// Whether a newer version of the program wrote the file. Such a file is read but never rewritten.
    pub fn is_newer(&self) -> bool {
        self.schema_version
            .is_some_and(|version| version > SCHEMA_VERSION)
    }

    /// Refuses to rewrite the file of a newer version.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] naming the experiment and both versions.
    pub(crate) fn check_version(&self, id: &str) -> Result<(), ExperimentError> {
        if !self.is_newer() {
            return Ok(());
        }
        let version = match self.schema_version {
            Some(u32::MAX) | None => "an unknown version".to_owned(),
            Some(version) => format!("version {version}"),
        };
        Err(ExperimentError::Usage(format!(
            "{}: its metadata.json is of {version}, and this program knows version {SCHEMA_VERSION}: it is read, \
             but only a newer program may change it",
            plain(id)
        )))
    }
}

#[cfg(test)]
mod tests;
