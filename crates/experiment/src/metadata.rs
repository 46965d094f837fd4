//! `metadata.json`: the fields that tools of the Python system read, and ours beside them.
//!
//! Fields are read one by one: numbers may be text, and what does not fit is not known. Files keep what is not
//! understood when they are written again (`file`).

mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalogue::Split;
use crate::error::ExperimentError;
use crate::json;
use crate::lenient::{Lenient, field};

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
    /// Its metadata cannot be read. Derived when read, never written.
    #[serde(skip)]
    Broken,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// SHA-256 a split.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "lenient"
    )]
    pub fingerprints: BTreeMap<String, String>,
    /// Fields we do not know.
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
    /// Fields we do not know: versions, git, device.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How well it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Results {
    /// Epochs run; none where not known.
    pub epochs_run: Option<usize>,
    /// Epoch whose weights were kept, from 0; none where not known.
    pub best_epoch: Option<usize>,
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
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
    /// The file's bytes as they were read: what nobody changes is written back as it was, whether it was understood or
    /// not.
    #[serde(skip)]
    pub file: Option<Box<[u8]>>,
}

/// Largest `metadata.json` that is read, in bytes: bounds memory on a directory of strangers.
pub(crate) const LARGEST: u64 = 16 << 20;

/// A version. One that is there and not understood is newer than any.
fn version(value: Value) -> Option<u32> {
    let number = json::number(&value).filter(|number| !number.is_nan());
    let known = number.map(|number| number.ceil().clamp(0.0, u32::MAX.into()) as u32);
    known.or((!value.is_null()).then_some(u32::MAX))
}

/// Reads a section field by field; what is none of its fields stays in `other`.
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
        }
    }
}

impl Metadata {
    /// Metric `name` (`f1_macro`, `accuracy`, `loss`) of `split`.
    pub fn metric(&self, split: Split, name: &str) -> Option<f64> {
        let results = self.results.as_ref()?;
        let metrics = match split {
            Split::Train => return None,
            Split::Validation => &results.validation,
            Split::Test => &results.test,
        };
        json::number(metrics.get(name)?)
    }

    /// Whether a newer version of the program wrote the file: it is read, and never written again.
    pub fn is_newer(&self) -> bool {
        self.schema_version
            .is_some_and(|version| version > SCHEMA_VERSION)
    }

    /// Refuses to change the file of a newer version.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`].
    pub(crate) fn check_version(&self, id: &str) -> Result<(), ExperimentError> {
        if !self.is_newer() {
            return Ok(());
        }
        let version = match self.schema_version {
            Some(u32::MAX) | None => "a version that is not known".to_owned(),
            Some(version) => format!("version {version}"),
        };
        Err(ExperimentError::Usage(format!(
            "{id}: its metadata.json is of {version}, and this program knows version {SCHEMA_VERSION}: it is read, \
             but only a newer program may change it"
        )))
    }
}

#[cfg(test)]
mod tests;
