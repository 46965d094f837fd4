//! Temperature scaling, which calibrates a network's probabilities.
//!
//! C. Guo et al., "On calibration of modern neural networks", ICML 2017.

use baselines::metrics::argmax;

use crate::metrics::probabilities;

/// Search range: outside of it a softmax is a step or flat.
const RANGE: (f64, f64) = (0.05, 20.0);

/// Mean cross-entropy of logits divided by `temperature`.
///
/// # Shapes
/// `logits` `[samples, classes]`, `labels` `[samples]`.
pub fn loss_at(logits: &[f32], labels: &[u32], temperature: f64) -> f64 {
    let classes = logits.len() / labels.len().max(1);
    let rows = logits.chunks_exact(classes.max(1)).zip(labels);
    let sum: f64 = rows
        .map(|(row, label)| {
            let scaled = |v: f32| f64::from(v) / temperature;
            let largest = row.iter().map(|v| scaled(*v)).fold(f64::MIN, f64::max);
            let sum: f64 = row.iter().map(|v| (scaled(*v) - largest).exp()).sum();
            sum.ln() + largest - scaled(row[*label as usize])
        })
        .sum();
    sum / labels.len().max(1) as f64
}

/// The temperature with the lowest cross-entropy; 1 if there are no samples or the logits are not finite. If
/// every sample is classified correctly, the cross-entropy falls for ever with the temperature: then the mean confidence
/// is that of `n` successes in `n` trials, `(n + 1) / (n + 2)` (Laplace).
///
/// # Shapes
/// `logits` `[samples, classes]`, `labels` `[samples]`.
pub fn fit_temperature(logits: &[f32], labels: &[u32]) -> f64 {
    if has_nothing_to_fit(logits, labels) {
        return 1.0;
    }
    // The loss has a single minimum over the logarithm of the temperature.
    let loss = |log: f64| loss_at(logits, labels, log.exp());
    let log = lowest(loss, RANGE.0.ln(), RANGE.1.ln());
    limited(log.exp(), logits, labels)
}

/// Deviation of the logarithm of temperatures from data set to data set, see [`likely_temperature`].
const PRIOR: f64 = 0.35;

/// The most probable temperature of a network if, before the samples are seen, its logarithm is normally distributed
/// around 0: that of [`fit_temperature`], but the fewer and the less certain the samples, the nearer to 1. On recordings
/// that were not used to fit it, this mostly has a lower cross-entropy than the temperature that fits best.
///
/// # Shapes
/// `logits` `[samples, classes]`, `labels` `[samples]`.
pub fn likely_temperature(logits: &[f32], labels: &[u32]) -> f64 {
    if has_nothing_to_fit(logits, labels) {
        return 1.0;
    }
    let loss = |log: f64| {
        let prior = (log / PRIOR).powi(2) / 2.0;
        loss_at(logits, labels, log.exp()) + prior / labels.len() as f64
    };
    // There may be several minima.
    let (low, high) = (RANGE.0.ln(), RANGE.1.ln());
    let step = (high - low) / STEPS as f64;
    let at = |i: usize| low + i as f64 * step;
    let losses: Vec<f64> = (0..=STEPS).map(|i| loss(at(i))).collect();
    let best = (0..=STEPS).min_by(|a, b| losses[*a].total_cmp(&losses[*b]));
    let best = at(best.expect("there are steps"));
    limited(lowest(loss, best - step, best + step).exp(), logits, labels)
}

/// Steps over the search range.
const STEPS: usize = 60;

fn has_nothing_to_fit(logits: &[f32], labels: &[u32]) -> bool {
    labels.is_empty() || logits.iter().any(|v| !v.is_finite())
}

/// Where a function with a single minimum has it: golden-section search.
fn lowest(value: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (value(a), value(b));
    while high - low > 1e-4 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = value(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = value(b);
        }
    }
    (low + high) / 2.0
}

/// Raises a temperature to Laplace's limit if every sample is classified correctly.
fn limited(temperature: f64, logits: &[f32], labels: &[u32]) -> f64 {
    let classes = logits.len() / labels.len();
    let mut rows = logits.chunks_exact(classes).zip(labels);
    if rows.all(|(row, label)| argmax(row) == *label as usize) {
        let n = labels.len() as f64;
        temperature.max(temperature_of(logits, classes, (n + 1.0) / (n + 2.0)))
    } else {
        temperature
    }
}

/// The temperature at which the mean confidence is `wanted`.
fn temperature_of(logits: &[f32], classes: usize, wanted: f64) -> f64 {
    let confidence = |log: f64| {
        let probabilities = probabilities(logits, classes, log.exp());
        let rows = probabilities.chunks_exact(classes);
        let count = rows.len() as f64;
        rows.map(|row| row.iter().copied().fold(0.0, f64::max))
            .sum::<f64>()
            / count
    };
    // Confidence falls with the temperature.
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    while high - low > 1e-4 {
        let middle = (low + high) / 2.0;
        if confidence(middle) > wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    ((low + high) / 2.0).exp()
}

/// Bins of [`reliability`].
const BINS: usize = 15;

/// Samples within a range of confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ReliabilityBin {
    /// Lower bound of confidence.
    pub from: f64,
    /// Upper bound of confidence.
    pub to: f64,
    /// Number of samples.
    pub count: usize,
    /// Mean confidence.
    pub confidence: f64,
    /// Fraction classified correctly.
    pub accuracy: f64,
}

