//! The rhythm of a window: at which intervals its energy comes back.

use super::time::energies;

/// Most parts into which a window is divided.
const PARTS: usize = 64;
/// Number of features: lags of 1 to 32 parts.
const LAGS: usize = 32;
/// Variance of relative energies that is added to theirs, so that a steady signal has no rhythm of rounding errors.
const FLOOR: f64 = 1e-4;

/// Appends 32 features of a channel with its mean removed: the autocorrelation of its energy in 64 parts. These are the
/// features that the front end `bands` calls rhythm. They are not finite for silent channels.
pub(super) fn append(centred: &[f64], mean_square: f64, out: &mut Vec<f64>) {
    let mut energies = energies(centred, mean_square.sqrt(), PARTS);
    let parts = energies.len();
    let mean = energies.iter().sum::<f64>() / parts as f64;
    energies
        .iter_mut()
        .for_each(|energy| *energy = *energy / mean - 1.0);
    let sum = |lag: usize| {
        let later = energies.iter().skip(lag);
        energies.iter().zip(later).map(|(a, b)| a * b).sum::<f64>()
    };
    let variance = sum(0) + FLOOR * parts as f64;
    out.extend((1..=LAGS).map(|lag| sum(lag) / variance));
}
