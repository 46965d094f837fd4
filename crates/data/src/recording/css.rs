//! CSS 3.0 and NNSA KB Core: a table of waveforms (`.wfdisc`), each row with channel, time and rate, and the file (`.w`), byte and
//! type of its samples.
//!
//! J. Anderson et al., "Center for Seismic Studies version 3 database: schema reference manual" (1990). Channels are called
//! `.STA..CHAN`, as by ObsPy: the table has no networks. Samples are as recorded; the calibration of the table is not applied,
//! as by ObsPy, which keeps it beside them.

mod files;
mod row;
mod samples;

use support::words::counted;

use self::files::{Failure, Files, SampleBytes};
use self::row::Row;
use super::{Contents, Hints, Notes, Trace, dated};
use crate::error::recording::{CssError, CssProblem, RecordingError};

/// Rows by which a table is recognised.
const FIRST: usize = 4;
/// Samples and seconds by which the end of a row may be another than that of its samples: some count the last interval, and
/// all round it.
const ROUNDED: (f64, f64) = (1.5, 1e-3);

/// Whether one of the first lines is a row of the table.
pub(super) fn is(bytes: &[u8]) -> bool {
    let mut first = rows(bytes).take(FIRST);
    first.any(|line| {
        let row = Row::of(line.text);
        matches!(row, Ok(_) | Err(CssProblem::Type { .. }))
    })
}

/// A line of the table.
struct Line<'a> {
    /// From 1.
    number: usize,
    /// Its end in the table.
    end: usize,
    text: &'a [u8],
}

/// Lines that are not blank.
fn rows(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
    let lines = lines.scan(0, |end, (at, text)| {
        *end += text.len();
        let plain = text.strip_suffix(b"\n").unwrap_or(text);
        Some(Line {
            number: at + 1,
            end: *end,
            text: plain.strip_suffix(b"\r").unwrap_or(plain),
        })
    });
    lines.filter(|line| !line.text.trim_ascii().is_empty())
}

/// Reads all waveforms; those that cannot be read are left out.
///
/// # Errors
/// If no waveform can be read, or all together do not fit in memory.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut notes = Notes::default();
    let mut traces = Vec::new();
    let mut damaged: Option<CssError> = None;
    let mut bad = 0;
    let mut files = hints.folder.as_deref().map(Files::beside);
    for line in rows(bytes) {
        match waveform(&line, files.as_mut(), &mut notes) {
            Ok(trace) => traces.push(trace),
            Err(Failure::Table(problem)) => return Err(problem),
            Err(Failure::Row(problem)) => {
                bad += 1;
                let line = line.number;
                damaged.get_or_insert(CssError { line, problem });
            }
        }
    }
    if let Some(problem) = damaged {
        if traces.is_empty() {
            return Err(problem.into());
        }
        let waveforms = counted(bad, "waveform");
        notes.push(format!("left out {waveforms}: {problem}"));
    }
    Ok(dated(traces, notes, hints))
}

/// The waveform of a row.
///
/// # Errors
/// If the row is damaged, or there are no samples where it says.
fn waveform(
    line: &Line<'_>,
    files: Option<&mut Files<'_>>,
    notes: &mut Notes,
) -> Result<Trace, Failure> {
    let row = Row::of(line.text)?;
    let SampleBytes { bytes, is_beside } = files.ok_or(CssProblem::NoFolder)?.read(&row)?;
    let samples = row.kind.decode(&bytes)?;
    let of = format!("channel `{}` in line {}", row.channel, line.number);
    if is_beside {
        notes.push(format!(
            "{of}: `{}` is not in `{}`: the file of this name beside the table is read",
            row.file, row.folder
        ));
    }
    if samples.len() < row.count {
        notes.push(format!(
            "{of}: the row says {} samples, but `{}` ends after {}: these are read",
            row.count,
            row.file,
            samples.len()
        ));
    }
    note_end(&row, &of, notes);
    Ok(Trace {
        channel: row.channel,
        start: row.start,
        rate: row.rate,
        samples,
    })
}

/// Notes a row whose end contradicts its number of samples and its rate.
fn note_end(row: &Row, of: &str, notes: &mut Notes) {
    let lasts = (row.count - 1) as f64 / row.rate;
    let Some(stated) = row.lasts else { return };
    let (samples, seconds) = ROUNDED;
    if (stated - lasts).abs() > samples / row.rate + seconds {
        notes.push(format!(
            "{of}: {} samples at {} Hz last {lasts:.3} s, but the end of the row is {stated:.3} s after its start: number \
             and rate are used",
            row.count, row.rate
        ));
    }
}

/// Bytes of the first rows whose samples are `most` bytes at most together, and how many times as many all rows have.
pub(super) fn first(bytes: &[u8], most: u64) -> (usize, f64) {
    let lengths = rows(bytes).filter_map(|line| {
        let row = Row::of(line.text).ok()?;
        Some((line.end, row.bytes()))
    });
    let lengths: Vec<(usize, u64)> = lengths.collect();
    let all: u64 = lengths
        .iter()
        .fold(0, |sum, pair| sum.saturating_add(pair.1));
    let (mut kept, mut sum) = (bytes.len(), 0u64);
    for (number, (end, length)) in lengths.iter().enumerate() {
        if number > 0 && sum.saturating_add(*length) > most {
            break;
        }
        sum = sum.saturating_add(*length);
        kept = *end;
    }
    if sum >= all {
        return (bytes.len(), 1.0);
    }
    (kept, all as f64 / sum.max(1) as f64)
}

#[cfg(test)]
mod tests;