/// Accuracy by confidence, in 15 bins.
///
/// # Shapes
/// `logits` `[samples, classes]`, `labels` `[samples]`.
pub fn reliability(logits: &[f32], labels: &[u32], temperature: f64) -> Vec<ReliabilityBin> {
    let edge = |i: usize| i as f64 / BINS as f64;
    let bin = |(i, (count, confident, right)): (usize, (usize, f64, f64))| ReliabilityBin {
        from: edge(i),
        to: edge(i + 1),
        count,
        confidence: confident / count.max(1) as f64,
        accuracy: right / count.max(1) as f64,
    };
    let sums = sums(logits, labels, temperature);
    sums.into_iter().enumerate().map(bin).collect()
}

/// Expected calibration error: mean gap between confidence and accuracy over the bins of [`reliability`].
///
/// # Shapes
/// `logits` `[samples, classes]`, `labels` `[samples]`.
pub fn calibration_error(logits: &[f32], labels: &[u32], temperature: f64) -> f64 {
    let sums = sums(logits, labels, temperature);
    let apart = sums
        .iter()
        .map(|(_, confident, right)| (confident - right).abs());
    apart.sum::<f64>() / labels.len().max(1) as f64
}

/// For each bin: number of samples, sum of confidence, number correct.
fn sums(logits: &[f32], labels: &[u32], temperature: f64) -> [(usize, f64, f64); BINS] {
    let classes = logits.len() / labels.len().max(1);
    let mut bins = [(0usize, 0.0, 0.0); BINS];
    for (row, label) in logits.chunks_exact(classes.max(1)).zip(labels) {
        let (class, largest) =
            row.iter().enumerate().fold(
                (0, f32::MIN),
                |best, (i, v)| if *v > best.1 { (i, *v) } else { best },
            );
        let sum: f64 = row
            .iter()
            .map(|v| (f64::from(v - largest) / temperature).exp())
            .sum();
        let confidence = 1.0 / sum;
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        let (count, confident, right) = &mut bins[bin];
        *count += 1;
        *confident += confidence;
        *right += f64::from(u8::from(class == *label as usize));
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits that are calibrated at temperature 1, scaled up by `factor`.
    fn overconfident(factor: f32) -> (Vec<f32>, Vec<u32>) {
        // 75 % of the samples are of class 0.
        let odds = 3f32.ln() * factor;
        let logits = (0..400).flat_map(|_| [odds, 0.0]).collect();
        (logits, (0..400).map(|i| u32::from(i % 4 == 3)).collect())
    }

    #[test]
    fn the_temperature_undoes_overconfidence() {
        for factor in [0.5, 1.0, 4.0] {
            let (logits, labels) = overconfident(factor);
            let temperature = fit_temperature(&logits, &labels);
            assert!(
                (temperature - f64::from(factor)).abs() < 1e-3,
                "{temperature}"
            );
            assert!(calibration_error(&logits, &labels, temperature) < 1e-3);
        }
        // Without any mistakes, the confidence is limited as if there were 98 successes.
        let faultless: Vec<f32> = (0..98).flat_map(|i| [2.0 + i as f32 / 50.0, 0.0]).collect();
        let temperature = fit_temperature(&faultless, &[0; 98]);
        let confidence = probabilities(&faultless, 2, temperature);
        let mean = confidence.chunks_exact(2).map(|row| row[0]).sum::<f64>() / 98.0;
        assert!((mean - 0.99).abs() < 1e-4, "{mean} at {temperature}");
        let (logits, labels) = overconfident(4.0);
        // A confidence of 81 / 82 with 75 % right.
        let error = calibration_error(&logits, &labels, 1.0);
        assert!((error - (81.0 / 82.0 - 0.75)).abs() < 1e-6, "{error}");
        assert!(loss_at(&logits, &labels, 4.0) < loss_at(&logits, &labels, 1.0));
    }

    /// Few samples say little about the temperature, many leave the prior no weight.
    #[test]
    fn few_samples_move_the_temperature_less() {
        for factor in [0.25, 4.0] {
            let (logits, labels) = overconfident(factor);
            let fitted = f64::from(factor).ln();
            let mut last = 0.0;
            for times in [4, 40, 400, 10_000] {
                let (mut many, mut known) = (Vec::new(), Vec::new());
                while known.len() < times {
                    let more = labels.len().min(times - known.len());
                    many.extend_from_slice(&logits[..2 * more]);
                    known.extend_from_slice(&labels[..more]);
                }
                let share = likely_temperature(&many, &known).ln() / fitted;
                assert!(share > last && share < 1.0, "{times}: {share} of {factor}");
                last = share;
            }
            assert!(last > 0.99, "{last} of {factor}");
        }
        // What is calibrated stays as it is, and so does the limit without any mistakes.
        let (logits, labels) = overconfident(1.0);
        assert!((likely_temperature(&logits, &labels) - 1.0).abs() < 1e-3);
        let faultless: Vec<f32> = (0..98).flat_map(|i| [2.0 + i as f32 / 50.0, 0.0]).collect();
        let limit = fit_temperature(&faultless, &[0; 98]);
        assert!(likely_temperature(&faultless, &[0; 98]) >= limit - 1e-4);
    }

    /// The condition of a minimum: the slope of the loss equals that of the prior.
    #[test]
    fn the_prior_and_the_loss_are_in_balance() {
        let (logits, labels) = overconfident(4.0);
        let (logits, labels) = (&logits[..80], &labels[..40]);
        let log = likely_temperature(logits, labels).ln();
        let slope = |log: f64| {
            let [above, below] = [1e-4, -1e-4].map(|d| loss_at(logits, labels, (log + d).exp()));
            40.0 * (above - below) / 2e-4
        };
        assert!((slope(log) + log / (PRIOR * PRIOR)).abs() < 0.01, "{log}");
    }

    #[test]
    fn nothing_to_fit_changes_nothing() {
        for temperature in [fit_temperature, likely_temperature] {
            assert_eq!(temperature(&[], &[]), 1.0);
            assert_eq!(temperature(&[f32::NAN, 0.0], &[0]), 1.0);
        }
    }
}
