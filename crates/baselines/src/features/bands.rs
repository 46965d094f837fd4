//! Powers in equal bands of Hann-windowed segments.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

/// Samples a segment; shorter windows are one segment.
const SEGMENT: usize = 256;
/// Bands a segment.
const BANDS: usize = 64;

/// Planned transform of half-overlapping segments.
pub(super) struct BandPowers {
    fft: Arc<dyn RealToComplex<f64>>,
    /// Hann window, periodic as in `scipy.signal.get_window`.
    taper: Vec<f64>,
    bands: usize,
}

impl BandPowers {
    /// For windows of `samples` samples, at least two.
    pub(super) fn new(samples: usize) -> Self {
        let segment = SEGMENT.min(samples);
        let taper = (0..segment).map(|i| 0.5 - 0.5 * (TAU * i as f64 / segment as f64).cos());
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(segment),
            taper: taper.collect(),
            bands: BANDS.min(segment / 2),
        }
    }

    /// Bands a segment.
    pub(super) fn count(&self) -> usize {
        self.bands
    }

    /// Mean power of the bins of each band, `[segments, bands]`: the mean of each segment removed, the bin at 0 Hz left
    /// out. A sum over all bins is the segment's tapered mean square.
    pub(super) fn of(&self, channel: &[f64]) -> Vec<f64> {
        let length = self.taper.len();
        let bins = length / 2;
        // Both sides of the spectrum, by Parseval's theorem.
        let scale = 2.0 / (length as f64 * self.taper.iter().map(|w| w * w).sum::<f64>());
        let mut input = vec![0.0; length];
        let mut spectrum = self.fft.make_output_vec();
        let mut powers = Vec::new();
        for segment in channel.windows(length).step_by((length / 2).max(1)) {
            let mean = segment.iter().sum::<f64>() / length as f64;
            for ((value, sample), taper) in input.iter_mut().zip(segment).zip(&self.taper) {
                *value = (sample - mean) * taper;
            }
            self.fft
                .process(&mut input, &mut spectrum)
                .expect("the buffers have the planned lengths");
            for band in 0..self.bands {
                let range = band * bins / self.bands..(band + 1) * bins / self.bands;
                let width = range.len() as f64;
                let bins = &spectrum[1..][range];
                let power: f64 = bins.iter().map(|bin| bin.norm_sqr()).sum();
                powers.push(power * scale / width);
            }
        }
        powers
    }
}
