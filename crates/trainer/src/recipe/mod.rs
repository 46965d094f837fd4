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
mod choice;
mod policies;
mod preset;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::path::PathBuf;

use data::folds::FoldChoice;
use data::{Normalisation, SpectralConfig, Step, Storage};
use experiment::{Entry, Metadata, TrainingConfig, hash::config_hash};
use model::ModelKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::TrainerError;

pub use args::RecipeArgs;
pub use balance::{ClassWeights, Sampling, background_label};
pub use choice::AugmentationChoice;
pub use policies::{EarlyStoppingSettings, Keep, PlateauSettings, Schedule};
pub use preset::{JobOptions, Preset};

/// Name of the file in an experiment.
pub const RECIPE_FILE: &str = "recipe.json";

/// Version of the format; a newer one is refused.
pub const RECIPE_VERSION: u32 = 2;

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
    /// Dataset configuration; none for the embedded demo. Where the data lies does not change the result, so the path
    /// is not part of the hash.
    pub dataset_config: Option<PathBuf>,
    /// Task of the dataset configuration; none for the first in the file.
    pub task: Option<String>,
    /// Most epochs.
    pub epochs: usize,
    /// Samples per batch.
    pub batch_size: usize,
    /// Learning rate at the start, after the warm-up.
    pub learning_rate: f64,
    /// Share of every kernel that a step at learning rate 1 takes away, apart from the gradient (AdamW); 0 is Adam.
    pub weight_decay: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Share of all steps in which the learning rate rises from zero: 0 to 1.
    pub warmup: f64,
    /// Share that an exponential moving average of weights and running statistics keeps in a step; the average is what
    /// is judged and kept. None for no average.
    pub average: Option<f64>,
    /// Which weights are kept.
    pub keep: Keep,
    /// Whether a temperature is fitted on the validation split, so that probabilities are calibrated.
    pub calibrate: bool,
    /// Seed of initial weights, sample order, augmentation and dropout.
    pub seed: u64,
    /// Front end where the dataset configuration names none; none for [`data::DEFAULT_METHOD`].
    pub spectral_processing: Option<SpectralConfig>,
    /// Steps over whole windows where the dataset configuration names none.
    pub preprocessing: Option<Vec<Step>>,
    /// Scaling of inputs; none for the dataset configuration's, else [`DEFAULT_NORMALISATION`].
    pub normalisation: Option<Normalisation>,
    /// Share of the training labels that is used, of every class alike: above 0, at most 1.
    pub label_ratio: f64,
    /// How the samples of an epoch are drawn.
    pub sampling: Sampling,
    /// How much classes count in the loss.
    pub class_weights: ClassWeights,
    /// How training windows are changed.
    pub augmentation: AugmentationChoice,
    /// When to stop because nothing improves.
    pub early_stopping: EarlyStoppingSettings,
    /// When to lower the learning rate.
    pub plateau: PlateauSettings,
    /// The fold of a cross-validation that is trained on instead of the splits; none for the splits. Left out of the
    /// serialised form where there is none, so that runs without folds keep their configuration hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<FoldChoice>,
    /// The groups that the fold tests, where they are named instead of dealt, as in leave-one-site-out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_out: Vec<String>,
    /// Experiment or file whose weights the run begins with; none for random ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_from: Option<String>,
    /// Layers, from the first, that are kept as they are.
    #[serde(skip_serializing_if = "is_zero")]
    pub freeze: usize,
    /// The data the run read, once it has read them.
    pub data: Option<DataIdentity>,
}

/// Fields that came later are left out where they say nothing, so that hashes of configurations stay what they were.
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Which data a run read: enough to tell whether another run reads the same.
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

/// Scaling where neither command line, preset nor dataset configuration name one: it validates best on the recordings
/// the project measures with.
pub const DEFAULT_NORMALISATION: Normalisation = Normalisation::Dataset;

/// Fields that may change when a run is resumed: how long it runs, and where its data lie (fingerprints decide
/// whether they are the same data).
const MAY_CHANGE: [&str; 2] = ["epochs", "dataset_config"];

