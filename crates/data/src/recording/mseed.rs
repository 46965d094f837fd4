//! miniSEED: version 2 (SEED manual 2.4, data-only records) and version 3 (FDSN, 2023).

use super::time::of_day;
use super::{Trace, check_rate, steim};

/// Bytes of version 2's fixed header.
const HEADER: usize = 48;

/// Whether these are records of either version.
pub(super) fn is(bytes: &[u8]) -> bool {
    is_3(bytes) || is_2(bytes)
}

fn is_3(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MS\x03")
}

fn is_2(bytes: &[u8]) -> bool {
    let number = |b: &u8| b.is_ascii_digit() || *b == b' ' || *b == 0;
    bytes.len() >= HEADER
        && bytes[..6].iter().all(number)
        && b"DRQM".contains(&bytes[6])
        && matches!(bytes[7], b' ' | 0)
}

/// All traces, in the order of the records; neighbouring records of a channel that continue each other are one.
///
/// # Errors
/// With the number and offset of the record that is damaged.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Trace>, String> {
    let mut traces: Vec<Trace> = Vec::new();
    let (mut offset, mut number) = (0, 0);
    while offset < bytes.len() {
        let rest = &bytes[offset..];
        let error = |problem: String| format!("record {number}, at byte {offset}: {problem}");
        let (record, length) = match (is_3(rest), is_2(rest)) {
            (true, _) => record_3(rest).map_err(error)?,
            (_, true) => record_2(rest).map_err(error)?,
            // Some writers fill up the last block.
            _ if rest.iter().all(|b| matches!(b, 0 | b' ')) => break,
            _ => {
                return Err(error(
                    "no miniSEED record: the file is damaged or cut off".into(),
                ));
            }
        };
        if record.count > 0 {
            let samples = of(&mut traces, &record);
            record.decode(samples).map_err(error)?;
        }
        offset += length;
        number += 1;
    }
    Ok(traces)
}

/// A record whose samples are not unpacked yet.
struct Packed<'a> {
    channel: String,
    start: i64,
    rate: f64,
    /// Samples.
    count: usize,
    data: &'a [u8],
    encoding: u8,
    big_endian: bool,
}

/// Where the samples of `record` belong: to the last trace of its channel where it continues it, else to a new one.
fn of<'a>(traces: &'a mut Vec<Trace>, record: &Packed<'_>) -> &'a mut Vec<f64> {
    let last = traces
        .iter()
        .rposition(|own| own.channel == record.channel)
        .filter(|last| {
            let last = &traces[*last];
            let apart = record.start.saturating_sub(last.end()).unsigned_abs();
            last.rate == record.rate && apart as f64 <= 0.5e9 / record.rate
        });
    let own = last.unwrap_or_else(|| {
        traces.push(Trace {
            channel: record.channel.clone(),
            start: record.start,
            rate: record.rate,
            samples: Vec::new(),
        });
        traces.len() - 1
    });
    &mut traces[own].samples
}

/// Numbers of a header, in either byte order.
struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut own: [u8; N] = self.bytes.get(at..at + N)?.try_into().ok()?;
        if !self.big_endian {
            own.reverse();
        }
        Some(own)
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    fn f32(&self, at: usize) -> Option<f32> {
        self.array(at).map(f32::from_be_bytes)
    }
}

