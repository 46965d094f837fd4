//! Continuous recordings: what a sensor wrote over hours, before anybody cut windows from it.
//!
//! A format is one file here, as with sample sources ([`crate::reader`]): `mseed.rs` (miniSEED 2 and 3), `sac.rs`,
//! `wav.rs`, `table.rs` (CSV and what loggers write), `time_series.rs` (text of web services) and `columns.rs` (Parquet). SeisBench's HDF5 is [`SeisBench`]. Each hands out [`Trace`]s; [`merge()`] joins those of a channel.

mod columns;
mod merge;
mod mseed;
mod sac;
mod seisbench;
mod steim;
mod table;
mod text;
mod time;
mod time_series;
mod wav;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::DataError;

pub use columns::{Run, runs};
pub use merge::{Merged, Stretch, merge};
pub use mseed::{IndexedFile, IndexedTrace, Packets, TraceReader};
pub use seisbench::{Given, SeisBench, chunks};
pub(crate) use table::{unit, unit_by_size};
pub use time::{NANOS, format_time, parse_time};

/// Evenly sampled values of one channel, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Channel, as the file names it: `NET.STA.LOC.CHA` of seismological formats, a column, a number from 1.
    pub channel: String,
    /// Time of the first sample: nanoseconds since 1970-01-01T00:00:00Z, or since the beginning of a recording that
    /// does not say when it was made.
    pub start: i64,
    /// Samples a second.
    pub rate: f64,
    /// As recorded: counts, or what the file says. A float64 holds every sample of every format.
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
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Its traces, in the order of the file.
    pub traces: Vec<Trace>,
    /// What was unusual about the file and how it was read in spite of it, one sentence each without the file's name.
    /// A note never stands for a wrong number: what cannot be read for sure is left out or an error.
    pub notes: Vec<String>,
}

impl From<Vec<Trace>> for Contents {
    fn from(traces: Vec<Trace>) -> Self {
        Self {
            traces,
            notes: Vec::new(),
        }
    }
}

/// What a file does not say of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// Samples a second, where a table has no column of times; where it has, this rules, and a contradiction is noted.
    pub sampling_rate: Option<f64>,
    /// Time of the first sample, for formats that know none, and tables whose times begin anywhere.
    pub start: Option<i64>,
}

/// Whether an error of [`read`] says that nothing but a sampling rate is missing.
pub fn is_rate_unknown(problem: &str) -> bool {
    problem.contains(table::RATE_UNKNOWN)
}

const KNOWN: &str = "recordings are miniSEED, SAC, WAV, Parquet or .csv tables";

/// Largest recording that is read: all of it is held in memory.
const LARGEST: u64 = 8 << 30;

/// Reads all channels of a file, in its order.
///
/// # Errors
/// [`DataError`] naming the file and the offset, record or line, where it is damaged or of no known format.
pub fn read(path: &Path, hints: &Hints) -> Result<Contents, DataError> {
    let file = std::fs::metadata(path).map_err(unreadable(path))?;
    let error = |problem: String| DataError::Source {
        path: path.to_owned(),
        problem,
    };
    if file.len() > LARGEST {
        return Err(error(format!(
            "{} bytes are too much for one recording: at most {LARGEST}",
            file.len()
        )));
    }
    let bytes = std::fs::read(path).map_err(unreadable(path))?;
    let ending = ending(path);
    let contents = parse(&bytes, &ending, hints).map_err(error)?;
    if contents.traces.iter().all(|trace| trace.samples.is_empty()) {
        let notes = contents.notes.iter().map(|note| format!("; {note}"));
        return Err(error(format!(
            "holds no sample{}",
            notes.collect::<String>()
        )));
    }
    Ok(contents)
}

/// The ending of a file's name; of `geo.csv.gz` that is `csv`.
fn ending(path: &Path) -> String {
    let of = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let own = of(path).unwrap_or_default();
    if own == "gz" {
        return path
            .file_stem()
            .and_then(|stem| of(Path::new(stem)))
            .unwrap_or_default();
    }
    own
}

/// Unpacks what gzip packed.
fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut packed = flate2::read::MultiGzDecoder::new(bytes).take(LARGEST + 1);
    packed
        .read_to_end(&mut plain)
        .map_err(|error| format!("packed with gzip, but damaged: {error}"))?;
    if plain.len() as u64 > LARGEST {
        return Err(format!(
            "unpacked it is more than {LARGEST} bytes, too much for one recording"
        ));
    }
    Ok(plain)
}

/// As [`read`], of a file's content; its format is known by content, tables by their `ending`.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(bytes: &[u8], ending: &str, hints: &Hints) -> Result<Contents, String> {
    let unknown = format!("the format is not known; {KNOWN}");
    match bytes {
        [] => Err("the file is empty".into()),
        [0x1F, 0x8B, ..] => match &*unpacked(bytes)? {
            [0x1F, 0x8B, ..] => Err("is packed with gzip twice: unpack it first".into()),
            plain => parse(plain, ending, hints),
        },
        [b'P', b'A', b'R', b'1' | b'E', ..] => columns::read(bytes, hints),
        _ if wav::is(bytes) => wav::read(bytes, hints),
        _ if mseed::is(bytes) => mseed::read(bytes),
        _ if sac::is(bytes) => sac::read(bytes, hints),
        _ if time_series::is(bytes) => time_series::read(bytes),
        _ if matches!(ending, "csv" | "txt" | "tsv") => table::read(bytes, hints),
        _ if mseed::is_inside(bytes) => mseed::read(bytes),
        // Loggers have endings of their own.
        _ if matches!(ending, "dat" | "asc" | "log" | "") => {
            table::read(bytes, hints).map_err(|problem| format!("{unknown}; as a table: {problem}"))
        }
        _ => Err(match text::kind(bytes) {
            Some(what) => format!("is {what}; {KNOWN}"),
            None => unknown,
        }),
    }
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path: PathBuf = path.to_owned();
    move |source| DataError::Read {
        what: "the recording",
        path: path.clone(),
        source,
    }
}

/// Whether two sampling rates are one that was rounded in different ways: they differ in the seventh digit at most.
fn same_rate(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1.5e-6 * one.max(other)
}

/// A rate that time can be reckoned with.
fn check_rate(rate: f64) -> Result<f64, String> {
    if rate.is_finite() && (1e-6..=1e9).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("{rate} samples a second are no sampling rate"))
    }
}
