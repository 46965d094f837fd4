//! Features of a window that do not need learning.

mod bands;
mod time;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::bands::BandPowers;
use crate::table::Table;

/// A choice of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureSet {
    /// Log band powers averaged over the segments, and the level: for sources that do not change within a window.
    MeanBands,
    /// Log band powers of every segment, and the level: for onsets.
    SegmentBands,
    /// How the window changes in time: crest factor, kurtosis, unevenness.
    Time,
    /// `MeanBands` and `Time`.
    MeanBandsAndTime,
}

impl FeatureSet {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::MeanBands,
        Self::SegmentBands,
        Self::Time,
        Self::MeanBandsAndTime,
    ];

    /// Name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanBands => "mean_bands",
            Self::SegmentBands => "segment_bands",
            Self::Time => "time",
            Self::MeanBandsAndTime => "mean_bands_and_time",
        }
    }
}

/// All features of some windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    mean_bands: Table,
    segment_bands: Table,
    time: Table,
}

impl Features {
    /// Of windows `[N, channels, samples]` laid end to end, computed on all threads. Windows have at least two samples.
    /// `segments` says whether [`FeatureSet::SegmentBands`] is wanted, which is seven times as large as all others.
    pub fn of(windows: &[f32], [channels, samples]: [usize; 2], segments: bool) -> Self {
        let bands = BandPowers::new(samples);
        let rows: Vec<_> = windows
            .par_chunks_exact(channels * samples)
            .map(|window| Row::of(window, samples, &bands, segments))
            .collect();
        let table = |values: fn(&Row) -> &Vec<f64>| {
            let width = rows.first().map_or(1, |row| values(row).len());
            if width == 0 {
                return Table::default();
            }
            Table::new(rows.iter().flat_map(values).copied().collect(), width)
        };
        Self {
            mean_bands: table(|row| &row.mean_bands),
            segment_bands: table(|row| &row.segment_bands),
            time: table(|row| &row.time),
        }
    }

    /// Appends the features of further windows.
    pub fn append(&mut self, other: &Self) {
        self.mean_bands.append(&other.mean_bands);
        self.segment_bands.append(&other.segment_bands);
        self.time.append(&other.time);
    }

    /// The features of one choice, of the windows at `rows`.
    pub fn select(&self, set: FeatureSet, rows: &[usize]) -> Table {
        match set {
            FeatureSet::MeanBands => self.mean_bands.select(rows),
            FeatureSet::SegmentBands => self.segment_bands.select(rows),
            FeatureSet::Time => self.time.select(rows),
            FeatureSet::MeanBandsAndTime => {
                let bands = self.mean_bands.select(rows);
                bands.beside(&self.time.select(rows))
            }
        }
    }

    /// The features of one choice, of all windows.
    pub fn table(&self, set: FeatureSet) -> Table {
        let rows: Vec<usize> = (0..self.rows()).collect();
        self.select(set, &rows)
    }

    /// Number of windows.
    pub fn rows(&self) -> usize {
        self.time.rows()
    }
}

/// Features of one window.
#[derive(Default)]
struct Row {
    mean_bands: Vec<f64>,
    segment_bands: Vec<f64>,
    time: Vec<f64>,
}

impl Row {
    fn of(window: &[f32], samples: usize, bands: &BandPowers, keep_segments: bool) -> Self {
        let mut row = Self::default();
        for channel in window.chunks_exact(samples) {
            let channel: Vec<f64> = channel.iter().map(|&value| value.into()).collect();
            let mean = channel.iter().sum::<f64>() / samples as f64;
            let mut centred: Vec<f64> = channel.iter().map(|value| value - mean).collect();
            let mut mean_square =
                centred.iter().map(|value| value * value).sum::<f64>() / samples as f64;
            if mean_square.sqrt() <= ROUNDING * mean.abs() {
                centred.fill(0.0);
                mean_square = 0.0;
            }
            let powers = bands.of(&centred);
            let floor = FLOOR * mean_square;
            let log = |power: f64| (power + floor).ln();
            let segments = powers.len() / bands.count();
            for band in 0..bands.count() {
                let of_band = powers.iter().skip(band).step_by(bands.count());
                row.mean_bands
                    .push(log(of_band.sum::<f64>() / segments as f64));
            }
            row.mean_bands.push(mean_square.ln());
            if keep_segments {
                row.segment_bands
                    .extend(powers.iter().map(|&power| log(power)));
                row.segment_bands.push(mean_square.ln());
            }
            time::append(&centred, mean_square, &mut row.time);
        }
        row
    }
}

/// Floor of a band's power, as part of the channel's mean square in the window.
const FLOOR: f64 = 1e-7;
/// Deviations below this part of the mean are rounding: float32 samples differ by 6e-8 of their value at least.
const ROUNDING: f64 = 1e-10;

#[cfg(test)]
mod tests;
