//! Normalisation of features: by sample, by batch, or by the training split.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::preprocessing::UnknownNormalisation;
use spectra::scaling::{scale_all, scale_each, scale_narrow};

/// Normalisation method of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// Every sensor channel of every sample to mean 0 and standard deviation 1.
    Sample,
    /// Every sensor channel by its mean and standard deviation over the training split.
    Dataset,
    /// Every bin of every sensor channel by its mean and standard deviation over the training split and all segments.
    Band,
    /// Every sensor channel by mean and standard deviation of its batch, as in the Keras scripts; the input of a sample
    /// then depends on its neighbours in the batch.
    Batch,
    /// No normalisation.
    None,
}

impl Normalisation {
    /// All methods, with their names in configurations.
    pub(crate) const ALL: [(Normalisation, &'static str); 5] = [
        (Normalisation::Sample, "sample"),
        (Normalisation::Dataset, "dataset"),
        (Normalisation::Band, "band"),
        (Normalisation::Batch, "batch"),
        (Normalisation::None, "none"),
    ];

    /// Whether it needs statistics of the training split.
    pub fn needs_statistics(self) -> bool {
        matches!(self, Self::Dataset | Self::Band)
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = Self::ALL
            .iter()
            .find(|(n, _)| n == self)
            .expect("all are listed");
        f.write_str(name)
    }
}

impl FromStr for Normalisation {
    type Err = UnknownNormalisation;

    fn from_str(name: &str) -> Result<Self, UnknownNormalisation> {
        let found = Self::ALL.iter().find(|(_, n)| *n == name);
        found
            .map(|(n, _)| *n)
            .ok_or_else(|| UnknownNormalisation { name: name.into() })
    }
}

/// Limit below which a standard deviation counts as zero: `absolute + relative * |mean|`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantGuard {
    /// In the unit of the values.
    pub absolute: f64,
    /// Fraction of the magnitude of the mean.
    pub relative: f64,
}

impl ConstantGuard {
    /// `1 / std`, or 0 if the values count as constant.
    pub fn scale(self, mean: f64, std: f64) -> f64 {
        if std > self.absolute + self.relative * mean.abs() {
            1.0 / std
        } else {
            0.0
        }
    }
}

/// Mean and standard deviation of each sensor channel, or of each bin of each sensor channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Means, `[channels]` or `[channels, bins]` row-major.
    pub mean: Vec<f64>,
    /// Standard deviations (population), in the same order.
    pub std: Vec<f64>,
}

/// Computes [`Statistics`] of samples in two passes, the first for the means.
///
/// NaN values (see [`super::BandLayout`]) are ignored.
#[derive(Clone, Debug)]
pub struct StatisticsPasses {
    statistics: Statistics,
    counts: Vec<f64>,
    shape: [usize; 3],
    by_band: bool,
}

impl StatisticsPasses {
    /// For samples of `[channels, segments, bins]`; `by_band` keeps the bins apart.
    pub fn new(shape: [usize; 3], by_band: bool) -> Self {
        let [channels, _, bins] = shape;
        let entries = if by_band { channels * bins } else { channels };
        Self {
            statistics: Statistics {
                mean: vec![0.0; entries],
                std: vec![0.0; entries],
            },
            counts: vec![0.0; entries],
            shape,
            by_band,
        }
    }

