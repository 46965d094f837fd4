//! The recipe: everything that decides the result of a run, as one value.
//!
//! Command line over preset over defaults resolve to a [`Recipe`]. It is stored as `recipe.json`, and the
//! configuration hash, the training configuration of `metadata.json`, the hyperparameters in the logs and what may
//! change when a run is resumed are derived from its serialised form: a new option is one field here, with its
//! documentation, and one argument in [`RecipeArgs`].
//!
//! Where a run computes (backend, device, threads) and where it writes are not part of it: see [`crate::job::Job`].

mod args;
mod balance;
mod check;
mod choice;
mod meant;
mod policies;
mod preset;
mod stored;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use data::folds::FoldChoice;
use data::{Normalisation, SpectralConfig, Step, Storage};
use model::ModelKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{RecipeError, TrainerError};

pub use args::RecipeArgs;
pub use balance::{ClassWeights, Sampling, background_label};
pub use choice::AugmentationChoice;
pub use policies::{EarlyStoppingSettings, Keep, PlateauSettings, Schedule};
pub use preset::{JobOptions, Preset};

/// Name of the file in an experiment.
pub const RECIPE_FILE: &str = "recipe.json";

/// Version of the format; a newer one is refused.
pub const RECIPE_VERSION: u32 = 5;

/// Everything that decides the result of a run.
///
/// Every field has a default, so a preset names only what differs.
///
/// # Example
/// ```
/// use trainer::recipe::Recipe;
///
/// let recipe: Recipe = serde_json::from_str(r#"{"model": "simple_cnn", "epochs": 3}"#).unwrap();
/// assert_eq!((recipe.epochs, recipe.batch_size), (3, 32));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// [`RECIPE_VERSION`].
    pub version: u32,
    /// Network.
    #[serde(with = "choice::model")]
    pub model: ModelKind,
    /// Dataset configuration; `None` for the embedded demo. The place of the data does not change the result, so the
    /// path is not part of the hash.
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration; `None` for the first in the file.
    pub task: Option<String>,
    /// Maximum number of epochs.
    pub epochs: usize,
    /// Samples per batch.
    pub batch_size: usize,
    /// Learning rate at the start, after the warm-up.
    pub learning_rate: f64,
    /// Fraction of every kernel that a step at learning rate 1 removes, apart from the gradient (AdamW); 0 is Adam,
    /// `None` is [`ModelKind::weight_decay`].
    pub weight_decay: Option<f64>,
    /// Learning rate schedule.
    pub schedule: Schedule,
    /// Fraction of all steps in which the learning rate rises from zero: 0 to 1.
    pub warmup: f64,
    /// Fraction that an exponential moving average of weights and running statistics keeps in a step; the average is
    /// what is evaluated and kept. `None` for no average.
    pub average: Option<f64>,
    /// Epoch whose weights are kept.
    pub keep: Keep,
    /// Whether to fit a temperature on the validation split, so that probabilities are calibrated.
    pub calibrate: bool,
    /// Seed of initial weights, sample order, augmentation and dropout.
    pub seed: u64,
    /// Front end, if the dataset configuration has none; `None` for [`data::DEFAULT_METHOD`], with features in time where
    /// trials choose them.
    pub spectral_processing: Option<SpectralConfig>,
    /// Steps over whole windows, if the dataset configuration has none.
    pub preprocessing: Option<Vec<Step>>,
    /// Normalisation of inputs; `None` for that of the dataset configuration, else [`DEFAULT_NORMALISATION`].
    pub normalisation: Option<Normalisation>,
    /// Fraction of the training labels that is used, the same for every class: above 0, at most 1.
    pub label_ratio: f64,
    /// How the samples of an epoch are drawn.
    pub sampling: Sampling,
    /// Weights of the classes in the loss.
    pub class_weights: ClassWeights,
    /// Part of every target that is shared among all classes, so that the network does not become too sure: 0 to below
    /// 1, as Keras' `label_smoothing`; `None` for [`ModelKind::label_smoothing`].
    pub label_smoothing: Option<f64>,
    /// Share of every target that is the probability by simple classifiers which have not seen the recording
    /// ([`baselines::teacher`]): 0 to 1; `None` where a trial decides.
    pub distillation: Option<f64>,
    /// Whether residual blocks begin as their shortcut alone ([`model::Weights::with_zero_residuals`]); `None` for
    /// [`ModelKind::zero_residuals`]. Omitted in the serialised form of networks without such blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zero_residuals: Option<bool>,
    /// Augmentation of training windows.
    pub augmentation: AugmentationChoice,
    /// Settings of early stopping.
    pub early_stopping: EarlyStoppingSettings,
    /// Settings of the learning-rate reduction on a plateau.
    pub plateau: PlateauSettings,
    /// The fold of a cross-validation that replaces the splits, if any. Omitted in the serialised form if there is
    /// none, so that runs without folds keep their configuration hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<FoldChoice>,
    /// The groups that the fold tests, if they are named instead of assigned, as in leave-one-site-out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_out: Vec<String>,
    /// Experiment or file with the initial weights; `None` for random ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<String>,
    /// Number of leading layers that are frozen.
    #[serde(skip_serializing_if = "is_zero")]
    pub freeze: usize,
    /// The data the run read, once it has read them.
    pub data: Option<DataIdentity>,
}

