//! GSE1, GSE2 and IMS1.0 waveforms: lines `WID1` or `WID2` with channel, time and rate, and behind `DAT1` or `DAT2` integers as
//! text (INTV, INT), in six-bit characters (CMP6, CM6) or in bytes (CMP8, CM8).
//!
//! GSE2 is that of the GSE's conference room paper 243 (1995), GSE1 that of its test GSETT-2 (1990). Channels are called
//! `NET.STA..CHA`, as by ObsPy, with the auxiliary code between if only it tells waveforms apart; GSE1 has no networks, and the
//! blanks that ObsPy puts before its channels are left out.

mod data;
mod header;

use std::collections::{HashMap, HashSet};

use self::data::{checksum, cm6, cm8, integers, sums};
use self::header::{Form, Header};
use super::{Contents, Hints, Notes, Trace, check_rate, dated};
use crate::error::recording::{GseError, GseProblem, RecordingError};

/// Bytes among which a message has its first waveform.
const HEAD: usize = 64 << 10;

/// Whether a file begins with a waveform of GSE2, or is a message that has one.
pub(super) fn is_2(bytes: &[u8]) -> bool {
    is(bytes, b"WID2 ", &[b"BEGIN GSE2", b"BEGIN IMS1"])
}

/// Whether a file begins with a waveform of GSE1, or is a message that has one.
pub(super) fn is_1(bytes: &[u8]) -> bool {
    is(bytes, b"WID1 ", &[b"BEGIN GSE1", b"XW01"])
}

fn is(bytes: &[u8], waveform: &[u8], messages: &[&[u8]]) -> bool {
    let begins = |word: &[u8]| {
        let start = bytes.trim_ascii_start().get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let head = &bytes[..bytes.len().min(HEAD)];
    let starts_line = |window: &[u8]| window[0] == b'\n' && &window[1..] == waveform;
    let has_waveform = || head.windows(waveform.len() + 1).any(starts_line);
    begins(waveform) || messages.iter().any(|word| begins(word)) && has_waveform()
}

/// The lines of a file, each with its number and without its end.
type Lines<'a> =
    std::iter::Peekable<std::iter::Enumerate<std::slice::Split<'a, u8, fn(&u8) -> bool>>>;

/// Whether a line is the header of a waveform.
fn is_header(line: &[u8]) -> bool {
    line.starts_with(b"WID2 ") || line.starts_with(b"WID1 ")
}

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
        if !is_header(line) {
            continue;
        }
        let number = number + 1;
        match waveform(line, number, &mut lines, &mut notes) {
            Ok(waveform) => read.push(waveform),
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
        let channels = codes.entry(trace.channel.clone()).or_default();
        channels.insert(header.channel(true));
    }
    let trace = |(header, trace): (Header, Trace)| Trace {
        channel: header.channel(codes[&trace.channel].len() > 1),
        ..trace
    };
    read.into_iter().map(trace).collect()
}

/// What follows a header.
struct Body<'a> {
    data: Vec<&'a [u8]>,
    check: Option<i64>,
}

/// Takes the lines that belong to a header.
///
/// # Errors
/// If none of them says that samples follow.
fn body<'a>(header: &mut Header, lines: &mut Lines<'a>) -> Result<Body<'a>, GseProblem> {
    let mut data: Option<Vec<&[u8]>> = None;
    let mut check = None;
    while let Some((_, line)) = lines.next_if(|(_, line)| !is_header(line)) {
        if let Some(rest) = line.strip_prefix(b"STA2").filter(|_| data.is_none()) {
            header.station(rest);
        } else if data.is_none() && matches!(line.trim_ascii(), b"DAT1" | b"DAT2") {
            data = Some(Vec::new());
        } else if let Some(rest) = checked(line) {
            check = str::from_utf8(rest)
                .ok()
                .and_then(|text| text.trim().parse::<i64>().ok());
            break;
        } else if let Some(data) = &mut data {
            data.push(line);
        }
    }
    let word = header.version.words().data;
    let data = data.ok_or(GseProblem::NoData { word })?;
    Ok(Body { data, check })
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
    let Body { data, check } = body(&mut header, lines)?;
    let mut numbers = match header.form {
        Form::Characters => cm6(&data, header.count)?,
        Form::Bytes if check.is_none() => {
            let word = header.version.words().check;
            return Err(GseProblem::Unchecked { word });
        }
        Form::Bytes => cm8(&data)?,
        Form::Integers => integers(&data)?,
        Form::Other(ref form) => return Err(GseProblem::Form { form: form.clone() }),
    };
    let (found, count) = (numbers.len(), header.count);
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
    numbers.truncate(count);
    let is_checked = found >= count || matches!(header.form, Form::Bytes);
    let samples = restored(numbers, &header, check.filter(|_| is_checked))?;
    if check.is_none() {
        let word = header.version.words().check;
        notes.push(format!("{of}: there is no checksum ({word})"));
    }
    let trace = Trace {
        channel: header.channel(false),
        start: header.start,
        rate,
        samples: samples.iter().copied().map(f64::from).collect(),
    };
    Ok((header, trace))
}

/// The samples whose differences are `numbers`: as often as the header says, or as usual, as ObsPy supposes, if only so the
/// checksum is right.
///
/// # Errors
/// If the checksum is another.
fn restored(
    numbers: Vec<i32>,
    header: &Header,
    check: Option<i64>,
) -> Result<Vec<i32>, GseProblem> {
    let mut orders = header.orders();
    if check.is_none() {
        orders.truncate(1);
    }
    // Some writers give the checksum a sign.
    let is_right =
        |samples: &[i32]| check.is_none_or(|stated| stated.unsigned_abs() == checksum(samples));
    let mut numbers = Some(numbers);
    let mut found = 0;
    for (at, order) in orders.iter().enumerate() {
        let is_last = at + 1 == orders.len();
        let differences = if is_last {
            numbers.take()
        } else {
            numbers.clone()
        };
        let samples = sums(differences.unwrap_or_default(), *order);
        if is_right(&samples) {
            return Ok(samples);
        }
        if at == 0 {
            found = checksum(&samples);
        }
    }
    Err(GseProblem::Checksum {
        word: header.version.words().check,
        stated: check.unwrap_or_default(),
        found,
    })
}

/// What follows the keyword of a checksum; samples in characters may begin a line with it.
fn checked(line: &[u8]) -> Option<&[u8]> {
    let rest = line
        .strip_prefix(b"CHK2")
        .or_else(|| line.strip_prefix(b"CHK1"));
    rest.filter(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}
