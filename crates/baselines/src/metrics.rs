//! Scores of a classifier and their uncertainty.
//!
//! [`Report`] has precision, recall and F1 as defined by scikit-learn. [`bootstrap`] has intervals over groups, for
//! one classifier and for the difference of two. [`calibration`] measures how reliable probabilities are.

pub mod bootstrap;
pub mod calibration;
mod normal;

/// `confusion[true][predicted]`.
pub type Confusion = Vec<Vec<u64>>;

/// A metric averaged over classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Averages {
    /// One value per class.
    pub per_class: Vec<f64>,
    /// Unweighted mean over the classes that occur in labels or predictions.
    pub macro_: f64,
    /// With all samples counted together; equals the accuracy.
    pub micro: f64,
    /// Mean weighted by support.
    pub weighted: f64,
}

/// Precision, recall and F1, as in scikit-learn with `zero_division=0`.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Fraction of samples classified correctly.
    pub accuracy: f64,
    /// Fraction of the samples predicted as a class that belong to it.
    pub precision: Averages,
    /// Fraction of the samples of a class that were predicted as it.
    pub recall: Averages,
    /// Harmonic mean of precision and recall.
    pub f1: Averages,
    /// Number of samples of each class.
    pub support: Vec<u64>,
}

/// Counts predictions by true class.
pub fn confusion(labels: &[u32], predicted: &[u32], classes: usize) -> Confusion {
    let mut confusion = vec![vec![0; classes]; classes];
    for (&label, &predicted) in labels.iter().zip(predicted) {
        confusion[label as usize][predicted as usize] += 1;
    }
    confusion
}

/// Macro F1 of a confusion matrix.
pub fn macro_f1(confusion: &Confusion) -> f64 {
    Report::of(confusion).f1.macro_
}

/// Index of the largest value; the first one wins ties.
pub fn argmax<T: PartialOrd>(row: &[T]) -> usize {
    let mut best = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = i;
        }
    }
    best
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Report {
    /// Computes all metrics of a confusion matrix.
    pub fn of(confusion: &Confusion) -> Self {
        let classes = confusion.len();
        let support: Vec<u64> = confusion.iter().map(|row| row.iter().sum()).collect();
        let predicted: Vec<u64> = (0..classes)
            .map(|j| confusion.iter().map(|row| row[j]).sum())
            .collect();
        let correct: Vec<f64> = (0..classes).map(|i| confusion[i][i] as f64).collect();
        let samples = support.iter().sum::<u64>() as f64;
        let accuracy = ratio(correct.iter().sum(), samples);
        let averages = |per_class: Vec<f64>| {
            let occurs = |i: &usize| support[*i] + predicted[*i] > 0;
            let occurring: Vec<usize> = (0..classes).filter(occurs).collect();
            let sum: f64 = occurring.iter().map(|&i| per_class[i]).sum();
            let weighted = per_class
                .iter()
                .zip(&support)
                .map(|(v, s)| v * *s as f64)
                .sum();
            Averages {
                macro_: ratio(sum, occurring.len() as f64),
                micro: accuracy,
                weighted: ratio(weighted, samples),
                per_class,
            }
        };
        let over = |totals: &[u64]| {
            let pairs = correct.iter().zip(totals);
            averages(pairs.map(|(c, total)| ratio(*c, *total as f64)).collect())
        };
        let f1 = (0..classes).map(|i| ratio(2.0 * correct[i], (support[i] + predicted[i]) as f64));
        Self {
            accuracy,
            precision: over(&predicted),
            recall: over(&support),
            f1: averages(f1.collect()),
            support,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: sklearn.metrics.precision_recall_fscore_support on
    /// y = [0,0,0,0,1,1,2], p = [0,0,1,2,1,1,0], 4 labels of which one never occurs.
    #[test]
    fn as_scikit_learn() {
        let matrix = confusion(&[0, 0, 0, 0, 1, 1, 2], &[0, 0, 1, 2, 1, 1, 0], 4);
        let expected = [[2, 1, 1, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0; 4]];
        assert_eq!(matrix, expected);
        let report = Report::of(&matrix);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(report.accuracy, 4.0 / 7.0);
        close(report.precision.macro_, (2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 3.0);
        close(report.recall.macro_, (0.5 + 1.0 + 0.0) / 3.0);
        close(report.f1.macro_, (4.0 / 7.0 + 0.8 + 0.0) / 3.0);
        close(report.f1.weighted, (4.0 * 4.0 / 7.0 + 2.0 * 0.8) / 7.0);
        close(report.precision.micro, 4.0 / 7.0);
        assert_eq!(report.support, [4, 2, 1, 0]);
        close(macro_f1(&matrix), report.f1.macro_);
    }
}
