//! Thresholds for silence: floors and units relative to the training split, so that the unit of the samples does not
//! matter.
//!
//! Every number here scales with the samples: exactly for powers of two, within a step of the histogram for other
//! factors.

use serde::{Deserialize, Serialize};

use super::normalise::ConstantGuard;
use super::settings::{Compression, SpectralConfig, SpectralMethod};
use super::steps::Step;
use spectra::logarithm::{ln_1p_all, ln_above};
use spectra::loops::{is_mirrored, mirror};

/// Thresholds of a model, from its training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// A standard deviation up to this fraction of the magnitude of its mean counts as zero: such values are constant.
    pub constant: f64,
    /// Floor of `log` or unit of `log1p`, one per channel; empty if values are not compressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compression: Vec<f64>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            // Far above the rounding error of a constant summed in float64, and far below one count on the largest
            // offset that float32 resolves.
            constant: 2f64.powi(-30),
            compression: Vec::new(),
        }
    }
}

/// Floor of models that were trained before thresholds were relative.
const OLD_FLOOR: f64 = 1e-6;
/// Unit of such models.
const OLD_UNIT: f64 = 1.0;
/// Standard deviation that counted as zero in such models.
const OLD_CONSTANT: f64 = 1e-6;

/// Limit below which a standard deviation counts as zero; `None` for the thresholds of older models.
pub(super) fn constant_guard(thresholds: Option<&Thresholds>) -> ConstantGuard {
    match thresholds {
        Some(thresholds) => ConstantGuard {
            absolute: 0.0,
            relative: thresholds.constant,
        },
        None => ConstantGuard {
            absolute: OLD_CONSTANT,
            relative: 0.0,
        },
    }
}

/// Compresses concatenated spectral values `[channels, segments, bins]` in place.
pub(super) fn compress(
    compression: Compression,
    thresholds: Option<&Thresholds>,
    values: &mut [f32],
    [channels, segments, bins]: [usize; 3],
) {
    for (i, chunk) in values.chunks_exact_mut(segments * bins).enumerate() {
        let threshold = compression_threshold(compression, thresholds, i % channels);
        match compression {
            Compression::None => {}
            Compression::Log => replace(chunk, bins, |values| ln_above(values, threshold)),
            Compression::Log1p => replace(chunk, bins, |values| ln_1p_all(values, threshold)),
        }
    }
}

/// Replaces every value of rows. If the second half of each row mirrors the first, as for a Fourier transform, its
/// logarithms, which take most of the time, are copied from the first.
fn replace(rows: &mut [f32], bins: usize, all: impl Fn(&mut [f32])) {
    if !rows.chunks_exact(bins).all(is_mirrored) {
        return all(rows);
    }
    for row in rows.chunks_exact_mut(bins) {
        all(&mut row[..bins / 2 + 1]);
        mirror(row);
    }
}

/// Floor of `log` or unit of `log1p` in a channel.
pub(super) fn compression_threshold(
    compression: Compression,
    thresholds: Option<&Thresholds>,
    channel: usize,
) -> f32 {
    let old = match compression {
        Compression::Log => OLD_FLOOR,
        Compression::None | Compression::Log1p => OLD_UNIT,
    };
    let threshold = thresholds.and_then(|thresholds| thresholds.compression.get(channel));
    threshold.copied().unwrap_or(old) as f32
}

/// Histogram steps per factor of two.
const STEPS: usize = 8;
/// Bits of a float32 below a step of the histogram: 8 bits of exponent and 3 of mantissa are above.
const BELOW: u32 = 20;

/// Histogram of non-negative values over powers of two, in eighths.
#[derive(Clone, Debug)]
struct Histogram(Vec<u64>);

impl Histogram {
    fn new() -> Self {
        Self(vec![0; 256 * STEPS])
    }

    fn add(&mut self, value: f32) {
        self.0[((value.to_bits() & 0x7fff_ffff) >> BELOW) as usize] += 1;
    }

    /// Smallest value of a step.
    fn edge(step: usize) -> f32 {
        f32::from_bits((step as u32) << BELOW)
    }

    /// The step of the median of the values above zero; subnormal numbers count as zero.
    fn median(&self) -> Option<usize> {
        let positive: u64 = self.0[STEPS..].iter().sum();
        let mut before = 0;
        (STEPS..self.0.len()).find(|step| {
            before += self.0[*step];
            positive > 0 && 2 * before >= positive
        })
    }

    /// Fraction of the values below the step.
    fn share_below(&self, step: usize) -> f64 {
        let of = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
        of(&self.0[..step]) / of(&self.0).max(1.0)
    }
}

/// Samples per channel that are examined to find one count.
const LOOKED_AT: usize = 1 << 16;

