//! Spectra of one segment.
//!
//! Welch's method: P. Welch, "The use of fast Fourier transform for the estimation of power spectra",
//! IEEE Trans. Audio Electroacoustics 15 (1967), with the scaling of `scipy.signal.welch`.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::loops::{magnitudes, mirror};
use super::settings::{
    SpectralConfig, SpectralMethod, WelchConfig, WelchDetrend, WelchScaling, WelchWindow,
};

/// A planned transform of segments of one length.
pub struct Spectrum {
    kind: Kind,
    segment: usize,
}

enum Kind {
    None,
    Fft(PlannedFft),
    Welch(Welch),
}

/// A transform with the buffers it runs in.
pub(super) struct PlannedFft {
    fft: Arc<dyn RealToComplex<f64>>,
    /// What is transformed; destroyed by it.
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

struct Welch {
    fft: PlannedFft,
    window: Vec<f64>,
    power: Vec<f64>,
    step: usize,
    stretches: usize,
    /// Factor of every squared magnitude, mean over the stretches included.
    scale: f64,
    detrend: bool,
}

impl Spectrum {
    /// Plans `config` for segments of `segment` samples; none if a Welch stretch is longer than
    /// the segment, or the method is not one of single segments.
    pub fn new(config: &SpectralConfig, segment: usize) -> Option<Self> {
        let kind = match config.method {
            SpectralMethod::None => Kind::None,
            SpectralMethod::Fft => Kind::Fft(PlannedFft::new(segment)),
            SpectralMethod::Welch => {
                Kind::Welch(Welch::new(&config.welch, config.sampling_rate, segment)?)
            }
            SpectralMethod::Bands => return None,
        };
        Some(Self { kind, segment })
    }

    /// Values of one transformed segment.
    pub fn bins(&self) -> usize {
        match &self.kind {
            Kind::None | Kind::Fft(_) => self.segment,
            Kind::Welch(welch) => welch.power.len(),
        }
    }

    /// Appends the transform of `segment` to `out`.
    pub fn transform(&mut self, segment: &[f32], out: &mut Vec<f32>) {
        match &mut self.kind {
            Kind::None => out.extend_from_slice(segment),
            Kind::Fft(fft) => {
                fft.input
                    .iter_mut()
                    .zip(segment)
                    .for_each(|(v, s)| *v = f64::from(*s));
                let half = fft.run();
                let first = out.len();
                out.resize(first + self.segment, 0.0);
                magnitudes(half, &mut out[first..]);
                // As in numpy.abs(numpy.fft.fft(x)).
                mirror(&mut out[first..]);
            }
            Kind::Welch(welch) => welch.transform(segment, out),
        }
    }
}

impl Welch {
    fn new(config: &WelchConfig, sampling_rate: f64, segment: usize) -> Option<Self> {
        if config.nperseg > segment {
            return None;
        }
        let cosine =
            |a: f64, i: usize| a - (1.0 - a) * (TAU * i as f64 / config.nperseg as f64).cos();
        let window: Vec<f64> = (0..config.nperseg)
            .map(|i| match config.window {
                WelchWindow::Hann => cosine(0.5, i),
                WelchWindow::Hamming => cosine(0.54, i),
                WelchWindow::Boxcar => 1.0,
            })
            .collect();
        let step = config.nperseg - config.noverlap;
        let stretches = (segment - config.nperseg) / step + 1;
        let power = match config.scaling {
            WelchScaling::Density => sampling_rate * window.iter().map(|w| w * w).sum::<f64>(),
            WelchScaling::Spectrum => window.iter().sum::<f64>().powi(2),
        };
        Some(Self {
            fft: PlannedFft::new(config.nfft),
            window,
            power: vec![0.0; config.nfft / 2 + 1],
            step,
            stretches,
            scale: 1.0 / (power * stretches as f64),
            detrend: config.detrend == WelchDetrend::Constant,
        })
    }

    fn transform(&mut self, segment: &[f32], out: &mut Vec<f32>) {
        let length = self.window.len();
        let nfft = self.fft.input.len();
        self.power.fill(0.0);
        for stretch in 0..self.stretches {
            let samples = &segment[stretch * self.step..][..length];
            let sum: f64 = samples.iter().map(|&v| f64::from(v)).sum();
            let mean = if self.detrend {
                sum / length as f64
            } else {
                0.0
            };
            let input = &mut self.fft.input;
            for ((value, sample), window) in input.iter_mut().zip(samples).zip(&self.window) {
                *value = (f64::from(*sample) - mean) * window;
            }
            input[length..].fill(0.0);
            for (sum, bin) in self.power.iter_mut().zip(self.fft.run()) {
                *sum += bin.norm_sqr();
            }
        }
        let last = self.power.len() - 1;
        let one_sided = |i: usize| {
            let unpaired = i == 0 || (i == last && nfft.is_multiple_of(2));
            if unpaired { 1.0 } else { 2.0 }
        };
        let scaled = |(i, p): (usize, &f64)| (p * self.scale * one_sided(i)) as f32;
        out.extend(self.power.iter().enumerate().map(scaled));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocessing::settings::Compression;

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
                ..Default::default()
            };
            let mut spectrum = Spectrum::new(&config, length).unwrap();
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
    fn a_stretch_longer_than_the_segment_is_refused() {
        let config = SpectralConfig {
            method: SpectralMethod::Welch,
            ..Default::default()
        };
        assert!(Spectrum::new(&config, 31).is_none());
    }
}
