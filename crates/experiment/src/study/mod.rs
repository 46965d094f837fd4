//! A study as its experiments tell it: runs that share the field `study` of their metadata.
//!
//! - [`Study`]: the runs, read from a store;
//! - [`Trial`]: those with the same varied parameters, over seeds and folds;
//! - [`Pooled`]: out-of-fold predictions put together.

mod panels;
mod pooled;
mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::catalogue::layout::CONFUSION_MATRIX;
use crate::catalogue::{Metric, Split};
use crate::error::ExperimentError;
use crate::metadata::Status;
use crate::store::{Entry, ExperimentStore};

pub use pooled::Pooled;
pub use trial::{FoldScore, Trial};

/// One run of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRun {
    /// The experiment.
    pub id: String,
    /// Where it is.
    pub directory: PathBuf,
    /// Its state.
    pub status: Status,
    /// Number of its line in the plan.
    pub line: u64,
    /// Which combination of the varied parameters it has.
    pub trial: u64,
    /// What it held out.
    pub fold: Option<String>,
    /// Its seed.
    pub seed: Option<u64>,
    /// Its varied parameters.
    pub varied: Map<String, Value>,
    /// Validation and test results by name, such as `val_f1` and `test_loss`.
    pub scores: BTreeMap<&'static str, f64>,
    /// Test matrix, `[true][predicted]`.
    pub confusion: Vec<Vec<u64>>,
    /// Names of the classes.
    pub class_names: Vec<String>,
}

/// Scores of a run, by the names of `experiment list`.
pub const SCORES: [(&str, Split, Metric); 6] = [
    ("val_f1", Split::Validation, Metric::F1Macro),
    ("val_acc", Split::Validation, Metric::Accuracy),
    ("val_loss", Split::Validation, Metric::Loss),
    ("test_f1", Split::Test, Metric::F1Macro),
    ("test_acc", Split::Test, Metric::Accuracy),
    ("test_loss", Split::Test, Metric::Loss),
];

/// The runs of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// Its name.
    pub name: String,
    /// Completed runs, one a line of the plan, in its order.
    pub runs: Vec<StudyRun>,
    /// Lines with an experiment that is not completed, by its state.
    pub others: BTreeMap<String, usize>,
    /// Lines of the plan, where it is there.
    pub planned: Option<usize>,
    /// What deserves a warning.
    pub warnings: Vec<String>,
}

impl StudyRun {
    fn of(entry: &Entry) -> Option<Self> {
        let metadata = &entry.metadata;
        let other = &metadata.other;
        let text = |name: &str| other.get(name).and_then(Value::as_str).map(str::to_owned);
        let scores = SCORES.iter().filter_map(|(name, split, metric)| {
            let value = metadata.metric(*split, metric.name())?;
            value.is_finite().then_some((*name, value))
        });
        let test = metadata.results.as_ref().map(|results| &results.test);
        let matrix = test.and_then(|test| test.get(CONFUSION_MATRIX));
        Some(Self {
            id: entry.id.clone(),
            directory: entry.directory.clone(),
            status: entry.status?,
            line: other.get("study_line")?.as_u64()?,
            trial: other.get("trial")?.as_u64()?,
            fold: text("fold_name"),
            seed: metadata.seed,
            varied: other
                .get("varied")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            scores: scores.collect(),
            confusion: matrix
                .and_then(|matrix| serde_json::from_value(matrix.clone()).ok())
                .unwrap_or_default(),
            class_names: metadata.class_names.clone(),
        })
    }

    /// Which of two runs of a line counts: one that is completed, then the newer.
    fn counts_more(&self, other: &Self) -> bool {
        let completed = |run: &Self| run.status == Status::Completed;
        completed(self) >= completed(other)
    }
}

impl Study {
    /// The study of a name.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] naming those that there are, or where the directory cannot be read.
    pub fn read(store: &ExperimentStore, name: &str) -> Result<Self, ExperimentError> {
        let study = |entry: &Entry| {
            let study = entry.metadata.other.get("study")?.as_str()?;
            Some(study.to_owned())
        };
        // Oldest first. Of other studies only the name is kept.
        let (found, broken) = store.scan(|entry| {
            let study = study(&entry)?;
            let run = (study == name).then(|| StudyRun::of(&entry)).flatten();
            Some((study, run))
        })?;
        let mut names: Vec<&String> = found.iter().map(|(study, _)| study).collect();
        names.sort();
        names.dedup();
        if !names.iter().any(|own| *own == name) {
            let there = if names.is_empty() {
                "there are none; `trainer sweep` makes them".to_owned()
            } else {
                let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
                format!("there are {}", names.join(", "))
            };
            return Err(ExperimentError::Usage(format!(
                "no experiment of a study `{name}` in {}: {there}",
                store.root().display()
            )));
        }
        let mut by_line: BTreeMap<u64, StudyRun> = BTreeMap::new();
        for run in found.into_iter().filter_map(|(_, run)| run) {
            match by_line.get(&run.line) {
                Some(other) if !run.counts_more(other) => {}
                _ => {
                    by_line.insert(run.line, run);
                }
            }
        }
        let mut read = Self {
            name: name.to_owned(),
            planned: planned(store, name),
            warnings: broken.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        for run in by_line.into_values() {
            if run.status == Status::Completed {
                read.runs.push(run);
            } else {
                *read.others.entry(run.status.to_string()).or_default() += 1;
            }
        }
        if read
            .runs
            .windows(2)
            .any(|two| two[0].class_names != two[1].class_names)
        {
            read.warnings.push(
                "the runs do not all have the same classes: their scores cannot be compared directly".into(),
            );
        }
        Ok(read)
    }

    /// The runs by trial, that of the best mean validation F1 first.
    pub fn trials(&self) -> Vec<Trial> {
        let mut by_trial: BTreeMap<u64, Vec<StudyRun>> = BTreeMap::new();
        for run in &self.runs {
            by_trial.entry(run.trial).or_default().push(run.clone());
        }
        let mut trials: Vec<Trial> = by_trial.into_values().map(Trial::new).collect();
        let rank = |trial: &Trial| trial.mean("val_f1").unwrap_or(f64::NEG_INFINITY);
        trials.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        trials
    }

    /// Names of the parameters that vary, in the order of the first run that has them.
    pub fn parameters(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.runs.iter().flat_map(|run| run.varied.keys()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// Lines of the plan beside the store.
fn planned(store: &ExperimentStore, name: &str) -> Option<usize> {
    let root = std::path::absolute(store.root()).ok()?;
    let plan = root.parent()?.join("studies").join(name).join("plan.jsonl");
    let text = std::fs::read_to_string(plan).ok()?;
    Some(text.lines().count())
}

#[cfg(test)]
pub(crate) mod tests;
