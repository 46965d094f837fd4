//! SEG-Y files, revisions 0 to 2, and files of Seismic Unix, in either byte order. Each trace is a channel, called by its number in its field record.

mod header;
mod order;
mod samples;
mod su;

use std::collections::{HashMap, HashSet};

use support::words::counted;

use self::header::{FileHeader, TRACE, TraceHeader};
use self::samples::Fractions;
use super::{Contents, Hints, NANOS, Notes, Trace, check_rate, other_start};
use crate::error::recording::{RecordingError, SegyError};

/// Whether the file begins with the headers of SEG-Y.
pub(super) fn is(bytes: &[u8]) -> bool {
    FileHeader::of(bytes).is_some()
}

/// Whether the file has traces of Seismic Unix.
pub(super) fn is_su(bytes: &[u8]) -> bool {
    su::header(bytes).is_some()
}

/// A trace of the file.
struct SegyTrace {
    header: TraceHeader,
    rate: f64,
    samples: Vec<f64>,
}

/// Reads all traces; those that the file calls dead are left out.
///
/// # Errors
/// If a header is invalid, or the sampling rate is not known.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut file = FileHeader::of(bytes).ok_or(SegyError::NoHeader)?;
    file.check(bytes)?;
    let turned = order::correct_headers(bytes, &mut file);
    let corrected = file.correct_lengths(bytes, samples::width(file.format));
    let mut contents = contents(bytes, file, hints)?;
    contents.notes.extend(turned);
    contents.notes.extend(corrected);
    Ok(contents)
}

/// Reads all traces of a file of Seismic Unix, as [`read`] those of SEG-Y.
///
/// # Errors
/// If a header is invalid.
pub(super) fn read_su(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let file = su::header(bytes).ok_or(SegyError::NoHeader)?;
    contents(bytes, file, hints)
}

/// All traces behind the file header.
///
/// # Errors
/// If a header is invalid, or the sampling rate is not known.
fn contents(bytes: &[u8], mut file: FileHeader, hints: &Hints) -> Result<Contents, RecordingError> {
    let mut notes = Notes::default();
    notes.extend(order::correct_samples(bytes, &mut file));
    let all = traces(bytes, &file, &mut notes)?;
    let names = names(&all, &mut notes);
    let times: Vec<Option<i64>> = all.iter().map(|trace| trace.header.time()).collect();
    note_times(&all, &times, &mut notes);
    let start = times.iter().flatten().min().copied();
    let traces = all.into_iter().zip(names).zip(times);
    let traces: Vec<Trace> = traces
        .map(|((trace, channel), time)| {
            let time = time.or(hints.start).unwrap_or(0);
            let delay = (trace.header.delay * NANOS).round() as i64;
            Trace {
                channel,
                start: time.saturating_add(delay),
                rate: trace.rate,
                samples: trace.samples,
            }
        })
        .collect();
    notes.extend(other_start(hints, start));
    Ok(Contents {
        traces,
        notes,
        ..Contents::default()
    })
}

/// The traces behind the file header.
fn traces(
    bytes: &[u8],
    file: &FileHeader,
    notes: &mut Notes,
) -> Result<Vec<SegyTrace>, RecordingError> {
    let decode = samples::decoder(file.format)?;
    let width = samples::width(file.format);
    let (mut all, mut left_out, mut other_interval) = (Vec::new(), 0, 0);
    let mut fractions = Fractions::default();
    let mut rest = bytes.get(file.start..).unwrap_or_default();
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let Some((header, behind)) = rest.split_at_checked(TRACE) else {
            notes.push(format!(
                "the last {} bytes are no whole trace header, and are left out",
                rest.len()
            ));
            break;
        };
        let header = file.trace(header);
        let count = file.samples_of(&header);
        let length = count.saturating_mul(width);
        let (data, behind) = behind.split_at_checked(length).unwrap_or((behind, &[]));
        rest = behind;
        if data.len() < length {
            notes.push(format!(
                "trace {number} has {count} samples, but the data end after {}: these are read",
                data.len() / width
            ));
        }
        if header.is_unused() {
            left_out += 1;
            continue;
        }
        if matches!(file.format, 1 | 5) && !file.is_su {
            fractions.add(data, file.samples_big_endian);
        }
        let interval = file.interval_of(&header);
        other_interval += usize::from(interval != file.interval);
        all.push(SegyTrace {
            rate: check_rate(1e6 / interval)?,
            samples: decode(data, file.samples_big_endian),
            header,
        });
    }
    notes.extend(fractions.doubt(file.format));
    if left_out > 0 {
        notes.push(format!(
            "left out {} that the file calls dead or dummies",
            counted(left_out, "trace")
        ));
    }
    if other_interval > 0 {
        notes.push(format!(
            "{} with another sampling interval than the file header says: that of the trace is used",
            counted(other_interval, "trace")
        ));
    }
    Ok(all)
}

/// The names of channels: the numbers of the traces in their field record, behind that of the record if several records would
/// otherwise have different samples for one time; or the positions in the file.
fn names(all: &[SegyTrace], notes: &mut Notes) -> Vec<String> {
    let mut known = HashSet::new();
    let is_unique = |trace: &SegyTrace| {
        trace.header.trace > 0 && known.insert((trace.header.record, trace.header.trace))
    };
    if !all.iter().all(is_unique) {
        notes.push(
            "trace numbers of the headers are missing or not unique: traces are numbered from 1",
        );
        return (1..=all.len()).map(|number| number.to_string()).collect();
    }
    let mut known: HashMap<(i32, Option<i64>), i32> = HashMap::new();
    let is_alone = |trace: &SegyTrace| {
        let key = (trace.header.trace, trace.header.time());
        *known.entry(key).or_insert(trace.header.record) == trace.header.record
    };
    let are_apart = all.iter().all(is_alone);
    let name = |trace: &SegyTrace| {
        if are_apart {
            trace.header.trace.to_string()
        } else {
            format!("{}.{}", trace.header.record, trace.header.trace)
        }
    };
    all.iter().map(name).collect()
}

/// Notes on what the times of traces may mean.
fn note_times(all: &[SegyTrace], times: &[Option<i64>], notes: &mut Notes) {
    let missing = times.iter().filter(|time| time.is_none()).count();
    if missing > 0 && missing < all.len() {
        notes.push(format!("{} without a time", counted(missing, "trace")));
    }
    if let Some(trace) = all.iter().find(|trace| trace.header.delay != 0.0) {
        notes.push(format!(
            "traces begin after the time in their header, such as {} s: that is their delay",
            trace.header.delay
        ));
    }
    let basis = all.iter().map(|trace| trace.header.time_basis);
    let mut named = basis.filter_map(|basis| match basis {
        1 => Some("local time"),
        3 => Some("of another kind than UTC"),
        5 => Some("GPS time"),
        _ => None,
    });
    if let Some(named) = named.next().filter(|_| missing < all.len()) {
        notes.push(format!(
            "the header says that times are {named}: they are read as UTC"
        ));
    }
    if all.iter().any(|trace| trace.header.has_short_year()) {
        notes.push("the header has years of two digits: below 30 they are read as 2000 and later");
    }
}
