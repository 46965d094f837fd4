//! Finds the model that a person names: by its path, or by the ID of an experiment.

use std::path::{Path, PathBuf};

use model::CARD_FILE;
use serde_json::Value;

use crate::error::{MissingModel, PredictError};

/// Metadata of an experiment.
const METADATA: &str = "metadata.json";

/// Most candidates that an error names.
const SHOWN: usize = 10;

/// The folder of the model that `given` names: a path that exists; or in `experiments` the newest experiment (`latest`),
/// the one with this ID, or the only one whose ID begins or ends so. The same as the program `experiment` finds.
///
/// # Errors
/// [`PredictError::NoModel`] if there is none, or several.
pub(crate) fn locate(given: &Path, experiments: &Path) -> Result<PathBuf, PredictError> {
    if given.exists() {
        return Ok(given.to_owned());
    }
    let fails = |problem: MissingModel| PredictError::NoModel {
        path: given.to_owned(),
        problem,
    };
    // An ID is never used as a path that leaves the directory.
    let id = given
        .to_str()
        .filter(|id| given.file_name().is_some_and(|name| name == *id));
    let Some(id) = id else {
        return Err(fails(MissingModel::NoPath));
    };
    let ids = ids(experiments);
    let chosen = if id == "latest" {
        let newest = ids
            .iter()
            .filter_map(|id| Some((started(experiments, id)?, id)));
        newest.max().map(|(_, id)| vec![id])
    } else {
        ids.iter()
            .find(|known| *known == id)
            .map(|known| vec![known])
    };
    let chosen = chosen.unwrap_or_else(|| {
        let fits = |known: &&String| known.starts_with(id) || known.ends_with(id);
        ids.iter().filter(fits).collect()
    });
    let directory = experiments.to_owned();
    match &chosen[..] {
        [] if ids.is_empty() => Err(fails(MissingModel::NoExperiments {
            experiments: directory,
        })),
        [] => Err(fails(MissingModel::NoId {
            count: ids.len(),
            experiments: directory,
        })),
        [one] => with_model(experiments.join(one)),
        several => {
            let names = several.iter().take(SHOWN).map(|id| (*id).clone());
            let mut names: Vec<String> = names.collect();
            if several.len() > SHOWN {
                names.push("...".into());
            }
            Err(fails(MissingModel::Ambiguous {
                count: several.len(),
                experiments: directory,
                names,
            }))
        }
    }
}

/// Refuses an experiment without a model, with the reason.
fn with_model(directory: PathBuf) -> Result<PathBuf, PredictError> {
    if directory.join("model").join(CARD_FILE).is_file() {
        return Ok(directory);
    }
    let status = read(&directory).and_then(|file| Some(file["status"].as_str()?.to_owned()));
    Err(PredictError::NoModel {
        path: directory,
        problem: MissingModel::NotTrained { status },
    })
}

/// Names of the experiments in a directory, sorted; hidden folders and links do not count.
fn ids(experiments: &Path) -> Vec<String> {
    let listing = std::fs::read_dir(experiments)
        .into_iter()
        .flatten()
        .flatten();
    let folders = listing.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
    let mut ids: Vec<String> = names
        .filter(|name| !name.starts_with('.') && experiments.join(name).join(METADATA).is_file())
        .collect();
    ids.sort();
    ids
}

/// When an experiment was started; `None` if its metadata cannot be read.
fn started(experiments: &Path, id: &str) -> Option<String> {
    let file = read(&experiments.join(id))?;
    Some(file["timestamp"].as_str().unwrap_or_default().to_owned())
}

fn read(directory: &Path) -> Option<Value> {
    let bytes = std::fs::read(directory.join(METADATA)).ok()?;
    let file: Value = serde_json::from_slice(&bytes).ok()?;
    file.is_object().then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(given: &str, experiments: &Path) -> Result<String, String> {
        let found = locate(Path::new(given), experiments);
        let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        found.map(name).map_err(|error| error.to_string())
    }

    #[test]
    fn by_id_beginning_end_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        assert!(
            found("latest", &root.join("none"))
                .unwrap_err()
                .contains("--experiments-dir")
        );
        for (id, time, model) in [
            (
                "20260101_000000_simple_0a",
                "2026-01-01T00:00:00.000000",
                true,
            ),
            // With a custom ID template, the name does not show the age.
            ("field_0b", "2026-03-01T00:00:00.000000", true),
            (
                "20260102_000000_simple_0c",
                "2026-01-02T00:00:00.000000",
                true,
            ),
            (
                "20260103_000000_simple_0d",
                "2026-01-03T00:00:00.000000",
                false,
            ),
        ] {
            let directory = root.join(id);
            std::fs::create_dir_all(directory.join("model")).unwrap();
            let text = format!("{{\"timestamp\": \"{time}\", \"status\": \"interrupted\"}}");
            std::fs::write(directory.join(METADATA), text).unwrap();
            if model {
                std::fs::write(directory.join("model").join(CARD_FILE), "{}").unwrap();
            }
        }
        // Neither is an experiment.
        std::fs::create_dir_all(root.join(".trash/zz_0b/model")).unwrap();
        std::fs::create_dir_all(root.join("empty_0b")).unwrap();
        for (given, expected) in [
            ("latest", "field_0b"),
            ("field_0b", "field_0b"),
            ("20260101", "20260101_000000_simple_0a"),
            ("0c", "20260102_000000_simple_0c"),
        ] {
            assert_eq!(found(given, root).as_deref(), Ok(expected), "{given}");
        }
        // An existing path takes precedence.
        let path = root.join("20260101_000000_simple_0a");
        assert_eq!(locate(&path, Path::new("none")).unwrap(), path);
        for (given, expected) in [
            ("2026", "3 experiments in"),
            ("0d", "no model; its status is `interrupted`"),
            ("nonsense", "none of 4 experiments"),
            ("../field_0b", "does not exist"),
            ("a/field_0b", "does not exist"),
        ] {
            let problem = found(given, root).unwrap_err();
            assert!(problem.contains(expected), "{given}: {problem}");
        }
    }
}
