//! The front end `bands`: logarithms of the power in equal bands, and the level of the window apart.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::settings::BandsConfig;
use super::spectrum::PlannedFft;
use crate::error::PreprocessingError;

/// Every number of the front end `bands` for windows of one length. Lengths are samples.
///
/// For every channel `c`, `mean_square[c]` is the mean square of the window after its mean is removed. A channel is
/// live where that is above zero. For every frame, its mean is removed, it is multiplied by a periodic Hann window `w`
/// and transformed; `power = |bin|^2 / sum(w^2)`, so that white noise has the power of its mean square in every bin. A
/// band is the mean over its bins, and becomes
///
/// ```text
/// log_power[c, segment, frame, band] = ln(power + floor * mean_square[c])
/// level                              = mean of log_power over all live channels, segments, frames and bands
/// feature                            = log_power - level        (0 in channels that are not live)
/// ```
///
/// A feature row `[channel][segment]` is its frames end to end, each its bands and then the level. Multiplying a window
/// by a number moves the level and nothing else. A window without a live channel has no level: not a number, which
/// scaling turns into the mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandLayout {
    /// Length of a window.
    pub window: usize,
    /// Segments of a window; segment `s` begins at sample `s * hop`.
    pub segments: usize,
    /// From one segment to the next.
    pub hop: usize,
    /// Frames of a segment; frame `f` of segment `s` begins at sample `s * hop + f * frame_hop`.
    pub frames: usize,
    /// From one frame to the next.
    pub frame_hop: usize,
    /// Length of a frame and of its transform.
    pub frame: usize,
    /// Band `b` is the mean of the bins `edges[b]..edges[b + 1]`, without the last. Bin 0 is in no band.
    pub edges: Vec<usize>,
    /// What is added to the power of a band, as share of the mean square of its channel in the window.
    pub floor: f64,
    /// Whether the level is removed from the bands and follows them in every frame.
    pub level: bool,
}

impl BandLayout {
    /// Computes the layout of `config` for windows of `window` samples.
    ///
    /// # Errors
    /// If the window is too short for it.
    pub fn new(config: &BandsConfig, window: usize) -> Result<Self, PreprocessingError> {
        let BandsConfig {
            segments,
            frames,
            floor,
            level,
            ..
        } = *config;
        let segment = config.segment.unwrap_or(2 * window / (segments + 1));
        let hop = config.hop.unwrap_or(segment / 2);
        let is_one = frames == 1;
        let frame = config
            .frame
            .unwrap_or(if is_one { segment } else { segment / 2 });
        let frame_hop = config.frame_hop.unwrap_or(hop / frames);
        let reach = reach([segments, frames], [hop, frame_hop], frame);
        let fits = reach.is_some_and(|reach| reach <= window);
        if frame < 4 || !fits || (frames - 1) * frame_hop + frame > segment {
            return Err(PreprocessingError::BandsDoNotFit {
                window,
                segments,
                segment,
                hop,
                frames,
                frame,
                frame_hop,
            });
        }
        let bins = frame / 2;
        // With its level a frame has no more features than bins, so that several make no more than a segment's samples.
        let usual = if is_one {
            bins.min(64)
        } else {
            (bins - 1).min(63)
        };
        let bands = config.bands.unwrap_or(usual);
        if bands > bins {
            return Err(PreprocessingError::TooManyBands { frame, bins, bands });
        }
        Ok(Self {
            window,
            segments,
            hop,
            frames,
            frame_hop,
            frame,
            edges: (0..=bands).map(|band| 1 + band * bins / bands).collect(),
            floor,
            level,
        })
    }

    /// Samples from the window's first to the last of the last frame; none if they are too many to count.
    pub(super) fn reach(&self) -> Option<usize> {
        let counts = [self.segments, self.frames];
        reach(counts, [self.hop, self.frame_hop], self.frame)
    }

    /// Bands of a frame.
    pub fn bands(&self) -> usize {
        self.edges.len() - 1
    }

    /// Features of a frame: its bands and, where it is kept, the level.
    pub fn frame_features(&self) -> usize {
        self.bands() + usize::from(self.level)
    }

    /// Features of a segment.
    pub fn features(&self) -> usize {
        self.frames * self.frame_features()
    }
}

/// See [`BandLayout::reach`]; of `counts`, each at least 1, of segments and of frames, and their `hops`.
fn reach(counts: [usize; 2], hops: [usize; 2], frame: usize) -> Option<usize> {
    let last = |i: usize| hops[i].checked_mul(counts[i] - 1);
    last(0)?.checked_add(last(1)?)?.checked_add(frame)
}

