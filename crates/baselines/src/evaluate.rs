//! Scores of predictions with intervals: overall, by fold and by group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::bootstrap::{self, Interval, Options, TestedWindows};
use crate::metrics::{Confusion, Report, calibration, confusion, macro_f1};

/// Windows with labels and predictions.
#[derive(Clone, Copy, Debug)]
pub struct PredictedWindows<'a, G> {
    /// True classes, one per window.
    pub labels: &'a [u32],
    /// Recordings, one per window.
    pub groups: &'a [G],
    /// Predicted classes, one per window.
    pub predicted: &'a [u32],
    /// Probabilities `[windows, classes]`, flattened, if available.
    pub probabilities: Option<&'a [f64]>,
    /// Number of classes.
    pub classes: usize,
}

/// Scores on a set of windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Macro F1.
    pub macro_f1: Interval,
    /// Fraction of windows classified correctly.
    pub accuracy: Interval,
    /// Expected calibration error; `None` without probabilities.
    pub calibration_error: Option<f64>,
    /// Mean negative log-likelihood; `None` without probabilities.
    pub log_loss: Option<f64>,
    /// One entry per class.
    pub per_class: Vec<ClassScores>,
    /// `confusion[true][predicted]`.
    pub confusion: Confusion,
    /// Number of windows.
    pub windows: usize,
    /// Number of groups, which the intervals resample.
    pub groups: usize,
}

/// Scores of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Fraction of the windows predicted as the class that belong to it.
    pub precision: f64,
    /// Fraction of the windows of the class that were predicted as it.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Number of windows of the class.
    pub support: u64,
}

/// Scores on a part of the windows: a fold or a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartScores {
    /// Fold number from 1, or group name.
    pub name: String,
    /// Number of windows.
    pub windows: usize,
    /// Fraction classified correctly.
    pub accuracy: f64,
    /// Mean F1 over the classes that occur in labels or predictions of this part.
    pub macro_f1: f64,
}

impl<G: AsRef<str>> PredictedWindows<'_, G> {
    /// Computes all scores; `seed` is that of the bootstrap.
    pub fn scores(&self, seed: u64) -> Scores {
        let matrix = confusion(self.labels, self.predicted, self.classes);
        let report = Report::of(&matrix);
        let options = Options {
            seed,
            ..Options::default()
        };
        let interval = |score: fn(&Confusion) -> f64| {
            let tested = TestedWindows {
                labels: self.labels,
                groups: self.groups,
                classes: self.classes,
            };
            bootstrap::interval(tested, self.predicted, score, options)
        };
        let class_scores = |class: usize| ClassScores {
            precision: report.precision.per_class[class],
            recall: report.recall.per_class[class],
            f1: report.f1.per_class[class],
            support: report.support[class],
        };
        let calibrated = |measure: fn(&[f64], &[u32], usize) -> f64| {
            self.probabilities
                .map(|probabilities| measure(probabilities, self.labels, self.classes))
        };
        let groups: std::collections::BTreeSet<&str> =
            self.groups.iter().map(AsRef::as_ref).collect();
        Scores {
            macro_f1: interval(macro_f1),
            accuracy: interval(|matrix| Report::of(matrix).accuracy),
            calibration_error: calibrated(calibration::expected_error),
            log_loss: calibrated(calibration::log_loss),
            per_class: (0..self.classes).map(class_scores).collect(),
            confusion: matrix,
            windows: self.labels.len(),
            groups: groups.len(),
        }
    }

    /// Scores by fold; `fold_of` has one entry per window.
    pub fn by_fold(&self, fold_of: &[usize]) -> Vec<PartScores> {
        let names: Vec<usize> = fold_of.iter().map(|fold| fold + 1).collect();
        self.by_part(&names)
    }

    /// Scores by group name.
    pub fn by_group(&self) -> Vec<PartScores> {
        let names: Vec<&str> = self.groups.iter().map(AsRef::as_ref).collect();
        self.by_part(&names)
    }

    fn by_part<N: Ord + ToString>(&self, names: &[N]) -> Vec<PartScores> {
        let mut parts: BTreeMap<&N, Confusion> = BTreeMap::new();
        for (window, name) in names.iter().enumerate() {
            let matrix = parts
                .entry(name)
                .or_insert_with(|| vec![vec![0; self.classes]; self.classes]);
            matrix[self.labels[window] as usize][self.predicted[window] as usize] += 1;
        }
        let scores = |(name, matrix): (&N, Confusion)| {
            let report = Report::of(&matrix);
            PartScores {
                name: name.to_string(),
                windows: report.support.iter().sum::<u64>() as usize,
                accuracy: report.accuracy,
                macro_f1: report.f1.macro_,
            }
        };
        parts.into_iter().map(scores).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_by_fold_and_by_group() {
        let judged = PredictedWindows {
            labels: &[0, 0, 1, 1, 0, 1],
            groups: &["a", "a", "b", "b", "c", "c"],
            predicted: &[0, 0, 1, 0, 1, 1],
            probabilities: None,
            classes: 2,
        };
        let scores = judged.scores(1);
        assert_eq!(scores.confusion, [[2, 1], [1, 2]]);
        assert_eq!((scores.windows, scores.groups), (6, 3));
        assert!((scores.accuracy.score - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(scores.calibration_error, None);
        assert_eq!(scores.per_class[1].support, 3);
        let groups = judged.by_group();
        let found: Vec<_> = groups
            .iter()
            .map(|g| (g.name.as_str(), g.windows, g.accuracy))
            .collect();
        assert_eq!(found, [("a", 2, 1.0), ("b", 2, 0.5), ("c", 2, 0.5)]);
        let folds = judged.by_fold(&[0, 0, 1, 1, 1, 1]);
        let found: Vec<_> = folds
            .iter()
            .map(|f| (f.name.as_str(), f.windows, f.accuracy))
            .collect();
        assert_eq!(found, [("1", 2, 1.0), ("2", 4, 0.5)]);
        // In fold "2", class 0 is never predicted correctly; class 1 has recall and precision 2/3.
        assert!((folds[1].macro_f1 - 1.0 / 3.0).abs() < 1e-12);
    }
}
