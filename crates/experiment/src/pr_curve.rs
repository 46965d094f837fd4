//! Precision-recall curves in the form of TensorBoard's plugin `pr_curves`.

use prost::Message;

/// Number of thresholds of a curve: 0, 0.01, ..., 1.
pub const THRESHOLDS: usize = 101;

/// Smallest divisor of a precision or recall, as in TensorBoard: without predictions or samples of the class they are 0.
const SMALLEST_COUNT: f64 = 1e-7;

/// `PrCurvePluginData` of `tensorboard/plugins/pr_curve/plugin_data.proto`. Its field 1 is the version, 0.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PluginData {
    #[prost(uint32, tag = "2")]
    pub thresholds: u32,
}

/// Counts of one class by threshold. At threshold `i / 100`, a sample is predicted as the class if the class's
/// probability, rounded down to a multiple of 0.01, is not below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrCurve {
    /// Samples of the class that are predicted as it, by threshold.
    pub true_positives: [u64; THRESHOLDS],
    /// Other samples that are predicted as it, by threshold.
    pub false_positives: [u64; THRESHOLDS],
}

impl PrCurve {
    /// Counts samples, given as the probability of the class and whether they belong to it.
    pub fn new(samples: impl Iterator<Item = (f64, bool)>) -> Self {
        let mut curve = Self {
            true_positives: [0; THRESHOLDS],
            false_positives: [0; THRESHOLDS],
        };
        for (probability, of_the_class) in samples {
            // NaN becomes 0, the threshold that every sample passes.
            let highest = (probability * (THRESHOLDS - 1) as f64).floor() as usize;
            let counts = if of_the_class {
                &mut curve.true_positives
            } else {
                &mut curve.false_positives
            };
            counts[highest.min(THRESHOLDS - 1)] += 1;
        }
        for counts in [&mut curve.true_positives, &mut curve.false_positives] {
            for i in (0..THRESHOLDS - 1).rev() {
                counts[i] += counts[i + 1];
            }
        }
        curve
    }

    /// The rows of TensorBoard's tensor, concatenated: true positives, false positives, true negatives, false
    /// negatives, precision, recall.
    ///
    /// # Shapes
    /// `[6, THRESHOLDS]`.
    pub(crate) fn rows(&self) -> Vec<f32> {
        let (positives, negatives) = (self.true_positives[0], self.false_positives[0]);
        let both = || self.true_positives.iter().zip(&self.false_positives);
        let ratio = |part: u64, all: u64| (part as f64 / (all as f64).max(SMALLEST_COUNT)) as f32;
        let mut rows: Vec<f32> = Vec::with_capacity(6 * THRESHOLDS);
        rows.extend(both().map(|(tp, _)| *tp as f32));
        rows.extend(both().map(|(_, fp)| *fp as f32));
        rows.extend(both().map(|(_, fp)| (negatives - fp) as f32));
        rows.extend(both().map(|(tp, _)| (positives - tp) as f32));
        rows.extend(both().map(|(tp, fp)| ratio(*tp, tp + fp)));
        rows.extend(both().map(|(tp, _)| ratio(*tp, positives)));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Against `tensorboard.plugins.pr_curve.summary` (`scripts/conformance/make_pr_curves.py`).
    #[test]
    fn curves_are_those_of_tensorboard() {
        let cases = include_str!("../tests/fixtures/pr_curves.json");
        let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let numbers = |key: &str| -> Vec<f64> {
                serde_json::from_value(case[key].clone()).unwrap_or_else(|error| panic!("{error}"))
            };
            let labels: Vec<bool> = serde_json::from_value(case["labels"].clone()).unwrap();
            let curve = PrCurve::new(numbers("probabilities").into_iter().zip(labels));
            let expected: Vec<f32> = numbers("rows").iter().map(|v| *v as f32).collect();
            assert_eq!(curve.rows(), expected, "{}", case["name"]);
            let content: Vec<u8> = serde_json::from_value(case["content"].clone()).unwrap();
            let thresholds = THRESHOLDS as u32;
            assert_eq!(PluginData { thresholds }.encode_to_vec(), content);
        }
    }

    #[test]
    fn a_sample_without_a_probability_counts_at_the_lowest_threshold_alone() {
        let curve = PrCurve::new([(f64::NAN, true), (1.0, false)].into_iter());
        assert_eq!(curve.true_positives[..2], [1, 0]);
        assert_eq!(curve.false_positives[THRESHOLDS - 1], 1);
    }
}
