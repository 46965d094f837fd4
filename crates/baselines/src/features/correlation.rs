//! How alike neighbouring channels move, which the power of each hides.

/// Samples of a part, for each feature of a pair of channels.
const LENGTHS: [usize; 3] = [1, 4, 16];
/// Fraction of the mean square that is added to that of parts, so that rounding errors have no correlation.
const FLOOR: f64 = 1e-6;

/// Appends three features for each pair of neighbouring channels, the last and the first included: the correlation of
/// their means over parts of 1, 4 and 16 samples. These are the features that the front end `bands` calls correlation.
/// `channels` have their mean removed and come with their mean square; pairs with a silent one are not finite, and a
/// single channel has no features.
pub(super) fn append(channels: &[(Vec<f64>, f64)], out: &mut Vec<f64>) {
    // Of two channels, each is next to the other.
    let pairs = match channels.len() {
        0 | 1 => 0,
        2 => 1,
        more => more,
    };
    for length in LENGTHS {
        let means: Vec<Vec<f64>> = channels
            .iter()
            .map(|(centred, mean_square)| means_of_parts(centred, mean_square.sqrt(), length))
            .collect();
        let spread = |channel: &[f64]| (product(channel, channel) + FLOOR).sqrt();
        out.extend((0..pairs).map(|c| {
            let (one, next) = (&means[c], &means[(c + 1) % means.len()]);
            product(one, next) / (spread(one) * spread(next))
        }));
    }
}

/// Means over parts of about `length` samples, in units of the root mean square.
fn means_of_parts(centred: &[f64], root: f64, length: usize) -> Vec<f64> {
    let samples = centred.len();
    let parts = (samples / length).max(1);
    let mean = |i: usize| {
        let part = &centred[i * samples / parts..(i + 1) * samples / parts];
        // Relative first: sums of raw samples could overflow.
        part.iter().map(|value| value / root).sum::<f64>() / part.len() as f64
    };
    (0..parts).map(mean).collect()
}

/// Mean product.
fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / a.len() as f64
}
