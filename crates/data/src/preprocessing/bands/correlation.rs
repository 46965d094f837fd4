//! How alike a channel and the next one move. Sensors with several axes show the direction of movement by it, which the power
//! of each axis hides.

use super::{BandLayout, time};
use spectra::loops::{mean_product, means_of_parts, product_of_means};

/// Samples of a part, for each feature.
const LENGTHS: [usize; FEATURES] = [1, 4, 16];

/// Number of features.
pub(super) const FEATURES: usize = 3;

/// Fraction of the mean square that is added to that of parts, so that what only rounding leaves of them has no correlation.
const FLOOR: f64 = 1e-6;

/// What is needed for the correlations of a window.
#[derive(Default)]
pub(super) struct Correlations {
    /// Means of the channels.
    pub means: Vec<f64>,
    /// Means of the parts of two channels.
    of_parts: [Vec<f64>; 2],
}

impl Correlations {
    /// Writes the features of channels with these mean squares into their features of the window.
    pub fn fill(
        &mut self,
        window: &[f32],
        mean_squares: &[f64],
        layout: &BandLayout,
        out: &mut [f32],
    ) {
        let (samples, channels) = (layout.window, mean_squares.len());
        let in_time = if layout.time { time::FEATURES } else { 0 };
        let before = usize::from(layout.power) + in_time;
        let channel = |c: usize| Channel {
            samples: &window[c * samples..][..samples],
            mean: self.means[c],
            mean_square: mean_squares[c],
        };
        for (c, out) in out.chunks_exact_mut(layout.window_features()).enumerate() {
            let pair = [channel(c), channel((c + 1) % channels)];
            let found = features(pair, &mut self.of_parts);
            out[before..][..FEATURES].copy_from_slice(&found);
        }
    }
}

/// A channel with its mean and mean square around it.
#[derive(Clone, Copy)]
struct Channel<'a> {
    samples: &'a [f32],
    mean: f64,
    mean_square: f64,
}

/// The correlation of [`BandLayout`] of two channels; not a number if the mean square of one is zero. `means` are buffers.
fn features(channels: [Channel<'_>; 2], means: &mut [Vec<f64>; 2]) -> [f32; FEATURES] {
    let [first, second] = channels;
    if first.mean_square <= 0.0 || second.mean_square <= 0.0 {
        return [f32::NAN; FEATURES];
    }
    LENGTHS.map(|length| {
        let count = (first.samples.len() / length).max(1);
        if count == first.samples.len() {
            let product = mean_product([first.samples, second.samples], [first.mean, second.mean]);
            return relative(product, channels, [1.0; 2]);
        }
        for (channel, means) in channels.iter().zip(means.iter_mut()) {
            means.resize(count, 0.0);
            means_of_parts(channel.samples, channel.mean, means);
        }
        let [own, other] = &*means;
        // Relative, so that no unit of the samples leaves the range of numbers.
        let shares = [(own, first), (other, second)]
            .map(|(means, channel)| product_of_means(means, means) / channel.mean_square);
        relative(product_of_means(own, other), channels, shares)
    })
}

/// A mean product as a correlation, where mean squares are `shares` of those of the channels.
fn relative(product: f64, channels: [Channel<'_>; 2], shares: [f64; 2]) -> f32 {
    let units = channels.map(|channel| channel.mean_square.sqrt());
    let [first, second] = shares.map(|share| (share + FLOOR).sqrt());
    (product / units[0] / units[1] / (first * second)) as f32
}

#[cfg(test)]
mod tests {
    use spectra::loops::mean_and_square;

    use super::*;

    fn of(first: &[f32], second: &[f32]) -> [f32; FEATURES] {
        let channel = |samples| {
            let [mean, mean_square] = mean_and_square(samples);
            Channel {
                samples,
                mean,
                mean_square,
            }
        };
        features(
            [channel(first), channel(second)],
            &mut [Vec::new(), Vec::new()],
        )
    }

    /// The formula, term by term.
    fn plainly(first: &[f32], second: &[f32]) -> Vec<f64> {
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let rest = |samples: &[f32]| {
            let values: Vec<f64> = samples.iter().map(|v| f64::from(*v)).collect();
            let mean = mean_of(&values);
            values.iter().map(|v| v - mean).collect::<Vec<f64>>()
        };
        let product = |a: &[f64], b: &[f64]| {
            mean_of(&a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>())
        };
        let (a, b) = (rest(first), rest(second));
        let of_length = |length: usize| {
            let parts = (a.len() / length).max(1);
            let means = |x: &[f64]| -> Vec<f64> {
                let part = |i: usize| mean_of(&x[i * x.len() / parts..(i + 1) * x.len() / parts]);
                (0..parts).map(part).collect()
            };
            let (m, n) = (means(&a), means(&b));
            let spread = |m: &[f64], x: &[f64]| (product(m, m) + 1e-6 * product(x, x)).sqrt();
            product(&m, &n) / (spread(&m, &a) * spread(&n, &b))
        };
        [1, 4, 16].map(of_length).to_vec()
    }

    /// A slow wave in noise around a large offset.
    fn wave(length: usize, phase: f32) -> Vec<f32> {
        let noise = |i: usize| ((i * i * 7 + i * phase as usize) % 97) as f32 / 48.0 - 1.0;
        let value = |i: usize| 50.0 + (i as f32 / 40.0 + phase).sin() + noise(i);
        (0..length).map(value).collect()
    }

    #[test]
    fn correlation_has_its_formula() {
        for length in [1024, 1000, 333, 20, 11, 4] {
            let (first, second) = (wave(length, 0.0), wave(length, 1.0));
            let found = of(&first, &second);
            for (found, expected) in found.iter().zip(plainly(&first, &second)) {
                let apart = (f64::from(*found) - expected).abs();
                assert!(apart < 1e-6, "{length}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn channels_that_move_alike_or_against_each_other_are_told_apart() {
        let first = wave(1024, 0.0);
        let against: Vec<f32> = first.iter().map(|v| 3.0 - 0.5 * v).collect();
        for (other, expected) in [(&first, 1.0), (&against, -1.0)] {
            for found in of(&first, other) {
                assert!((found - expected).abs() < 1e-3, "{found}");
            }
        }
        // Noise hides a common slow movement in samples, but not in the means of parts.
        let [samples, .., means] = of(&wave(1024, 0.0), &wave(1024, 1.0));
        assert!(means.abs() > samples.abs() + 0.1, "{samples}, {means}");
    }

    #[test]
    fn the_unit_does_not_matter() {
        let expected = of(&wave(1024, 0.0), &wave(1024, 1.0));
        for unit in [2f32.powi(-40), 2f32.powi(40)] {
            let scaled: Vec<f32> = wave(1024, 1.0).iter().map(|v| v * unit).collect();
            for (found, expected) in of(&wave(1024, 0.0), &scaled).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} at {unit}");
            }
        }
        let dead = of(&wave(64, 0.0), &[3.0; 64]);
        assert!(dead.iter().all(|feature| feature.is_nan()));
    }
}
