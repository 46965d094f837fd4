//! Features of a channel in time: how its energy is spread over the window, which spectra of frames do not show.

use spectra::logarithm::natural;
use spectra::loops::powers;

/// Number of features.
pub(super) const FEATURES: usize = 3;

/// Most parts whose energies are compared.
const PARTS: usize = 16;

/// The features of [`super::BandLayout`] of a channel with this mean and mean square around it; not a number if that is
/// zero.
pub(super) fn features(samples: &[f32], mean: f64, mean_square: f64) -> [f32; FEATURES] {
    if mean_square <= 0.0 {
        return [f32::NAN; FEATURES];
    }
    let count = PARTS.min(samples.len());
    let edge = |i: usize| i * samples.len() / count;
    let mut energies = [0.0; PARTS];
    let (mut fourths, mut largest) = (0.0, 0.0f64);
    for (i, energy) in energies[..count].iter_mut().enumerate() {
        let part = &samples[edge(i)..edge(i + 1)];
        let [squares_of_part, fourths_of_part, largest_of_part] = powers(part, mean);
        // Relative, so that the unit of the samples does not matter.
        *energy = squares_of_part / mean_square / part.len() as f64;
        fourths += fourths_of_part;
        largest = largest.max(largest_of_part);
    }
    let energies = &energies[..count];
    let average = energies.iter().sum::<f64>() / count as f64;
    let squares = energies.iter().map(|energy| (energy - average).powi(2));
    let deviation = (squares.sum::<f64>() / count as f64).sqrt();
    let kurtosis = fourths / mean_square / mean_square / samples.len() as f64;
    let features = [
        natural(kurtosis),
        natural(largest / mean_square.sqrt()),
        deviation / average,
    ];
    features.map(|feature| feature as f32)
}

#[cfg(test)]
mod tests {
    use spectra::loops::mean_and_square;

    use super::*;

    fn of(samples: &[f32]) -> [f32; FEATURES] {
        let [mean, mean_square] = mean_and_square(samples);
        features(samples, mean, mean_square)
    }

    /// The formulas, term by term.
    fn plainly(samples: &[f32]) -> [f64; FEATURES] {
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let values: Vec<f64> = samples.iter().map(|v| f64::from(*v)).collect();
        let mean = mean_of(&values);
        let squares: Vec<f64> = values.iter().map(|v| (v - mean).powi(2)).collect();
        let unit = mean_of(&squares).sqrt();
        let x: Vec<f64> = values.iter().map(|v| (v - mean) / unit).collect();
        let fourths: Vec<f64> = x.iter().map(|v| v.powi(4)).collect();
        let crest = x.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
        let parts = x.len().min(16);
        let part = |i: usize| &x[i * x.len() / parts..(i + 1) * x.len() / parts];
        let energy = |i: usize| mean_of(&part(i).iter().map(|v| v * v).collect::<Vec<_>>());
        let energies: Vec<f64> = (0..parts).map(energy).collect();
        let average = mean_of(&energies);
        let squares: Vec<f64> = energies.iter().map(|e| (e - average).powi(2)).collect();
        let unevenness = mean_of(&squares).sqrt() / average;
        [mean_of(&fourths).ln(), crest.ln(), unevenness]
    }

    /// A burst in noise around a large offset.
    fn burst(length: usize, unit: f32) -> Vec<f32> {
        let value = |i: usize| {
            let loud = if (300..340).contains(&i) { 20.0 } else { 1.0 };
            unit * (5.0 + loud * (((i * i * 7) % 97) as f32 / 48.0 - 1.0))
        };
        (0..length).map(value).collect()
    }

    #[test]
    fn features_have_their_formulas() {
        for length in [1024, 1000, 333, 20, 11, 4] {
            let samples = burst(length, 1.0);
            for (found, expected) in of(&samples).iter().zip(plainly(&samples)) {
                let apart = (f64::from(*found) - expected).abs();
                assert!(apart < 1e-6, "{length}: {found} is not {expected}");
            }
        }
        // A sine has the kurtosis 1.5 and the crest factor sqrt(2), and is even.
        let sine: Vec<f32> = (0..1024)
            .map(|i| (std::f32::consts::TAU * i as f32 / 64.0).sin())
            .collect();
        let [kurtosis, crest, unevenness] = of(&sine);
        assert!((kurtosis - 1.5f32.ln()).abs() < 1e-5, "{kurtosis}");
        assert!((crest - 2f32.sqrt().ln()).abs() < 1e-5, "{crest}");
        assert!(unevenness < 1e-5, "{unevenness}");
    }

    #[test]
    fn the_unit_does_not_matter() {
        let expected = of(&burst(1024, 1.0));
        for power in [-40, -3, 40] {
            assert_eq!(of(&burst(1024, 2f32.powi(power))), expected);
        }
        for unit in [1e-12, 1e12] {
            for (found, expected) in of(&burst(1024, unit)).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} at {unit}");
            }
        }
        assert!(of(&[3.0; 64]).iter().all(|feature| feature.is_nan()));
    }
}
