//! Continuous recordings of hours or days, from which windows are cut.
//!
//! Each format is a file here and a row of `formats.rs`. Each returns [`Trace`]s; [`merge()`] joins those of a channel. SeisBench's
//! HDF5 is [`SeisBench`]. `signatures.rs` names formats that are not read.

mod ah;
mod asdf;
mod clock_set;
mod columns;
mod content;
mod cosmos;
mod css;
mod datacast;
mod evt;
mod formats;
mod gcf;
mod geocsv;
mod gse;
mod handler;
mod labelled;
mod left_out;
mod merge;
mod mseed;
mod nanometrics;
mod note;
mod overlaps;
mod pdas;
mod reftek;
mod rg16;
mod sac;
mod sample_order;
mod seg2;
mod segy;
mod seisan;
mod seisbench;
pub(crate) mod signatures;
mod steim;
mod strong_motion;
mod suds;
mod table;
mod text;
mod time;
mod time_parts;
mod time_series;
mod to_hdf;
mod wav;
mod win;
mod words;

use std::path::{Path, PathBuf};

use crate::error::recording::{RateError, TextError};
use crate::error::{DataError, Problem, RecordingError, in_file};

pub(crate) use clock_set::clock_set;
#[cfg(test)]
pub(crate) use columns::Counted;
pub(crate) use columns::{
    ListColumn, ListColumns, ListRows, Opened, RowValues, flat_columns, flat_names, read_lists,
};
pub use columns::{Run, runs};
pub use formats::parse;
pub(crate) use formats::{Excerpt, beginning, format_of};
pub use labelled::{LabelRun, LabelledRows, RowColumns};
pub(crate) use merge::count_stretches;
pub use merge::{Merged, Repeated, Stretch, merge, merge_at};
pub use mseed::{IndexedFile, IndexedTrace, Packets, TraceReader};
pub(crate) use note::Remark;
pub use note::{Note, Notes};
pub use overlaps::{FileOverlap, overlapping_files};
pub use sac::Pick;
pub use seisbench::{SeisBench, SeisBenchHints, chunks};
pub use table::LabelColumn;
pub(crate) use table::{
    DayCount, is_missing, is_offset, is_rate, is_zone, numbered_names, unit, unit_by_size,
    zone_of_heading, zone_word,
};
pub(crate) use time::{DAY, clock_alone, duration, has_zone, offset_in, offset_of};
pub(crate) use time::{DateOrder, DateOrders, UNIX, format_date, is_compact, parse_time_as};
pub use time::{NANOS, format_time, parse_time};
pub(crate) use time_parts::TimeParts;

/// Evenly sampled values of one channel, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Name of the channel in the file: `NET.STA.LOC.CHA` in seismological formats, a column, or a number from 1.
    pub channel: String,
    /// Time of the first sample: nanoseconds since 1970-01-01T00:00:00Z, or since the beginning of a recording without
    /// a date.
    pub start: i64,
    /// Samples per second.
    pub rate: f64,
    /// Samples as recorded, in counts or in the unit of the file. A float64 holds every sample of every format exactly.
    pub samples: Vec<f64>,
}

impl Trace {
    /// Time of sample `i`, in nanoseconds.
    pub fn time(&self, i: usize) -> i64 {
        self.start
            .saturating_add((i as f64 / self.rate * NANOS).round() as i64)
    }

    /// Time after the last sample, where the next would be.
    pub fn end(&self) -> i64 {
        self.time(self.samples.len())
    }

    /// Whether samples at `rate` from `start` on go on this trace: they begin less than half a sample, or than the resolution of
    /// times in nanoseconds, from its end.
    fn goes_on(&self, rate: f64, start: i64, resolution: u64) -> bool {
        let half = (NANOS / rate / 2.0) as u64;
        self.rate.to_bits() == rate.to_bits() && self.end().abs_diff(start) < half.max(resolution)
    }
}

/// Content of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Its traces, in the order of the file.
    pub traces: Vec<Trace>,
    /// What was unusual about the file and how it was read nevertheless, one sentence each without the file's name.
    /// Notes never excuse wrong numbers: what cannot be read with certainty is left out or an error.
    pub notes: Notes,
    /// Parts of a table whose rows have labels; only if [`Hints::labels`] asks for them. Their traces are in `traces`.
    pub rows: Vec<LabelledRows>,
    /// Columns that could tell the label of each row; only if [`Hints::finds_labels`].
    pub label_columns: Vec<LabelColumn>,
    /// Times that the file marks. They are no labels: a pick says neither a class nor an end.
    pub picks: Vec<Pick>,
}

