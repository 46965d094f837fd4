//! Presets: YAML files with defaults for the command-line options.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Recipe;
use super::meant::meant;
use crate::compute::Backend;
use crate::error::{RecipeError, TrainerError};

/// A preset file: the fields of [`Recipe`] and [`JobOptions`], all optional. Unknown keys are errors, since a typo
/// would silently train something else. Relative paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    /// Everything that decides the result.
    pub recipe: Recipe,
    /// Where the run computes and writes.
    pub options: JobOptions,
}

/// Preset fields for where a run computes and writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobOptions {
    /// Backend.
    pub backend: Option<Backend>,
    /// Device of the backend.
    pub device: Option<usize>,
    /// Number of CPU threads.
    pub threads: Option<usize>,
    /// Whether inputs are read from their files for every batch.
    pub stream: bool,
    /// Whether the network is compared with simple baselines after training.
    pub baseline: bool,
    /// Directory of the experiments.
    pub experiments_dir: Option<PathBuf>,
    /// Minutes between checkpoints within an epoch.
    pub checkpoint_minutes: Option<f64>,
    /// Template of experiment IDs.
    pub id_template: Option<String>,
    /// Additional directories created in every experiment.
    pub extra_subdirectories: Vec<String>,
    /// Extra fields of `metadata.json`.
    #[serde(deserialize_with = "data::finite_json")]
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text stored with the experiment.
    pub notes: String,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            backend: None,
            device: None,
            threads: None,
            stream: false,
            baseline: true,
            experiments_dir: None,
            checkpoint_minutes: None,
            id_template: None,
            extra_subdirectories: Vec::new(),
            meta: Map::new(),
            tags: Vec::new(),
            notes: String::new(),
        }
    }
}

impl Preset {
    /// Reads a preset.
    ///
    /// # Errors
    /// [`TrainerError`] with key, line and column if the file is malformed.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let text = data::read_yaml(path).map_err(|source| TrainerError::ReadPreset {
            path: path.to_owned(),
            source,
        })?;
        let in_file = |problem| TrainerError::RecipeFile {
            place: path.display().to_string(),
            problem,
        };
        let mut preset = Self::parse(&text).map_err(in_file)?;
        preset.recipe.check_values().map_err(in_file)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(config) = &mut preset.recipe.dataset_config {
            *config = folder.join(&config);
        }
        Ok(preset)
    }

    fn parse(text: &str) -> Result<Self, RecipeError> {
        // An empty file, or one with only comments, sets nothing.
        let (recipe, not_of_recipe) = data::parse_yaml_noting_unknown::<Option<Recipe>>(text)?;
        let (options, not_of_job) = data::parse_yaml_noting_unknown::<Option<JobOptions>>(text)?;
        // `serde_ignored` includes `Some` in the paths of optional values.
        let unknown = not_of_recipe.iter().find(|key| not_of_job.contains(key));
        if let Some(key) = unknown {
            let key = key.rsplit('.').next().unwrap_or(key);
            return Err(Self::unknown(key, text));
        }
        Ok(Self {
            recipe: recipe.unwrap_or_default(),
            options: options.unwrap_or_default(),
        })
    }

    fn unknown(key: &str, text: &str) -> RecipeError {
        let mut known: Vec<String> = Recipe::default().to_map().keys().cloned().collect();
        known.retain(|key| key != "version" && key != "data");
        known.push("fold".into());
        if let Value::Object(fields) = json!(JobOptions::default()) {
            known.extend(fields.keys().cloned());
        }
        let line = text.lines().position(|line| {
            line.split(':')
                .next()
                .is_some_and(|name| name.trim() == key)
        });
        RecipeError::UnknownField {
            key: key.to_owned(),
            line: line.map(|line| line + 1),
            meant: meant(key, &known),
            known,
        }
    }
}
