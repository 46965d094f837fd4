//! Cosines and sines for transforms and windows, with the same operations on every machine: the last bits differ
//! between C libraries.

use std::f64::consts::FRAC_PI_4;

/// Cosine and sine of an angle up to an eighth of a turn, by Taylor series; the first omitted terms are below 1e-17.
fn of_angle(angle: f64) -> (f64, f64) {
    let square = angle * angle;
    // 1 - x^2 / (k (k - 1)) (1 - ...), evaluated from the last term.
    let series = |last: u32| {
        let terms = (0..8).map(|i| f64::from(last - 2 * i));
        terms.fold(1.0, |sum, k| 1.0 - square / (k * (k - 1.0)) * sum)
    };
    (series(16), angle * series(17))
}

/// Cosine and sine of `index / length` of a turn.
pub fn root(index: usize, length: usize) -> (f64, f64) {
    let eighths = 8 * (index % length);
    let (octant, rest) = (eighths / length, eighths % length);
    let part = |rest: usize| of_angle(FRAC_PI_4 * (rest as f64 / length as f64));
    let (cos, sin) = if octant % 2 == 0 {
        part(rest)
    } else {
        let (cos, sin) = part(length - rest);
        (sin, cos)
    };
    match octant / 2 {
        0 => (cos, sin),
        1 => (-sin, cos),
        2 => (-cos, -sin),
        _ => (sin, -cos),
    }
}

/// The periodic cosine window `offset - (1 - offset) cos`: Hann's with 0.5, Hamming's with 0.54.
pub fn cosine_window(length: usize, offset: f64) -> Vec<f64> {
    let value = |i| offset - (1.0 - offset) * root(i, length).0;
    (0..length).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_on_the_circle() {
        for length in [1, 2, 3, 8, 12, 125, 128, 1000, 4096] {
            for index in 0..2 * length {
                let (cos, sin) = root(index, length);
                let angle = std::f64::consts::TAU * (index % length) as f64 / length as f64;
                // The angle itself is rounded.
                assert!((cos - angle.cos()).abs() < 1e-15, "{index} of {length}");
                assert!((sin - angle.sin()).abs() < 1e-15, "{index} of {length}");
                let (cos_next, sin_next) = root(index + length, length);
                assert_eq!((cos, sin), (cos_next, sin_next));
            }
        }
        let quarter: Vec<(f64, f64)> = (0..4).map(|i| root(i, 4)).collect();
        assert_eq!(quarter, [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)]);
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 2e-16);
        close(root(1, 8).0, std::f64::consts::FRAC_1_SQRT_2);
        close(root(1, 128).1, 0.049_067_674_327_418_015);
        close(root(1, 128).0, 0.998_795_456_205_172_4);
    }
}
