//! Features of the temporal shape of a window.

/// Number of parts in which the energy of a window is compared.
const STRETCHES: usize = 16;
/// Energy added to every part, relative to the window's mean: the counts of a quiet sensor may be constant for a
/// while.
const ENERGY_FLOOR: f64 = 1e-7;

/// Appends five features of a channel with its mean removed: logarithms of crest factor and kurtosis; and of the
/// energies in 16 parts the coefficient of variation, log of maximum over median, and log of maximum over minimum.
/// All are independent of the sample unit. They are not finite for silent channels.
pub(super) fn append(centred: &[f64], mean_square: f64, out: &mut Vec<f64>) {
    let samples = centred.len();
    let largest = centred
        .iter()
        .fold(0.0f64, |largest, value| largest.max(value.abs()));
    // Normalised by the root mean square first: fourth powers of raw samples could overflow.
    let root = mean_square.sqrt();
    let fourth = centred
        .iter()
        .map(|value| (value / root).powi(4))
        .sum::<f64>()
        / samples as f64;
    out.push((largest / root).ln());
    out.push(fourth.ln());

    let mut energies = energies(centred, root, STRETCHES);
    energies
        .iter_mut()
        .for_each(|energy| *energy += ENERGY_FLOOR);
    let stretches = energies.len();
    let mean = energies.iter().sum::<f64>() / stretches as f64;
    let variance = energies.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / stretches as f64;
    energies.sort_unstable_by(f64::total_cmp);
    let (smallest, median) = (energies[0], energies[stretches / 2]);
    let largest = energies[stretches - 1];
    out.push(variance.sqrt() / mean);
    out.push((largest / median).ln());
    out.push((largest / smallest).ln());
}

/// Mean squares of at most `most` parts of a channel with its mean removed, in units of the square of its root mean square.
pub(super) fn energies(centred: &[f64], root: f64, most: usize) -> Vec<f64> {
    let samples = centred.len();
    let parts = most.min(samples);
    let energy = |i: usize| {
        let part = &centred[i * samples / parts..(i + 1) * samples / parts];
        // Relative first: squares of raw samples could overflow.
        let squares = part.iter().map(|value| (value / root).powi(2));
        squares.sum::<f64>() / part.len() as f64
    };
    (0..parts).map(energy).collect()
}
