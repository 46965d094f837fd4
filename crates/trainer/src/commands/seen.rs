//! Whether recordings for an evaluation were used in the training of the model.

use std::path::{Path, PathBuf};

use data::DataError;
use data::import::DatasetSources;
use experiment::Entry;
use serde_json::{Value, json};

use crate::error::TrainerError;
use crate::recipe::Recipe;

/// Most recordings that a warning names.
const SHOWN: usize = 8;

/// Why it is unknown which recordings a model was trained on.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnknownSources {
    /// The experiment does not say what it was trained on.
    #[error("whether these recordings were used in training is unknown: {0}")]
    Recipe(TrainerError),
    /// The dataset has no report.
    #[error(
        "whether these recordings were used in training is unknown: there is no import_report.json of `data import` \
         beside the experiment's dataset, {}", config.display()
    )]
    NoReport {
        /// The dataset configuration.
        config: PathBuf,
    },
    /// The report cannot be read.
    #[error("whether these recordings were used in training is unknown: {0}")]
    Report(#[from] DataError),
}

/// What the dataset of an experiment was made from; `None` for the demo, which contains no recordings.
///
/// # Errors
/// [`UnknownSources`].
pub(super) fn sources(entry: &Entry) -> Result<Option<DatasetSources>, UnknownSources> {
    let recipe = Recipe::of_experiment(entry).map_err(UnknownSources::Recipe)?;
    let Some(config) = recipe.dataset_config else {
        return Ok(None);
    };
    let folder = config.parent().unwrap_or(Path::new(""));
    match DatasetSources::of_dataset(folder)? {
        Some(sources) => Ok(Some(sources)),
        None => Err(UnknownSources::NoReport { config }),
    }
}

/// A recording that is also in the dataset of the experiment.
pub(super) struct SeenRecording {
    /// Its name.
    pub name: String,
    /// Splits with windows of it; `None` if unknown.
    pub splits: Option<Vec<String>>,
}

impl SeenRecording {
    fn is_in(&self, split: &str) -> bool {
        let mut splits = self.splits.iter().flatten();
        splits.any(|name| name == split)
    }
}

/// For `events.json`.
pub(super) fn to_json(seen: &[SeenRecording]) -> Value {
    let seen = seen
        .iter()
        .map(|recording| json!({"recording": recording.name, "splits": recording.splits}));
    seen.collect()
}

/// Warns about recordings that the model was trained or validated on. Those of the test split are as good as new ones.
pub(super) fn warnings(seen: &[SeenRecording]) -> Vec<String> {
    let named = |belongs: &dyn Fn(&SeenRecording) -> bool| {
        let names = seen.iter().filter(|recording| belongs(recording));
        let names: Vec<&str> = names.map(|recording| recording.name.as_str()).collect();
        let shown = names[..names.len().min(SHOWN)].join(", ");
        match names.len() {
            0 => None,
            1..=SHOWN => Some(shown),
            count => Some(format!("{shown}, ... ({count} in all)")),
        }
    };
    let trained = named(&|recording| recording.is_in("train")).map(|names| {
        format!(
            "the model was trained on {names}: expect worse scores on recordings that it has not seen"
        )
    });
    let validated =
        named(&|recording| recording.is_in("val") && !recording.is_in("train")).map(|names| {
            format!(
                "the training used {names} for validation: scores on other recordings may be worse"
            )
        });
    let unknown = named(&|recording| recording.splits.is_none()).map(|names| {
        format!(
            "the model's dataset was imported from {names}, among others, and does not say for which split: expect \
             worse scores on recordings that it has not seen"
        )
    });
    [trained, validated, unknown]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_name_the_recordings() {
        let seen = |name: &str, splits: Option<&[&str]>| SeenRecording {
            name: name.into(),
            splits: splits.map(|splits| splits.iter().map(|split| (*split).to_owned()).collect()),
        };
        let found = [
            seen("a", Some(&["train"])),
            seen("b", Some(&["test"])),
            seen("c", Some(&["train", "val"])),
            seen("d", Some(&["test", "val"])),
            seen("e", None),
            seen("f", Some(&[])),
        ];
        let texts = warnings(&found);
        assert!(
            texts[0].starts_with("the model was trained on a, c: "),
            "{texts:?}"
        );
        assert!(texts[1].contains("used d for validation"), "{texts:?}");
        assert!(texts[2].contains("imported from e, among"), "{texts:?}");
        assert_eq!(texts.len(), 3);
        assert!(warnings(&found[1..2]).is_empty());
        let many: Vec<_> = (0..20)
            .map(|i| seen(&i.to_string(), Some(&["train"])))
            .collect();
        assert!(warnings(&many)[0].contains("6, 7, ... (20 in all): "));
    }
}
