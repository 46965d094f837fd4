//! Powers in bands of equal width, from Hann-windowed segments.

use std::f64::consts::TAU;

use spectra::fft::PlannedFft;

/// Samples per segment; a shorter window is a single segment.
const SEGMENT: usize = 256;
/// Number of bands per segment.
const BANDS: usize = 64;

/// Samples that a window with a second segment has at least.
pub(super) const TWO_SEGMENTS: usize = SEGMENT + SEGMENT / 2;

/// Planned FFT over half-overlapping segments.
pub(super) struct BandPowers {
    fft: PlannedFft,
    /// Hann window, periodic as in `scipy.signal.get_window`.
    taper: Vec<f64>,
    bands: usize,
}

impl BandPowers {
    /// A plan for windows of `samples` samples, at least two.
    pub(super) fn new(samples: usize) -> Self {
        let segment = SEGMENT.min(samples);
        let taper = (0..segment).map(|i| 0.5 - 0.5 * (TAU * i as f64 / segment as f64).cos());
        Self {
            fft: PlannedFft::new(segment),
            taper: taper.collect(),
            bands: BANDS.min(segment / 2),
        }
    }

    /// Number of bands per segment.
    pub(super) fn count(&self) -> usize {
        self.bands
    }

    /// Mean power of the bins in each band, `[segments, bands]`. The mean of each segment is removed and the bin at 0
    /// Hz left out. The sum over all bins is the tapered mean square of the segment.
    pub(super) fn of(&self, channel: &[f64]) -> Vec<f64> {
        let length = self.taper.len();
        let bins = length / 2;
        // Two-sided spectrum, by Parseval's theorem.
        let scale = 2.0 / (length as f64 * self.taper.iter().map(|w| w * w).sum::<f64>());
        let mut fft = self.fft.clone();
        let mut powers = Vec::new();
        for segment in channel.windows(length).step_by((length / 2).max(1)) {
            let mean = segment.iter().sum::<f64>() / length as f64;
            for ((value, sample), taper) in fft.input.iter_mut().zip(segment).zip(&self.taper) {
                *value = (sample - mean) * taper;
            }
            let spectrum = fft.run();
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
