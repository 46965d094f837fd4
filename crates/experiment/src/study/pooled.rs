//! Pooled out-of-fold predictions.

use std::collections::BTreeMap;

use super::StudyRun;

/// The test windows of all folds evaluated as one test set: each window counts once per seed, whatever the fold
/// sizes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pooled {
    /// `[true][predicted]`, summed over folds and seeds.
    pub matrix: Vec<Vec<u64>>,
    /// Accuracy per seed.
    pub accuracy: Vec<f64>,
    /// Macro F1 per seed.
    pub f1: Vec<f64>,
}

impl Pooled {
    /// Pools the runs of a trial; `None` without folds, or if the seeds do not cover the same folds.
    pub fn new(runs: &[StudyRun]) -> Option<Self> {
        let mut by_seed: BTreeMap<Option<u64>, Vec<&StudyRun>> = BTreeMap::new();
        for run in runs {
            run.fold.as_ref()?;
            by_seed.entry(run.seed).or_default().push(run);
        }
        let folds = |runs: &[&StudyRun]| {
            let mut folds: Vec<&str> = runs.iter().filter_map(|run| run.fold.as_deref()).collect();
            folds.sort_unstable();
            folds
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<String>>()
        };
        let mut pooled = Self::default();
        let mut first: Option<Vec<String>> = None;
        for runs in by_seed.values() {
            let own_folds = folds(runs);
            if first.get_or_insert_with(|| own_folds.clone()) != &own_folds {
                return None;
            }
            let matrix = sum(runs.iter().map(|run| &run.confusion))?;
            pooled.accuracy.push(accuracy(&matrix)?);
            pooled.f1.push(macro_f1(&matrix)?);
            pooled.matrix = sum([&pooled.matrix, &matrix]
                .into_iter()
                .filter(|m| !m.is_empty()))?;
        }
        (!pooled.f1.is_empty()).then_some(pooled)
    }
}

/// Sum of matrices of equal size; `None` if there are none or their sizes differ.
fn sum<'a>(matrices: impl Iterator<Item = &'a Vec<Vec<u64>>>) -> Option<Vec<Vec<u64>>> {
    let mut total: Option<Vec<Vec<u64>>> = None;
    for matrix in matrices {
        let square = !matrix.is_empty() && matrix.iter().all(|row| row.len() == matrix.len());
        if !square {
            return None;
        }
        let Some(total) = &mut total else {
            total = Some(matrix.clone());
            continue;
        };
        if total.len() != matrix.len() {
            return None;
        }
        for (total, row) in total.iter_mut().zip(matrix) {
            total.iter_mut().zip(row).for_each(|(total, n)| *total += n);
        }
    }
    total
}

/// Fraction of windows on the diagonal; `None` for an empty matrix.
pub(super) fn accuracy(matrix: &[Vec<u64>]) -> Option<f64> {
    let all: u64 = matrix.iter().flatten().sum();
    let correct: u64 = matrix.iter().enumerate().map(|(i, row)| row[i]).sum();
    (all > 0).then(|| correct as f64 / all as f64)
}

/// Mean F1 over the classes that occur in labels or predictions.
pub(super) fn macro_f1(matrix: &[Vec<u64>]) -> Option<f64> {
    let scores = (0..matrix.len()).filter_map(|class| {
        let support: u64 = matrix[class].iter().sum();
        let predicted: u64 = matrix.iter().map(|row| row[class]).sum();
        let correct = matrix[class][class];
        (support + predicted > 0).then(|| 2.0 * correct as f64 / (support + predicted) as f64)
    });
    let scores: Vec<f64> = scores.collect();
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}
