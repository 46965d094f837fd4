//! Filters of whole stretches of samples, in float64, with the results of `scipy.signal`.
//!
//! - [`demean`] and [`detrend`] are `scipy.signal.detrend` with `type="constant"` and `"linear"`;
//! - [`Butterworth`] is `butter(..., output="sos")` with `sosfiltfilt` or `sosfilt`;
//! - [`resample`] is `resample_poly`; [`Resampler`] does the same to samples that come in pieces.
//!
//! `crates/data/tests/signal.rs` compares them with SciPy (`scripts/conformance/make_signals.py`).

mod butterworth;
mod resample;

pub use butterworth::{Band, Butterworth};
pub use resample::{Ratio, Resampler, resample};

/// Subtracts the mean.
pub fn demean(x: &mut [f64]) {
    let mean = x.iter().sum::<f64>() / x.len().max(1) as f64;
    x.iter_mut().for_each(|v| *v -= mean);
}

/// Subtracts the straight line of least squares.
pub fn detrend(x: &mut [f64]) {
    let n = x.len() as f64;
    if x.len() < 2 {
        return demean(x);
    }
    // Times around their middle: mean and slope are then independent.
    let middle = (n - 1.0) / 2.0;
    let mean = x.iter().sum::<f64>() / n;
    let weighted: f64 = x
        .iter()
        .enumerate()
        .map(|(i, v)| (i as f64 - middle) * v)
        .sum();
    let slope = weighted / (n * (n * n - 1.0) / 12.0);
    for (i, v) in x.iter_mut().enumerate() {
        *v -= mean + slope * (i as f64 - middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_vanish() {
        let mut line: Vec<f64> = (0..100).map(|i| 3.0 - 0.5 * f64::from(i)).collect();
        detrend(&mut line);
        assert!(line.iter().all(|v| v.abs() < 1e-12));
        let mut one = [7.0];
        detrend(&mut one);
        assert_eq!(one, [0.0]);
        detrend(&mut []);
        demean(&mut []);
    }
}