/// A record of version 2 and its length.
fn record_2(bytes: &[u8]) -> Result<(Packed<'_>, usize), String> {
    let plausible = |fields: &Fields<'_>| {
        let (year, day) = (fields.u16(20)?, fields.u16(22)?);
        of_day(year, day, [0; 3], 0)
    };
    let orders = [true, false].map(|big_endian| Fields { bytes, big_endian });
    let fields = orders
        .into_iter()
        .find(|fields| plausible(fields).is_some());
    let fields = fields.ok_or("the start time is none in either byte order")?;
    let cut_off = || "the record is cut off".to_owned();

    // Blockettes: 1000 says how the data is written, 1001 has microseconds, 100 the exact rate.
    let (mut encoding, mut micros, mut exact) = (None, 0i64, None);
    let mut at = usize::from(fields.u16(46).ok_or_else(cut_off)?);
    for _ in 0..bytes[39].max(1) {
        if at < HEADER {
            break;
        }
        let kind = fields.u16(at).ok_or_else(cut_off)?;
        let byte = |i: usize| bytes.get(at + i).copied().ok_or_else(cut_off);
        match kind {
            1000 => encoding = Some((byte(4)?, byte(5)?, byte(6)?)),
            1001 => micros = i64::from(byte(5)? as i8),
            100 => exact = Some(fields.f32(at + 4).ok_or_else(cut_off)?),
            _ => {}
        }
        let next = usize::from(fields.u16(at + 2).ok_or_else(cut_off)?);
        if next <= at {
            break;
        }
        at = next;
    }
    let (encoding, order, power) = encoding
        .ok_or("there is no blockette 1000, which tells encoding and length of the record")?;
    if !(7..=30).contains(&power) {
        return Err(format!("a record of 2^{power} bytes is not believed"));
    }
    let length = 1usize << power;
    let record = bytes.get(..length).ok_or_else(|| {
        format!(
            "the record is cut off: {} of its {length} bytes are there",
            bytes.len()
        )
    })?;

    let (year, day) = (
        fields.u16(20).ok_or_else(cut_off)?,
        fields.u16(22).ok_or_else(cut_off)?,
    );
    let time = [24, 25, 26].map(|i| i64::from(bytes[i]));
    let tenths = i64::from(fields.u16(28).ok_or_else(cut_off)?);
    let after = tenths * 100_000 + micros * 1000;
    let mut start = of_day(year, day, time, after).ok_or("the start time is none")?;
    // Bit 1: the correction has been applied to the start time already.
    if bytes[36] & 2 == 0 {
        start += i64::from(fields.u32(40).ok_or_else(cut_off)? as i32) * 100_000;
    }
    let factor = f64::from(fields.u16(32).ok_or_else(cut_off)? as i16);
    let multiplier = f64::from(fields.u16(34).ok_or_else(cut_off)? as i16);
    let part = |v: f64| if v > 0.0 { v } else { -1.0 / v };
    let count = usize::from(fields.u16(30).ok_or_else(cut_off)?);
    let channel = source_id(bytes);
    // Logs and the like have neither.
    if count == 0 || factor == 0.0 {
        return Ok((without_samples(channel, start), length));
    }
    let nominal = part(factor)
        * if multiplier == 0.0 {
            1.0
        } else {
            part(multiplier)
        };
    let rate = check_rate(
        exact
            .map(f64::from)
            .filter(|rate| *rate > 0.0)
            .unwrap_or(nominal),
    )?;
    let data = usize::from(fields.u16(44).ok_or_else(cut_off)?);
    let data = record
        .get(data..)
        .filter(|_| data >= HEADER)
        .ok_or("the data begin outside the record")?;
    Ok((
        Packed {
            channel,
            start,
            rate,
            count,
            data,
            encoding,
            big_endian: order == 1,
        },
        length,
    ))
}

/// A record that has none, such as a log.
fn without_samples(channel: String, start: i64) -> Packed<'static> {
    Packed {
        channel,
        start,
        rate: 1.0,
        count: 0,
        data: &[],
        encoding: 0,
        big_endian: true,
    }
}

/// `NET.STA.LOC.CHA`.
fn source_id(bytes: &[u8]) -> String {
    let code =
        |range: std::ops::Range<usize>| String::from_utf8_lossy(&bytes[range]).trim().to_owned();
    format!(
        "{}.{}.{}.{}",
        code(18..20),
        code(8..13),
        code(13..15),
        code(15..18)
    )
}

