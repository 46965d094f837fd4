//! Fourier transforms of real numbers, of any length.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// A transform with its buffers.
pub(super) struct PlannedFft {
    fft: Arc<dyn RealToComplex<f64>>,
    /// The input; the transform overwrites it.
    pub input: Vec<f64>,
    output: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl PlannedFft {
    pub fn new(length: usize) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(length);
        Self {
            input: fft.make_input_vec(),
            output: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// The bins `0..=length / 2` of the input.
    pub fn run(&mut self) -> &[Complex<f64>] {
        self.fft
            .process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch)
            .expect("the buffers have the planned lengths");
        &self.output
    }
}
