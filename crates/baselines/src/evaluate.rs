//! Scores of predictions, with intervals, by fold and by group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::bootstrap::{self, Interval, Options};
use crate::metrics::{Confusion, Report, calibration, confusion, macro_f1};

/// Windows with what is true and what is predicted of them, one entry a window each.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a, G> {
    /// True classes.
    pub labels: &'a [u32],
    /// Recordings.
    pub groups: &'a [G],
    /// Predicted classes.
    pub predicted: &'a [u32],
    /// Probabilities `[N, classes]` laid end to end, where there are any.
    pub probabilities: Option<&'a [f64]>,
    /// Number of classes.
    pub classes: usize,
}

/// Scores over some windows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean F1 of the classes.
    pub macro_f1: Interval,
    /// Share of windows that are right.
    pub accuracy: Interval,
    /// Expected calibration error; none without probabilities.
    pub calibration_error: Option<f64>,
    /// Mean negative log-likelihood; none without probabilities.
    pub log_loss: Option<f64>,
    /// One entry a class.
    pub per_class: Vec<ClassScores>,
    /// `confusion[true][predicted]`.
    pub confusion: Confusion,
    /// Windows.
    pub windows: usize,
    /// Groups, which the intervals are drawn from.
    pub groups: usize,
}

/// Scores of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// True among predicted.
    pub precision: f64,
    /// Found among true.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Windows of the class.
    pub support: u64,
}

/// Scores of a part of the windows: a fold or a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartScores {
    /// Number of the fold from 1, or name of the group.
    pub name: String,
    /// Windows.
    pub windows: usize,
    /// Share of them that are right.
    pub accuracy: f64,
    /// Mean F1 of the classes that occur among them or in their predictions.
    pub macro_f1: f64,
}

impl<G: AsRef<str>> Judged<'_, G> {
    /// All scores; `seed` is that of the bootstrap.
    pub fn scores(&self, seed: u64) -> Scores {
        let matrix = confusion(self.labels, self.predicted, self.classes);
        let report = Report::of(&matrix);
        let options = Options {
            seed,
            ..Options::default()
        };
        let interval = |score: fn(&Confusion) -> f64| {
            bootstrap::interval(
                self.labels,
                self.predicted,
                self.groups,
                self.classes,
                score,
                options,
            )
        };
        let of_class = |class: usize| ClassScores {
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
            per_class: (0..self.classes).map(of_class).collect(),
            confusion: matrix,
            windows: self.labels.len(),
            groups: groups.len(),
        }
    }

    /// Scores of each fold; `fold_of` has one entry a window.
    pub fn by_fold(&self, fold_of: &[usize]) -> Vec<PartScores> {
        let names: Vec<usize> = fold_of.iter().map(|fold| fold + 1).collect();
        self.by_part(&names)
    }

    /// Scores of each group, by name.
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
        let judged = Judged {
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
        // Of "2": class 0 is found never, class 1 in 2 of 3, with precision 2/3.
        assert!((folds[1].macro_f1 - 1.0 / 3.0).abs() < 1e-12);
    }
}
