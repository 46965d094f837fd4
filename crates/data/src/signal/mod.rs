//! Filters for whole sequences of samples in float64, with the results of `scipy.signal`.
//!
//! - [`demean`] and [`detrend`] are `scipy.signal.detrend` with `type="constant"` and `"linear"`;
//! - [`Butterworth`] is `butter(..., output="sos")` with `sosfiltfilt` or `sosfilt`;
//! - [`resample`] is `resample_poly`; [`Resampler`] gives the same results for samples that arrive in chunks.
//!
//! ```
//! use data::signal::{Band, Butterworth, Ratio, resample};
//!
//! let mut x: Vec<f64> = (0..1000).map(|i| (0.1 * i as f64).sin()).collect();
//! Butterworth::new(4, Band::Pass(1.0, 45.0), 200.0)?.zero_phase(&mut x)?;
//! let y = resample(&x, Ratio::of_rates(200.0, 100.0)?);
//! assert_eq!(y.len(), 500);
//! # Ok::<(), data::signal::SignalError>(())
//! ```
//!
//! `crates/data/tests/signal.rs` compares them with SciPy (`scripts/conformance/make_signals.py`).

mod butterworth;
mod error;
mod resample;

pub use butterworth::{Band, Butterworth};
pub use error::SignalError;
pub use resample::{Ratio, Resampler, resample};

/// Subtracts the mean.
pub fn demean(x: &mut [f64]) {
    let mean = x.iter().sum::<f64>() / x.len().max(1) as f64;
    x.iter_mut().for_each(|v| *v -= mean);
}

/// Subtracts the least-squares line.
pub fn detrend(x: &mut [f64]) {
    let n = x.len() as f64;
    if x.len() < 2 {
        return demean(x);
    }
    // Times relative to their centre make mean and slope independent.
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
