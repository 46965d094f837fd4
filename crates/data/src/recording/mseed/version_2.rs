//! Data records of version 2 (SEED manual 2.4, chapter 8).

use super::super::check_rate;
use super::super::time::of_day;
use super::encoding::Payload;
use super::header::{Assumed, Fields, HEADER_2, Kind, Record, big_endian, kind};
use crate::error::recording::RecordDamage;

/// Lengths of a version 2 record, as powers of two.
const POWERS: std::ops::RangeInclusive<u8> = 7..=30;
/// Places in a file where records without a length may begin.
const STEP: usize = 64;
/// Longest record without a length.
const LONGEST_WITHOUT_LENGTH: usize = 1 << 17;
/// Steim-1, which is what records without blockette 1000 hold.
const STEIM_1: u8 = 10;

/// Values of the blockettes after the header of version 2.
#[derive(Default)]
struct Blockettes {
    /// Encoding, byte order and length of the record as a power of two.
    encoding: Option<(u8, u8, u8)>,
    /// Microseconds after the start time.
    micros: i64,
    /// Samples per second.
    rate: Option<f64>,
}

impl Blockettes {
    fn read(fields: &Fields<'_>) -> Self {
        let mut found = Self::default();
        let mut at = usize::from(fields.u16(46).unwrap_or(0));
        while at >= HEADER_2 {
            let (Some(kind), Some(next)) = (fields.u16(at), fields.u16(at + 2)) else {
                break;
            };
            let byte = |i: usize| fields.bytes.get(at + i).copied();
            match kind {
                1000 => {
                    found.encoding = byte(4)
                        .zip(byte(5))
                        .zip(byte(6))
                        .map(|((encoding, order), power)| (encoding, order, power));
                }
                1001 => found.micros = byte(5).map_or(0, |micros| i64::from(micros as i8)),
                100 => found.rate = fields.f32(at + 4).map(f64::from),
                _ => {}
            }
            if usize::from(next) <= at {
                break;
            }
            at = next.into();
        }
        found
    }
}

/// Parses a data record of version 2. `before` is the length of the record before it, for records without a length.
///
/// # Errors
/// If its header is damaged, or the bytes end inside it.
pub(super) fn record(bytes: &[u8], before: Option<usize>) -> Result<Record<'_>, RecordDamage> {
    let fields = Fields {
        bytes,
        big_endian: big_endian(bytes).ok_or(RecordDamage::ByteOrder)?,
    };
    let blockettes = Blockettes::read(&fields);
    let mut assumed = Assumed::default();
    let (encoding, order, length) = match blockettes.encoding {
        Some((.., power)) if !POWERS.contains(&power) => {
            return Err(RecordDamage::Length { power });
        }
        Some((encoding, order, power)) => (encoding, order, 1usize << power),
        None => {
            assumed.length = true;
            let length = length_by_next(bytes, before).ok_or(RecordDamage::UnknownLength)?;
            (STEIM_1, u8::from(fields.big_endian), length)
        }
    };
    let record = bytes.get(..length).ok_or(RecordDamage::Truncated {
        found: bytes.len(),
        length,
    })?;
    let start = start_2(&fields, blockettes.micros).ok_or(RecordDamage::StartTime)?;
    let count = usize::from(fields.u16(30).ok_or(RecordDamage::HeaderTruncated)?);
    let channel = source_id(bytes);
    if count == 0 {
        return Ok(Record::empty(channel, start, length, false));
    }
    let offset = usize::from(fields.u16(44).ok_or(RecordDamage::HeaderTruncated)?);
    let data = record.get(offset..).filter(|_| offset >= HEADER_2);
    if order > 1 {
        assumed.order = Some(order);
    }
    let rate = rate_2(&fields, blockettes.rate).ok_or(RecordDamage::HeaderTruncated)?;
    Ok(Record {
        channel,
        start,
        rate: rate.map(check_rate).transpose()?,
        payload: Payload {
            data: data.ok_or(RecordDamage::DataOffset)?,
            count,
            encoding,
            big_endian: if order > 1 {
                fields.big_endian
            } else {
                order == 1
            },
        },
        length,
        offset,
        checked: false,
        assumed,
    })
}

/// Length of a record without blockette 1000: to the next record; or to the end of the file, if that is a power of two
/// or the length of the record before.
fn length_by_next(bytes: &[u8], before: Option<usize>) -> Option<usize> {
    let places = (2 * STEP..bytes.len().min(LONGEST_WITHOUT_LENGTH + 1)).step_by(STEP);
    let mut next = places.filter(|at| kind(&bytes[*at..]) != Kind::Foreign);
    let whole = bytes.len().is_power_of_two() && bytes.len() <= LONGEST_WITHOUT_LENGTH;
    next.next()
        .or_else(|| before.filter(|before| *before <= bytes.len()))
        .or_else(|| whole.then_some(bytes.len()))
}

/// Start time of a version 2 record, in nanoseconds since 1970.
fn start_2(fields: &Fields<'_>, micros: i64) -> Option<i64> {
    let time = [24, 25, 26].map(|i| i64::from(fields.bytes[i]));
    let after = i64::from(fields.u16(28)?) * 100_000 + micros * 1000;
    let start = of_day(fields.u16(20)?, fields.u16(22)?, time, after)?;
    // Bit 1: the correction is already included in the start time.
    let correction = if fields.bytes[36] & 2 == 0 {
        i64::from(fields.u32(40)? as i32) * 100_000
    } else {
        0
    };
    Some(start + correction)
}

/// Samples per second of a version 2 record: from blockette 100, else from the header. `Some` without a rate if there
/// is none, `None` if the header is truncated.
fn rate_2(fields: &Fields<'_>, exact: Option<f64>) -> Option<Option<f64>> {
    let factor = f64::from(fields.u16(32)? as i16);
    let multiplier = f64::from(fields.u16(34)? as i16);
    let part = |v: f64| if v > 0.0 { v } else { -1.0 / v };
    let nominal = match (factor == 0.0, multiplier == 0.0) {
        (true, _) => None,
        (_, true) => Some(part(factor)),
        _ => Some(part(factor) * part(multiplier)),
    };
    Some(
        exact
            .filter(|rate| *rate > 0.0 && rate.is_finite())
            .or(nominal),
    )
}

/// `NET.STA.LOC.CHA`.
fn source_id(bytes: &[u8]) -> String {
    let mut id = String::with_capacity(16);
    for (i, range) in [18..20, 8..13, 13..15, 15..18].into_iter().enumerate() {
        if i > 0 {
            id.push('.');
        }
        let code = String::from_utf8_lossy(&bytes[range]);
        id.push_str(code.trim_matches(['\0', ' ']));
    }
    id
}
