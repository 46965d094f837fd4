//! Spectra of one segment.
//!
//! Welch's method: P. Welch, "The use of fast Fourier transform for the estimation of power spectra",
//! IEEE Trans. Audio Electroacoustics 15 (1967), with the scaling of `scipy.signal.welch`.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::config::{
    Compression, SpectralConfig, SpectralMethod, WelchDetrend, WelchScaling, WelchWindow,
};

/// A planned transform of segments of one length.
pub struct Spectrum {
    kind: Kind,
    segment: usize,
    compression: Compression,
}

/// Below this a value counts as zero for `log`.
const FLOOR: f32 = 1e-6;

enum Kind {
    None,
    Fft(Arc<dyn RealToComplex<f64>>),
    Welch(Welch),
}

struct Welch {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    step: usize,
    stretches: usize,
    /// Factor of every squared magnitude, mean over the stretches included.
    scale: f64,
    detrend: bool,
}

impl Spectrum {
    /// Plans `config` for segments of `segment` samples; none where a Welch stretch is longer than
    /// the segment.
    pub fn new(config: &SpectralConfig, segment: usize) -> Option<Self> {
        let mut planner = RealFftPlanner::new();
        let kind = match config.method {
            SpectralMethod::None => Kind::None,
            SpectralMethod::Fft => Kind::Fft(planner.plan_fft_forward(segment)),
            SpectralMethod::Welch => {
                let welch = &config.welch;
                if welch.nperseg > segment {
                    return None;
                }
                let cosine = |a: f64, i: usize| {
                    a - (1.0 - a) * (TAU * i as f64 / welch.nperseg as f64).cos()
                };
                let window: Vec<f64> = (0..welch.nperseg)
                    .map(|i| match welch.window {
                        WelchWindow::Hann => cosine(0.5, i),
                        WelchWindow::Hamming => cosine(0.54, i),
                        WelchWindow::Boxcar => 1.0,
                    })
                    .collect();
                let step = welch.nperseg - welch.noverlap;
                let stretches = (segment - welch.nperseg) / step + 1;
                let power = match welch.scaling {
                    WelchScaling::Density => {
                        config.sampling_rate * window.iter().map(|w| w * w).sum::<f64>()
                    }
                    WelchScaling::Spectrum => window.iter().sum::<f64>().powi(2),
                };
                Kind::Welch(Welch {
                    fft: planner.plan_fft_forward(welch.nfft),
                    window,
                    step,
                    stretches,
                    scale: 1.0 / (power * stretches as f64),
                    detrend: welch.detrend == WelchDetrend::Constant,
                })
            }
        };
        Some(Self {
            kind,
            segment,
            compression: config.compression,
        })
    }

    /// Values of one transformed segment.
    pub fn bins(&self) -> usize {
        match &self.kind {
            Kind::None | Kind::Fft(_) => self.segment,
            Kind::Welch(welch) => welch.fft.len() / 2 + 1,
        }
    }

    /// Appends the transform of `segment` to `out`.
    pub fn transform(&self, segment: &[f32], out: &mut Vec<f32>) {
        let first = out.len();
        match &self.kind {
            Kind::None => return out.extend_from_slice(segment),
            Kind::Fft(fft) => {
                let mut input: Vec<f64> = segment.iter().map(|&v| v.into()).collect();
                let half = run(fft, &mut input);
                // Spectra are far from the ends of float64's range: no need of `hypot`.
                let magnitude = |i: usize| half[i].norm_sqr().sqrt() as f32;
                // The second half mirrors the first, as in numpy.abs(numpy.fft.fft(x)).
                let n = self.segment;
                out.extend((0..n).map(|i| magnitude(if i < half.len() { i } else { n - i })));
            }
            Kind::Welch(welch) => welch.transform(segment, out),
        }
        for value in &mut out[first..] {
            *value = match self.compression {
                Compression::None => *value,
                Compression::Log => value.max(FLOOR).ln(),
                Compression::Log1p => value.ln_1p(),
            };
        }
    }
}

