//! Spectra of segments.

use lanes::{ROW, Shape, transpose};

use super::settings::{SpectralConfig, SpectralMethod};
use super::welch::Welch;
use crate::segments::Cut;
use spectra::fft::PlannedFft;
use spectra::frames::{FOUR, Four, Frames, Grid};
use spectra::loops::{magnitudes, mirror, roots_of_quarters};

/// Planned spectra of segments.
pub(super) struct Spectrum {
    kind: Kind,
    cut: Cut,
}

enum Kind {
    None,
    Fft(Magnitudes),
    Welch(Box<Welch>),
}

/// Planned transforms for the magnitudes of spectra.
enum Magnitudes {
    Regular {
        frames: Box<Frames<f64>>,
        /// Both `[bins][lanes]`.
        powers: Vec<f64>,
        columns: Vec<f32>,
    },
    /// For segments of any length, one after the other.
    Single(PlannedFft),
}

impl Spectrum {
    /// Plans `config` for segments that are cut in this way; `None` if a Welch stretch is longer than the segment, or
    /// the method is not one of single segments.
    pub fn new(config: &SpectralConfig, cut: Cut) -> Option<Self> {
        let kind = match config.method {
            SpectralMethod::None => Kind::None,
            SpectralMethod::Fft => Kind::Fft(Magnitudes::new(cut)),
            SpectralMethod::Welch => {
                let welch = Welch::new(&config.welch, config.sampling_rate, cut)?;
                Kind::Welch(Box::new(welch))
            }
            SpectralMethod::Bands => return None,
        };
        Some(Self { kind, cut })
    }

    /// How segments are cut.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    /// Values of one transformed segment.
    pub fn bins(&self) -> usize {
        match &self.kind {
            Kind::None | Kind::Fft(_) => self.cut.length,
            Kind::Welch(welch) => welch.bins(),
        }
    }

    /// Appends the transforms of the segments of all channels except the first `known` of each to `out`. The channels
    /// are concatenated.
    pub fn transform(&mut self, values: &[f32], channels: usize, known: usize, out: &mut Vec<f32>) {
        let cut = self.cut;
        let by_channel = values.chunks_exact(values.len() / channels);
        let segments = by_channel.clone().flat_map(|channel| {
            let starts = (known..cut.segments).map(move |i| i * cut.hop);
            starts.map(move |start| &channel[start..start + cut.length])
        });
        match &mut self.kind {
            Kind::None => segments.for_each(|segment| out.extend_from_slice(segment)),
            Kind::Fft(Magnitudes::Regular {
                frames,
                powers,
                columns,
            }) => {
                let first = out.len();
                let fresh = channels * (cut.segments - known);
                out.resize(first + fresh * cut.length, 0.0);
                frames.read(values, channels);
                fill(frames, (powers, columns), (cut, known), &mut out[first..]);
            }
            Kind::Fft(Magnitudes::Single(fft)) => {
                for segment in segments {
                    let samples = fft.input.iter_mut().zip(segment);
                    samples.for_each(|(v, s)| *v = f64::from(*s));
                    let half = fft.run();
                    let first = out.len();
                    out.resize(first + segment.len(), 0.0);
                    magnitudes(half, &mut out[first..]);
                    mirror(&mut out[first..]);
                }
            }
            Kind::Welch(welch) => {
                by_channel.for_each(|channel| welch.transform(channel, known, out))
            }
        }
    }
}

impl Magnitudes {
    fn new(cut: Cut) -> Self {
        let starts: Vec<usize> = (0..cut.segments).map(|i| i * cut.hop).collect();
        let Some(grid) = Grid::new(&starts, cut.length) else {
            return Self::Single(PlannedFft::new(cut.length));
        };
        let window = vec![1.0; cut.length];
        Self::Regular {
            frames: Box::new(Frames::new(grid, &window)),
            powers: vec![0.0; (cut.length / 2 + 1) * ROW],
            columns: vec![0.0; (cut.length / 2 + 1) * ROW],
        }
    }
}

