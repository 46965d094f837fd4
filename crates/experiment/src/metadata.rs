//! `metadata.json`: the fields that tools of the Python system read, and ours beside them.
//!
//! Fields are read one by one: numbers may be text, and what does not fit is not known. Files keep what is not
//! understood when they are written again (`file`).

mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::catalogue::Split;
use crate::error::ExperimentError;
use crate::json;
use crate::lenient::{Lenient, lenient};

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelInfo {
    /// Network name.
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub kind: String,
    /// Name for people; the same unless configured.
    #[serde(deserialize_with = "lenient")]
    pub name: String,
    /// `[height, width, channels]`.
    #[serde(deserialize_with = "lenient")]
    pub input_shape: Vec<usize>,
    /// Number of classes.
    #[serde(deserialize_with = "lenient")]
    pub num_classes: usize,
    /// All parameters.
    #[serde(deserialize_with = "lenient")]
    pub total_params: usize,
    /// Parameters the optimizer changes.
    #[serde(deserialize_with = "lenient")]
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
    #[serde(deserialize_with = "lenient")]
    pub batch_size: usize,
    /// Most epochs.
    #[serde(deserialize_with = "lenient")]
    pub epochs: usize,
    /// Learning rate at the start.
    #[serde(deserialize_with = "lenient")]
    pub learning_rate: f64,
    /// `[height, width, channels]`.
    #[serde(deserialize_with = "lenient")]
    pub input_shape: Vec<usize>,
    /// Number of classes.
    #[serde(deserialize_with = "lenient")]
    pub num_classes: usize,
    /// Network name.
    #[serde(deserialize_with = "lenient")]
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
    #[serde(deserialize_with = "lenient")]
    pub train_size: usize,
    /// Validation samples.
    #[serde(deserialize_with = "lenient")]
    pub val_size: usize,
    /// Test samples.
    #[serde(deserialize_with = "lenient")]
    pub test_size: usize,
    /// `[height, width, channels]`.
    #[serde(deserialize_with = "lenient")]
    pub input_shape: Vec<usize>,
    /// Number of classes.
    #[serde(deserialize_with = "lenient")]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemInfo {
    /// Host name.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient")]
    pub host: String,
    /// Operating system and processor family.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient")]
    pub platform: String,
    /// Logical processors.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub cpus: Option<usize>,
    /// Fields we do not know: versions, git, device.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// How well it went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Results {
    /// Epochs run; none where not known.
    #[serde(deserialize_with = "lenient")]
    pub epochs_run: Option<usize>,
    /// Epoch whose weights were kept, from 0; none where not known.
    #[serde(deserialize_with = "lenient")]
    pub best_epoch: Option<usize>,
    /// Why training ended: `epochs`, `early_stopping`, `interrupted`.
    #[serde(deserialize_with = "lenient")]
    pub stopped_by: String,
    /// Metrics of the best epoch on the validation split: loss, accuracy, f1_macro, ...
    #[serde(deserialize_with = "lenient")]
    pub validation: Map<String, Value>,
    /// Metrics of the kept weights on the test split.
    #[serde(deserialize_with = "lenient")]
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
    #[serde(deserialize_with = "lenient")]
    pub experiment_id: String,
    /// Start, ISO 8601 with microseconds.
    #[serde(deserialize_with = "lenient")]
    pub timestamp: String,
    /// [`SCHEMA_VERSION`]; none in files of the Python system.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "version")]
    pub schema_version: Option<u32>,
    /// State as last written; none in files of the Python system.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub status: Option<Status>,
    /// The network.
    #[serde(deserialize_with = "lenient")]
    pub model_info: ModelInfo,
    /// The training.
    #[serde(deserialize_with = "lenient")]
    pub training_config: TrainingConfig,
    /// The data.
    #[serde(deserialize_with = "lenient")]
    pub dataset_info: DatasetInfo,
    /// The machine.
    #[serde(deserialize_with = "lenient")]
    pub system_info: SystemInfo,
    /// Seed of everything random.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub seed: Option<u64>,
    /// Class names, one a logit.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub class_names: Vec<String>,
    /// End, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub end_time: Option<String>,
    /// Seconds from start to end.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub duration_s: Option<f64>,
    /// How well it went; none before the end.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub results: Option<Results>,
    /// The error of a failed run.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub error: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "lenient")]
    pub notes: String,
    /// Labels for finding it again.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "lenient")]
    pub tags: Vec<String>,
    /// Fields we do not know, and those of `--meta`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
    /// The file as it was read: what nobody changes is written back as it was, whether it was understood or not.
    #[serde(skip)]
    pub file: Option<Box<Value>>,
}

/// Largest `metadata.json` that is read, in bytes: bounds memory on a directory of strangers.
pub(crate) const LARGEST: u64 = 16 << 20;

/// A version. One that is there and not understood is newer than any.
fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(from)?;
    let number = json::number(&value).filter(|number| !number.is_nan());
    let known = number.map(|number| number.ceil().clamp(0.0, u32::MAX.into()) as u32);
    Ok(known.or((!value.is_null()).then_some(u32::MAX)))
}

macro_rules! sections {
    ($($section:ty),*) => {$(
        impl Lenient for $section {
            fn read(value: &Value) -> Self {
                let fields = value.is_object().then(|| Self::deserialize(value).ok());
                fields.flatten().unwrap_or_default()
            }
        }
    )*};
}
sections!(ModelInfo, TrainingConfig, DatasetInfo, SystemInfo);

impl Lenient for Option<Results> {
    fn read(value: &Value) -> Self {
        value
            .is_object()
            .then(|| Results::deserialize(value).ok())?
    }
}

impl Lenient for Option<Status> {
    fn read(value: &Value) -> Self {
        Status::deserialize(value).ok()
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
