//! Fourier transforms of real numbers, of any length.
//!
//! ```
//! let mut fft = spectra::fft::PlannedFft::new(4);
//! fft.input.copy_from_slice(&[1.0, 0.0, -1.0, 0.0]);
//! let magnitudes: Vec<f64> = fft.run().iter().map(|bin| bin.norm()).collect();
//! assert_eq!(magnitudes, [0.0, 2.0, 0.0]);
//! ```

use std::sync::Arc;

pub use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform with its buffers.
#[derive(Clone)]
pub struct PlannedFft {
    fft: Arc<dyn RealToComplex<f64>>,
    /// The input; the transform overwrites it.
    pub input: Vec<f64>,
    output: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl PlannedFft {
    /// Plans transforms of `length` numbers.
    pub fn new(length: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            input: fft.make_input_vec(),
            output: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// The bins `0..=length / 2` of the input, as `numpy.fft.rfft`.
    pub fn run(&mut self) -> &[Complex<f64>] {
        self.fft
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("the buffers have the planned lengths");
        &self.output
    }
}

/// The `length` real numbers with the bins `0..=length / 2`, times `length`. Imaginary parts are ignored where a bin has no
/// conjugate: of the first bin and, for even lengths, of the last.
///
/// # Panics
/// If there are not `length / 2 + 1` bins.
pub fn inverse(mut bins: Vec<Complex<f64>>, length: usize) -> Vec<f64> {
    let fft = RealFftPlanner::new().plan_fft_inverse(length);
    bins[0].im = 0.0;
    if length.is_multiple_of(2) {
        bins[length / 2].im = 0.0;
    }
    let mut numbers = fft.make_output_vec();
    fft.process(&mut bins, &mut numbers)
        .expect("bins have the planned number and unpaired ones are real");
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_returns_the_numbers() {
        for length in [1, 2, 5, 12] {
            let mut fft = PlannedFft::new(length);
            let numbers: Vec<f64> = (0..length).map(|i| ((i * i) % 7) as f64 - 2.0).collect();
            fft.input.copy_from_slice(&numbers);
            let bins = fft.run().to_vec();
            assert_eq!(bins.len(), length / 2 + 1);
            for (found, number) in inverse(bins, length).iter().zip(&numbers) {
                assert!((found / length as f64 - number).abs() < 1e-12);
            }
        }
    }
}
