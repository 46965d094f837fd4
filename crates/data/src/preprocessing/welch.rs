//! Welch's estimate of the power spectral density of segments.
//!
//! P. Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE Trans. Audio Electroacoustics
//! 15 (1967), with the scaling of `scipy.signal.welch`.

use lanes::{Fours, FoursMut, ROW, Shape, transpose};

use super::settings::{WelchConfig, WelchDetrend, WelchScaling, WelchWindow};
use crate::segments::Cut;
use spectra::fft::PlannedFft;
use spectra::frames::FOUR;
use spectra::loops::{add, mean, products, squares, windowed};
use spectra::roots::cosine_window;
use spectra::transform::{LENGTHS, Transform};

/// The planned estimate with its buffers. A segment is the mean over its stretches; a stretch that several segments share
/// is transformed once.
pub(super) struct Welch {
    cut: Cut,
    spectra: Spectra,
    window: Vec<f64>,
    /// Start positions of all stretches, in ascending order without repetition.
    starts: Vec<usize>,
    /// For each of `starts`, the segments with a stretch there.
    segments: Vec<Vec<usize>>,
    /// Factors of the sums of squared magnitudes, by bin.
    factors: Vec<f64>,
    loses_mean: bool,
    nfft: usize,
    /// Squared magnitudes, `[ROW][bins]`.
    powers: Vec<f64>,
    /// Sums over the stretches of a channel, `[segments][bins]`.
    sums: Vec<f64>,
}

/// Planned transforms of stretches.
enum Spectra {
    /// Eight stretches at a time.
    Rows {
        transform: Box<Transform<f64>>,
        /// `[ROW][nperseg]`.
        stretches: Vec<f64>,
        /// `[nfft][ROW]`; zero from `nperseg` on.
        columns: Vec<f64>,
        /// `[bins][ROW]`.
        powers: Vec<f64>,
    },
    /// For any length, one by one.
    Single(PlannedFft),
}

impl Spectra {
    /// The transforms, and the factor of their squared magnitudes.
    fn new(config: &WelchConfig) -> (Self, f64) {
        let nfft = config.nfft;
        if !nfft.is_power_of_two() || !LENGTHS.contains(&nfft) {
            return (Self::Single(PlannedFft::new(nfft)), 1.0);
        }
        let places: Vec<usize> = (0..nfft).map(|n| n * ROW).collect();
        let rows = Self::Rows {
            transform: Box::new(Transform::new(&places, &vec![1.0; nfft])),
            stretches: vec![0.0; ROW * config.nperseg],
            columns: vec![0.0; nfft * ROW],
            powers: vec![0.0; (nfft / 2 + 1) * ROW],
        };
        (rows, 4.0)
    }

    /// Writes the squared magnitudes of up to eight stretches of `channel` as rows of `out`.
    fn squares(&mut self, channel: &[f32], starts: &[usize], taper: &Taper<'_>, out: &mut [f64]) {
        let length = taper.window.len();
        let bins = out.len() / ROW;
        match self {
            Self::Rows {
                transform,
                stretches,
                columns,
                powers,
            } => {
                for (start, to) in starts.iter().zip(stretches.chunks_exact_mut(length)) {
                    taper.apply(&channel[*start..start + length], to);
                }
                let shape = |rows: usize, columns: usize| Shape {
                    rows,
                    columns,
                    stride: columns,
                };
                transpose(stretches, shape(ROW, length), columns, ROW);
                let rows = Fours::new(columns, &[0, FOUR]);
                transform.powers(rows, FoursMut::new(powers, &[0, FOUR]), ROW);
                transpose(powers, shape(bins, ROW), out, bins);
            }
            Self::Single(fft) => {
                for (start, out) in starts.iter().zip(out.chunks_exact_mut(bins)) {
                    taper.apply(&channel[*start..start + length], &mut fft.input);
                    fft.input[length..].fill(0.0);
                    squares(fft.run(), out);
                }
            }
        }
    }
}

