//! Trials: runs with the same varied parameters.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::StudyRun;
use super::pooled::{Pooled, accuracy};
use crate::statistics::Sample;

/// The runs of one combination of varied parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Trial number.
    pub number: u64,
    /// Varied parameters.
    pub varied: Map<String, Value>,
    /// Completed runs.
    pub runs: Vec<StudyRun>,
    /// Pooled out-of-fold predictions.
    pub pooled: Option<Pooled>,
}

/// Test scores of one fold over all seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldScore {
    /// The held-out fold.
    pub fold: String,
    /// Number of runs.
    pub runs: usize,
    /// Number of test windows per run.
    pub windows: u64,
    /// Accuracy over the runs.
    pub accuracy: Option<Sample>,
    /// Macro F1 over the runs, averaged over the classes that occur in the fold.
    pub f1: Option<Sample>,
}

impl Trial {
    pub(super) fn new(runs: Vec<StudyRun>) -> Self {
        Self {
            number: runs[0].trial,
            varied: runs[0].varied.clone(),
            pooled: Pooled::new(&runs),
            runs,
        }
    }

    /// Values of a score, from the runs that have it.
    pub fn values(&self, score: &str) -> Vec<f64> {
        let values = self.runs.iter().map(|run| run.scores.get(score));
        values.flatten().copied().collect()
    }

    /// Summary of a score over seeds. With folds, the mean over a seed's folds is one value: folds of one seed share
    /// most of their training data and are not independent.
    pub fn sample(&self, score: &str) -> Option<Sample> {
        let mut by_seed: BTreeMap<Option<u64>, Vec<f64>> = BTreeMap::new();
        for run in &self.runs {
            if let Some(value) = run.scores.get(score) {
                by_seed.entry(run.seed).or_default().push(*value);
            }
        }
        let means = by_seed.values().filter_map(|values| Sample::of(values));
        let means: Vec<f64> = means.map(|sample| sample.mean).collect();
        Sample::of(&means)
    }

    /// Mean of a score over seeds.
    pub fn mean(&self, score: &str) -> Option<f64> {
        self.sample(score).map(|sample| sample.mean)
    }

    /// Test scores by fold, in plan order; empty without folds.
    pub fn by_fold(&self) -> Vec<FoldScore> {
        let mut folds: Vec<(&str, Vec<&StudyRun>)> = Vec::new();
        for run in &self.runs {
            let Some(fold) = run.fold.as_deref() else {
                continue;
            };
            match folds.iter_mut().find(|(name, _)| *name == fold) {
                Some((_, runs)) => runs.push(run),
                None => folds.push((fold, vec![run])),
            }
        }
        let score = |(fold, runs): (&str, Vec<&StudyRun>)| {
            let windows = runs[0].confusion.iter().flatten().sum();
            let accuracies = runs.iter().filter_map(|run| accuracy(&run.confusion));
            let f1 = runs.iter().filter_map(|run| run.scores.get("test_f1"));
            FoldScore {
                fold: fold.to_owned(),
                runs: runs.len(),
                windows,
                accuracy: Sample::of(&accuracies.collect::<Vec<_>>()),
                f1: Sample::of(&f1.copied().collect::<Vec<_>>()),
            }
        };
        folds.into_iter().map(score).collect()
    }
}
