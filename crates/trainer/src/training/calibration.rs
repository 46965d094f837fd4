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
    if labels.is_empty() || logits.iter().any(|v| !v.is_finite()) {
        return 1.0;
    }
    // The loss has a single minimum over the logarithm of the temperature: golden-section search.
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let loss = |log: f64| loss_at(logits, labels, log.exp());
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_a, mut at_b) = (loss(a), loss(b));
    while high - low > 1e-4 {
        if at_a < at_b {
            (high, b, at_b) = (b, a, at_a);
            a = high - golden * (high - low);
            at_a = loss(a);
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = low + golden * (high - low);
            at_b = loss(b);
        }
    }
    let temperature = ((low + high) / 2.0).exp();
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

    #[test]
    fn nothing_to_fit_changes_nothing() {
        assert_eq!(fit_temperature(&[], &[]), 1.0);
        assert_eq!(fit_temperature(&[f32::NAN, 0.0], &[0]), 1.0);
    }
}
