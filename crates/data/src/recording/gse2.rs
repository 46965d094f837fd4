//! GSE2 and IMS1.0 waveforms: lines `WID2` with channel, time and rate, and behind `DAT2` integers as text (INT) or in six-bit
//! characters (CM6).
//!
//! The format is that of the GSE's conference room paper 243 (1995); channels are called `NET.STA..CHA`, as by
//! ObsPy, with the auxiliary code between if only it tells waveforms apart.

mod data;
mod header;

use std::collections::{HashMap, HashSet};

use self::data::{checksum, cm6, integers};
use self::header::Header;
use super::{Contents, Hints, Notes, Trace, check_rate, dated};
use crate::error::recording::{GseError, GseProblem, RecordingError};

/// Bytes among which a message has its first waveform.
const HEAD: usize = 64 << 10;

/// Whether a file begins with a waveform, or is a message that has one.
pub(super) fn is(bytes: &[u8]) -> bool {
    let begins = |word: &[u8]| {
        let own = bytes.trim_ascii_start().get(..word.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    let head = &bytes[..bytes.len().min(HEAD)];
    let has_waveform = || head.windows(6).any(|own| own == b"\nWID2 ");
    begins(b"WID2 ") || (begins(b"BEGIN GSE2") || begins(b"BEGIN IMS1")) && has_waveform()
}

/// The lines of a file, each with its number and without its end.
type Lines<'a> =
    std::iter::Peekable<std::iter::Enumerate<std::slice::Split<'a, u8, fn(&u8) -> bool>>>;

/// Reads all waveforms; damaged ones are left out.
///
/// # Errors
/// If all are damaged.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let is_end: fn(&u8) -> bool = |byte| *byte == b'\n';
    let mut lines: Lines<'_> = bytes.split(is_end).enumerate().peekable();
    let (mut read, mut notes) = (Vec::new(), Notes::default());
    let mut damaged = None;
    while let Some((number, line)) = lines.next() {
        if !line.starts_with(b"WID2 ") {
            continue;
        }
        let number = number + 1;
        match waveform(line, number, &mut lines, &mut notes) {
            Ok(own) => read.push(own),
            Err(problem) => {
                let problem = GseError {
                    line: number,
                    problem,
                };
                notes.push(format!("left out the waveform in {problem}"));
                damaged.get_or_insert(problem);
            }
        }
    }
    if let Some(problem) = damaged.filter(|_| read.is_empty()) {
        return Err(problem.into());
    }
    Ok(dated(named(read), notes, hints))
}

/// The traces of waveforms, whose auxiliary codes are part of their names only where they tell two apart.
fn named(read: Vec<(Header, Trace)>) -> Vec<Trace> {
    let mut codes: HashMap<String, HashSet<String>> = HashMap::new();
    for (header, trace) in &read {
        let own = codes.entry(trace.channel.clone()).or_default();
        own.insert(header.channel(true));
    }
    let trace = |(header, trace): (Header, Trace)| Trace {
        channel: header.channel(codes[&trace.channel].len() > 1),
        ..trace
    };
    read.into_iter().map(trace).collect()
}

/// The waveform whose header is `line`, and whose data are in the lines that follow.
///
/// # Errors
/// If the header or the data are damaged.
fn waveform(
    line: &[u8],
    number: usize,
    lines: &mut Lines<'_>,
    notes: &mut Notes,
) -> Result<(Header, Trace), GseProblem> {
    let mut header = Header::of(line)?;
    let rate = check_rate(header.rate).map_err(GseProblem::Rate)?;
    let mut data: Option<Vec<&[u8]>> = None;
    let mut check = None;
    while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with(b"WID2 ")) {
        if let Some(rest) = line.strip_prefix(b"STA2").filter(|_| data.is_none()) {
            header.station(rest);
        } else if data.is_none() && line.trim_ascii() == b"DAT2" {
            data = Some(Vec::new());
        } else if let Some(rest) = line.strip_prefix(b"CHK2").filter(|rest| is_apart(rest)) {
            check = str::from_utf8(rest)
                .ok()
                .and_then(|own| own.trim().parse::<i64>().ok());
            break;
        } else if let Some(data) = &mut data {
            data.push(line);
        }
    }
    let data = data.ok_or(GseProblem::NoData)?;
    let samples = match &*header.form {
        "CM6" => cm6(&data, header.count)?,
        "INT" => integers(&data)?,
        _ => {
            return Err(GseProblem::Form {
                form: header.form.clone(),
            });
        }
    };
    let (found, count) = (samples.len(), header.count);
    let of = format!("channel `{}` in line {number}", header.channel(false));
    if found < count {
        notes.push(format!(
            "{of}: the header says {count} samples, but the data end after {found}: these are read"
        ));
    } else if found > count {
        notes.push(format!(
            "{of}: {} numbers after the {count} samples are left out",
            found - count
        ));
    }
    let samples = &samples[..found.min(count)];
    match check {
        None => notes.push(format!("{of}: there is no checksum (CHK2)")),
        // Some writers give it a sign.
        Some(stated) if found >= count && stated.unsigned_abs() != checksum(samples) => {
            let found = checksum(samples);
            return Err(GseProblem::Checksum { stated, found });
        }
        Some(_) => {}
    }
    let trace = Trace {
        channel: header.channel(false),
        start: header.start,
        rate,
        samples: samples.iter().copied().map(f64::from).collect(),
    };
    Ok((header, trace))
}

/// Whether what follows is apart: samples in characters may begin a line with a keyword.
fn is_apart(rest: &[u8]) -> bool {
    rest.first().is_none_or(u8::is_ascii_whitespace)
}
