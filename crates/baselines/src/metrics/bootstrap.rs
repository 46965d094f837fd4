//! Uncertainty of scores by bootstrap over groups.
//!
//! Windows of a recording succeed and fail together, so recordings are resampled with replacement, not windows.
//! Intervals are bias-corrected and accelerated (Efron, "Better bootstrap confidence intervals", J. Am. Stat. Assoc.
//! 82, 1987), with the acceleration from the jackknife over groups.

use std::collections::BTreeMap;

use rand::Rng as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Confusion, normal};
use crate::random::{Purpose, generator};

/// Windows on which classifiers are evaluated.
#[derive(Debug)]
pub struct TestedWindows<'a, G = String> {
    /// True classes, one per window.
    pub labels: &'a [u32],
    /// Recordings, one per window.
    pub groups: &'a [G],
    /// Number of classes.
    pub classes: usize,
}

// A derived `Copy` would also require `G: Copy`.
impl<G> Copy for TestedWindows<'_, G> {}

impl<G> Clone for TestedWindows<'_, G> {
    fn clone(&self) -> Self {
        *self
    }
}

/// Options of the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Number of resamples.
    pub draws: usize,
    /// Confidence level of the intervals, below 1.
    pub confidence: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            draws: 2000,
            confidence: 0.95,
            seed: 0,
        }
    }
}

/// A score with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The score on all windows.
    pub score: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
    /// Standard deviation over the resamples.
    pub standard_error: f64,
}

/// Difference between the scores of two classifiers on the same windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Score of the first minus score of the second.
    #[serde(flatten)]
    pub interval: Interval,
    /// Fraction of resamples in which the first is better; ties count half.
    pub first_better: f64,
}

/// Confidence interval of `score`, a function of the confusion matrix such as [`super::macro_f1`], with the
/// predicted classes, one per window.
///
/// With a single group, nothing is known about others: the interval is [0, 1] and the standard error 1.
pub fn interval<G: AsRef<str>>(
    tested: TestedWindows<'_, G>,
    predicted: &[u32],
    score: fn(&Confusion) -> f64,
    options: Options,
) -> Interval {
    let matrices = by_group(tested, [predicted]);
    let sampled = draws(&matrices, options, |[matrix]| score(matrix));
    sampled.interval(options, (0.0, 1.0))
}

/// Difference of `score` between two classifiers, resampling the same groups for both.
pub fn difference<G: AsRef<str>>(
    tested: TestedWindows<'_, G>,
    [first, second]: [&[u32]; 2],
    score: fn(&Confusion) -> f64,
    options: Options,
) -> Difference {
    let matrices = by_group(tested, [first, second]);
    let sampled = draws(&matrices, options, |[a, b]| score(a) - score(b));
    let won = sampled.drawn.iter().map(|d| match d.total_cmp(&0.0) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Greater => 1.0,
    });
    Difference {
        first_better: won.sum::<f64>() / sampled.drawn.len().max(1) as f64,
        interval: sampled.interval(options, (-1.0, 1.0)),
    }
}

/// Confusion matrices of each classifier by group.
fn by_group<const N: usize, G: AsRef<str>>(
    tested: TestedWindows<'_, G>,
    predicted: [&[u32]; N],
) -> Vec<[Confusion; N]> {
    let TestedWindows {
        labels,
        groups,
        classes,
    } = tested;
    let mut matrices: BTreeMap<&str, [Confusion; N]> = BTreeMap::new();
    for (window, (&label, group)) in labels.iter().zip(groups).enumerate() {
        let confusions = matrices
            .entry(group.as_ref())
            .or_insert_with(|| std::array::from_fn(|_| vec![vec![0; classes]; classes]));
        for (matrix, predicted) in confusions.iter_mut().zip(predicted) {
            matrix[label as usize][predicted[window] as usize] += 1;
        }
    }
    matrices.into_values().collect()
}

/// Statistics of all groups, of the resamples, and with each group left out.
struct Sampled {
    whole: f64,
    drawn: Vec<f64>,
    left_out: Vec<f64>,
}

fn draws<const N: usize>(
    matrices: &[[Confusion; N]],
    options: Options,
    statistic: impl Fn(&[Confusion; N]) -> f64 + Sync,
) -> Sampled {
    let times = |times: &[u64]| -> f64 {
        let classes = matrices.first().map_or(0, |group| group[0].len());
        let mut sum: [Confusion; N] = std::array::from_fn(|_| vec![vec![0; classes]; classes]);
        for (group, &times) in matrices.iter().zip(times).filter(|(_, times)| **times > 0) {
            for (sum, group) in sum.iter_mut().zip(group) {
                for (sum, count) in sum.iter_mut().flatten().zip(group.iter().flatten()) {
                    *sum += times * count;
                }
            }
        }
        statistic(&sum)
    };
    let count = matrices.len();
    let drawn = |number: usize| {
        let mut rng = generator(options.seed, Purpose::Bootstrap, number);
        let mut drawn = vec![0; count];
        (0..count).for_each(|_| drawn[rng.random_range(0..count as u32) as usize] += 1);
        times(&drawn)
    };
    let without = |group: usize| {
        let mut all = vec![1; count];
        all[group] = 0;
        times(&all)
    };
    Sampled {
        whole: times(&vec![1; count]),
        drawn: match count {
            0 | 1 => Vec::new(),
            _ => (0..options.draws).into_par_iter().map(drawn).collect(),
        },
        left_out: (0..count).map(without).collect(),
    }
}

impl Sampled {
    fn interval(&self, options: Options, (lowest, highest): (f64, f64)) -> Interval {
        let count = self.drawn.len() as f64;
        if self.drawn.is_empty() {
            return Interval {
                score: self.whole,
                low: lowest,
                high: highest,
                standard_error: 1.0,
            };
        }
        let mean = self.drawn.iter().sum::<f64>() / count;
        let variance =
            self.drawn.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        let mut sorted = self.drawn.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        // Fraction of resamples below the score; ties count half.
        let below = sorted.partition_point(|d| *d < self.whole) as f64;
        let not_above = sorted.partition_point(|d| *d <= self.whole) as f64;
        let bias = normal::quantile((below + not_above) / (2.0 * count));
        let acceleration = self.acceleration();
        let end = |share: f64| {
            let z = bias + normal::quantile(share);
            let corrected = normal::cumulative(bias + z / (1.0 - acceleration * z));
            // If all resamples lie on one side, use the plain percentile.
            quantile(
                &sorted,
                if corrected.is_finite() {
                    corrected
                } else {
                    share
                },
            )
        };
        let tail = (1.0 - options.confidence) / 2.0;
        Interval {
            score: self.whole,
            low: end(tail),
            high: end(1.0 - tail),
            standard_error: variance.sqrt(),
        }
    }

    fn acceleration(&self) -> f64 {
        let mean = self.left_out.iter().sum::<f64>() / self.left_out.len() as f64;
        let power = |n: i32| {
            self.left_out
                .iter()
                .map(|value| (mean - value).powi(n))
                .sum::<f64>()
        };
        let squares = power(2);
        if squares > 0.0 {
            power(3) / (6.0 * squares.powf(1.5))
        } else {
            0.0
        }
    }
}

/// Linear interpolation between sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests;
