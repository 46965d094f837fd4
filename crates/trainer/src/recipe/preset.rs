//! Presets: files with defaults for the options of the command line.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Recipe;
use crate::compute::Backend;
use crate::error::TrainerError;

/// A preset file: the fields of [`Recipe`] and those of [`JobOptions`], all optional. Unknown keys are errors, because
/// a mistyped key would silently train something else. Relative paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    /// What decides the result.
    pub recipe: Recipe,
    /// Where the run computes and writes.
    pub options: JobOptions,
}

/// What a preset can say of where a run computes and writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobOptions {
    /// What computes.
    pub backend: Option<Backend>,
    /// Which of its devices.
    pub device: Option<usize>,
    /// CPU threads.
    pub threads: Option<usize>,
    /// Whether inputs are read anew for every batch.
    pub stream: bool,
    /// Where experiments are kept.
    pub experiments_dir: Option<PathBuf>,
    /// Minutes between checkpoints within an epoch.
    pub checkpoint_minutes: Option<f64>,
    /// How IDs are written.
    pub id_template: Option<String>,
    /// Directories made in every experiment beside the standard ones.
    pub extra_subdirectories: Vec<String>,
    /// Extra fields of `metadata.json`.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: String,
}

impl Preset {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TrainerError`] with the key, line and column where it is malformed.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let text = data::read_yaml(path).map_err(|source| TrainerError::ReadPreset {
            path: path.to_owned(),
            source,
        })?;
        let mut preset = Self::parse(&text).map_err(|message| TrainerError::Preset {
            path: path.to_owned(),
            message,
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(config) = &mut preset.recipe.dataset_config {
            *config = folder.join(&config);
        }
        Ok(preset)
    }

    fn parse(text: &str) -> Result<Self, String> {
        // An empty file, or one of comments only, is a preset that sets nothing.
        let (recipe, not_of_recipe) = data::parse_yaml_noting_unknown::<Option<Recipe>>(text)?;
        let (options, not_of_job) = data::parse_yaml_noting_unknown::<Option<JobOptions>>(text)?;
        // `Some` is part of the paths of an optional value.
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

    fn unknown(key: &str, text: &str) -> String {
        let mut known: Vec<String> = Recipe::default().to_map().keys().cloned().collect();
        known.retain(|key| key != "version" && key != "data");
        if let Value::Object(fields) = json!(JobOptions::default()) {
            known.extend(fields.keys().cloned());
        }
        let line = text
            .lines()
            .position(|line| line.split(':').next().is_some_and(|own| own.trim() == key));
        let line = line.map_or(String::new(), |line| format!(" in line {}", line + 1));
        format!(
            "unknown field `{key}`{line}: expected one of {}",
            known.join(", ")
        )
    }
}
