//! A study, reconstructed from its experiments: the runs whose metadata share the field `study`.
//!
//! - [`Study`]: the runs, read from a store;
//! - [`Trial`]: runs with the same varied parameters, over seeds and folds;
//! - [`Pooled`]: pooled out-of-fold predictions.

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
    /// Experiment ID.
    pub id: String,
    /// Its directory.
    pub directory: PathBuf,
    /// Its status.
    pub status: Status,
    /// Number of its line in the plan.
    pub line: u64,
    /// Number of its combination of varied parameters.
    pub trial: u64,
    /// The fold it held out.
    pub fold: Option<String>,
    /// Seed.
    pub seed: Option<u64>,
    /// Its varied parameters.
    pub varied: Map<String, Value>,
    /// Validation and test results by name, such as `val_f1` and `test_loss`.
    pub scores: BTreeMap<&'static str, f64>,
    /// Confusion matrix of the test split, `[true][predicted]`.
    pub confusion: Vec<Vec<u64>>,
    /// Class names.
    pub class_names: Vec<String>,
}

/// Scores of a run, with the names used by `experiment list`.
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
    /// Name of the study.
    pub name: String,
    /// Completed runs, one per line of the plan, in plan order.
    pub runs: Vec<StudyRun>,
    /// Number of lines whose experiment is not completed, by status.
    pub others: BTreeMap<String, usize>,
    /// Number of lines in the plan, if it can be read.
    pub planned: Option<usize>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

impl StudyRun {
    fn of(entry: &Entry) -> Option<Self> {
        let metadata = &entry.metadata;
        let other = &metadata.other;
        let text = |name: &str| other.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| other.get(name).and_then(Value::as_u64);
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
            // The folds of a cross-validation without a plan count as its lines.
            line: number("study_line").or(number("fold"))?,
            trial: number("trial").unwrap_or(0),
            fold: text("fold_name").or_else(|| Some(format!("fold {}", number("fold")?))),
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

    /// Whether this run replaces `other` of the same line: completed before not completed, then newer before older.
    fn counts_more(&self, other: &Self) -> bool {
        let completed = |run: &Self| run.status == Status::Completed;
        completed(self) >= completed(other)
    }
}

impl Study {
    /// Reads the study `name`.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] with the names of existing studies if there is none of this name.
    /// [`ExperimentError::Read`] if the directory cannot be read.
    pub fn read(store: &ExperimentStore, name: &str) -> Result<Self, ExperimentError> {
        let study = |entry: &Entry| {
            let study = entry.metadata.other.get("study")?.as_str()?;
            Some(study.to_owned())
        };
        // Oldest first. Of other studies only the names are kept.
        let (found, broken) = store.scan(|entry| {
            let study = study(&entry)?;
            let run = (study == name).then(|| StudyRun::of(&entry)).flatten();
            Some((study, run))
        })?;
        let mut names: Vec<&String> = found.iter().map(|(study, _)| study).collect();
        names.sort();
        names.dedup();
        if !names.iter().any(|known| *known == name) {
            let there = if names.is_empty() {
                "there are no studies yet; `trainer sweep` starts one".to_owned()
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

    /// The trials, sorted by mean validation macro F1, best first.
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

    /// Names of the varied parameters, in the order of the first run that has them.
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

/// Number of lines in the plan next to the store.
fn planned(store: &ExperimentStore, name: &str) -> Option<usize> {
    let root = std::path::absolute(store.root()).ok()?;
    let plan = root.parent()?.join("studies").join(name).join("plan.jsonl");
    let text = std::fs::read_to_string(plan).ok()?;
    Some(text.lines().count())
}

#[cfg(test)]
pub(crate) mod tests;
