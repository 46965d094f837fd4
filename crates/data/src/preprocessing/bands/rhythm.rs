//! The rhythm of a channel: how well the energy of the window agrees with itself some time later. Steps, strikes and the
//! impulses of a worn bearing come at intervals, which spectra of short frames do not show.

use spectra::loops::{autocorrelation, mean_squares_of_parts};

/// Number of features: lags of 1 to 32 parts.
pub(super) const FEATURES: usize = 32;

/// Most parts into which a window is divided.
const PARTS: usize = 64;

/// Variance of relative energies that is added to theirs, so that a steady signal has no rhythm of rounding errors.
const FLOOR: f64 = 1e-4;

/// The rhythm of [`super::BandLayout`] of a channel with this mean and mean square around it; not a number if that is zero.
pub(super) fn features(samples: &[f32], mean: f64, mean_square: f64) -> [f32; FEATURES] {
    if mean_square <= 0.0 {
        return [f32::NAN; FEATURES];
    }
    let count = PARTS.min(samples.len());
    // Zeros follow, for lags that reach beyond the window.
    let mut energies = [0.0; PARTS + FEATURES];
    let parts = &mut energies[..count];
    mean_squares_of_parts(samples, mean, parts);
    let average = parts.iter().sum::<f64>() / count as f64;
    // Relative, so that the unit of the samples does not matter.
    parts
        .iter_mut()
        .for_each(|energy| *energy = *energy / average - 1.0);
    let variance = parts.iter().map(|energy| energy * energy).sum::<f64>();
    let mut sums = [0.0; FEATURES];
    autocorrelation(&energies[..count + FEATURES], &mut sums);
    sums.map(|sum| (sum / (variance + FLOOR * count as f64)) as f32)
}

#[cfg(test)]
mod tests {
    use spectra::loops::mean_and_square;

    use super::*;

    fn of(samples: &[f32]) -> [f32; FEATURES] {
        let [mean, mean_square] = mean_and_square(samples);
        features(samples, mean, mean_square)
    }

    /// The formula, term by term.
    fn plainly(samples: &[f32]) -> Vec<f64> {
        let mean_of = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let values: Vec<f64> = samples.iter().map(|v| f64::from(*v)).collect();
        let mean = mean_of(&values);
        let squares: Vec<f64> = values.iter().map(|v| (v - mean).powi(2)).collect();
        let parts = squares.len().min(64);
        let part = |i: usize| &squares[i * squares.len() / parts..(i + 1) * squares.len() / parts];
        let energies: Vec<f64> = (0..parts).map(|i| mean_of(part(i))).collect();
        let average = mean_of(&energies);
        let rest: Vec<f64> = energies.iter().map(|e| e / average - 1.0).collect();
        let variance = rest.iter().map(|r| r * r).sum::<f64>() + 1e-4 * parts as f64;
        let product = |lag: usize| (lag..parts).map(|i| rest[i] * rest[i - lag]).sum::<f64>();
        (1..=32).map(|lag| product(lag) / variance).collect()
    }

    /// Noise around a large offset, with a burst at every `period` samples.
    fn steps(length: usize, period: usize, unit: f32) -> Vec<f32> {
        let value = |i: usize| {
            let loud = if i % period < 30 { 20.0 } else { 1.0 };
            unit * (5.0 + loud * (((i * i * 7) % 97) as f32 / 48.0 - 1.0))
        };
        (0..length).map(value).collect()
    }

    #[test]
    fn rhythm_has_its_formula() {
        for length in [1024, 1000, 333, 65, 64, 20, 4] {
            let samples = steps(length, 160, 1.0);
            for (found, expected) in of(&samples).iter().zip(plainly(&samples)) {
                let apart = (f64::from(*found) - expected).abs();
                assert!(apart < 1e-6, "{length}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn intervals_between_steps_show() {
        for period in [160, 256, 384] {
            let found = of(&steps(1024, period, 1.0));
            let strongest = (4..FEATURES).max_by(|a, b| found[*a].total_cmp(&found[*b]));
            assert_eq!(strongest, Some(period / 16 - 1));
        }
        // A steady signal has none.
        let sine = |i: i32| (std::f32::consts::TAU * i as f32 / 8.0).sin();
        let sine: Vec<f32> = (0..1024).map(sine).collect();
        assert!(of(&sine).iter().all(|value| value.abs() < 1e-6));
    }

    #[test]
    fn the_unit_does_not_matter() {
        let expected = of(&steps(1024, 160, 1.0));
        for power in [-40, -3, 40] {
            assert_eq!(of(&steps(1024, 160, 2f32.powi(power))), expected);
        }
        for unit in [1e-12, 1e12] {
            for (found, expected) in of(&steps(1024, 160, unit)).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-5, "{found} at {unit}");
            }
        }
        assert!(of(&[3.0; 64]).iter().all(|value| value.is_nan()));
    }
}
