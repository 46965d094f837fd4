//! SAC files, versions 6 and 7, binary in either byte order and alphanumeric: evenly sampled time series.

mod header;
mod picks;

use self::header::{FOOTER, HEADER, Header, UNDEFINED, numbers};
pub use self::picks::Pick;
use super::time::{days_to_year, of_day};
use super::{Contents, Hints, NANOS, Notes, Trace, check_rate, other_start, rate_of_single};
use crate::error::recording::{RecordingError, SacError};

/// Whether the file begins with a header.
pub(super) fn is(bytes: &[u8]) -> bool {
    Header::of(bytes).is_some()
}

/// Reads the trace of a file.
///
/// # Errors
/// If the header is invalid, or the file is not an evenly sampled time series.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let header = Header::of(bytes).ok_or(SacError::NoHeader)?;
    let mut notes = Notes::default();
    check_kind(&header, &mut notes)?;
    let count = match header.samples() {
        Some(0) => return Err(SacError::NoSamples.into()),
        count => count.ok_or(SacError::NoCount)?,
    };
    let samples = match header.big_endian {
        Some(big_endian) => binary(bytes, count, big_endian, &mut notes),
        None => {
            let mut samples = numbers(bytes)?;
            if samples.len() > count {
                let extra = samples.len() - count;
                notes.push(format!(
                    "{extra} numbers after the {count} samples are left out"
                ));
                samples.truncate(count);
            }
            samples
        }
    };
    if samples.len() < count {
        notes.push(format!(
            "the header says {count} samples, but the data end after {}: these are read",
            samples.len()
        ));
    }
    let (rate, begin) = clock(bytes, &header, count)?;
    let begin = if begin == UNDEFINED || !begin.is_finite() {
        0.0
    } else {
        begin
    };
    let stated = reference(&header, hints, &mut notes)?;
    let reference = stated.or(hints.start).unwrap_or(0);
    let channel = [608, 440, 464, 600].map(|at| header.text(at)).join(".");
    let start = reference.saturating_add((begin * NANOS).round() as i64);
    let picks = picks::of(
        &header,
        footer(bytes, &header, count),
        (&channel, reference),
    );
    notes.extend(other_start(hints, stated.map(|_| start)));
    let traces = vec![Trace {
        channel,
        start,
        rate,
        samples,
    }];
    Ok(Contents {
        traces,
        notes,
        picks,
        ..Contents::default()
    })
}

/// Checks that the header does not describe anything else than an evenly sampled time series.
fn check_kind(header: &Header, notes: &mut Notes) -> Result<(), SacError> {
    let (kind, even) = (header.integer(85), header.integer(105));
    if even == Some(0) {
        return Err(SacError::Uneven);
    }
    let other = match kind {
        None | Some(1) => None,
        Some(4) => {
            notes.push(
                "IFTYPE is 4: any x and y, such as the amplitudes of a spectrum; read as a time series with x in seconds",
            );
            None
        }
        Some(2) => Some("a spectrum (real and imaginary)"),
        Some(3) => Some("a spectrum (amplitude and phase)"),
        Some(51) => Some("an image (x, y, z)"),
        Some(_) => Some("unknown"),
    };
    if let (Some(kind), Some(number)) = (other, kind) {
        return Err(SacError::Kind { number, kind });
    }
    let unset = [
        ("NVHDR", header.version()),
        ("IFTYPE", kind),
        ("LEVEN", even),
    ];
    let unset: Vec<&str> = unset
        .iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    if !unset.is_empty() {
        notes.push(format!(
            "{} not set: read as an evenly sampled time series",
            unset.join(" and ")
        ));
    }
    Ok(())
}

/// The samples of a binary file, at most `count`.
fn binary(bytes: &[u8], count: usize, big_endian: bool, notes: &mut Notes) -> Vec<f64> {
    let data = bytes[HEADER..].as_chunks().0;
    let data = &data[..count.min(data.len())];
    let extra = bytes.len() - HEADER - 4 * data.len();
    // Version 7 has a footer, but some programs write it for other versions too.
    if data.len() == count && extra > 0 && extra != FOOTER {
        notes.push(format!("the last {extra} bytes do not belong to a sample"));
    }
    let value = |word: &[u8; 4]| {
        f64::from(if big_endian {
            f32::from_be_bytes(*word)
        } else {
            f32::from_le_bytes(*word)
        })
    };
    data.iter().map(value).collect()
}

