//! The recipe in the files of an experiment: `recipe.json`, `metadata.json`, its ID and its logs.

use data::SpectralConfig;
use experiment::{Entry, Metadata, TrainingConfig, hash::config_hash};
use serde_json::{Map, Value, json};

use super::{DataIdentity, RECIPE_FILE, Recipe};
use crate::error::{RecipeError, TrainerError};

/// Values of experiments made before these fields existed.
pub(super) fn before_recipes() -> Map<String, Value> {
    let fields = json!({
        "weight_decay": 0.0,
        "schedule": "plateau",
        "warmup": 0.0,
        "average": null,
        "keep": "best",
        "calibrate": false,
        "label_smoothing": 0.0,
        "distillation": 0.0,
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

/// Fields of `training_config` that are not part of the recipe.
const DERIVED: [&str; 4] = ["input_shape", "num_classes", "dataset_config", "optimizer"];

impl Recipe {
    /// The recipe of an experiment: its `recipe.json`, or the metadata of older experiments. The number of epochs is
    /// that of the last resumption.
    ///
    /// # Errors
    /// [`TrainerError::RecipeFile`] naming the experiment and what it lacks.
    pub fn of_experiment(entry: &Entry) -> Result<Self, TrainerError> {
        let path = entry.directory.join(RECIPE_FILE);
        let recipe = match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|problem| TrainerError::RecipeFile {
                place: path.display().to_string(),
                problem,
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::of_metadata(&entry.metadata).map_err(|problem| TrainerError::RecipeFile {
                    place: format!("{}: metadata.json", entry.id),
                    problem,
                })
            }
            Err(source) => Err(TrainerError::ReadRecipe { path, source }),
        }?;
        Ok(Self {
            epochs: entry.metadata.training_config.epochs,
            ..recipe
        })
    }

    /// The recipe described by the metadata of an experiment without `recipe.json`.
    pub(super) fn of_metadata(metadata: &Metadata) -> Result<Self, RecipeError> {
        let config = json!(metadata.training_config);
        let mut fields = config.as_object().cloned().unwrap_or_default();
        let configuration = fields.remove("dataset_config").unwrap_or_default();
        DERIVED.iter().for_each(|key| {
            fields.remove(*key);
        });
        for (name, stored) in RENAMED {
            let value = fields
                .remove(stored)
                .ok_or(RecipeError::Missing { key: stored })?;
            fields.insert(name.into(), value);
        }
        let seed = metadata.seed.ok_or(RecipeError::Missing { key: "seed" })?;
        fields.insert("seed".into(), seed.into());
        for needed in ["task", "normalisation", "early_stopping", "plateau"] {
            if !fields.contains_key(needed) {
                return Err(RecipeError::Missing { key: needed });
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
        let mut recipe = Self::from_fields(all)?;
        recipe.keep_residuals_of_keras();
        Ok(recipe)
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
        let name = if self.decay() > 0.0 { "adamw" } else { "adam" };
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

    /// The input of the configuration hash of an experiment's ID: everything except the place of the data.
    pub fn hash(&self) -> String {
        let mut fields = self.to_map();
        fields.remove("dataset_config");
        config_hash(&Value::Object(fields))
    }

    /// The numbers, texts and switches of the recipe with their paths (`plateau.factor`), for the hyperparameters in
    /// the logs. The data are described elsewhere.
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
}
