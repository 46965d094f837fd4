//! Comparison of a network with the best baseline.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metrics::bootstrap::{self, Difference, Interval, Options, TestedWindows};
use crate::metrics::{confusion, macro_f1};
use crate::model::Baseline;

/// Comparison of a network with the best baseline on the same windows: macro F1 with intervals over groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Best baseline.
    pub baseline: Baseline,
    /// Its macro F1.
    pub baseline_score: Interval,
    /// Macro F1 of the network.
    pub network_score: Interval,
    /// Network minus baseline.
    pub difference: Difference,
}

impl Verdict {
    /// Compares a network's predictions with those of the best of `baselines` on the same windows. `None` if there is
    /// no baseline, or predictions differ in length.
    pub fn new(
        tested: TestedWindows<'_>,
        network: &[u32],
        baselines: &[(Baseline, Vec<u32>)],
        seed: u64,
    ) -> Option<Self> {
        let TestedWindows {
            labels, classes, ..
        } = tested;
        let fits = |predicted: &[u32]| {
            predicted.len() == labels.len()
                && predicted.iter().all(|&class| (class as usize) < classes)
        };
        if !fits(network) || !baselines.iter().all(|(_, predicted)| fits(predicted)) {
            return None;
        }
        let score = |predicted: &[u32]| macro_f1(&confusion(labels, predicted, classes));
        let mut best = baselines.first()?;
        for other in baselines {
            if score(&other.1) > score(&best.1) {
                best = other;
            }
        }
        let options = Options {
            seed,
            ..Options::default()
        };
        let interval =
            |predicted: &[u32]| bootstrap::interval(tested, predicted, macro_f1, options);
        let both = [network, &best.1];
        Some(Self {
            baseline: best.0,
            baseline_score: interval(&best.1),
            network_score: interval(network),
            difference: bootstrap::difference(tested, both, macro_f1, options),
        })
    }

    /// Whether the network is better by more than chance differences between groups.
    pub fn network_is_better(&self) -> bool {
        self.difference.interval.low > 0.0
    }

    /// The verdict in words.
    pub fn words(&self) -> &'static str {
        let difference = &self.difference.interval;
        if self.network_is_better() {
            "the network is better than the best simple baseline"
        } else if difference.high < 0.0 {
            "the network is WORSE than the best simple baseline"
        } else if difference.score > 0.0 {
            "the network is NOT CLEARLY BETTER than the best simple baseline"
        } else {
            "the network is NOT BETTER than the best simple baseline"
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let difference = &self.difference.interval;
        write!(
            f,
            "{} ({}): macro F1 {:.3} against {:.3}, difference {:+.3} [{:+.3}, {:+.3}]",
            self.words(),
            self.baseline.title(),
            self.network_score.score,
            self.baseline_score.score,
            difference.score,
            difference.low,
            difference.high,
        )
    }
}
