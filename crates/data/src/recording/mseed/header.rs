//! Headers of miniSEED records: version 2 (SEED manual 2.4, chapter 8) and version 3 (FDSN, 2023), and of the control
//! records of a full SEED volume.

use super::super::check_rate;
use super::super::time::of_day;
use super::encoding::{Payload, TEXT};

/// Bytes of version 2's fixed header.
const HEADER_2: usize = 48;
/// Bytes of version 3's fixed header.
const HEADER_3: usize = 40;
/// Lengths of a version 2 record, as powers of two.
const POWERS: std::ops::RangeInclusive<u8> = 7..=30;
/// Places in a file where records without a length may begin.
const STEP: usize = 64;
/// Longest record without a length.
const LONGEST_WITHOUT_LENGTH: usize = 1 << 17;
/// Steim-1, which is what records without blockette 1000 hold.
const STEIM_1: u8 = 10;

/// A data record whose samples are not decoded yet.
pub(super) struct Record<'a> {
    /// `NET.STA.LOC.CHA`.
    pub channel: String,
    /// Time of the first sample, in nanoseconds since 1970.
    pub start: i64,
    /// Samples a second; nothing where the record says none.
    pub rate: Option<f64>,
    /// The samples.
    pub payload: Payload<'a>,
    /// Bytes from this record to the next.
    pub length: usize,
    /// Offset of the payload in the record.
    pub offset: usize,
    /// What the reader had to assume.
    pub assumed: Assumed,
}

/// What a header does not say or says wrongly.
#[derive(Clone, Copy, Default)]
pub(super) struct Assumed {
    /// The byte order that blockette 1000 gives, where it is neither 0 nor 1: the header's was taken.
    pub order: Option<u8>,
    /// There is no blockette 1000: the next record tells the length, and the encoding is Steim-1.
    pub length: bool,
    /// A version 3 record has no checksum.
    pub checksum: bool,
}

impl<'a> Record<'a> {
    /// Without samples, such as a record that only has messages.
    fn empty(channel: String, start: i64, length: usize) -> Self {
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
            assumed: Assumed::default(),
        }
    }

    /// The same record where the next begins after `length` bytes already.
    pub(super) fn shortened(mut self, length: usize) -> Self {
        let data = length
            .saturating_sub(self.offset)
            .min(self.payload.data.len());
        self.payload.data = &self.payload.data[..data];
        self.length = length;
        self
    }
}

/// What is wrong with a record.
pub(super) enum Damage {
    /// The file ends inside it.
    Cut(String),
    /// Its header or checksum is wrong.
    Wrong(String),
}

impl From<String> for Damage {
    fn from(problem: String) -> Self {
        Self::Wrong(problem)
    }
}

impl From<&str> for Damage {
    fn from(problem: &str) -> Self {
        Self::Wrong(problem.into())
    }
}

/// What begins at a place in a file.
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

/// What the first bytes of `bytes` are, as libmseed tells records.
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
fn big_endian(bytes: &[u8]) -> Option<bool> {
    [true, false].into_iter().find(|big_endian| {
        let fields = Fields {
            bytes,
            big_endian: *big_endian,
        };
        let day = fields.u16(20).zip(fields.u16(22));
        day.is_some_and(|(year, day)| of_day(year, day, [0; 3], 0).is_some())
    })
}

/// The place of the next data or control record from byte `from` on, in the midst of anything: the header has to
/// have codes that are letters and digits as well.
pub(super) fn next(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let starts = rest.windows(8).enumerate().filter(|(_, first)| {
        matches!(
            first[6],
            b'D' | b'R' | b'Q' | b'M' | b'V' | b'A' | b'S' | b'T'
        ) && matches!(first[7], b' ' | 0 | b'*')
            || first.starts_with(b"MS\x03")
    });
    let mut places = starts.map(|(at, _)| from + at);
    places.find(|at| is_certain(&bytes[*at..]))
}

/// Whether a record begins here that is no coincidence.
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    let code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | 0);
    match kind(bytes) {
        Kind::Data2 => bytes[8..20].iter().all(code) && bytes[15].is_ascii_alphanumeric(),
        Kind::Data3 => data_3(bytes).is_ok(),
        Kind::Control => {
            let blockette = bytes.get(8..15);
            blockette.is_some_and(|head| head.iter().all(u8::is_ascii_digit))
                || bytes[7] == b'*'
                || bytes.get(8..16).is_some_and(|head| head == b"        ")
        }
        Kind::Foreign => false,
    }
}

