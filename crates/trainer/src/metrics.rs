//! Metrics of a classifier, as scikit-learn defines them (with `zero_division=0`).

use experiment::catalogue::layout::{CONFUSION_MATRIX, PER_CLASS};
use experiment::catalogue::{ClassMetric, Metric};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Losses and predictions over a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// `confusion[true][predicted]`.
    pub confusion: Vec<Vec<u64>>,
}

/// A metric averaged over classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Averages {
    /// One value a class.
    pub per_class: Vec<f64>,
    /// Plain mean over the classes that occur in labels or predictions.
    pub macro_: f64,
    /// Over all samples together; equals the accuracy.
    pub micro: f64,
    /// Mean weighted by support.
    pub weighted: f64,
}

/// Precision, recall and F1.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Fraction of samples classified correctly.
    pub accuracy: f64,
    /// True among predicted.
    pub precision: Averages,
    /// Found among true.
    pub recall: Averages,
    /// Harmonic mean of both.
    pub f1: Averages,
    /// Samples of each true class.
    pub support: Vec<u64>,
}

impl Report {
    /// A table of precision, recall, F1 and support, a line a class.
    pub fn by_class(&self, names: &[String]) -> String {
        let width = names.iter().map(|name| name.chars().count()).max();
        let width = width.unwrap_or(0).max(5);
        let mut text = format!("{:<width$}  precision  recall      F1  support\n", "class");
        for (i, name) in names.iter().enumerate() {
            text.push_str(&format!(
                "{name:<width$}  {:>9.4}  {:>6.4}  {:>6.4}  {:>7}\n",
                self.precision.per_class[i],
                self.recall.per_class[i],
                self.f1.per_class[i],
                self.support[i],
            ));
        }
        text
    }
}

/// The loss and everything derived from the confusion matrix, by the metrics of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    loss: f64,
    report: Report,
}

impl Scores {
    /// The value of a metric.
    pub fn of(&self, metric: Metric) -> f64 {
        let report = &self.report;
        match metric {
            Metric::Loss => self.loss,
            Metric::Accuracy => report.accuracy,
            Metric::F1Macro => report.f1.macro_,
            Metric::F1Micro => report.f1.micro,
            Metric::F1Weighted => report.f1.weighted,
            Metric::PrecisionMacro => report.precision.macro_,
            Metric::PrecisionMicro => report.precision.micro,
            Metric::PrecisionWeighted => report.precision.weighted,
            Metric::RecallMacro => report.recall.macro_,
            Metric::RecallMicro => report.recall.micro,
            Metric::RecallWeighted => report.recall.weighted,
        }
    }

    /// The value of every class.
    pub fn of_classes(&self, metric: ClassMetric) -> Vec<f64> {
        let report = &self.report;
        match metric {
            ClassMetric::Precision => report.precision.per_class.clone(),
            ClassMetric::Recall => report.recall.per_class.clone(),
            ClassMetric::F1 => report.f1.per_class.clone(),
            ClassMetric::Support => report.support.iter().map(|&n| n as f64).collect(),
        }
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Evaluation {
    /// From logits `[N, classes]` laid end to end and labels `[N]`.
    pub fn new(logits: &[f32], labels: &[u32], classes: usize) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        let mut total = 0.0;
        for (row, &label) in logits.chunks_exact(classes).zip(labels) {
            let label = label as usize;
            total += cross_entropy(row, label);
            confusion[label][argmax(row)] += 1;
        }
        Self {
            loss: ratio(total, labels.len() as f64),
            confusion,
        }
    }

    /// Everything derived from the confusion matrix.
    pub fn report(&self) -> Report {
        let classes = self.confusion.len();
        let support: Vec<u64> = self.confusion.iter().map(|row| row.iter().sum()).collect();
        let predicted: Vec<u64> = (0..classes)
            .map(|j| self.confusion.iter().map(|row| row[j]).sum())
            .collect();
        let correct: Vec<f64> = (0..classes).map(|i| self.confusion[i][i] as f64).collect();
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
        Report {
            accuracy,
            precision: over(&predicted),
            recall: over(&support),
            f1: averages(f1.collect()),
            support,
        }
    }

    /// The fields of `results` in `metadata.json`.
    pub fn to_json(&self) -> Map<String, Value> {
        let scores = self.scores();
        let written = Metric::ALL
            .iter()
            .filter(|metric| metric.row().written.results);
        let mut fields: Map<String, Value> = written
            .map(|metric| (metric.name().to_owned(), json!(scores.of(*metric))))
            .collect();
        let per_class = ClassMetric::ALL.map(|metric| {
            let values = match metric {
                // Counts stay whole numbers.
                ClassMetric::Support => json!(scores.report.support),
                metric => json!(scores.of_classes(metric)),
            };
            (metric.name().to_owned(), values)
        });
        fields.insert(
            PER_CLASS.into(),
            Value::Object(per_class.into_iter().collect()),
        );
        fields.insert(CONFUSION_MATRIX.into(), json!(self.confusion));
        fields
    }

    /// Everything by the metrics of the catalogue.
    pub fn scores(&self) -> Scores {
        Scores {
            loss: self.loss,
            report: self.report(),
        }
    }
}

/// Cross-entropy of one sample, in float64.
pub fn cross_entropy(logits: &[f32], label: usize) -> f64 {
    let largest = logits
        .iter()
        .fold(f64::NEG_INFINITY, |m, &v| m.max(v.into()));
    let sum: f64 = logits.iter().map(|&v| (f64::from(v) - largest).exp()).sum();
    sum.ln() + largest - f64::from(logits[label])
}

/// Index of the largest value, the first of equals.
fn argmax(row: &[f32]) -> usize {
    let mut best = 0;
    for (i, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = i;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: sklearn.metrics.precision_recall_fscore_support on
    /// y = [0,0,0,0,1,1,2], p = [0,0,1,2,1,1,0], 4 labels of which one never occurs.
    #[test]
    fn as_scikit_learn() {
        let confusion = vec![
            vec![2, 1, 1, 0],
            vec![0, 2, 0, 0],
            vec![1, 0, 0, 0],
            vec![0; 4],
        ];
        let report = Evaluation {
            loss: 0.0,
            confusion,
        }
        .report();
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(report.accuracy, 4.0 / 7.0);
        close(report.precision.macro_, (2.0 / 3.0 + 2.0 / 3.0 + 0.0) / 3.0);
        close(report.recall.macro_, (0.5 + 1.0 + 0.0) / 3.0);
        close(report.f1.macro_, (4.0 / 7.0 + 0.8 + 0.0) / 3.0);
        close(report.f1.weighted, (4.0 * 4.0 / 7.0 + 2.0 * 0.8) / 7.0);
        close(report.precision.micro, 4.0 / 7.0);
        assert_eq!(report.support, [4, 2, 1, 0]);
    }

    #[test]
    fn loss_and_predictions() {
        let logits = [0.0, 0.0, 1000.0, -1000.0];
        let evaluation = Evaluation::new(&logits, &[1, 0], 2);
        assert!((evaluation.loss - 0.5 * 2f64.ln()).abs() < 1e-12);
        assert_eq!(evaluation.confusion, [[1, 0], [1, 0]]);
        assert!(Evaluation::new(&[f32::NAN, 0.0], &[0], 2).loss.is_nan());
    }
}
