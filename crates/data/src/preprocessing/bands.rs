//! The front end `bands`: log power in bands of equal width relative to the level of the window, and the level.

use lanes::{Shape, transpose};
use serde::{Deserialize, Serialize};

use super::fft::PlannedFft;
use super::frames::{FOUR, Four, Frames, Grid};
use super::logarithm::{ln_of_scaled, natural};
use super::loops::{band_sums, less, mean, mean_square, squares, sum, sum_of_products, windowed};
use super::roots::cosine_window;
use super::settings::BandsConfig;
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
    /// Distance from one segment to the next.
    pub hop: usize,
    /// Frames of a segment; frame `f` of segment `s` begins at sample `s * hop + f * frame_hop`.
    pub frames: usize,
    /// Distance from one frame to the next.
    pub frame_hop: usize,
    /// Length of a frame and of its transform.
    pub frame: usize,
    /// Band `b` is the mean of the bins `edges[b]..edges[b + 1]`, without the last. Bin 0 is in no band.
    pub edges: Vec<usize>,
    /// Added to the power of a band, as a fraction of the mean square of its channel in the window.
    pub floor: f64,
    /// Whether the level is subtracted from the bands and follows them in every frame.
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
        // Including the level, a frame has at most as many features as bins, so several frames have at most as many as
        // a segment has samples.
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

    /// Samples from the window's first sample to the end of the last frame; `None` if the number overflows.
    pub(super) fn reach(&self) -> Option<usize> {
        let counts = [self.segments, self.frames];
        reach(counts, [self.hop, self.frame_hop], self.frame)
    }

    /// Bands of a frame.
    pub fn bands(&self) -> usize {
        self.edges.len() - 1
    }

    /// Features of a frame: its bands and, if it is kept, the level.
    pub fn frame_features(&self) -> usize {
        self.bands() + usize::from(self.level)
    }

    /// Features of a segment.
    pub fn features(&self) -> usize {
        self.frames * self.frame_features()
    }
}

/// See [`BandLayout::reach`]; for `counts`, each at least 1, of segments and frames, and their `hops`.
fn reach(counts: [usize; 2], hops: [usize; 2], frame: usize) -> Option<usize> {
    let last = |i: usize| hops[i].checked_mul(counts[i] - 1);
    last(0)?.checked_add(last(1)?)?.checked_add(frame)
}

/// The planned front end with its buffers.
pub(super) struct Bands {
    layout: BandLayout,
    spectra: Spectra,
    /// `1 / sum(w^2)`.
    scale: f64,
    /// Start positions of frames, in ascending order without repetition: frames of several segments may be the same
    /// samples.
    starts: Vec<usize>,
    /// For every frame of every segment, its index in `starts`.
    places: Vec<usize>,
    /// Number of frames at each of `starts`; empty if there is one each, in order.
    weights: Vec<f64>,
    /// Factors from sums to means, `[bands, starts]`.
    factors: Vec<f64>,
    /// Squared magnitudes of the last window, `[channels, bins, starts]`, and which channels have them: the live ones.
    powers: Vec<f64>,
    known: Vec<bool>,
    /// Frames whose powers are still unknown, as channels and indices in `starts`.
    fresh: Vec<(usize, usize)>,
    mean_squares: Vec<f64>,
    /// Sums of squared magnitudes of one channel, `[bands, starts]`.
    sums: Vec<f64>,
    /// `log_power` minus the logarithm of the reference, `[live channels, bands, starts]`.
    logs: Vec<f64>,
    /// Features of a channel without the level: `[bands, starts]`, and with frames as rows.
    columns: Vec<f32>,
    rows: Vec<f32>,
}

/// Planned transforms.
enum Spectra {
    Regular(Box<Frames>),
    /// For frames at any distance and of any length, one by one.
    Single {
        fft: PlannedFft,
        window: Vec<f64>,
        squares: Vec<f64>,
    },
}

