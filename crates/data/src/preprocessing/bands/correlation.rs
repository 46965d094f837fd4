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
    /// Means of the parts of all channels, for one length, and their mean squares relative to those of the channels.
    of_parts: Vec<f64>,
    shares: Vec<f64>,
}

impl Correlations {
    /// Writes the features of channels with these mean squares into their features of the window, if the layout has them.
    pub fn fill(
        &mut self,
        window: &[f32],
        mean_squares: &[f64],
        layout: &BandLayout,
        out: &mut [f32],
    ) {
        if !layout.correlation {
            return;
        }
        let (samples, count) = (layout.window, layout.window_features());
        let in_time = if layout.time { time::FEATURES } else { 0 };
        let first = usize::from(layout.power) + in_time;
        let channels = mean_squares.len();
        let next = |c: usize| (c + 1) % channels;
        let unit = |c: usize| (mean_squares[c] * mean_squares[next(c)]).sqrt();
        let is_live = |c: usize| mean_squares[c] > 0.0;
        for (i, length) in LENGTHS.into_iter().enumerate() {
            let parts = (samples / length).max(1);
            let is_whole = parts == samples;
            if !is_whole {
                self.find(window, samples, parts, mean_squares);
            }
            for c in 0..channels {
                let feature = &mut out[c * count + first + i];
                let both = [c, next(c)];
                if !both.into_iter().all(is_live) {
                    *feature = f32::NAN;
                    continue;
                }
                let (product, shares) = if is_whole {
                    let pair = both.map(|c| &window[c * samples..][..samples]);
                    (mean_product(pair, both.map(|c| self.means[c])), [1.0; 2])
                } else {
                    let [one, other] = both.map(|c| &self.of_parts[c * parts..][..parts]);
                    (product_of_means(one, other), both.map(|c| self.shares[c]))
                };
                let [one, other] = shares.map(|share| share + FLOOR);
                *feature = (product / unit(c) / (one * other).sqrt()) as f32;
            }
        }
    }

    /// Finds means of parts and their shares.
    fn find(&mut self, window: &[f32], samples: usize, parts: usize, mean_squares: &[f64]) {
        self.of_parts.resize(mean_squares.len() * parts, 0.0);
        self.shares.clear();
        let channels = window
            .chunks_exact(samples)
            .zip(&self.means)
            .zip(mean_squares);
        for (((channel, mean), square), out) in channels.zip(self.of_parts.chunks_exact_mut(parts))
        {
            means_of_parts(channel, *mean, out);
            self.shares.push(product_of_means(out, out) / square);
        }
    }
}

#[cfg(test)]
mod tests {
    use spectra::loops::mean_and_square;

    use super::*;
    use crate::preprocessing::settings::BandsConfig;

    fn of(first: &[f32], second: &[f32]) -> [f32; FEATURES] {
        let config = BandsConfig {
            segments: 1,
            segment: Some(4),
            frames: 1,
            bands: Some(1),
            correlation: true,
            ..Default::default()
        };
        let layout = BandLayout::new(&config, first.len()).unwrap();
        let [one, other] = [first, second].map(mean_and_square);
        let mut correlations = Correlations::default();
        correlations.means.extend([one[0], other[0]]);
        let mut out = [0.0; 2 * FEATURES];
        let window = [first, second].concat();
        correlations.fill(&window, &[one[1], other[1]], &layout, &mut out);
        let (found, same) = out.split_at(FEATURES);
        // Of two channels, each is next to the other.
        assert!(
            found
                .iter()
                .zip(same)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
        found.try_into().unwrap()
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