/// What is done with the samples of a stretch.
struct Taper<'a> {
    window: &'a [f64],
    loses_mean: bool,
}

impl Taper<'_> {
    fn apply(&self, samples: &[f32], out: &mut [f64]) {
        let mean = if self.loses_mean { mean(samples) } else { 0.0 };
        windowed(samples, mean, self.window, out);
    }
}

impl Welch {
    /// Plans segments that are cut in this way; `None` if a stretch is longer than a segment.
    pub fn new(config: &WelchConfig, sampling_rate: f64, cut: Cut) -> Option<Self> {
        if config.nperseg > cut.length {
            return None;
        }
        let window = match config.window {
            WelchWindow::Hann => cosine_window(config.nperseg, 0.5),
            WelchWindow::Hamming => cosine_window(config.nperseg, 0.54),
            WelchWindow::Boxcar => vec![1.0; config.nperseg],
        };
        let step = config.nperseg - config.noverlap;
        let stretches = (cut.length - config.nperseg) / step + 1;
        let power = match config.scaling {
            WelchScaling::Density => sampling_rate * window.iter().map(|w| w * w).sum::<f64>(),
            WelchScaling::Spectrum => window.iter().sum::<f64>().powi(2),
        };
        let all =
            (0..cut.segments).flat_map(|s| (0..stretches).map(move |i| s * cut.hop + i * step));
        let mut starts: Vec<usize> = all.clone().collect();
        starts.sort_unstable();
        starts.dedup();
        let mut segments = vec![Vec::new(); starts.len()];
        for (i, start) in all.enumerate() {
            segments[starts.partition_point(|other| *other < start)].push(i / stretches);
        }
        let (spectra, times) = Spectra::new(config);
        let bins = config.nfft / 2 + 1;
        let scale = 1.0 / (times * power * stretches as f64);
        let has_middle = config.nfft.is_multiple_of(2);
        // Every bin but the first and the middle one counts for its conjugate too.
        let one_sided = |i: usize| {
            let unpaired = i == 0 || (i == bins - 1 && has_middle);
            if unpaired { 1.0 } else { 2.0 }
        };
        Some(Self {
            cut,
            spectra,
            window,
            starts,
            segments,
            factors: (0..bins).map(|i| scale * one_sided(i)).collect(),
            loses_mean: config.detrend == WelchDetrend::Constant,
            nfft: config.nfft,
            powers: vec![0.0; ROW * bins],
            sums: vec![0.0; cut.segments * bins],
        })
    }

    /// Number of values per segment.
    pub fn bins(&self) -> usize {
        self.nfft / 2 + 1
    }

    /// Appends the estimates of a channel's segments except the first `known`.
    pub fn transform(&mut self, channel: &[f32], known: usize, out: &mut Vec<f32>) {
        let bins = self.bins();
        let first = known * self.cut.hop;
        let first = self.starts.partition_point(|start| *start < first);
        let taper = Taper {
            window: &self.window,
            loses_mean: self.loses_mean,
        };
        self.sums.fill(0.0);
        let groups = self.starts[first..].chunks(ROW);
        for (starts, segments) in groups.zip(self.segments[first..].chunks(ROW)) {
            self.spectra
                .squares(channel, starts, &taper, &mut self.powers);
            for (powers, segments) in self.powers.chunks_exact(bins).zip(segments) {
                for segment in segments {
                    let sums = &mut self.sums[segment * bins..(segment + 1) * bins];
                    add(powers, sums);
                }
            }
        }
        let first = out.len();
        out.resize(first + self.sums.len() - known * bins, 0.0);
        let sums = self.sums[known * bins..].chunks_exact(bins);
        for (sums, out) in sums.zip(out[first..].chunks_exact_mut(bins)) {
            products(sums, &self.factors, out);
        }
    }
}
