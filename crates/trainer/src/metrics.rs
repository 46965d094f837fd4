//! Metrics of a classifier, as scikit-learn defines them (with `zero_division=0`).

use baselines::metrics::argmax;
pub use baselines::metrics::{Averages, Report};
use experiment::catalogue::layout::{CONFUSION_MATRIX, PER_CLASS};
use experiment::catalogue::{ClassMetric, Metric};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Loss and confusion matrix on a split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Mean cross-entropy.
    pub loss: f64,
    /// `confusion[true][predicted]`.
    pub confusion: Vec<Vec<u64>>,
}

/// The loss and everything derived from the confusion matrix, keyed by the metrics of the catalogue.
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

    /// The value of a metric for each class.
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

impl Evaluation {
    /// Evaluates logits.
    ///
    /// # Shapes
    /// `logits` `[samples, classes]` flattened, `labels` `[samples]`.
    pub fn new(logits: &[f32], labels: &[u32], classes: usize) -> Self {
        let mut confusion = vec![vec![0; classes]; classes];
        let mut total = 0.0;
        for (row, &label) in logits.chunks_exact(classes).zip(labels) {
            let label = label as usize;
            total += cross_entropy(row, label);
            confusion[label][argmax(row)] += 1;
        }
        Self {
            loss: total / labels.len().max(1) as f64,
            confusion,
        }
    }

    /// Everything derived from the confusion matrix.
    pub fn report(&self) -> Report {
        Report::of(&self.confusion)
    }

    /// The fields of a split in `results` of `metadata.json`.
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
                // Counts stay integers.
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

    /// The scores by the metrics of the catalogue.
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

/// The predicted class of each sample; the lowest index wins ties.
///
/// # Shapes
/// `logits` `[samples, classes]`, flattened.
pub fn predictions(logits: &[f32], classes: usize) -> Vec<u32> {
    let rows = logits.chunks_exact(classes);
    rows.map(|row| argmax(row) as u32).collect()
}

/// Softmax of the logits divided by a temperature.
///
/// # Shapes
/// `logits` and result `[samples, classes]`, flattened.
pub fn probabilities(logits: &[f32], classes: usize, temperature: f64) -> Vec<f64> {
    let row = |row: &[f32]| {
        let scaled = row.iter().map(|&logit| f64::from(logit) / temperature);
        let largest = scaled.clone().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scaled.map(|logit| (logit - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(move |power| power / sum)
    };
    logits.chunks_exact(classes).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_predictions() {
        let logits = [0.0, 0.0, 1000.0, -1000.0];
        let evaluation = Evaluation::new(&logits, &[1, 0], 2);
        assert!((evaluation.loss - 0.5 * 2f64.ln()).abs() < 1e-12);
        assert_eq!(evaluation.confusion, [[1, 0], [1, 0]]);
        assert_eq!(predictions(&logits, 2), [0, 0]);
        assert_eq!(probabilities(&logits, 2, 1.0), [0.5, 0.5, 1.0, 0.0]);
        // At temperature 2, the odds are e.
        let warm = probabilities(&[2.0, 0.0], 2, 2.0);
        assert!((warm[0] / warm[1] - 1f64.exp()).abs() < 1e-12);
        assert!(Evaluation::new(&[f32::NAN, 0.0], &[0], 2).loss.is_nan());
    }
}