/// A record of version 3 and its length.
fn record_3(bytes: &[u8]) -> Result<(Packed<'_>, usize), String> {
    let fields = Fields {
        bytes,
        big_endian: false,
    };
    let cut_off = || "the record is cut off".to_owned();
    let id_length = usize::from(*bytes.get(33).ok_or_else(cut_off)?);
    let extra = usize::from(fields.u16(34).ok_or_else(cut_off)?);
    let data_length = fields.u32(36).ok_or_else(cut_off)? as usize;
    let data = 40 + id_length + extra;
    let length = data + data_length;
    let record = bytes.get(..length).ok_or_else(|| {
        format!(
            "the record is cut off: {} of its {length} bytes are there",
            bytes.len()
        )
    })?;
    let stated = fields.u32(28).ok_or_else(cut_off)?;
    let own = crc32c::crc32c_append(
        crc32c::crc32c_append(crc32c::crc32c(&record[..28]), &[0; 4]),
        &record[32..],
    );
    if own != stated {
        return Err(format!(
            "the checksum is {own:08x}, but the record says {stated:08x}: it is damaged"
        ));
    }
    let (year, day) = (
        fields.u16(8).ok_or_else(cut_off)?,
        fields.u16(10).ok_or_else(cut_off)?,
    );
    let time = [12, 13, 14].map(|i| i64::from(bytes[i]));
    let fraction = i64::from(fields.u32(4).ok_or_else(cut_off)?);
    let start = of_day(year, day, time, fraction).ok_or("the start time is none")?;
    let stated = fields
        .array(16)
        .map(f64::from_be_bytes)
        .ok_or_else(cut_off)?;
    let count = fields.u32(24).ok_or_else(cut_off)? as usize;
    let channel = fdsn_id(&String::from_utf8_lossy(&record[40..40 + id_length]));
    if count == 0 {
        return Ok((without_samples(channel, start), length));
    }
    let rate = check_rate(if stated < 0.0 { -1.0 / stated } else { stated })?;
    let encoding = bytes[15];
    Ok((
        Packed {
            channel,
            start,
            rate,
            count,
            data: &record[data..],
            encoding,
            // Steim frames are big-endian here as well.
            big_endian: matches!(encoding, 10 | 11),
        },
        length,
    ))
}

/// `FDSN:NET_STA_LOC_B_S_SS` as version 2 writes it.
fn fdsn_id(id: &str) -> String {
    let parts: Vec<&str> = id.trim_start_matches("FDSN:").split('_').collect();
    match parts[..] {
        [network, station, location, band, source, sub] => {
            format!("{network}.{station}.{location}.{band}{source}{sub}")
        }
        _ => id.to_owned(),
    }
}

impl Packed<'_> {
    /// Appends the samples, which are in one of SEED's encodings.
    fn decode(&self, samples: &mut Vec<f64>) -> Result<(), String> {
        let Self {
            data,
            count,
            encoding,
            big_endian,
            ..
        } = *self;
        let width = match encoding {
            1 => 2,
            3 | 4 => 4,
            5 => 8,
            10 | 11 => return steim::unpack(data, count, encoding - 9, big_endian, samples),
            other => {
                return Err(format!(
                    "encoding {other} is not read: expected 1 (int16), 3 (int32), 4 (float32), 5 (float64), 10 or 11 \
                     (Steim)"
                ));
            }
        };
        if count > data.len() / width {
            return Err(format!(
                "{} bytes of data cannot hold {count} samples of {width}",
                data.len()
            ));
        }
        let data = &data[..count * width];
        match encoding {
            1 => plain(data, big_endian, samples, |b| i16::from_be_bytes(b).into()),
            3 => plain(data, big_endian, samples, |b| i32::from_be_bytes(b).into()),
            4 => plain(data, big_endian, samples, |b| f32::from_be_bytes(b).into()),
            _ => plain(data, big_endian, samples, f64::from_be_bytes),
        }
        Ok(())
    }
}

/// Appends numbers as they lie, whose bytes `value` takes with the highest first.
fn plain<const N: usize>(
    data: &[u8],
    big_endian: bool,
    samples: &mut Vec<f64>,
    value: impl Fn([u8; N]) -> f64,
) {
    samples.extend(data.as_chunks().0.iter().map(|own: &[u8; N]| {
        let mut own = *own;
        if !big_endian {
            own.reverse();
        }
        value(own)
    }));
}