/// Surveys the spectra and samples of a training split, one after the other, for its [`Thresholds`].
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    compression: Compression,
    /// Powers of two from the median down to the floor of `log` and to the unit of `log1p`: about 100 and 42 decibels.
    octaves: (usize, usize),
    /// Whether spectra are powers, with the square of the samples' unit.
    is_power: bool,
    /// Factor of the steps; `None` if they do more than multiply.
    gain: Option<f64>,
    spectra: Vec<Histogram>,
    samples: Vec<Vec<f32>>,
}

impl Survey {
    /// A survey of windows with these `steps` and the front end `spectral`.
    pub fn new(steps: &[Step], spectral: &SpectralConfig) -> Self {
        let is_power = spectral.method == SpectralMethod::Welch;
        let mut gain = Some(1.0);
        for step in steps {
            let factor = if let Step::Scale(factor) = step {
                Some(factor.abs())
            } else {
                None
            };
            gain = gain.zip(factor).map(|(gain, factor)| gain * factor);
        }
        Self {
            compression: spectral.applied_compression(),
            octaves: if is_power { (33, 14) } else { (17, 7) },
            is_power,
            gain,
            spectra: Vec::new(),
            samples: Vec::new(),
        }
    }

    /// Whether a survey is needed.
    pub fn is_needed(&self) -> bool {
        self.compression != Compression::None
    }

    /// Adds the samples of a window and their spectra, not yet compressed.
    pub fn add(&mut self, samples: &[f32], spectra: &[f32], channels: usize) {
        self.spectra.resize_with(channels, Histogram::new);
        self.samples.resize_with(channels, Vec::new);
        for (channel, values) in spectra.chunks(spectra.len() / channels).enumerate() {
            values.iter().for_each(|v| self.spectra[channel].add(*v));
        }
        if self.compression == Compression::Log1p {
            for (channel, values) in samples.chunks(samples.len() / channels).enumerate() {
                let kept = &mut self.samples[channel];
                let room = LOOKED_AT.saturating_sub(kept.len());
                kept.extend(values.iter().take(room));
            }
        }
    }

    /// Result of the survey.
    pub fn thresholds(&self) -> Thresholds {
        let channels = 0..self.spectra.len();
        let compression = match self.compression {
            Compression::None => Vec::new(),
            Compression::Log => channels.map(|c| self.floor(c).into()).collect(),
            Compression::Log1p => channels.map(|c| self.unit(c)).collect(),
        };
        Thresholds {
            compression,
            ..Thresholds::default()
        }
    }

    /// Fraction of the values of every channel at or below the floor of `log`; empty without a floor.
    pub fn shares_at_floor(&self) -> Vec<f64> {
        if self.compression != Compression::Log {
            return Vec::new();
        }
        let share = |(c, histogram): (usize, &Histogram)| {
            histogram.share_below(self.below_median(c, self.octaves.0))
        };
        self.spectra.iter().enumerate().map(share).collect()
    }

    /// The step this many powers of two below the median of a channel.
    fn below_median(&self, channel: usize, octaves: usize) -> usize {
        // A channel without positive values gets 1, whose logarithm is 0.
        let of_one = 127 * STEPS;
        let median = self.spectra[channel].median();
        median.map_or(of_one, |step| {
            step.saturating_sub(octaves * STEPS).max(STEPS)
        })
    }

    fn floor(&self, channel: usize) -> f32 {
        Histogram::edge(self.below_median(channel, self.octaves.0))
    }

    fn unit(&self, channel: usize) -> f64 {
        let count = self
            .gain
            .and_then(|gain| Some(gain * one_count(&self.samples[channel])?));
        let unit = count.map(|count| if self.is_power { count * count } else { count });
        unit.unwrap_or_else(|| Histogram::edge(self.below_median(channel, self.octaves.1)).into())
    }
}

