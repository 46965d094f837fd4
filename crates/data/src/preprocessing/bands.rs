//! The front end `bands`: log power in bands of equal width relative to the level of the window, and the level.

mod layout;

use std::ops::Range;

use lanes::{Shape, transpose};
use spectra::fft::PlannedFft;
use spectra::frames::{FOUR, Four, Frames, Grid};
use spectra::logarithm::{ln_of_scaled, natural};
use spectra::loops::{
    mean, mean_square, row_sums, squares, subtract, sum, sum_of_products, windowed,
};
use spectra::roots::cosine_window;

pub use layout::BandLayout;

/// The planned front end with its buffers.
pub(super) struct Bands {
    layout: BandLayout,
    spectra: Spectra,
    /// Start positions of frames, in ascending order without repetition: frames of several segments may be the same
    /// samples.
    starts: Vec<usize>,
    /// For every frame of every segment, its index in `starts`.
    places: Vec<usize>,
    /// Number of frames at each of `starts`; empty if there is one each, in order.
    weights: Vec<f64>,
    /// Adjacent bands with equally many bins.
    runs: Vec<Run>,
    /// Squared magnitudes of the last window, `[channels, bins, starts]`, and which channels have them: the live ones.
    powers: Vec<f64>,
    known: Vec<bool>,
    /// Frames whose powers are still unknown, as channels and indices in `starts`.
    fresh: Vec<(usize, usize)>,
    mean_squares: Vec<f64>,
    /// Sums of squared magnitudes of a run, `[bands, starts]`.
    sums: Vec<f64>,
    /// `log_power` minus the logarithm of the channel's mean square, `[live channels, features of a frame, starts]`; the
    /// level in the last row of a channel.
    logs: Vec<f32>,
    /// Features of a channel with frames as rows.
    rows: Vec<f32>,
}

/// Adjacent bands of `bins` bins each.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    bands: Range<usize>,
    /// The first bin of the first band.
    first: usize,
    bins: usize,
    /// From sums of [`Bands::powers`] to mean powers.
    factor: f64,
}

impl Run {
    /// The runs of a layout, whose squared magnitudes are multiplied by `factor`.
    fn all(layout: &BandLayout, factor: f64) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for (band, edges) in layout.edges.windows(2).enumerate() {
            let bins = edges[1] - edges[0];
            match runs.last_mut() {
                Some(last) if last.bins == bins => last.bands.end += 1,
                _ => runs.push(Self {
                    bands: band..band + 1,
                    first: edges[0],
                    bins,
                    factor: factor / bins as f64,
                }),
            }
        }
        runs
    }
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
        let scale = 1.0 / window.iter().map(|w| w * w).sum::<f64>();
        Self {
            spectra,
            places,
            weights,
            runs: Run::all(&layout, scale / times),
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
        self.keep(shift);
        self.find(window);
        let (starts, bands) = (self.starts.len(), self.layout.bands());
        let width = self.layout.frame_features();
        let live = self.known.iter().filter(|known| **known).count();
        self.sums.resize(bands * starts, 0.0);
        self.logs.resize(live * width * starts, 0.0);
        let bins = (self.layout.frame / 2 + 1) * starts;
        let channels = self.powers.chunks_exact(bins).zip(&self.mean_squares);
        let channels = channels.zip(&self.known).filter(|(_, known)| **known);
        let logs = self.logs.chunks_exact_mut(width * starts);
        for (((powers, mean_square), _), logs) in channels.zip(logs) {
            for run in &self.runs {
                let own = run.bands.start * starts..run.bands.end * starts;
                let rows = run.first..run.first + run.bands.len() * run.bins;
                let mut values = &powers[rows.start * starts..rows.end * starts];
                if run.bins > 1 {
                    let sums = &mut self.sums[own.clone()];
                    row_sums(values, run.bins, starts, sums);
                    values = sums;
                }
                let factor = run.factor / mean_square;
                ln_of_scaled(values, factor, self.layout.floor, &mut logs[own]);
            }
        }
        self.features(out);
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
    fn features(&mut self, out: &mut Vec<f32>) {
        let (bands, width) = (self.layout.bands(), self.layout.frame_features());
        let starts = self.starts.len();
        // Relative to the unit of the window, so that none of it changes the features.
        let reference = self.mean_squares.iter().sum::<f64>() / self.mean_squares.len() as f64;
        let count = (self.places.len() * bands) as f64;
        let live = self.mean_squares.iter().zip(&self.known);
        let live = live.filter(|(_, known)| **known);
        let offsets = live.map(|(mean_square, _)| natural(mean_square / reference));
        let offsets: Vec<f64> = offsets.collect();
        let mut total = 0.0;
        for (logs, offset) in self.logs.chunks_exact(width * starts).zip(&offsets) {
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
        let mut logs = self.logs.chunks_exact_mut(width * starts).zip(&offsets);
        for known in &self.known {
            if *known {
                let (logs, offset) = logs.next().expect("a live channel has logarithms");
                let (own, last) = logs.split_at_mut(bands * starts);
                subtract(own, (removed - offset) as f32);
                last.fill(level);
                let shape = Shape {
                    rows: width,
                    columns: starts,
                    stride: starts,
                };
                transpose(logs, shape, &mut self.rows, width);
            } else {
                for row in self.rows.chunks_exact_mut(width) {
                    row[..bands].fill(0.0);
                    row[bands..].fill(level);
                }
            }
            for place in &self.places {
                out.extend_from_slice(&self.rows[place * width..(place + 1) * width]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
