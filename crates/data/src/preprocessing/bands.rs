//! The front end `bands`: logarithms of the power in equal bands, and the level of the window apart.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::logarithm::ln_all;
use super::loops::{less, levelled, mean, mean_square, squares, sum, windowed};
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
    /// Where frames begin, each once, in ascending order: frames of several segments may be the same samples.
    starts: Vec<usize>,
    /// Of every frame of every segment, which of `starts` it begins at.
    places: Vec<usize>,
    /// Number of bins of every band, for every one of `starts`.
    counts: Vec<f64>,
    /// Squared magnitudes of a spectrum.
    squares: Vec<f64>,
    /// Sums of squared magnitudes of the last window, `[channels, starts, bands]`; those of channels that were not live
    /// are missing.
    powers: Vec<Option<Vec<f64>>>,
    mean_squares: Vec<f64>,
    /// `log_power`, less the logarithm of the reference, `[live channels, starts, bands]`.
    logs: Vec<f64>,
}

impl Bands {
    pub fn new(layout: BandLayout) -> Self {
        let hann: Vec<f64> = (0..layout.frame)
            .map(|i| 0.5 - 0.5 * (TAU * i as f64 / layout.frame as f64).cos())
            .collect();
        let frames = (0..layout.segments)
            .flat_map(|s| (0..layout.frames).map(move |f| (s, f)))
            .map(|(s, f)| s * layout.hop + f * layout.frame_hop);
        let mut starts: Vec<usize> = frames.clone().collect();
        starts.sort_unstable();
        starts.dedup();
        let place = |start| starts.partition_point(|s| *s < start);
        let counts = layout.edges.windows(2).map(|e| (e[1] - e[0]) as f64);
        let counts: Vec<f64> = counts.collect();
        Self {
            fft: PlannedFft::new(layout.frame),
            scale: 1.0 / hann.iter().map(|w| w * w).sum::<f64>(),
            hann,
            places: frames.map(place).collect(),
            counts: counts.repeat(starts.len()),
            starts,
            squares: vec![0.0; layout.frame / 2 + 1],
            powers: Vec::new(),
            mean_squares: Vec::new(),
            logs: Vec::new(),
            layout,
        }
    }

    pub fn layout(&self) -> &BandLayout {
        &self.layout
    }

    /// Appends the features of a window `[channels, window]` to `out`. It begins `shift` samples after the last one, whose
    /// spectra serve again where both have the same frame.
    pub fn transform(&mut self, window: &[f32], shift: Option<usize>, out: &mut Vec<f32>) {
        let samples = self.layout.window;
        self.mean_squares.clear();
        self.mean_squares
            .extend(window.chunks_exact(samples).map(mean_square));
        // Logarithms are of ratios to this, so that they are the same for a window in other units.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        self.powers.resize(self.mean_squares.len(), None);
        self.logs.clear();
        for (c, channel) in window.chunks_exact(samples).enumerate() {
            if self.mean_squares[c] > 0.0 {
                let last = self.powers[c].take();
                let powers = self.channel(channel, last.zip(shift));
                let first = self.logs.len();
                self.logs.extend_from_slice(&powers);
                self.powers[c] = Some(powers);
                let floor = self.layout.floor * self.mean_squares[c] / reference;
                let scale = self.scale / reference;
                levelled(&mut self.logs[first..], &self.counts, scale, floor);
            } else {
                self.powers[c] = None;
            }
        }
        ln_all(&mut self.logs);
        self.features(reference, out);
    }

    /// Sums of squared magnitudes of a live channel `[starts, bands]`; `last` are those of the window before, and how many
    /// samples after it this begins.
    fn channel(&mut self, samples: &[f32], last: Option<(Vec<f64>, usize)>) -> Vec<f64> {
        let layout = &self.layout;
        let bands = layout.bands();
        let mut powers = Vec::with_capacity(self.counts.len());
        for start in &self.starts {
            let known = last.as_ref().and_then(|(last, shift)| {
                let place = self.starts.binary_search(&(start + shift)).ok()?;
                Some(&last[place * bands..(place + 1) * bands])
            });
            if let Some(known) = known {
                powers.extend_from_slice(known);
                continue;
            }
            let samples = &samples[*start..start + layout.frame];
            windowed(samples, mean(samples), &self.hann, &mut self.fft.input);
            squares(self.fft.run(), &mut self.squares);
            for edges in layout.edges.windows(2) {
                let [first, rest @ ..] = &self.squares[edges[0]..edges[1]] else {
                    unreachable!("a band has a bin")
                };
                powers.push(rest.iter().fold(*first, |sum, square| sum + square));
            }
        }
        powers
    }

    /// Appends the features that the logarithms are.
    fn features(&self, reference: f64, out: &mut Vec<f32>) {
        let layout = &self.layout;
        let bands = layout.bands();
        let starts = self.starts.len() * bands;
        let bands_of = |place: &usize| place * bands..(place + 1) * bands;
        let mut total = 0.0;
        let mut values = 0;
        for logs in self.logs.chunks_exact(starts) {
            let frames = self.places.iter().map(|place| sum(&logs[bands_of(place)]));
            total += frames.sum::<f64>();
            values += self.places.len() * bands;
        }
        let mean = total / values as f64;
        let level = (mean + reference.ln()) as f32;
        let removed = if layout.level { mean } else { -reference.ln() };
        let mut live = self.logs.chunks_exact(starts);
        for mean_square in &self.mean_squares {
            let logs = if *mean_square > 0.0 {
                live.next()
            } else {
                None
            };
            for place in &self.places {
                let first = out.len();
                out.resize(first + bands, 0.0);
                if let Some(logs) = logs {
                    less(&logs[bands_of(place)], removed, &mut out[first..]);
                }
                if layout.level {
                    out.push(level);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
