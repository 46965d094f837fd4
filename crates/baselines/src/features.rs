//! Hand-crafted features of a window.

mod bands;
mod correlation;
mod rhythm;
mod time;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::bands::{BandPowers, TWO_SEGMENTS};
use crate::table::Table;

/// A set of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureSet {
    /// Log band powers averaged over the segments, and the level; for sources that are stationary within a window.
    MeanBands,
    /// Log band powers of every segment, and the level; for onsets.
    SegmentBands,
    /// Temporal shape of the window: crest factor, kurtosis, unevenness.
    Time,
    /// `MeanBands` and `Time`.
    MeanBandsAndTime,
    /// The intervals at which energy comes back; for steps, strikes and worn bearings.
    Rhythm,
    /// `Time`, and how alike neighbouring channels move; for the direction of movements.
    TimeAndCorrelation,
    /// `MeanBands` and `TimeAndCorrelation`.
    MeanBandsAndTimeAndCorrelation,
}

impl FeatureSet {
    /// All feature sets.
    pub const ALL: [Self; 7] = [
        Self::MeanBands,
        Self::SegmentBands,
        Self::Time,
        Self::MeanBandsAndTime,
        Self::Rhythm,
        Self::TimeAndCorrelation,
        Self::MeanBandsAndTimeAndCorrelation,
    ];

    /// The set that has the same values for windows of this shape, if there is one: a window of a single segment is its
    /// own mean, and a single channel has no correlation.
    pub fn same_as(self, [channels, samples]: [usize; 2]) -> Option<Self> {
        match self {
            Self::SegmentBands => (samples < TWO_SEGMENTS).then_some(Self::MeanBands),
            Self::TimeAndCorrelation => (channels == 1).then_some(Self::Time),
            Self::MeanBandsAndTimeAndCorrelation => {
                (channels == 1).then_some(Self::MeanBandsAndTime)
            }
            _ => None,
        }
    }

    /// Name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::MeanBands => "mean_bands",
            Self::SegmentBands => "segment_bands",
            Self::Time => "time",
            Self::MeanBandsAndTime => "mean_bands_and_time",
            Self::Rhythm => "rhythm",
            Self::TimeAndCorrelation => "time_and_correlation",
            Self::MeanBandsAndTimeAndCorrelation => "mean_bands_and_time_and_correlation",
        }
    }
}

/// All features of a set of windows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    mean_bands: Table,
    segment_bands: Table,
    time: Table,
    rhythm: Table,
    correlation: Table,
}

impl Features {
    /// Computes the features of windows on all threads. `segments` enables [`FeatureSet::SegmentBands`], which is
    /// seven times as large as all others.
    ///
    /// # Shapes
    /// `windows` `[N, channels, samples]`, flattened, with at least two samples.
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
            rhythm: table(|row| &row.rhythm),
            correlation: table(|row| &row.correlation),
        }
    }

    /// Appends the features of more windows.
    pub fn append(&mut self, other: &Self) {
        self.mean_bands.append(&other.mean_bands);
        self.segment_bands.append(&other.segment_bands);
        self.time.append(&other.time);
        self.rhythm.append(&other.rhythm);
        self.correlation.append(&other.correlation);
    }

    /// One feature set, for the windows at `rows`.
    pub fn select(&self, set: FeatureSet, rows: &[usize]) -> Table {
        match set {
            FeatureSet::MeanBands => self.mean_bands.select(rows),
            FeatureSet::SegmentBands => self.segment_bands.select(rows),
            FeatureSet::Time => self.time.select(rows),
            FeatureSet::Rhythm => self.rhythm.select(rows),
            FeatureSet::MeanBandsAndTime => {
                let bands = self.mean_bands.select(rows);
                bands.with_columns_of(&self.time.select(rows))
            }
            FeatureSet::TimeAndCorrelation => self.with_correlation(FeatureSet::Time, rows),
            FeatureSet::MeanBandsAndTimeAndCorrelation => {
                self.with_correlation(FeatureSet::MeanBandsAndTime, rows)
            }
        }
    }

    /// One feature set and the correlation, if there are several channels.
    fn with_correlation(&self, set: FeatureSet, rows: &[usize]) -> Table {
        let others = self.select(set, rows);
        if self.correlation.width() == 0 {
            return others;
        }
        others.with_columns_of(&self.correlation.select(rows))
    }

    /// One feature set, for all windows.
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
    rhythm: Vec<f64>,
    correlation: Vec<f64>,
}

impl Row {
    fn of(window: &[f32], samples: usize, bands: &BandPowers, keep_segments: bool) -> Self {
        let mut row = Self::default();
        let mut channels = Vec::new();
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
            rhythm::append(&centred, mean_square, &mut row.rhythm);
            channels.push((centred, mean_square));
        }
        correlation::append(&channels, &mut row.correlation);
        row
    }
}

/// Minimum band power relative to the channel's mean square in the window.
const FLOOR: f64 = 1e-7;
/// Deviations smaller than this, relative to the mean, are rounding errors: float32 samples differ by at least 6e-8
/// of their value.
const ROUNDING: f64 = 1e-10;

#[cfg(test)]
mod tests;
