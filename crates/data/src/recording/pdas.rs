//! PDAS of Teledyne Geotech: eleven lines such as `INTERVAL 0.005000`, and integers of one channel.
//!
//! The layout is that of ObsPy's reader. The channel is called as in the line `SIGNAL`. With the comment `GAINRANGED`, the lowest two bits of
//! a sample tell its gain, which is applied: the factors are those by which a recording goes on where its gain changes.

use super::time::{self, DAY};
use super::words::all;
use super::{Contents, Hints, Notes, Trace, check_rate, dated};
use crate::error::recording::{PdasError, RecordingError};

/// The first words of the lines.
const KEYS: [&str; 11] = [
    "DATASET",
    "FILE_TYPE",
    "VERSION",
    "SIGNAL",
    "DATE",
    "TIME",
    "INTERVAL",
    "VERT_UNITS",
    "HORZ_UNITS",
    "COMMENT",
    "DATA",
];
/// Most bytes of a line.
const LONGEST: usize = 200;
/// Years of two digits from this one on are of the 20th century, as in ObsPy.
const OLD: i64 = 50;
/// Factors of samples by their lowest two bits. That of the coarsest gain is not known.
const FACTORS: [Option<i32>; 4] = [None, Some(64), Some(8), Some(1)];

/// The lines of a header, and the bytes behind them.
struct File<'a> {
    lines: Vec<&'a [u8]>,
    data: &'a [u8],
}

impl<'a> File<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut lines = Vec::new();
        for key in KEYS {
            let end = rest.iter().take(LONGEST).position(|byte| *byte == b'\n')?;
            let line = &rest[..end];
            let words = line.split(u8::is_ascii_whitespace);
            let mut words = words.filter(|word| !word.is_empty());
            if words.next() != Some(key.as_bytes()) {
                return None;
            }
            lines.push(words.next().unwrap_or_default());
            rest = &rest[end + 1..];
        }
        Some(Self { lines, data: rest })
    }

    /// The first word behind a key.
    fn value(&self, key: &str) -> String {
        let at = KEYS.iter().position(|name| *name == key);
        let word = at.map(|at| self.lines[at]).unwrap_or_default();
        String::from_utf8_lossy(word).into_owned()
    }

    /// Nanoseconds since 1970 of the first sample.
    ///
    /// # Errors
    /// If date or time are none.
    fn start(&self) -> Result<i64, PdasError> {
        let (date, clock) = (self.value("DATE"), self.value("TIME"));
        let days = || {
            let [month, day, year] = parts(&date, '-')?;
            let year: i64 = year.parse().ok()?;
            let year = match year {
                0..OLD => 2000 + year,
                OLD..100 => 1900 + year,
                _ => year,
            };
            time::day(year, month.parse().ok()?, day.parse().ok()?).ok()
        };
        let of_day = || {
            let [hour, minute, second] = parts(&clock, ':')?;
            time::of_clock(
                hour.parse().ok()?,
                minute.parse().ok()?,
                second.parse().ok()?,
            )
        };
        let start = days().zip(of_day()).map(|(days, clock)| days * DAY + clock);
        start.ok_or(PdasError::Time { date, clock })
    }

    /// Samples per second.
    ///
    /// # Errors
    /// If the interval is none.
    fn rate(&self) -> Result<f64, PdasError> {
        let unit = self.value("HORZ_UNITS");
        if !["s", "sec", "second", "seconds"].contains(&&*unit.to_ascii_lowercase()) {
            return Err(PdasError::Unit { unit });
        }
        let text = self.value("INTERVAL");
        let interval: Option<f64> = text.parse().ok();
        let interval = interval.ok_or(PdasError::Interval { text })?;
        Ok(check_rate(1.0 / interval)?)
    }
}

/// A text in three parts.
fn parts(text: &str, by: char) -> Option<[&str; 3]> {
    text.split(by).collect::<Vec<_>>().try_into().ok()
}

/// Whether a file begins with the lines that all such files have.
pub(super) fn is(bytes: &[u8]) -> bool {
    File::of(bytes).is_some()
}

/// Reads the channel.
///
/// # Errors
/// If the header does not tell start, rate and type of the samples.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let lines = Vec::new();
    let file = File::of(bytes).unwrap_or(File { lines, data: &[] });
    let mut notes = Notes::default();
    let kind = file.value("FILE_TYPE");
    let has_gains = file.value("COMMENT") == "GAINRANGED";
    let samples = match &*kind.to_ascii_uppercase() {
        "LONG" => {
            if file.data.len() % 2 == 1 {
                notes.push("the last byte is no whole sample, and is left out");
            }
            let words: Vec<f64> = all(file.data, false, |word| i16::from_be_bytes(word).into());
            if has_gains { gained(&words)? } else { words }
        }
        "SHORT" if !has_gains => file.data.iter().map(|byte| (*byte as i8).into()).collect(),
        _ => return Err(PdasError::Kind { kind, has_gains }.into()),
    };
    let trace = Trace {
        channel: file.value("SIGNAL"),
        start: file.start()?,
        rate: file.rate()?,
        samples,
    };
    Ok(dated(vec![trace], notes, hints))
}

/// The samples of words with a gain in their lowest two bits.
///
/// # Errors
/// If a gain is not known.
fn gained(words: &[f64]) -> Result<Vec<f64>, PdasError> {
    let sample = |(at, word): (usize, &f64)| {
        let word = *word as i32;
        let factor = FACTORS[(word & 3) as usize];
        let factor = factor.ok_or(PdasError::Gain { sample: at + 1 })?;
        Ok(f64::from((word >> 2) * factor))
    };
    words.iter().enumerate().map(sample).collect()
}