impl From<Vec<Trace>> for Contents {
    fn from(traces: Vec<Trace>) -> Self {
        Self {
            traces,
            ..Self::default()
        }
    }
}

/// Facts that a file may lack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// Samples per second, for tables without a column of times. It takes precedence over such a column; a contradiction is
    /// noted.
    pub sampling_rate: Option<f64>,
    /// Samples per second that recordings are wanted at, which most of them have: it tells the unit of times without one.
    pub expected_rate: Option<f64>,
    /// The column of times of a table: its name, or its number from 1.
    pub time_column: Option<String>,
    /// Whether each row of a table has several samples of a channel, in columns whose names are numbered. If that is not known,
    /// such a table is recognised where its samples tell it.
    pub samples_in_rows: Option<bool>,
    /// Time of the first sample, for formats without one, and tables whose times are not dates.
    pub start: Option<i64>,
    /// Columns of a table that describe each row.
    pub labels: Option<RowColumns>,
    /// Whether to look for such columns.
    pub finds_labels: bool,
    /// Names of the channels that are wanted; empty if that is not known.
    pub channels: Vec<String>,
    /// Folder of the files that a file names, as tables of CSS 3.0 do; [`read`] takes that of the file.
    pub folder: Option<PathBuf>,
    /// Name of the file, of which the file with its samples has the beginning, as for Q files of Seismic Handler; [`read`] takes that
    /// of the file.
    pub file_name: Option<String>,
}

impl Hints {
    /// The same for a file, with its folder.
    fn of_file(&self, path: &Path) -> Self {
        let folder = self.folder.as_deref().or_else(|| path.parent());
        let name = || Some(path.file_name()?.to_string_lossy().into_owned());
        Self {
            folder: folder.map(Path::to_owned),
            file_name: self.file_name.clone().or_else(name),
            ..self.clone()
        }
    }
}

/// Whether a recording can be read once its sampling rate is given, from the problem in an error of [`read`].
pub fn is_rate_unknown(problem: &Problem) -> bool {
    matches!(problem, Problem::Recording(error) if error.is_rate_unknown())
}

/// Whether a file is sound but has no samples, such as the log of a recorder, from the problem in an error of [`read`].
pub(crate) fn has_no_samples(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Recording(RecordingError::NoSamples { .. } | RecordingError::Dataless)
    )
}

/// What a file is that has nothing of a recording, from the problem in an error of [`read`]: it is empty, as after a power cut, or
/// what a failed download left, or a description.
pub(crate) fn nothing(problem: &Problem) -> Option<String> {
    let Problem::Recording(error) = problem else {
        return None;
    };
    match error {
        RecordingError::EmptyFile | RecordingError::Text(TextError::Blank) => {
            Some(error.to_string())
        }
        RecordingError::OtherFormat(other) if signatures::lacks_samples(other) => {
            Some(format!("is {other}"))
        }
        _ => None,
    }
}

/// Largest recording that is read: all of it is held in memory.
const LARGEST: u64 = 8 << 30;

/// Reads all channels of a file, in its order.
///
/// # Errors
/// [`DataError`] with the file and the offset, record or line if it is damaged or of an unknown format.
pub fn read(path: &Path, hints: &Hints) -> Result<Contents, DataError> {
    let file = std::fs::metadata(path).map_err(unreadable(path))?;
    let error = in_file::<RecordingError>(path);
    if file.len() > LARGEST {
        return Err(error(RecordingError::TooLarge {
            bytes: file.len(),
            limit: LARGEST,
        }));
    }
    let contents = content::read(path, file.len() as usize, &hints.of_file(path));
    let contents = contents.map_err(unreadable(path))?;
    let contents = contents.map_err(&error)?;
    with_samples(contents).map_err(error)
}

/// # Errors
/// If no trace has samples.
fn with_samples(contents: Contents) -> Result<Contents, RecordingError> {
    if contents.traces.iter().all(|trace| trace.samples.is_empty()) {
        let notes = contents.notes.all();
        return Err(RecordingError::NoSamples { notes });
    }
    Ok(contents)
}