/// Bytes of every control record, as the first of a volume says (blockettes 5, 8 and 10).
pub(super) fn control_length(bytes: &[u8]) -> Option<usize> {
    let volume = bytes.get(6) == Some(&b'V');
    let identifier = matches!(bytes.get(8..11), Some(b"005" | b"008" | b"010"));
    let power = std::str::from_utf8(bytes.get(19..21)?).ok()?;
    let power: u8 = power.trim().parse().ok()?;
    (volume && identifier && (8..=16).contains(&power)).then(|| 1 << power)
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

/// What the blockettes after version 2's header say.
#[derive(Default)]
struct Blockettes {
    /// Encoding, byte order and length of the record as a power of two.
    encoding: Option<(u8, u8, u8)>,
    /// Microseconds after the start time.
    micros: i64,
    /// Samples a second.
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

/// A data record of version 2. `before` is the length of the record before it, for those that tell none.
pub(super) fn data_2(bytes: &[u8], before: Option<usize>) -> Result<Record<'_>, Damage> {
    let fields = Fields {
        bytes,
        big_endian: big_endian(bytes).ok_or("the start time is not valid in either byte order")?,
    };
    let cut_off = || Damage::Cut("the file ends inside its header".into());
    let blockettes = Blockettes::read(&fields);
    let mut assumed = Assumed::default();
    let (encoding, order, length) = match blockettes.encoding {
        Some((.., power)) if !POWERS.contains(&power) => {
            return Err(format!("a record of 2^{power} bytes is not plausible").into());
        }
        Some((encoding, order, power)) => (encoding, order, 1usize << power),
        None => {
            assumed.length = true;
            let length = length_by_next(bytes, before)
                .ok_or("it has no blockette 1000, and no next record tells its length")?;
            (STEIM_1, u8::from(fields.big_endian), length)
        }
    };
    let record = bytes.get(..length).ok_or_else(|| {
        let there = bytes.len();
        Damage::Cut(format!(
            "the record is cut off: {there} of its {length} bytes are there"
        ))
    })?;
    let start = start_2(&fields, blockettes.micros).ok_or("its start time is not valid")?;
    let count = usize::from(fields.u16(30).ok_or_else(cut_off)?);
    let channel = source_id(bytes);
    if count == 0 {
        return Ok(Record::empty(channel, start, length));
    }
    let offset = usize::from(fields.u16(44).ok_or_else(cut_off)?);
    let data = record.get(offset..).filter(|_| offset >= HEADER_2);
    if order > 1 {
        assumed.order = Some(order);
    }
    let rate = rate_2(&fields, blockettes.rate).ok_or_else(cut_off)?;
    Ok(Record {
        channel,
        start,
        rate: rate.map(check_rate).transpose()?,
        payload: Payload {
            data: data.ok_or("its data begin outside the record")?,
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
        assumed,
    })
}

/// Length of a record without blockette 1000: to the next record, or to the end of the file where that is a power of
/// two or as far as the record before was long.
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
    // Bit 1: the correction has been applied to the start time already.
    let correction = if fields.bytes[36] & 2 == 0 {
        i64::from(fields.u32(40)? as i32) * 100_000
    } else {
        0
    };
    Some(start + correction)
}

/// Samples a second of a version 2 record: those of blockette 100, else of the header. Nothing in `Some` where it says
/// none, nothing at all where the header is cut off.
fn rate_2(fields: &Fields<'_>, exact: Option<f64>) -> Option<Option<f64>> {
    let factor = f64::from(fields.u16(32)? as i16);
    let multiplier = f64::from(fields.u16(34)? as i16);
    let part = |v: f64| if v > 0.0 { v } else { -1.0 / v };
    let nominal = match (factor == 0.0, multiplier == 0.0) {
        (true, _) => None,
        (_, true) => Some(part(factor)),
        _ => Some(part(factor) * part(multiplier)),
    };
    Some(exact.filter(|rate| *rate > 0.0).or(nominal))
}

/// `NET.STA.LOC.CHA`.
fn source_id(bytes: &[u8]) -> String {
    let code = |range: std::ops::Range<usize>| {
        let text = String::from_utf8_lossy(&bytes[range]);
        text.trim_matches(['\0', ' ']).to_owned()
    };
    format!(
        "{}.{}.{}.{}",
        code(18..20),
        code(8..13),
        code(13..15),
        code(15..18)
    )
}

/// A data record of version 3.
pub(super) fn data_3(bytes: &[u8]) -> Result<Record<'_>, Damage> {
    let fields = Fields {
        bytes,
        big_endian: false,
    };
    let cut_off = || Damage::Cut("the file ends inside its header".into());
    let id_length = usize::from(*bytes.get(33).ok_or_else(cut_off)?);
    let extra = usize::from(fields.u16(34).ok_or_else(cut_off)?);
    let data_length = fields.u32(36).ok_or_else(cut_off)? as usize;
    let offset = HEADER_3 + id_length + extra;
    let length = offset + data_length;
    let record = bytes.get(..length).ok_or_else(|| {
        let there = bytes.len();
        Damage::Cut(format!(
            "the record is cut off: {there} of its {length} bytes are there"
        ))
    })?;
    let stated = fields.u32(28).ok_or_else(cut_off)?;
    let own = crc32c::crc32c_append(
        crc32c::crc32c_append(crc32c::crc32c(&record[..28]), &[0; 4]),
        &record[32..],
    );
    if own != stated && stated != 0 {
        let problem =
            format!("the checksum is {own:08x}, but the record says {stated:08x}: it is damaged");
        return Err(problem.into());
    }
    let (year, day) = (
        fields.u16(8).ok_or_else(cut_off)?,
        fields.u16(10).ok_or_else(cut_off)?,
    );
    let time = [12, 13, 14].map(|i| i64::from(bytes[i]));
    let fraction = i64::from(fields.u32(4).ok_or_else(cut_off)?);
    let start = of_day(year, day, time, fraction).ok_or("its start time is not valid")?;
    let rate = fields.array(16).map(f64::from_be_bytes);
    let rate = rate.ok_or_else(cut_off)?;
    let count = fields.u32(24).ok_or_else(cut_off)? as usize;
    let channel = fdsn_id(&String::from_utf8_lossy(&record[HEADER_3..][..id_length]));
    if count == 0 {
        return Ok(Record::empty(channel, start, length));
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
            // Steim frames are big-endian here as well.
            big_endian: matches!(encoding, 10 | 11),
        },
        length,
        offset,
        assumed: Assumed {
            checksum: own != stated,
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