impl Spectra {
    /// The transforms, and the factor of their squared magnitudes.
    fn new(starts: &[usize], frame: usize) -> (Self, f64) {
        let window = cosine_window(frame, 0.5);
        let grid = Grid::new(starts, frame).filter(|grid| grid.frames >= FOUR);
        if let Some(grid) = grid {
            let frames = Frames::new(grid, &window, true);
            return (Self::Regular(Box::new(frames)), 4.0);
        }
        let single = Self::Single {
            fft: PlannedFft::new(frame),
            window,
            squares: vec![0.0; frame / 2 + 1],
        };
        (single, 1.0)
    }
}

impl Bands {
    pub fn new(layout: BandLayout) -> Self {
        let window = cosine_window(layout.frame, 0.5);
        let frames = (0..layout.segments)
            .flat_map(|s| (0..layout.frames).map(move |f| (s, f)))
            .map(|(s, f)| s * layout.hop + f * layout.frame_hop);
        let mut starts: Vec<usize> = frames.clone().collect();
        starts.sort_unstable();
        starts.dedup();
        let place = |start| starts.partition_point(|s| *s < start);
        let places: Vec<usize> = frames.map(place).collect();
        let mut weights = vec![0.0; starts.len()];
        places.iter().for_each(|place| weights[*place] += 1.0);
        if places.iter().copied().eq(0..starts.len()) {
            weights.clear();
        }
        let (spectra, times) = Spectra::new(&starts, layout.frame);
        let bins = layout.edges.windows(2).map(|e| (e[1] - e[0]) as f64);
        let factors = bins.flat_map(|bins| starts.iter().map(move |_| 1.0 / (times * bins)));
        Self {
            spectra,
            scale: 1.0 / window.iter().map(|w| w * w).sum::<f64>(),
            places,
            weights,
            factors: factors.collect(),
            columns: vec![0.0; layout.bands() * starts.len()],
            rows: vec![0.0; layout.frame_features() * starts.len()],
            starts,
            powers: Vec::new(),
            known: Vec::new(),
            sums: Vec::new(),
            fresh: Vec::new(),
            mean_squares: Vec::new(),
            logs: Vec::new(),
            layout,
        }
    }

    pub fn layout(&self) -> &BandLayout {
        &self.layout
    }

    /// Appends the features of a window `[channels, window]` to `out`. The window begins `shift` samples after the last
    /// one; spectra of common frames are reused.
    pub fn transform(&mut self, window: &[f32], shift: Option<usize>, out: &mut Vec<f32>) {
        let samples = self.layout.window;
        self.mean_squares.clear();
        self.mean_squares
            .extend(window.chunks_exact(samples).map(mean_square));
        // Logarithms are relative to this reference, so they do not depend on the unit of the window.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        self.keep(shift);
        self.find(window);
        let values = self.factors.len();
        let live = self.known.iter().filter(|known| **known).count();
        self.sums.resize(values, 0.0);
        self.logs.resize(live * values, 0.0);
        let bins = (self.layout.frame / 2 + 1) * self.starts.len();
        let channels = self.powers.chunks_exact(bins).zip(&self.mean_squares);
        let channels = channels.zip(&self.known).filter(|(_, known)| **known);
        let logs = self.logs.chunks_exact_mut(values);
        for (((powers, mean_square), _), logs) in channels.zip(logs) {
            band_sums(
                powers,
                &self.layout.edges,
                self.starts.len(),
                &mut self.sums,
            );
            let floor = self.layout.floor * mean_square / reference;
            let scale = self.scale / reference;
            ln_of_scaled((&self.sums, &self.factors), scale, floor, logs);
        }
        self.features(reference, out);
    }

