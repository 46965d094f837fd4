//! The front end `bands`: log power in bands of equal width relative to the level of the window, the level, and features
//! in time.

mod correlation;
mod groups;
mod layout;
mod rhythm;
mod time;

use std::ops::Range;

use lanes::{Shape, transpose_less};
use spectra::centred::{CentredFrames, FOURS, scale};
use spectra::columns::row_sums;
use spectra::fft::PlannedFft;
use spectra::frames::{FOUR, Four, Grid};
use spectra::logarithm::{ln_of_scaled, ln_of_scaled_each, natural};
use spectra::loops::{
    largest_magnitude, mean, mean_and_square, multiples, squares, sum, sum_of_products, windowed,
};
use spectra::roots::cosine_window;

use correlation::Correlations;
use groups::{NewFrames, are_in_order, move_all};
use layout::Run;
pub use layout::{BandLayout, FEW_BANDS};

/// The planned front end with its buffers.
pub(super) struct Bands {
    layout: BandLayout,
    spectra: Spectra,
    /// Start positions of frames, in ascending order without repetition: frames of several segments may be the same
    /// samples.
    starts: Vec<usize>,
    /// The frames of all segments, as ranges of `starts`.
    frames: Vec<Range<usize>>,
    /// Number of frames at each of `starts`; empty if there is one each.
    weights: Vec<f64>,
    /// Adjacent bands with equally many bins.
    runs: Vec<Run>,
    /// Squared magnitudes of the last window, `[channels, bins, starts]`, and which channels have them: the live ones.
    powers: Vec<f32>,
    /// What the frames were multiplied by, `[channels, starts]`.
    scales: Vec<f32>,
    known: Vec<bool>,
    fresh: NewFrames,
    mean_squares: Vec<f64>,
    /// Features of the window of the channels: powers, features in time, correlations and rhythms.
    times: Vec<f32>,
    correlations: Correlations,
    /// Sums of squared magnitudes of a run, `[bands, starts]`.
    sums: Vec<f32>,
    /// `log_power` minus the logarithm of the channel's mean square, `[live channels, bands and level, starts]`.
    logs: Vec<f32>,
    /// What the logarithms of a frame lose; the level loses nothing.
    less: Vec<f32>,
    /// Features of a channel with frames as rows, where segments do not just follow each other in them.
    rows: Vec<f32>,
}

/// Some samples of a window are not finite.
#[derive(Debug)]
pub(super) struct NotFinite;

/// Planned transforms.
enum Spectra {
    Regular(Box<CentredFrames>),
    /// For frames at any distance and of any length, one by one.
    Single {
        fft: PlannedFft,
        window: Vec<f64>,
        squares: Vec<f64>,
        narrow: Vec<f32>,
    },
}

impl Spectra {
    /// The transforms, and the factor of their squared magnitudes.
    fn new(starts: &[usize], frame: usize) -> (Self, f64) {
        let window = cosine_window(frame, 0.5);
        let grid = Grid::new(starts, frame).filter(|grid| grid.frames >= FOUR);
        if let Some(grid) = grid {
            let frames = CentredFrames::new(grid, &window);
            return (Self::Regular(Box::new(frames)), 4.0);
        }
        (Self::single(&window), 1.0)
    }

    /// Transforms one by one, of frames multiplied by `window`.
    fn single(window: &[f64]) -> Self {
        let bins = window.len() / 2 + 1;
        Self::Single {
            fft: PlannedFft::new(window.len()),
            window: window.to_vec(),
            squares: vec![0.0; bins],
            narrow: vec![0.0; bins],
        }
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
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut weights = vec![0.0; starts.len()];
        for (i, start) in frames.enumerate() {
            let place = starts.partition_point(|other| *other < start);
            weights[place] += 1.0;
            let is_first = i % layout.frames == 0;
            match ranges.last_mut().filter(|_| !is_first) {
                Some(last) if last.end == place => last.end += 1,
                _ => ranges.push(place..place + 1),
            }
        }
        if weights.iter().all(|weight| *weight == 1.0) {
            weights.clear();
        }
        let (spectra, times) = Spectra::new(&starts, layout.frame);
        let scale = 1.0 / window.iter().map(|w| w * w).sum::<f64>();
        Self {
            spectra,
            weights,
            runs: Run::all(&layout, scale / times),
            less: vec![0.0; layout.frame_features() - layout.window_features()],
            rows: if are_in_order(&ranges) {
                Vec::new()
            } else {
                vec![0.0; layout.frame_features() * starts.len()]
            },
            frames: ranges,
            starts,
            powers: Vec::new(),
            scales: Vec::new(),
            known: Vec::new(),
            sums: Vec::new(),
            fresh: NewFrames::default(),
            mean_squares: Vec::new(),
            times: Vec::new(),
            correlations: Correlations::default(),
            logs: Vec::new(),
            layout,
        }
    }