fn run(fft: &Arc<dyn RealToComplex<f64>>, input: &mut [f64]) -> Vec<Complex<f64>> {
    let mut output = fft.make_output_vec();
    fft.process(input, &mut output)
        .expect("the buffers have the planned lengths");
    output
}

impl Welch {
    fn transform(&self, segment: &[f32], out: &mut Vec<f32>) {
        let length = self.window.len();
        let nfft = self.fft.len();
        let mut power = vec![0.0; nfft / 2 + 1];
        let mut input = vec![0.0; nfft];
        for stretch in 0..self.stretches {
            let samples = &segment[stretch * self.step..][..length];
            let sum: f64 = samples.iter().map(|&v| f64::from(v)).sum();
            let mean = if self.detrend {
                sum / length as f64
            } else {
                0.0
            };
            for ((value, sample), window) in input.iter_mut().zip(samples).zip(&self.window) {
                *value = (f64::from(*sample) - mean) * window;
            }
            input[length..].fill(0.0);
            for (sum, bin) in power.iter_mut().zip(run(&self.fft, &mut input)) {
                *sum += bin.norm_sqr();
            }
        }
        let last = power.len() - 1;
        let one_sided = |i: usize| {
            let unpaired = i == 0 || (i == last && nfft.is_multiple_of(2));
            if unpaired { 1.0 } else { 2.0 }
        };
        out.extend(
            power
                .iter()
                .enumerate()
                .map(|(i, p)| (p * self.scale * one_sided(i)) as f32),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::WelchConfig;

    fn signal(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * i) % 17) as f32 - 3.0 + 0.25 * (i % 5) as f32)
            .collect()
    }

    fn close(ours: &[f32], theirs: &[f64]) {
        for (a, b) in ours.iter().zip(theirs) {
            assert!(
                (f64::from(*a) - b).abs() <= 1e-5 * b.abs().max(1e-3),
                "{a} is not {b}"
            );
        }
    }

    include!("spectral_reference.rs");

    #[test]
    fn welch_is_that_of_scipy() {
        for (welch, length, expected) in scipy_cases() {
            let config = SpectralConfig {
                method: SpectralMethod::Welch,
                sampling_rate: 512.0,
                compression: Compression::None,
                welch,
            };
            let spectrum = Spectrum::new(&config, length).unwrap();
            let mut out = Vec::new();
            spectrum.transform(&signal(length), &mut out);
            assert_eq!(out.len(), expected.len());
            assert_eq!(out.len(), spectrum.bins());
            close(&out, &expected);
        }
    }

    #[test]
    fn fft_is_that_of_numpy() {
        let config = SpectralConfig {
            method: SpectralMethod::Fft,
            ..Default::default()
        };
        let mut out = Vec::new();
        Spectrum::new(&config, 12)
            .unwrap()
            .transform(&signal(12), &mut out);
        close(&out, &NUMPY_FFT_12);
        assert_eq!(out.len(), 12);
    }

    #[test]
    fn compression_is_of_spectra_alone() {
        let values = |method, compression| {
            let config = SpectralConfig {
                method,
                compression,
                ..Default::default()
            };
            let mut out = Vec::new();
            Spectrum::new(&config, 32)
                .unwrap()
                .transform(&[0.0; 32], &mut out);
            out[0]
        };
        assert_eq!(values(SpectralMethod::None, Compression::Log), 0.0);
        assert_eq!(values(SpectralMethod::Fft, Compression::Log1p), 0.0);
        assert_eq!(values(SpectralMethod::Fft, Compression::Log), FLOOR.ln());
    }

    #[test]
    fn a_stretch_longer_than_the_segment_is_refused() {
        let config = SpectralConfig {
            method: SpectralMethod::Welch,
            ..Default::default()
        };
        assert!(Spectrum::new(&config, 31).is_none());
    }
}