/// The numbers of the footer: version 7 repeats times there in float64, after the data.
fn footer<'a>(
    bytes: &'a [u8],
    header: &Header,
    count: usize,
) -> Option<impl Fn(usize) -> f64 + use<'a>> {
    let footer = bytes.get(HEADER.saturating_add(4 * count)..)?;
    let big_endian = header.big_endian?;
    let is_there = header.version() == Some(7) && footer.len() >= FOOTER;
    let words = footer.as_chunks::<8>().0;
    is_there.then_some(move |number: usize| {
        if big_endian {
            f64::from_be_bytes(words[number])
        } else {
            f64::from_le_bytes(words[number])
        }
    })
}

/// Samples per second, and the time of the first in seconds after the reference.
///
/// # Errors
/// If the sampling interval is none.
fn clock(bytes: &[u8], header: &Header, count: usize) -> Result<(f64, f64), RecordingError> {
    let (delta, begin) = (header.float(0), header.float(5));
    if delta == UNDEFINED || delta.is_nan() || delta <= 0.0 {
        let delta = delta as f32;
        return Err(SacError::Interval { delta }.into());
    }
    // Some programs write a footer whose numbers are not set.
    let double = footer(bytes, header, count).filter(|double| double(0) > 0.0);
    if let Some(double) = double {
        let exact = Some(double(1)).filter(|begin| *begin != UNDEFINED);
        return Ok((check_rate(1.0 / double(0))?, exact.unwrap_or(begin)));
    }
    Ok((check_rate(rate_of_single(delta))?, begin))
}

/// The reference time in nanoseconds since 1970; `None` if it is not set.
///
/// # Errors
/// If it is not a time.
fn reference(header: &Header, hints: &Hints, notes: &mut Notes) -> Result<Option<i64>, SacError> {
    let fields = [70, 71, 72, 73, 74].map(|word| header.integer(word));
    let [
        Some(year),
        Some(day),
        Some(hour),
        Some(minute),
        Some(second),
    ] = fields
    else {
        let mut date = fields[..2].iter();
        if hints.start.is_none() && date.all(|part| part.is_some_and(|part| part > 0)) {
            notes.push(
                "the reference time has a date but no complete time of day, and is not used: give the recording its `start`",
            );
        }
        return Ok(None);
    };
    let milli = header.integer(75);
    // Some writers set what is not known to 0, and no year has a day 0.
    if [year, day] == [0, 0] {
        return Ok(None);
    }
    if milli.is_none() {
        notes.push("the reference time has no milliseconds (NZMSEC): 0 are read");
    }
    let milli = milli.unwrap_or(0);
    let wrong = SacError::Reference {
        year,
        day,
        hour,
        minute,
        second,
        milli,
    };
    // The end of a day is the beginning of the next, and writers round 999.6 ms up.
    let is_midnight = [hour, minute, second] == [24, 0, 0];
    let valid = ((0..24).contains(&hour) || is_midnight)
        && (0..60).contains(&minute)
        && (0..62).contains(&second)
        && (0..=1000).contains(&milli);
    let days = days_to_year(i64::from(year) + 1) - days_to_year(year.into());
    let valid = valid && i64::from(day) <= days;
    let date = u16::try_from(year).ok().zip(u16::try_from(day).ok());
    let nanos = date.filter(|_| valid).and_then(|(year, day)| {
        let time = [hour, minute, second].map(i64::from);
        of_day(year, day, time, i64::from(milli) * 1_000_000)
    });
    let nanos = nanos.ok_or(wrong)?;
    if is_midnight {
        notes.push("the reference time has the hour 24: read as hour 0 of the next day");
    }
    if milli == 1000 {
        notes.push("the reference time has 1000 ms: read as the next second");
    }
    Ok(Some(nanos))
}