    pub fn layout(&self) -> &BandLayout {
        &self.layout
    }

    /// Writes the features of a window `[channels, window]` to `out`. The window begins `shift` samples after the last
    /// one; spectra of common frames are reused.
    ///
    /// # Errors
    /// If samples are not finite.
    pub fn transform(
        &mut self,
        window: &[f32],
        shift: Option<usize>,
        out: &mut [f32],
    ) -> Result<(), NotFinite> {
        let samples = self.layout.window;
        self.mean_squares.clear();
        self.times.clear();
        self.correlations.means.clear();
        for channel in window.chunks_exact(samples) {
            let [mean, square] = mean_and_square(channel);
            // Sums of finite float32 numbers do not leave the range of float64.
            if !mean.is_finite() {
                self.known.clear();
                return Err(NotFinite);
            }
            self.mean_squares.push(square);
            self.correlations.means.push(mean);
            if self.layout.power {
                // Replaced once the level is known.
                self.times.push(f32::NAN);
            }
            if self.layout.time {
                self.times.extend(time::features(channel, mean, square));
            }
            if self.layout.correlation {
                // Replaced once all channels are known.
                self.times.extend([f32::NAN; correlation::FEATURES]);
            }
            if self.layout.rhythm {
                self.times.extend(rhythm::features(channel, mean, square));
            }
        }
        let correlations = &mut self.correlations;
        correlations.fill(window, &self.mean_squares, &self.layout, &mut self.times);
        self.keep(shift);
        self.find(window);
        let (starts, bands) = (self.starts.len(), self.layout.bands());
        let levels = self.less.len();
        let live = self.known.iter().filter(|known| **known).count();
        let floor = self.layout.floor as f32;
        self.sums.resize(bands * starts, 0.0);
        self.logs.resize(live * levels * starts, 0.0);
        let bins = (self.layout.frame / 2 + 1) * starts;
        let powers = self.powers.chunks_exact(bins);
        let channels = powers.zip(self.scales.chunks_exact(starts));
        let channels = channels.zip(&self.mean_squares).zip(&self.known);
        let channels = channels.filter(|(_, known)| **known);
        let logs = self.logs.chunks_exact_mut(levels * starts);
        for ((((powers, scales), mean_square), _), logs) in channels.zip(logs) {
            let factor = |scale: &f32| 1.0 / (mean_square * f64::from(*scale).powi(2));
            let same = scales
                .iter()
                .fold(true, |all, scale| all & (*scale == scales[0]));
            for run in &self.runs {
                let range = run.bands.start * starts..run.bands.end * starts;
                let rows = run.first..run.first + run.bands.len() * run.bins;
                let mut values = &powers[rows.start * starts..rows.end * starts];
                if run.bins > 1 {
                    let sums = &mut self.sums[range.clone()];
                    row_sums(values, run.bins, starts, sums);
                    values = sums;
                }
                // Only for frames of zeros can it be too large for float32.
                let of = |scale: &f32| ((run.factor * factor(scale)) as f32).min(f32::MAX);
                if same {
                    ln_of_scaled(values, of(&scales[0]), floor, &mut logs[range]);
                    continue;
                }
                let factors: Vec<f32> = scales.iter().map(of).collect();
                let rows = values.chunks_exact(starts);
                for (row, out) in rows.zip(logs[range].chunks_exact_mut(starts)) {
                    ln_of_scaled_each(row, &factors, floor, out);
                }
            }
        }
        self.features(out);
        Ok(())
    }