    /// Adds `term(value, entry)` of every value that is a number to `sums`; returns how many there were of each entry.
    fn accumulate(
        &self,
        values: &[f32],
        sums: &mut [f64],
        term: impl Fn(f64, usize) -> f64,
    ) -> Vec<f64> {
        let [channels, segments, bins] = self.shape;
        let mut counts = vec![0.0; sums.len()];
        for (i, chunk) in values.chunks_exact(segments * bins).enumerate() {
            let channel = i % channels;
            if self.by_band {
                for row in chunk.chunks_exact(bins) {
                    for (bin, &value) in row.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                        let entry = channel * bins + bin;
                        sums[entry] += term(value.into(), entry);
                        counts[entry] += 1.0;
                    }
                }
            } else {
                let numbers = chunk.iter().filter(|v| !v.is_nan());
                sums[channel] += numbers
                    .clone()
                    .map(|&v| term(v.into(), channel))
                    .sum::<f64>();
                counts[channel] += numbers.count() as f64;
            }
        }
        counts
    }

    /// First pass, over whole samples.
    pub fn first(&mut self, values: &[f32]) {
        let mut sums = std::mem::take(&mut self.statistics.mean);
        let counts = self.accumulate(values, &mut sums, |value, _| value);
        self.statistics.mean = sums;
        self.counts
            .iter_mut()
            .zip(counts)
            .for_each(|(count, new)| *count += new);
    }

    /// Ends the first pass.
    pub fn end_first(&mut self) {
        for (sum, count) in self.statistics.mean.iter_mut().zip(&self.counts) {
            *sum /= count.max(1.0);
        }
    }

    /// Second pass, over the same samples.
    pub fn second(&mut self, values: &[f32]) {
        let mut sums = std::mem::take(&mut self.statistics.std);
        let mean = &self.statistics.mean;
        self.accumulate(values, &mut sums, |value, entry| {
            (value - mean[entry]).powi(2)
        });
        self.statistics.std = sums;
    }

    /// Ends the second pass.
    pub fn finish(mut self) -> Statistics {
        for (sum, count) in self.statistics.std.iter_mut().zip(&self.counts) {
            *sum = (*sum / count.max(1.0)).sqrt();
        }
        self.statistics
    }
}

impl Statistics {
    /// Statistics of concatenated samples of `[channels, segments, bins]`; `by_band` keeps the bins apart.
    pub fn of(values: &[f32], shape: [usize; 3], by_band: bool) -> Self {
        let mut passes = StatisticsPasses::new(shape, by_band);
        passes.first(values);
        passes.end_first();
        passes.second(values);
        passes.finish()
    }

    /// The factors for scaling values.
    pub(super) fn scales(&self, guard: ConstantGuard) -> Scales {
        let entries = self.mean.iter().zip(&self.std);
        let factors: Vec<f64> = entries
            .map(|(mean, std)| guard.scale(*mean, *std))
            .collect();
        Scales {
            narrow: Scales32::new(&self.mean, &factors),
            means: self.mean.clone(),
            factors,
        }
    }

    /// `(x - mean) / std` in place; constant entries and NaN become zero.
    pub(crate) fn apply(&self, values: &mut [f32], shape: [usize; 3], guard: ConstantGuard) {
        self.scales(guard).apply(values, shape);
    }
}

/// [`Statistics`] in the form for scaling values.
#[derive(Clone, Debug)]
pub(super) struct Scales {
    means: Vec<f64>,
    /// `1 / std`, or 0 for constant entries.
    factors: Vec<f64>,
    narrow: Option<Scales32>,
}

/// [`Scales`] in float32, which takes half the time.
#[derive(Clone, Debug)]
struct Scales32 {
    means: Vec<f32>,
    /// What rounding loses of the means.
    rests: Vec<f32>,
    factors: Vec<f32>,
}

impl Scales32 {
    /// `None` if float32 has no such factors.
    fn new(means: &[f64], factors: &[f64]) -> Option<Self> {
        let fits = |value: &f64| *value == 0.0 || (1e-30..1e30).contains(&value.abs());
        if !means.iter().chain(factors).all(fits) {
            return None;
        }
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let rounded = narrow(means);
        let rests = means.iter().zip(&rounded);
        Some(Self {
            rests: rests
                .map(|(mean, rounded)| (mean - f64::from(*rounded)) as f32)
                .collect(),
            means: rounded,
            factors: narrow(factors),
        })
    }
}

impl Scales {
    /// Whether they are of inputs of this shape: a number a channel, or one a bin.
    pub fn fit(&self, [channels, _, bins]: [usize; 3]) -> bool {
        [channels, channels * bins].contains(&self.means.len())
    }