    /// Moves the powers of frames that were also in the last window, `shift` samples earlier, to their new positions,
    /// and lists the other frames.
    fn keep(&mut self, shift: Option<usize>) {
        let starts = self.starts.len();
        let bins = (self.layout.frame / 2 + 1) * starts;
        let channels = self.mean_squares.len();
        self.fresh.clear();
        self.known.resize(channels, false);
        self.powers.resize(channels * bins, 0.0);
        let mut moves = Vec::with_capacity(starts);
        let powers = self.powers.chunks_exact_mut(bins);
        for (c, (powers, known)) in powers.zip(&mut self.known).enumerate() {
            let last_known = std::mem::replace(known, self.mean_squares[c] > 0.0);
            if !*known {
                continue;
            }
            moves.clear();
            for (i, start) in self.starts.iter().enumerate() {
                let same = |shift: usize| self.starts.binary_search(&(start + shift)).ok();
                match shift.filter(|_| last_known).and_then(same) {
                    Some(from) => moves.push((i, from)),
                    None => self.fresh.push((c, i)),
                }
            }
            // Powers move to the front, so none is overwritten before it has moved.
            if !moves.is_empty() {
                for row in powers.chunks_exact_mut(starts) {
                    moves.iter().for_each(|(to, from)| row[*to] = row[*from]);
                }
            }
        }
    }

    /// Computes the powers of the frames in `fresh`.
    fn find(&mut self, window: &[f32]) {
        let starts = self.starts.len();
        let bins = (self.layout.frame / 2 + 1) * starts;
        match &mut self.spectra {
            Spectra::Regular(frames) => {
                frames.read(window, self.mean_squares.len());
                // The fresh frames of a channel are its last ones, so a group of four stays within the channel.
                let by_channel = self.fresh.chunk_by(|a, b| a.0 == b.0);
                let fours = by_channel.flat_map(|frames| frames.chunks(FOUR));
                let fours = fours.map(|frames| Four {
                    channel: frames[0].0,
                    first: frames[0].1.min(starts - FOUR),
                });
                let fours: Vec<Four> = fours.collect();
                for pair in fours.chunks(2) {
                    let both = [pair[0], pair[pair.len() - 1]];
                    let firsts = both.map(|four| four.channel * bins + four.first);
                    frames.powers(both, &mut self.powers, firsts, starts);
                }
            }
            Spectra::Single {
                fft,
                window: hann,
                squares: found,
            } => {
                for (channel, i) in &self.fresh {
                    let first = channel * self.layout.window + self.starts[*i];
                    let samples = &window[first..first + self.layout.frame];
                    windowed(samples, mean(samples), hann, &mut fft.input);
                    squares(fft.run(), found);
                    let powers = self.powers[channel * bins + i..].iter_mut();
                    let powers = powers.step_by(starts).zip(&*found);
                    powers.for_each(|(power, square)| *power = *square);
                }
            }
        }
    }

    /// Appends the features computed from the logarithms.
    fn features(&mut self, reference: f64, out: &mut Vec<f32>) {
        let (bands, width) = (self.layout.bands(), self.layout.frame_features());
        let starts = self.starts.len();
        let total: f64 = if self.weights.is_empty() {
            sum(&self.logs)
        } else {
            let rows = self.logs.chunks_exact(starts);
            rows.map(|row| sum_of_products(row, &self.weights)).sum()
        };
        let live = self.known.iter().filter(|known| **known).count();
        let mean = total / (live * self.places.len() * bands) as f64;
        let level = (mean + natural(reference)) as f32;
        let removed = if self.layout.level {
            mean
        } else {
            -natural(reference)
        };
        let mut logs = self.logs.chunks_exact(bands * starts);
        for known in &self.known {
            let first = out.len();
            out.resize(first + self.places.len() * width, 0.0);
            let out = &mut out[first..];
            if *known {
                let logs = logs.next().expect("a live channel has logarithms");
                less(logs, removed, &mut self.columns);
                let shape = Shape {
                    rows: bands,
                    columns: starts,
                    stride: starts,
                };
                if self.weights.is_empty() {
                    transpose(&self.columns, shape, out, width);
                } else {
                    transpose(&self.columns, shape, &mut self.rows, width);
                    for (out, place) in out.chunks_exact_mut(width).zip(&self.places) {
                        out.copy_from_slice(&self.rows[place * width..(place + 1) * width]);
                    }
                }
            }
            if self.layout.level {
                let levels = out.iter_mut().skip(bands).step_by(width);
                levels.for_each(|value| *value = level);
            }
        }
    }
}

#[cfg(test)]
mod tests;
