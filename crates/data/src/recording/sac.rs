//! SAC files, versions 6 and 7, evenly sampled time series, in either byte order.

use super::time::of_day;
use super::{NANOS, Trace, check_rate};

/// Bytes of the header: 70 floats, 40 integers, 24 fields of 8 characters.
const HEADER: usize = 632;
/// What is not known.
const UNDEFINED: f64 = -12345.0;

struct Header<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Header<'_> {
    fn word(&self, number: usize) -> [u8; 4] {
        let mut own: [u8; 4] = self.bytes[4 * number..4 * number + 4]
            .try_into()
            .expect("four bytes");
        if !self.big_endian {
            own.reverse();
        }
        own
    }

    fn float(&self, number: usize) -> f64 {
        f32::from_be_bytes(self.word(number)).into()
    }

    fn integer(&self, number: usize) -> i32 {
        i32::from_be_bytes(self.word(number))
    }

    fn text(&self, at: usize, length: usize) -> String {
        let text = String::from_utf8_lossy(&self.bytes[at..at + length]);
        let text = text.trim_matches(['\0', ' ']).to_owned();
        if text == "-12345" {
            String::new()
        } else {
            text
        }
    }
}

fn header(bytes: &[u8]) -> Option<Header<'_>> {
    if bytes.len() < HEADER {
        return None;
    }
    let orders = [true, false].map(|big_endian| Header { bytes, big_endian });
    orders
        .into_iter()
        .find(|header| matches!(header.integer(76), 6 | 7))
}

/// Whether the header's version is one that is known.
pub(super) fn is(bytes: &[u8]) -> bool {
    header(bytes).is_some()
}

/// The one trace of a file.
///
/// # Errors
/// What is wrong with the header, or how much data is missing.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Trace>, String> {
    let header = header(bytes).ok_or("no SAC header")?;
    let (kind, even) = (header.integer(85), header.integer(105));
    if kind != 1 || even != 1 {
        return Err(format!(
            "an evenly sampled time series is expected (IFTYPE 1, LEVEN 1), but IFTYPE is {kind} and LEVEN {even}"
        ));
    }
    let count = usize::try_from(header.integer(79)).unwrap_or(0);
    let data = count
        .checked_mul(4)
        .and_then(|length| bytes.get(HEADER..HEADER + length));
    let data = data.ok_or_else(|| {
        format!(
            "the header says {count} samples, but the data end after {}",
            (bytes.len() - HEADER) / 4
        )
    })?;
    let (mut delta, mut begin) = (header.float(0), header.float(5));
    // Version 7 repeats the times after the data, in float64.
    if header.integer(76) == 7
        && let Some(footer) = bytes.get(HEADER + 4 * count..HEADER + 4 * count + 16)
    {
        let double = |at: usize| {
            let mut own: [u8; 8] = footer[at..at + 8].try_into().expect("eight bytes");
            if !header.big_endian {
                own.reverse();
            }
            f64::from_be_bytes(own)
        };
        (delta, begin) = (double(0), double(8));
    }
    // A float32 holds no tenth: 0.01 s of SAC are 100 Hz.
    let rate = 1.0 / delta;
    let near = (rate * 1000.0).round() / 1000.0;
    let rate = check_rate(if (rate - near).abs() < 1e-6 * rate {
        near
    } else {
        rate
    })?;
    let time = [70, 71, 72, 73, 74, 75].map(|word| i64::from(header.integer(word)));
    let reference = if time.iter().any(|v| *v as f64 == UNDEFINED) {
        0
    } else {
        let [year, day, hour, minute, second, milli] = time;
        if !((0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..62).contains(&second)
            && (0..1000).contains(&milli))
        {
            return Err("the reference time is none".into());
        }
        let (year, day) = (
            u16::try_from(year).unwrap_or(0),
            u16::try_from(day).unwrap_or(0),
        );
        of_day(year, day, [hour, minute, second], milli * 1_000_000)
            .ok_or("the reference time is none")?
    };
    let begin = if begin == UNDEFINED || !begin.is_finite() {
        0.0
    } else {
        begin
    };
    let samples = data.chunks_exact(4).map(|own| {
        let own: [u8; 4] = own.try_into().expect("four bytes");
        f64::from(if header.big_endian {
            f32::from_be_bytes(own)
        } else {
            f32::from_le_bytes(own)
        })
    });
    let channel = [(608, 8), (440, 8), (464, 8), (600, 8)]
        .map(|(at, length)| header.text(at, length))
        .join(".");
    let start = reference.saturating_add((begin * NANOS).round() as i64);
    Ok(vec![Trace {
        channel,
        start,
        rate,
        samples: samples.collect(),
    }])
}