/// Computes rows of magnitudes of the segments that were read, except the first `known` of every channel; as in
/// `numpy.abs(numpy.fft.fft(x))`.
fn fill(
    frames: &mut Frames<f64>,
    (powers, columns): (&mut [f64], &mut [f32]),
    (cut, known): (Cut, usize),
    out: &mut [f32],
) {
    let fresh = cut.segments - known;
    let channels = out.len() / (fresh * cut.length).max(1);
    let fours = (0..channels).flat_map(|channel| {
        let firsts = (known..cut.segments).step_by(FOUR);
        firsts.map(move |first| Four { channel, first })
    });
    let fours: Vec<Four> = fours.collect();
    for pair in fours.chunks(2) {
        frames.powers(pair, powers, &[0, FOUR], ROW);
        roots_of_quarters(powers, columns);
        for (half, four) in pair.iter().enumerate() {
            let shape = Shape {
                rows: cut.length / 2 + 1,
                columns: FOUR.min(cut.segments - four.first),
                stride: ROW,
            };
            let first = (four.channel * fresh + four.first - known) * cut.length;
            let columns = &columns[half * FOUR..];
            transpose(columns, shape, &mut out[first..], cut.length);
        }
    }
    out.chunks_exact_mut(cut.length).for_each(mirror);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocessing::settings::{
        Compression, WelchConfig, WelchDetrend, WelchScaling, WelchWindow,
    };

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

    /// One segment.
    fn single(length: usize) -> Cut {
        Cut {
            segments: 1,
            length,
            hop: length,
        }
    }

    fn fft() -> SpectralConfig {
        SpectralConfig {
            method: SpectralMethod::Fft,
            ..Default::default()
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
            let mut spectrum = Spectrum::new(&config, single(length)).unwrap();
            let mut out = Vec::new();
            spectrum.transform(&signal(length), 1, 0, &mut out);
            assert_eq!(out.len(), expected.len());
            assert_eq!(out.len(), spectrum.bins());
            close(&out, &expected);
        }
    }

    #[test]
    fn fft_is_that_of_numpy() {
        let mut out = Vec::new();
        Spectrum::new(&fft(), single(12))
            .unwrap()
            .transform(&signal(12), 1, 0, &mut out);
        close(&out, &NUMPY_FFT_12);
        assert_eq!(out.len(), 12);
    }

    /// Welch's method with stretches of 16 samples, 12 apart, padded to `nfft`.
    fn welch(nfft: usize) -> SpectralConfig {
        SpectralConfig {
            method: SpectralMethod::Welch,
            welch: WelchConfig {
                nperseg: 16,
                noverlap: 12,
                nfft,
                ..Default::default()
            },
            ..Default::default()
        }
    }

    /// A result does not depend on the other segments transformed with it, nor on where it was cut.
    #[test]
    fn a_segment_has_one_spectrum() {
        for config in [fft(), welch(32), welch(20)] {
            one_spectrum(&config);
        }
    }

    fn one_spectrum(config: &SpectralConfig) {
        for (length, hop) in [(64, 32), (64, 64), (24, 12)] {
            let cut = Cut {
                segments: 7,
                length,
                hop,
            };
            let samples = 6 * hop + length;
            let values = [signal(samples), signal(samples)].concat();
            let mut spectrum = Spectrum::new(config, cut).unwrap();
            let mut all = Vec::new();
            spectrum.transform(&values, 2, 0, &mut all);
            let bins = spectrum.bins();
            for known in 1..7 {
                let mut fresh = Vec::new();
                spectrum.transform(&values, 2, known, &mut fresh);
                let rows = all.chunks_exact(7 * bins);
                let expected: Vec<f32> = rows.flat_map(|r| r[known * bins..].to_vec()).collect();
                assert_eq!(fresh, expected);
            }
            let mut alone = Vec::new();
            let mut single = Spectrum::new(config, single(length)).unwrap();
            single.transform(&values[3 * hop..3 * hop + length], 1, 0, &mut alone);
            assert_eq!(alone, all[3 * bins..4 * bins]);
        }
    }

    #[test]
    fn a_stretch_longer_than_the_segment_is_refused() {
        let config = SpectralConfig {
            method: SpectralMethod::Welch,
            ..Default::default()
        };
        assert!(Spectrum::new(&config, single(31)).is_none());
    }
}
