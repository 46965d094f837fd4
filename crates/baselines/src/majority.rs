//! The class that training has most of.

/// Shares of the classes among the labels, the same for every window.
#[derive(Clone, Debug, PartialEq)]
pub struct Majority {
    shares: Vec<f64>,
}

impl Majority {
    /// Counts labels.
    pub fn fit(labels: &[u32], classes: usize) -> Self {
        let mut shares = vec![0.0; classes];
        labels
            .iter()
            .for_each(|&label| shares[label as usize] += 1.0 / labels.len() as f64);
        Self { shares }
    }

    /// Probabilities `[N, classes]` laid end to end.
    pub fn probabilities(&self, windows: usize) -> Vec<f64> {
        self.shares.repeat(windows)
    }
}