/// The number of which all samples are integer multiples, within the rounding of float32: one count of the data logger,
/// in any unit. `None` if there is none, or samples are so many counts that rounding hides it.
fn one_count(samples: &[f32]) -> Option<f64> {
    const MOST: f64 = (1u32 << 17) as f64;
    let mut sizes: Vec<f32> = samples
        .iter()
        .map(|v| v.abs())
        .filter(|v| *v > 0.0)
        .collect();
    sizes.sort_unstable_by(f32::total_cmp);
    sizes.dedup();
    let sizes: Vec<f64> = sizes.into_iter().map(f64::from).collect();
    let (first, last) = (*sizes.first()?, *sizes.last()?);
    // Closer numbers are the same number, rounded differently.
    let between = sizes
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|d| d * MOST > last);
    let step = between.fold(first, f64::min);
    // The smallest sample has the fewest counts, so its number of counts is reliable.
    let count = first / (first / step).round();
    let whole = |size: &f64| {
        let counts = size / count;
        (counts - counts.round()).abs() <= counts * 2f64.powi(-21)
    };
    (last / count <= MOST && sizes.iter().all(whole)).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn survey(method: SpectralMethod, compression: Compression) -> Survey {
        let spectral = SpectralConfig {
            method,
            compression,
            ..Default::default()
        };
        Survey::new(&[], &spectral)
    }

    /// Rows of every length: mirrored, nearly mirrored, or neither.
    #[test]
    fn every_value_of_a_row_is_replaced() {
        for bins in 1..12 {
            let signal: Vec<f32> = (0..bins).map(|i| (i * i % 7) as f32).collect();
            let mirror: Vec<f32> = (0..bins).map(|i| signal[i.min(bins - i)]).collect();
            let mut nearly = mirror.clone();
            nearly[bins - 1] += 0.25;
            let odd = vec![f32::NAN; bins];
            assert!(is_mirrored(&mirror) && is_mirrored(&odd));
            assert_eq!(is_mirrored(&nearly), bins < 3, "{bins}");
            for rows in [
                [&mirror, &odd],
                [&mirror, &mirror],
                [&nearly, &mirror],
                [&signal, &nearly],
            ] {
                let rows: Vec<f32> = rows.into_iter().flatten().copied().collect();
                let mut found = rows.clone();
                let negative = |values: &mut [f32]| values.iter_mut().for_each(|v| *v = -3.0 - *v);
                replace(&mut found, bins, negative);
                let expected = rows.iter().map(|v| (-3.0 - v).to_bits());
                assert!(found.iter().map(|v| v.to_bits()).eq(expected), "{rows:?}");
            }
        }
    }

    #[test]
    fn counts_are_found_in_any_unit() {
        let counts: Vec<f32> = (0..2000).map(|i| ((i * i) % 1009 - 500) as f32).collect();
        assert_eq!(one_count(&counts), Some(1.0));
        for factor in [2f32.powi(-40), 2f32.powi(40)] {
            let scaled: Vec<f32> = counts.iter().map(|v| v * factor).collect();
            assert_eq!(one_count(&scaled), Some(factor.into()));
        }
        for factor in [1e-12f32, 2.4e-7, 1e-9, 3.0, 1e12] {
            let scaled: Vec<f32> = counts.iter().map(|v| v * factor).collect();
            let ratio = one_count(&scaled).unwrap() / f64::from(factor);
            assert!((ratio - 1.0).abs() < 1e-6, "{factor}: {ratio}");
        }
        let smooth: Vec<f32> = counts.iter().map(|v| (v * 0.37).sin()).collect();
        assert_eq!(one_count(&smooth), None);
        assert_eq!(one_count(&[0.0; 9]), None);
        assert_eq!(one_count(&[]), None);
    }

    #[test]
    fn floors_are_far_below_what_is_usual() {
        let mut survey = survey(SpectralMethod::Welch, Compression::Log);
        let mut spectra: Vec<f32> = (1..=998).map(|i| i as f32).collect();
        spectra.extend([0.0, 1e-30]);
        survey.add(&[0.0; 8], &spectra, 1);
        let thresholds = survey.thresholds();
        // The median is 500, which lies in the step that starts at 480.
        assert_eq!(thresholds.compression, [480.0 * 2f64.powi(-33)]);
        assert_eq!(survey.shares_at_floor(), [0.002]);
        let mut values = spectra;
        compress(
            Compression::Log,
            Some(&thresholds),
            &mut values,
            [1, 10, 100],
        );
        assert_eq!(values[0], 0.0);
        assert_eq!(values[999], (480.0 * 2f32.powi(-33)).ln());
        let mut dead = [0.0; 10];
        super::compress(Compression::Log, None, &mut dead, [1, 1, 10]);
        assert_eq!(
            dead[0],
            1e-6f32.ln(),
            "models of older versions keep their floor"
        );
    }

    #[test]
    fn a_channel_without_spectra_has_a_finite_floor() {
        let mut survey = survey(SpectralMethod::Fft, Compression::Log);
        survey.add(&[0.0; 8], &[0.0; 8], 2);
        assert_eq!(survey.thresholds().compression, [1.0, 1.0]);
        assert_eq!(survey.shares_at_floor(), [1.0, 1.0]);
    }

    proptest! {
        /// Floors and units scale with the samples, exactly for powers of two.
        #[test]
        fn thresholds_scale(values in proptest::collection::vec(1f32..1e4, 64), power in -40i32..40) {
            for (method, power_of) in [(SpectralMethod::Fft, 1), (SpectralMethod::Welch, 2)] {
                for compression in [Compression::Log, Compression::Log1p] {
                    let of = |factor: f32| {
                        let mut survey = survey(method, compression);
                        let samples: Vec<f32> = values.iter().map(|v| v.sin() * factor).collect();
                        let spectra: Vec<f32> = values.iter().map(|v| v * factor.powi(power_of)).collect();
                        survey.add(&samples, &spectra, 2);
                        survey.thresholds().compression
                    };
                    let factor = 2f64.powi(power * power_of);
                    let expected: Vec<f64> = of(1.0).iter().map(|v| v * factor).collect();
                    prop_assert_eq!(of(2f32.powi(power)), expected);
                }
            }
        }
    }
}
