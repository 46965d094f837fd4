//! Predicts the most frequent class.

/// Class frequencies of the training labels, predicted for every window.
#[derive(Clone, Debug, PartialEq)]
pub struct Majority {
    shares: Vec<f64>,
}

impl Majority {
    /// Counts the labels.
    pub fn fit(labels: &[u32], classes: usize) -> Self {
        let mut shares = vec![0.0; classes];
        labels
            .iter()
            .for_each(|&label| shares[label as usize] += 1.0 / labels.len() as f64);
        Self { shares }
    }

    /// Class probabilities.
    ///
    /// # Shapes
    /// `[N, classes]`, flattened.
    pub fn probabilities(&self, windows: usize) -> Vec<f64> {
        self.shares.repeat(windows)
    }
}
