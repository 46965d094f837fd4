//! Calibration of probabilities.

/// Number of confidence bins.
const BINS: usize = 15;

/// Expected calibration error: windows are sorted into 15 equal bins by their largest probability; the gap between
/// mean probability and accuracy is averaged over the bins, weighted by windows. 0 without windows.
///
/// Guo et al., "On calibration of modern neural networks", ICML 2017.
///
/// # Shapes
/// `probabilities` `[N, classes]`, flattened.
pub fn expected_error(probabilities: &[f64], labels: &[u32], classes: usize) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for (row, &label) in probabilities.chunks_exact(classes).zip(labels) {
        let predicted = super::argmax(row);
        let confidence = row[predicted];
        // The upper edge belongs to the bin, so 1 is in the last one.
        let bin = (confidence * BINS as f64).ceil() as usize;
        let (sum, correct) = &mut bins[bin.clamp(1, BINS) - 1];
        *sum += confidence;
        *correct += f64::from(u8::from(predicted == label as usize));
    }
    let total: f64 = bins
        .iter()
        .map(|(sum, correct): &(f64, f64)| (sum - correct).abs())
        .sum();
    super::ratio(total, labels.len() as f64)
}

/// Mean negative logarithm of the true class's probability, clipped to at least 1e-15.
pub fn log_loss(probabilities: &[f64], labels: &[u32], classes: usize) -> f64 {
    let rows = probabilities.chunks_exact(classes).zip(labels);
    let total: f64 = rows
        .map(|(row, &label)| -row[label as usize].max(1e-15).ln())
        .sum();
    super::ratio(total, labels.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Two windows at 0.9, one of them right; one at 0.6, right.
        let probabilities = [0.9, 0.1, 0.1, 0.9, 0.6, 0.4];
        let labels = [0, 0, 0];
        let expected = ((0.9f64 + 0.9 - 1.0) + 0.4) / 3.0;
        assert!((expected_error(&probabilities, &labels, 2) - expected).abs() < 1e-12);
        let loss = -(0.9f64.ln() + 0.1f64.ln() + 0.6f64.ln()) / 3.0;
        assert!((log_loss(&probabilities, &labels, 2) - loss).abs() < 1e-12);
        assert_eq!(expected_error(&[1.0, 0.0, 0.0, 1.0], &[0, 1], 2), 0.0);
        assert_eq!(expected_error(&[], &[], 2), 0.0);
    }
}