/// The front end, planned, with its buffers.
pub(super) struct Bands {
    layout: BandLayout,
    fft: PlannedFft,
    hann: Vec<f64>,
    /// `1 / sum(w^2)`.
    scale: f64,
    mean_squares: Vec<f64>,
    /// `log_power`, less the logarithm of the reference.
    logs: Vec<f64>,
}

impl Bands {
    pub fn new(layout: BandLayout) -> Self {
        let hann: Vec<f64> = (0..layout.frame)
            .map(|i| 0.5 - 0.5 * (TAU * i as f64 / layout.frame as f64).cos())
            .collect();
        Self {
            fft: PlannedFft::new(layout.frame),
            scale: 1.0 / hann.iter().map(|w| w * w).sum::<f64>(),
            hann,
            mean_squares: Vec::new(),
            logs: Vec::new(),
            layout,
        }
    }

    pub fn layout(&self) -> &BandLayout {
        &self.layout
    }

    /// Appends the features of a window `[channels, window]` to `out`.
    pub fn transform(&mut self, window: &[f32], out: &mut Vec<f32>) {
        let samples = self.layout.window;
        self.mean_squares.clear();
        self.mean_squares
            .extend(window.chunks_exact(samples).map(mean_square));
        // Logarithms are of ratios to this, so that they are the same for a window in other units.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        let mut live_channels = 0;
        let mut sum = 0.0;
        self.logs.clear();
        for (c, channel) in window.chunks_exact(samples).enumerate() {
            if self.mean_squares[c] > 0.0 {
                live_channels += 1;
                sum += self.channel(channel, self.mean_squares[c], reference);
            }
        }
        let layout = &self.layout;
        let bands = layout.bands();
        let frames = layout.segments * layout.frames;
        let mean = sum / (live_channels * frames * bands) as f64;
        let level = (mean + reference.ln()) as f32;
        let removed = if layout.level { mean } else { -reference.ln() };
        let mut live = self.logs.chunks_exact(frames * bands);
        for mean_square in &self.mean_squares {
            let logs = if *mean_square > 0.0 {
                live.next()
            } else {
                None
            };
            for frame in 0..frames {
                match logs {
                    Some(logs) => {
                        let own = &logs[frame * bands..(frame + 1) * bands];
                        out.extend(own.iter().map(|log| (log - removed) as f32));
                    }
                    None => out.resize(out.len() + bands, 0.0),
                }
                if layout.level {
                    out.push(level);
                }
            }
        }
    }

    /// Appends the logarithms of a live channel; returns their sum.
    fn channel(&mut self, samples: &[f32], mean_square: f64, reference: f64) -> f64 {
        let Self {
            layout,
            fft,
            hann,
            logs,
            ..
        } = self;
        let floor = layout.floor * mean_square / reference;
        let scale = self.scale / reference;
        let first = logs.len();
        for segment in 0..layout.segments {
            for frame in 0..layout.frames {
                let start = segment * layout.hop + frame * layout.frame_hop;
                let samples = &samples[start..start + layout.frame];
                let mean = mean(samples);
                for ((value, sample), w) in fft.input.iter_mut().zip(samples).zip(&*hann) {
                    *value = (f64::from(*sample) - mean) * w;
                }
                let spectrum = fft.run();
                for edges in layout.edges.windows(2) {
                    let bins = &spectrum[edges[0]..edges[1]];
                    let power = bins.iter().map(|bin| bin.norm_sqr()).sum::<f64>();
                    logs.push(power * scale / bins.len() as f64 + floor);
                }
            }
        }
        let logs = &mut logs[first..];
        logs.iter_mut().for_each(|power| *power = ln(*power));
        logs.iter().sum()
    }
}

/// Natural logarithm of a positive normal number, to 1e-12: without branches, so that the compiler computes several at
/// a time, and by the same operations on every machine. `f64::ln` took a third of the front end's time.
///
/// `x = 2^e m` with `m` from `sqrt(1/2)` to `sqrt(2)`; `ln m = 2 artanh((m - 1) / (m + 1))`.
fn ln(x: f64) -> f64 {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    const MANTISSA: u64 = (1 << 52) - 1;
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i64 >> 52) as f64;
    let m = f64::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let q = s * s;
    let series = [
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    let sum = series.iter().fold(1.0 / 15.0, |sum, term| sum * q + term);
    exponent * std::f64::consts::LN_2 + 2.0 * s * sum
}

fn mean(samples: &[f32]) -> f64 {
    samples.iter().map(|v| f64::from(*v)).sum::<f64>() / samples.len() as f64
}

/// Around the mean.
fn mean_square(samples: &[f32]) -> f64 {
    let mean = mean(samples);
    let square = |v: &f32| (f64::from(*v) - mean).powi(2);
    samples.iter().map(square).sum::<f64>() / samples.len() as f64
}

#[cfg(test)]
mod tests;
