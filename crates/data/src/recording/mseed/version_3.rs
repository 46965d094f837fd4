//! Data records of version 3 (FDSN, 2023).

use super::super::check_rate;
use super::super::time::of_day;
use super::encoding::Payload;
use super::header::{Assumed, Fields, HEADER_3, Record};
use crate::error::recording::RecordDamage;

/// Parses a data record of version 3.
///
/// # Errors
/// If its header or checksum is wrong, or the bytes end inside it.
pub(super) fn record(bytes: &[u8]) -> Result<Record<'_>, RecordDamage> {
    let fields = Fields {
        bytes,
        big_endian: false,
    };
    let id_length = usize::from(*bytes.get(33).ok_or(RecordDamage::HeaderTruncated)?);
    let extra = usize::from(fields.u16(34).ok_or(RecordDamage::HeaderTruncated)?);
    let data_length = fields.u32(36).ok_or(RecordDamage::HeaderTruncated)? as usize;
    let offset = HEADER_3 + id_length + extra;
    let length = offset + data_length;
    let record = bytes.get(..length).ok_or(RecordDamage::Truncated {
        found: bytes.len(),
        length,
    })?;
    let stated = fields.u32(28).ok_or(RecordDamage::HeaderTruncated)?;
    let computed = crc32c::crc32c_append(
        crc32c::crc32c_append(crc32c::crc32c(&record[..28]), &[0; 4]),
        &record[32..],
    );
    if computed != stated && stated != 0 {
        return Err(RecordDamage::Checksum {
            found: computed,
            stored: stated,
        });
    }
    let (year, day) = (
        fields.u16(8).ok_or(RecordDamage::HeaderTruncated)?,
        fields.u16(10).ok_or(RecordDamage::HeaderTruncated)?,
    );
    let time = [12, 13, 14].map(|i| i64::from(bytes[i]));
    let fraction = i64::from(fields.u32(4).ok_or(RecordDamage::HeaderTruncated)?);
    let start = of_day(year, day, time, fraction).ok_or(RecordDamage::StartTime)?;
    let rate = fields.array(16).map(f64::from_be_bytes);
    let rate = rate.ok_or(RecordDamage::HeaderTruncated)?;
    let count = fields.u32(24).ok_or(RecordDamage::HeaderTruncated)? as usize;
    let channel = fdsn_id(&String::from_utf8_lossy(&record[HEADER_3..][..id_length]));
    if count == 0 {
        return Ok(Record::empty(channel, start, length, computed == stated));
    }
    let rate = match rate {
        0.0 => None,
        period if period < 0.0 => Some(check_rate(-1.0 / period)?),
        rate => Some(check_rate(rate)?),
    };
    let encoding = bytes[15];
    Ok(Record {
        channel,
        start,
        rate,
        payload: Payload {
            data: &record[offset..],
            count,
            encoding,
            // Steim frames are big-endian in version 3 too.
            big_endian: matches!(encoding, 10 | 11),
        },
        length,
        offset,
        checked: computed == stated,
        assumed: Assumed {
            checksum: computed != stated,
            ..Default::default()
        },
    })
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