/// What experiments had that were made before these fields existed.
fn before_recipes() -> Map<String, Value> {
    let fields = json!({
        "weight_decay": 0.0,
        "schedule": "plateau",
        "warmup": 0.0,
        "average": null,
        "keep": "best",
        "calibrate": false,
        "spectral_processing": SpectralConfig::default(),
        "augmentation": {},
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// Fields of `training_config` in `metadata.json` that have other names than those of the recipe.
const RENAMED: [(&str, &str); 2] = [
    ("model", "model_type"),
    ("dataset_config", "dataset_config_path"),
];

/// Fields of `training_config` that are not the recipe's.
const DERIVED: [&str; 4] = ["input_shape", "num_classes", "dataset_config", "optimizer"];

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
            weight_decay: 0.3,
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
    /// [`TrainerError::Usage`] where a value makes no sense.
    pub fn with(self, args: &RecipeArgs) -> Result<Self, TrainerError> {
        args.check_numbers()?;
        self.check()?;
        let mut fields = self.to_map();
        fields.extend(args.given());
        Self::from_fields(fields).map_err(TrainerError::Usage)
    }

    /// The serialised form, from which everything else is derived.
    pub fn to_map(&self) -> Map<String, Value> {
        match json!(self) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    fn from_fields(fields: Map<String, Value>) -> Result<Self, String> {
        serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
    }

    /// Reads `recipe.json`.
    ///
    /// # Errors
    /// What is wrong with it, without the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (recipe, unknown) = data::parse_yaml_noting_unknown::<Self>(text)?;
        if recipe.version > RECIPE_VERSION {
            return Err(format!(
                "has version {}, and this program knows versions up to {RECIPE_VERSION}: use a newer one",
                recipe.version
            ));
        }
        match unknown.first() {
            Some(key) => Err(format!("unknown field `{key}`")),
            None => Ok(recipe.upgraded()),
        }
    }

    /// As this version writes it. Version 1 had no front end of its own: configurations that named none had samples.
    fn upgraded(mut self) -> Self {
        if self.version < 2 {
            self.spectral_processing
                .get_or_insert_with(SpectralConfig::default);
        }
        self.version = RECIPE_VERSION;
        self
    }

    /// Bytes of `recipe.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("{:#}\n", json!(self)).into_bytes()
    }

    /// The recipe of an experiment: its `recipe.json`, or what the metadata of older experiments say. The number of
    /// epochs is the one of the last time it was resumed.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] naming the experiment and what it lacks.
    pub fn of_experiment(entry: &Entry) -> Result<Self, TrainerError> {
        let path = entry.directory.join(RECIPE_FILE);
        let recipe = match std::fs::read_to_string(&path) {
            Ok(text) => {
                Self::parse(&text).map_err(|problem| format!("{}: {problem}", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::of_metadata(&entry.metadata)
                    .map_err(|problem| format!("{}: metadata.json: {problem}", entry.id))
            }
            Err(error) => Err(format!("cannot read {}: {error}", path.display())),
        };
        let recipe = recipe.map_err(TrainerError::Usage)?;
        Ok(Self {
            epochs: entry.metadata.training_config.epochs,
            ..recipe
        })
    }

    /// The recipe that metadata of experiments without `recipe.json` describe.
    fn of_metadata(metadata: &Metadata) -> Result<Self, String> {
        let config = json!(metadata.training_config);
        let mut fields = config.as_object().cloned().unwrap_or_default();
        let configuration = fields.remove("dataset_config").unwrap_or_default();
        DERIVED.iter().for_each(|key| {
            fields.remove(*key);
        });
        for (name, stored) in RENAMED {
            let value = fields
                .remove(stored)
                .ok_or_else(|| format!("`{stored}` is missing"))?;
            fields.insert(name.into(), value);
        }
        let seed = metadata.seed.ok_or("there is no `seed`")?;
        fields.insert("seed".into(), seed.into());
        for needed in ["task", "normalisation", "early_stopping", "plateau"] {
            if !fields.contains_key(needed) {
                return Err(format!("`{needed}` is missing"));
            }
        }
        let data = DataIdentity {
            configuration,
            fingerprints: metadata.dataset_info.fingerprints.clone(),
            input_shape: metadata.training_config.input_shape.clone(),
            class_names: metadata.class_names.clone(),
        };
        fields.insert("data".into(), json!(data));
        let mut all = before_recipes();
        all.extend(fields);
        Self::from_fields(all)
    }

    /// `training_config` of `metadata.json`.
    pub fn training_config(&self) -> TrainingConfig {
        let mut fields = self.to_map();
        let data = self.data.clone().unwrap_or_default();
        ["version", "data", "seed"].iter().for_each(|key| {
            fields.remove(*key);
        });
        for (name, stored) in RENAMED {
            if let Some(value) = fields.remove(name) {
                fields.insert(stored.into(), value);
            }
        }
        ["model_type", "epochs", "batch_size", "learning_rate"]
            .iter()
            .for_each(|key| {
                fields.remove(*key);
            });
        let name = if self.weight_decay > 0.0 {
            "adamw"
        } else {
            "adam"
        };
        let optimizer = json!({"name": name, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7});
        fields.insert("optimizer".into(), optimizer);
        TrainingConfig {
            batch_size: self.batch_size,
            epochs: self.epochs,
            learning_rate: self.learning_rate,
            num_classes: data.class_names.len(),
            input_shape: data.input_shape,
            model_type: self.model.name().into(),
            dataset_config: data.configuration,
            other: fields,
        }
    }

    /// What the configuration hash of an experiment's ID covers: all but where the data lie.
    pub fn hash(&self) -> String {
        let mut fields = self.to_map();
        fields.remove("dataset_config");
        config_hash(&Value::Object(fields))
    }

    /// The numbers, texts and switches of the recipe with their paths (`plateau.factor`), for the hyperparameters in
    /// the logs. What the data are is told elsewhere.
    pub fn hyperparameters(&self) -> Vec<(String, Value)> {
        fn walk(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
            match value {
                Value::Object(fields) => {
                    for (key, value) in fields {
                        let path = if path.is_empty() {
                            key.clone()
                        } else {
                            format!("{path}.{key}")
                        };
                        walk(&path, value, found);
                    }
                }
                Value::Null => {}
                Value::Array(_) => found.push((path.into(), value.to_string().into())),
                leaf => found.push((path.into(), leaf.clone())),
            }
        }
        let mut fields = self.to_map();
        for key in ["version", "dataset_config", "data"] {
            fields.remove(key);
        }
        let mut found = Vec::new();
        walk("", &Value::Object(fields), &mut found);
        found
    }

    /// Refuses options that differ from this recipe, with which `id` was started.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] naming the option and the value it had.
    pub fn check_unchanged(&self, args: &RecipeArgs, id: &str) -> Result<(), TrainerError> {
        let fields = self.to_map();
        for (key, value) in args.given() {
            let stored = fields.get(&key).unwrap_or(&Value::Null);
            if *stored == value {
                continue;
            }
            if key == "epochs" && !self.is_open_ended() {
                return Err(TrainerError::Usage(format!(
                    "--epochs cannot change when {id} is resumed: its learning rate was planned for {} epochs; start \
                     a new run, or train with --schedule plateau (or constant) --warmup 0, which can go on",
                    self.epochs
                )));
            }
            // `auto` is what chose the augmentation that is stored.
            let chooses = key == "augmentation" && value == "auto";
            if chooses || MAY_CHANGE.contains(&key.as_str()) {
                continue;
            }
            let shown = match stored {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            return Err(TrainerError::Usage(format!(
                "--{} cannot change when a run is resumed: {id} was started with {shown}",
                key.replace('_', "-")
            )));
        }
        Ok(())
    }

    /// Whether more epochs would leave those that were run as they are.
    fn is_open_ended(&self) -> bool {
        match self.schedule {
            Schedule::Constant | Schedule::Plateau => self.warmup == 0.0,
            Schedule::Cosine => false,
        }
    }

    /// Where training takes inputs from: windows that are augmented are kept as they were recorded.
    pub fn storage(&self, streamed: bool) -> Storage {
        if streamed {
            Storage::Streamed
        } else if self.augmentation.settings().changes_windows() {
            Storage::Windows
        } else {
            Storage::Memory
        }
    }

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`TrainerError::Usage`].
    pub fn check(&self) -> Result<(), TrainerError> {
        let usage = |problem: String| Err(TrainerError::Usage(problem));
        let patience = self.early_stopping.patience.unwrap_or(1);
        let counts = [
            ("number of epochs", self.epochs),
            ("batch size", self.batch_size),
            ("patience of early stopping", patience),
            ("patience of the plateau", self.plateau.patience),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return usage(format!("the {name} must be at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return usage(format!(
                "`learning_rate` is {}: it must be greater than 0",
                self.learning_rate
            ));
        }
        if !(self.label_ratio > 0.0 && self.label_ratio <= 1.0) {
            return usage(format!(
                "`label_ratio` is {}: it must be greater than 0 and at most 1",
                self.label_ratio
            ));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return usage(format!(
                "`weight_decay` is {}: it must be 0 or more",
                self.weight_decay
            ));
        }
        if self.weight_decay * self.learning_rate >= 1.0 {
            return usage(format!(
                "weight decay {} at learning rate {} would reverse the sign of kernels in one step",
                self.weight_decay, self.learning_rate
            ));
        }
        if !(0.0..=1.0).contains(&self.warmup) {
            return usage(format!(
                "`warmup` is {}: it must be between 0 and 1",
                self.warmup
            ));
        }
        if let Some(average) = self.average
            && !(0.0..1.0).contains(&average)
        {
            return usage(format!(
                "`average` is {average}: it must be at least 0 and below 1"
            ));
        }
        if let Some(fold) = self.fold {
            let wrong = |error| TrainerError::Usage(format!("`fold`: {error}"));
            fold.check().map_err(wrong)?;
        } else if !self.held_out.is_empty() {
            return usage("`held_out` needs `fold`".into());
        }
        if self.freeze > 0 && self.init_from.is_none() {
            return usage("--freeze needs --init-from, whose layers it keeps".into());
        }
        self.plateau.check().map_err(TrainerError::Usage)?;
        self.class_weights.check().map_err(TrainerError::Usage)?;
        let augmentation = self.augmentation.settings();
        augmentation.check().map_err(TrainerError::Usage)
    }
}