    /// Moves the powers of frames that were also in the last window, `shift` samples earlier, to their new positions,
    /// and lists the other frames.
    fn keep(&mut self, shift: Option<usize>) {
        let starts = self.starts.len();
        let bins = (self.layout.frame / 2 + 1) * starts;
        let channels = self.mean_squares.len();
        self.known.resize(channels, false);
        self.powers.resize(channels * bins, 0.0);
        self.scales.resize(channels * starts, 1.0);
        let pairs = self.known.iter().zip(&self.mean_squares);
        let pairs = pairs.map(|(known, square)| [*known, *square > 0.0]);
        self.fresh.plan(&self.starts, shift, pairs);
        let NewFrames {
            channels, moves, ..
        } = &self.fresh;
        let powers = self.powers.chunks_exact_mut(bins);
        let powers = powers.zip(self.scales.chunks_exact_mut(starts));
        let powers = powers.zip(self.known.iter_mut().zip(channels));
        for ((powers, scales), (known, [was_known, is_live])) in powers {
            *known = *is_live;
            if *was_known && *is_live {
                // Others than the moved ones are fresh.
                move_all(moves, scales, starts);
                move_all(moves, powers, starts);
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
                for fours in self.fresh.fours.chunks(FOURS) {
                    let first = |four: &Four| four.channel * bins + four.first;
                    let mut firsts = [0; FOURS];
                    firsts
                        .iter_mut()
                        .zip(fours)
                        .for_each(|(to, four)| *to = first(four));
                    let firsts = &firsts[..fours.len()];
                    frames.powers(fours, &mut self.powers, firsts, starts);
                }
                for (channel, scales) in self.scales.chunks_exact_mut(starts).enumerate() {
                    scales.copy_from_slice(frames.scales(channel));
                }
            }
            Spectra::Single {
                fft,
                window: hann,
                squares: found,
                narrow,
            } => {
                let frame = self.layout.frame;
                for (channel, i) in &self.fresh.frames {
                    let first = channel * self.layout.window + self.starts[*i];
                    let samples = &window[first..first + frame];
                    windowed(samples, mean(samples), hann, &mut fft.input);
                    squares(fft.run(), found);
                    let scale = scale(largest_magnitude(samples));
                    self.scales[channel * starts + i] = scale;
                    multiples(found, f64::from(scale).powi(2), narrow);
                    let powers = self.powers[channel * bins + i..].iter_mut();
                    let powers = powers.step_by(starts).zip(&*narrow);
                    powers.for_each(|(power, square)| *power = *square);
                }
            }
        }
    }

    /// Writes the features computed from the logarithms.
    fn features(&mut self, out: &mut [f32]) {
        let (bands, width) = (self.layout.bands(), self.layout.frame_features());
        let (starts, levels) = (self.starts.len(), self.less.len());
        // Relative to the unit of the window, so that none of it changes the features.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        let count = (self.layout.segments * self.layout.frames * bands) as f64;
        let live = self.mean_squares.iter().zip(&self.known);
        let live = live.filter(|(_, known)| **known);
        let offsets = live.map(|(mean_square, _)| natural(mean_square / reference));
        let offsets: Vec<f64> = offsets.collect();
        let mut total = 0.0;
        for (logs, offset) in self.logs.chunks_exact(levels * starts).zip(&offsets) {
            let logs = &logs[..bands * starts];
            let sum = if self.weights.is_empty() {
                sum(logs)
            } else {
                let rows = logs.chunks_exact(starts);
                rows.map(|row| sum_of_products(row, &self.weights)).sum()
            };
            total += sum + count * offset;
        }
        let mean = total / (offsets.len() as f64 * count);
        let unit = natural(reference);
        let removed = if self.layout.level { mean } else { -unit };
        let level = (mean + unit) as f32;
        let mut logs = self.logs.chunks_exact_mut(levels * starts).zip(&offsets);
        let count = self.layout.window_features();
        let each = out.chunks_exact_mut(self.layout.segments * self.layout.features());
        for (channel, (known, out)) in self.known.iter().zip(each).enumerate() {
            let is_copied = !self.rows.is_empty();
            let rows = if is_copied { &mut self.rows } else { &mut *out };
            if *known {
                let (logs, offset) = logs.next().expect("a live channel has logarithms");
                self.less[..bands].fill((removed - offset) as f32);
                logs[bands * starts..].fill(level);
                let shape = Shape {
                    rows: levels,
                    columns: starts,
                    stride: starts,
                };
                transpose_less(logs, shape, &self.less, rows, width);
                if count > 0 {
                    let times = &mut self.times[channel * count..][..count];
                    if self.layout.power {
                        times[0] = (offset - removed) as f32;
                    }
                    let rows = rows.chunks_exact_mut(width);
                    rows.for_each(|row| row[levels..].copy_from_slice(times));
                }
            } else {
                for row in rows.chunks_exact_mut(width) {
                    row[..bands].fill(0.0);
                    row[bands..levels].fill(level);
                    row[levels..].fill(f32::NAN);
                }
            }
            if is_copied {
                let mut rest = out;
                for frames in &self.frames {
                    let from = &self.rows[frames.start * width..frames.end * width];
                    let (to, others) = rest.split_at_mut(from.len());
                    to.copy_from_slice(from);
                    rest = others;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