/// The extension of a file's name in lower case; of `geo.csv.gz` that is `csv`.
fn extension(path: &Path) -> String {
    let of = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let extension = of(path).unwrap_or_default();
    if extension == "gz" {
        return path
            .file_stem()
            .and_then(|stem| of(Path::new(stem)))
            .unwrap_or_default();
    }
    extension
}

/// A note that the given sampling rate is not one of the `rates` that a file stores, which count. (Tables use the given
/// one, and say so themselves.)
pub fn other_rate(hints: &Hints, rates: Vec<f64>) -> Option<Note> {
    let given = hints.sampling_rate?;
    let stored = rates
        .iter()
        .copied()
        .find(|rate| !same_rate(*rate, given))?;
    (!rates.iter().any(|rate| same_rate(*rate, given))).then(|| {
        let text = format!(
            "the given sampling rate is {given} Hz, but the file stores {stored} Hz: that of the file is used; leave out the given \
             one, or correct the file"
        );
        text.into()
    })
}

/// What a file contains that stores the times of its traces, with a note if another start is given.
fn dated(traces: Vec<Trace>, mut notes: Notes, hints: &Hints) -> Contents {
    let start = traces.iter().map(|trace| trace.start).min();
    notes.extend(other_start(hints, start));
    Contents {
        traces,
        notes,
        ..Contents::default()
    }
}

/// A note that the given start is not the time `stored` that a file stores, which counts.
pub fn other_start(hints: &Hints, stored: Option<i64>) -> Option<Note> {
    let (given, stored) = (hints.start?, stored?);
    (given.abs_diff(stored) > NANOS as u64).then(|| {
        let (given, stored) = (format_time(given), format_time(stored));
        let text = format!(
            "the given start is {given}, but the file has times of its own from {stored} on: these are used; leave out the given \
             start, or correct the file"
        );
        text.into()
    })
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path: PathBuf = path.to_owned();
    move |source| DataError::Read {
        what: "the recording",
        path: path.clone(),
        source,
    }
}

/// Whether two sampling rates are the same but for rounding: they differ in the seventh digit at most.
pub fn same_rate(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1.5e-6 * one.max(other)
}

/// Whether two sampling rates differ by more than two clocks of one rate do, which is a ten-thousandth.
///
/// ```
/// use data::recording::is_other_rate;
/// assert!(!is_other_rate(100.005, 100.0));
/// assert!(is_other_rate(100.0, 99.9) && is_other_rate(99.9, 100.0));
/// ```
pub fn is_other_rate(one: f64, other: f64) -> bool {
    (one / other - 1.0).abs() > merge::CLOCKS
}

/// Whether `count` samples at `rate` can go on a trace at `of` samples per second: while they last, the two clocks drift apart by
/// half a sample at most. Recorders with GPS write the rate that they measure into each record.
///
/// ```
/// use data::recording::keeps_clock;
/// assert!(keeps_clock(400, 100.003, 100.0) && !keeps_clock(8_640_000, 100.003, 100.0));
/// ```
pub fn keeps_clock(count: usize, rate: f64, of: f64) -> bool {
    drift(count, rate, of) <= 0.5
}

/// Samples by which `count` of them at `rate` and at `of` samples per second drift apart; infinite for other rates.
fn drift(count: usize, rate: f64, of: f64) -> f64 {
    if is_other_rate(rate, of) {
        return f64::INFINITY;
    }
    (count as f64 * (rate / of - 1.0)).abs()
}

/// Whether a recording at `rate` lacks frequencies that one at `wanted` has. The uppermost two of a hundred tell nothing.
pub fn is_slower(rate: f64, wanted: f64) -> bool {
    rate < 0.98 * wanted
}

/// The sampling rate of an interval in seconds that is stored as a float32, which cannot hold 0.01 s exactly: the rate is rounded
/// to thousandths if the float32 cannot tell the difference.
fn rate_of_single(interval: f64) -> f64 {
    let rate = 1.0 / interval;
    let near = (rate * 1000.0).round() / 1000.0;
    if (1.0 / near) as f32 == interval as f32 {
        near
    } else {
        rate
    }
}

/// Returns `rate` if time can be computed with it.
fn check_rate(rate: f64) -> Result<f64, RateError> {
    if rate.is_finite() && (1e-6..=1e9).contains(&rate) {
        Ok(rate)
    } else {
        Err(RateError { rate })
    }
}
