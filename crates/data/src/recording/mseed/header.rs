//! Headers of records: data records of versions 2 and 3, and the control records of a full SEED volume.

use super::super::time::of_day;
use super::encoding::{Payload, TEXT};

/// Bytes of version 2's fixed header.
pub(super) const HEADER_2: usize = 48;
/// Bytes of version 3's fixed header.
pub(super) const HEADER_3: usize = 40;

/// A data record whose samples are not decoded yet.
pub(super) struct Record<'a> {
    /// `NET.STA.LOC.CHA`.
    pub channel: String,
    /// Time of the first sample, in nanoseconds since 1970.
    pub start: i64,
    /// Samples per second; `None` if the record has no rate.
    pub rate: Option<f64>,
    /// The samples.
    pub payload: Payload<'a>,
    /// Bytes from this record to the next.
    pub length: usize,
    /// Offset of the payload in the record.
    pub offset: usize,
    /// Whether a checksum has confirmed the record.
    pub checked: bool,
    /// What the reader had to assume.
    pub assumed: Assumed,
}

/// Properties that a header lacks or has wrong.
#[derive(Clone, Copy, Default)]
pub(super) struct Assumed {
    /// The byte order in blockette 1000, if it is neither 0 nor 1: the order of the header was used.
    pub order: Option<u8>,
    /// There is no blockette 1000: the next record determines the length, and the encoding is Steim-1.
    pub length: bool,
    /// A version 3 record has no checksum.
    pub checksum: bool,
}

impl<'a> Record<'a> {
    /// Without samples, such as a record that only has messages.
    pub(super) fn empty(channel: String, start: i64, length: usize, checked: bool) -> Self {
        Self {
            channel,
            start,
            rate: None,
            payload: Payload {
                data: &[],
                count: 0,
                encoding: TEXT,
                big_endian: true,
            },
            length,
            offset: 0,
            checked,
            assumed: Assumed::default(),
        }
    }

    /// The same record, if the next one begins after only `length` bytes.
    pub(super) fn shortened(mut self, length: usize) -> Self {
        let data = length
            .saturating_sub(self.offset)
            .min(self.payload.data.len());
        self.payload.data = &self.payload.data[..data];
        self.length = length;
        self
    }
}

/// What begins at a position in a file.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// A data record of version 2.
    Data2,
    /// A data record of version 3.
    Data3,
    /// A control record of a full SEED volume: the volume, abbreviations, a station or time spans.
    Control,
    /// Something else.
    Foreign,
}

/// Type of record by the first bytes of `bytes`, with libmseed's rules.
pub(super) fn kind(bytes: &[u8]) -> Kind {
    if bytes.len() >= HEADER_3 && bytes.starts_with(b"MS\x03") && is_time(&bytes[12..15]) {
        return Kind::Data3;
    }
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | 0);
    if bytes.len() < 8 || !bytes[..6].iter().all(number) {
        return Kind::Foreign;
    }
    match (bytes[6], bytes[7]) {
        (b'D' | b'R' | b'Q' | b'M', b' ' | 0) if bytes.len() >= HEADER_2 => {
            if is_time(&bytes[24..27]) && big_endian(bytes).is_some() {
                Kind::Data2
            } else {
                Kind::Foreign
            }
        }
        (b'V' | b'A' | b'S' | b'T', b' ' | b'*') if bytes[..6].iter().all(u8::is_ascii_digit) => {
            Kind::Control
        }
        _ => Kind::Foreign,
    }
}

/// Whether hour, minute and second can be.
fn is_time(time: &[u8]) -> bool {
    time[0] < 24 && time[1] < 60 && time[2] <= 60
}

/// Whether the year and the day of version 2's header make sense with their highest byte first, or last.
pub(super) fn big_endian(bytes: &[u8]) -> Option<bool> {
    [true, false].into_iter().find(|big_endian| {
        let fields = Fields {
            bytes,
            big_endian: *big_endian,
        };
        let day = fields.u16(20).zip(fields.u16(22));
        day.is_some_and(|(year, day)| of_day(year, day, [0; 3], 0).is_some())
    })
}

/// Numbers of a header, in either byte order.
pub(super) struct Fields<'a> {
    pub bytes: &'a [u8],
    pub big_endian: bool,
}

impl Fields<'_> {
    pub(super) fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let mut bytes: [u8; N] = self.bytes.get(at..at + N)?.try_into().ok()?;
        if !self.big_endian {
            bytes.reverse();
        }
        Some(bytes)
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(super) fn f32(&self, at: usize) -> Option<f32> {
        self.array(at).map(f32::from_be_bytes)
    }
}
