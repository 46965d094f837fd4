//! Turns the best trial of a study into a preset.

use serde_json::{Map, Value};

use crate::error::ExperimentError;
use crate::study::{Study, Trial};

/// Recipe fields that concern only the run or name the place of its data.
const LEFT_OUT: [&str; 7] = [
    "version",
    "data",
    "seed",
    "fold",
    "held_out",
    "dataset_config",
    "task",
];

/// Renders a YAML file for `trainer --config`: one field per line, maps as JSON.
///
/// # Errors
/// [`ExperimentError::Read`] if the run's `recipe.json` cannot be read.
pub(super) fn of(study: &Study, trial: &Trial) -> Result<String, ExperimentError> {
    let path = trial.runs[0].directory.join("recipe.json");
    let failed = |source| ExperimentError::Read {
        path: path.clone(),
        source,
    };
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    let recipe: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let score = trial
        .mean("val_f1")
        .map_or("unknown".into(), |f1| format!("{f1:.4}"));
    let mut out = format!(
        "# Trial {} of the study {}: mean validation macro F1 {score} over {} runs, the best of its trials.\n\
         # The data are not part of it: trainer --config THIS --dataset-config FILE\n",
        trial.number,
        study.name,
        trial.runs.len()
    );
    for (key, value) in &recipe {
        if !LEFT_OUT.contains(&key.as_str()) {
            out.push_str(&format!("{key}: {value}\n"));
        }
    }
    Ok(out)
}