    /// `(x - mean) * factor` in place; NaN becomes zero.
    pub fn apply(&self, values: &mut [f32], [channels, segments, bins]: [usize; 3]) {
        let by_band = self.means.len() != channels;
        for (i, chunk) in values.chunks_exact_mut(segments * bins).enumerate() {
            let channel = i % channels;
            if by_band {
                let range = channel * bins..(channel + 1) * bins;
                if let Some(narrow) = &self.narrow {
                    let means = [&narrow.means[range.clone()], &narrow.rests[range.clone()]];
                    scale_narrow(chunk, means, &narrow.factors[range]);
                    continue;
                }
                let (means, factors) = (&self.means[range.clone()], &self.factors[range]);
                for row in chunk.chunks_exact_mut(bins) {
                    scale_each(row, means, factors);
                }
            } else {
                scale_all(chunk, self.means[channel], self.factors[channel]);
            }
        }
    }
}

/// Replaces NaN with zero.
pub(crate) fn zero_undefined(values: &mut [f32]) {
    for value in values {
        *value = if value.is_nan() { 0.0 } else { *value };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for (normalisation, name) in Normalisation::ALL {
            assert_eq!(name.parse(), Ok(normalisation));
            assert_eq!(normalisation.to_string(), name);
        }
    }

    #[test]
    fn bands_have_statistics_of_their_own() {
        // Two samples of one channel, two segments, two bins.
        let mut values = vec![1.0, 10.0, 3.0, 10.0, 5.0, 30.0, 7.0, f32::NAN];
        let statistics = Statistics::of(&values, [1, 2, 2], true);
        assert_eq!(statistics.mean, [4.0, 50.0 / 3.0]);
        let guard = ConstantGuard {
            absolute: 0.0,
            relative: 0.0,
        };
        statistics.apply(&mut values, [1, 2, 2], guard);
        let deviation = 5f64.sqrt();
        assert!((f64::from(values[0]) + 3.0 / deviation).abs() < 2e-7);
        assert_eq!(values[7], 0.0, "what is no number becomes the mean");
    }

    /// Where float32 has the factors, values are scaled in float32, with the same result but for its last bits.
    #[test]
    fn scaling_is_the_same_in_float32() {
        for (unit, is_narrow) in [(1.0, true), (1e-25, true), (1e-35, false)] {
            let values: Vec<f32> = (0..64)
                .map(|i| ((1000.0 + f64::from(i * i % 17)) * unit) as f32)
                .collect();
            let statistics = Statistics {
                mean: vec![1008.3 * unit; 8],
                std: vec![4.7 * unit; 8],
            };
            let guard = ConstantGuard {
                absolute: 0.0,
                relative: 0.0,
            };
            let scales = statistics.scales(guard);
            assert_eq!(scales.narrow.is_some(), is_narrow);
            let mut found = values.clone();
            scales.apply(&mut found, [1, 8, 8]);
            for (value, found) in values.iter().zip(found) {
                let expected = (f64::from(*value) - 1008.3 * unit) / (4.7 * unit);
                assert!(
                    (f64::from(found) - expected).abs() < 1e-6,
                    "{found} is not {expected}"
                );
            }
        }
    }

    /// Rounding errors at the magnitude of a constant are not a signal; one count on a large offset is.
    #[test]
    fn constants_are_told_from_offsets() {
        let guard = ConstantGuard {
            absolute: 0.0,
            relative: 2f64.powi(-30),
        };
        for amplitude in [1e-12, 1.0, 1e12] {
            assert_eq!(guard.scale(amplitude, amplitude * 1e-10), 0.0);
            assert_ne!(guard.scale(amplitude, amplitude * 1e-8), 0.0);
        }
        let mut offset = vec![9_000_000f32; 1792];
        offset[5] += 1.0;
        let Statistics { mean, std } = Statistics::of(&offset, [1, 7, 256], false);
        assert_ne!(guard.scale(mean[0], std[0]), 0.0);
        offset[5] -= 1.0;
        let Statistics { mean, std } = Statistics::of(&offset, [1, 7, 256], false);
        assert_eq!(guard.scale(mean[0], std[0]), 0.0);
    }
}