/// Fields added later are omitted at their neutral value, so that hashes of existing configurations do not change.
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Identity of the data that a run read: enough to tell whether another run reads the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataIdentity {
    /// Content of the dataset configuration.
    pub configuration: Value,
    /// SHA-256 of every split.
    pub fingerprints: BTreeMap<String, String>,
    /// `[channels, segments, features]` of one input.
    pub input_shape: Vec<usize>,
    /// Names of the classes, in the order of their labels.
    pub class_names: Vec<String>,
}

/// Normalisation if neither command line, preset nor dataset configuration name one: it validates best on the
/// recordings that the project measures with.
pub const DEFAULT_NORMALISATION: Normalisation = Normalisation::Dataset;

impl Default for Recipe {
    fn default() -> Self {
        Self {
            version: RECIPE_VERSION,
            model: ModelKind::Simple,
            dataset_config: None,
            task: None,
            epochs: 50,
            batch_size: 32,
            learning_rate: 3e-3,
            weight_decay: None,
            schedule: Schedule::default(),
            warmup: 0.05,
            average: Some(0.99),
            keep: Keep::default(),
            calibrate: true,
            seed: 42,
            spectral_processing: None,
            preprocessing: None,
            normalisation: None,
            label_ratio: 1.0,
            sampling: Sampling::default(),
            class_weights: ClassWeights::default(),
            label_smoothing: None,
            distillation: None,
            zero_residuals: None,
            augmentation: AugmentationChoice::Auto,
            early_stopping: EarlyStoppingSettings::default(),
            plateau: PlateauSettings::default(),
            fold: None,
            held_out: Vec::new(),
            init_from: None,
            freeze: 0,
            data: None,
        }
    }
}

impl Recipe {
    /// This recipe with the options that `args` gives.
    ///
    /// # Errors
    /// [`TrainerError::Recipe`], or [`TrainerError::Usage`] for a number that is not finite.
    pub fn with(self, args: &RecipeArgs) -> Result<Self, TrainerError> {
        args.check_numbers()?;
        self.check_values()?;
        let mut fields = self.to_map();
        fields.extend(args.given());
        Ok(Self::from_fields(fields)?)
    }

    /// The serialised form, from which everything else is derived.
    pub fn to_map(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, RecipeError> {
        Ok(serde_json::from_value(Value::Object(fields))?)
    }

    /// Reads `recipe.json`.
    ///
    /// # Errors
    /// [`RecipeError`], without the file's name.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let (recipe, unknown) = data::parse_yaml_noting_unknown::<Self>(text)?;
        if recipe.version > RECIPE_VERSION {
            return Err(RecipeError::Newer {
                found: recipe.version,
                known: RECIPE_VERSION,
            });
        }
        match unknown.first() {
            Some(key) => Err(RecipeError::UnknownField {
                key: key.clone(),
                line: None,
                meant: None,
                known: Vec::new(),
            }),
            None => Ok(recipe.upgraded()),
        }
    }

    /// Converts to the current version. Version 1 had no front end in the recipe: configurations without one used
    /// samples. Before version 3, targets were not smoothed, before version 4 there was no teacher, and before version 5
    /// residual blocks began as in Keras.
    fn upgraded(mut self) -> Self {
        if self.version < 5 {
            self.keep_residuals_of_keras();
        }
        if self.version < 4 {
            self.distillation = Some(0.0);
        }
        if self.version < 3 {
            self.label_smoothing = Some(0.0);
        }
        if self.version < 2 {
            self.spectral_processing
                .get_or_insert_with(SpectralConfig::default);
        }
        self.version = RECIPE_VERSION;
        self
    }

    /// Residual blocks begin as in Keras if the recipe does not say how: it is older than the choice.
    fn keep_residuals_of_keras(&mut self) {
        let of_network = self.model.zero_residuals();
        self.zero_residuals = of_network.map(|_| self.zero_residuals.unwrap_or(false));
    }

    /// Label smoothing of the loss.
    pub fn smoothing(&self) -> f64 {
        self.label_smoothing.unwrap_or(self.model.label_smoothing())
    }

    /// Share of the targets that comes from a teacher.
    pub fn share_of_teacher(&self) -> f32 {
        self.distillation.unwrap_or_default() as f32
    }

    /// Weight decay of kernels.
    pub fn decay(&self) -> f64 {
        self.weight_decay.unwrap_or(self.model.weight_decay())
    }

    /// Sets the values that the recipe leaves to its network, so that a stored recipe keeps them when defaults change.
    pub fn fill_in_defaults_of_network(&mut self) {
        self.label_smoothing = Some(self.smoothing());
        self.weight_decay = Some(self.decay());
        let of_network = self.model.zero_residuals();
        self.zero_residuals = of_network.map(|usual| self.zero_residuals.unwrap_or(usual));
    }

    /// Bytes of `recipe.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("{:#}\n", json!(self)).into_bytes()
    }

    /// Storage that training takes inputs from: windows to be augmented are kept as recorded.
    pub fn storage(&self, streamed: bool) -> Storage {
        if streamed {
            Storage::Streamed
        } else if self.augmentation.settings().changes_windows() {
            Storage::Windows
        } else {
            Storage::Memory
        }
    }
}
