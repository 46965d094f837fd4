//! A packet: its type, and numbers in binary-coded decimals.

use super::super::time::of_day;
use crate::error::recording::ReftekDamage;

/// Bytes of a packet, and those before its payload.
pub(super) const PACKET: usize = 1024;
const HEADER: usize = 24;
/// Fewest bytes of a packet that are used.
const SHORTEST: usize = 16;
/// Years of two digits from this one on are of the 20th century, as in ObsPy.
const OLD: u16 = 50;
/// Channels that a header has codes for.
const CHANNELS: usize = 16;

/// What a packet has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The header of an event, or its trailer.
    Event,
    Samples,
    /// Parameters, messages and the state of the recorder.
    State,
}

impl Kind {
    pub fn of(bytes: &[u8; PACKET]) -> Option<Self> {
        match &bytes[..2] {
            b"EH" | b"ET" => Some(Self::Event),
            b"DT" => Some(Self::Samples),
            b"AD" | b"CD" | b"DS" | b"FD" | b"OM" | b"SC" | b"SH" => Some(Self::State),
            _ => None,
        }
    }
}

/// What tells an event of a recorder.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub unit: u16,
    pub event: u16,
    pub stream: u8,
}

/// A packet that belongs to an event.
pub(super) struct Packet<'a> {
    pub key: Key,
    pub channel: u8,
    /// Time of the first sample, in nanoseconds since 1970.
    pub time: i64,
    pub count: usize,
    /// Code of the format of samples.
    pub format: u8,
    pub payload: &'a [u8],
}

/// The number that some digits of a header make, counted from its beginning: each byte has two.
///
/// # Errors
/// If a digit is none.
fn number(bytes: &[u8], from: usize, count: usize) -> Result<u16, ReftekDamage> {
    (from..from + count).try_fold(0, |all, at| {
        let byte = bytes[at / 2];
        let digit = if at.is_multiple_of(2) {
            byte >> 4
        } else {
            byte & 0xF
        };
        let value = 10 * all + u16::from(digit);
        (digit < 10).then_some(value).ok_or(ReftekDamage::Digits)
    })
}

/// The time of a packet of any type, in nanoseconds since 1970.
///
/// # Errors
/// If it is none.
fn time(bytes: &[u8; PACKET]) -> Result<i64, ReftekDamage> {
    let number = |from, count| number(bytes, from, count);
    let year = number(6, 2)?;
    let year = year + if year < OLD { 2000 } else { 1900 };
    let clock = [number(15, 2)?, number(17, 2)?, number(19, 2)?];
    // A leap second is the first of the next minute.
    let is_clock = clock[0] < 24 && clock[1] < 60 && clock[2] <= 60;
    let millis = i64::from(number(21, 3)?);
    let time = of_day(
        year,
        number(12, 3)?,
        clock.map(i64::from),
        millis * 1_000_000,
    );
    time.filter(|_| is_clock).ok_or(ReftekDamage::Time)
}

/// Whether a packet has a known type, a time, and at most as many bytes as there are; what letters would be is more.
pub(super) fn is_header(bytes: &[u8; PACKET]) -> bool {
    let length = number(bytes, 24, 4).map_or(PACKET + 1, usize::from);
    Kind::of(bytes).is_some() && time(bytes).is_ok() && (SHORTEST..=PACKET).contains(&length)
}

impl<'a> Packet<'a> {
    /// # Errors
    /// If its numbers have other digits, or its time is none.
    pub fn of(bytes: &'a [u8; PACKET]) -> Result<Self, ReftekDamage> {
        let number = |from, count| number(bytes, from, count);
        Ok(Self {
            key: Key {
                unit: u16::from_be_bytes([bytes[4], bytes[5]]),
                event: number(32, 4)?,
                stream: number(36, 2)? as u8,
            },
            channel: number(38, 2)? as u8,
            time: time(bytes)?,
            count: number(40, 4)?.into(),
            format: bytes[23],
            payload: &bytes[HEADER..],
        })
    }
}

/// What the header or trailer of an event says about the samples.
pub(super) struct Event {
    station: String,
    stream: String,
    codes: [String; CHANNELS],
    pub rate: f64,
    pub format: u8,
}

impl Event {
    /// `None` if it has no sampling rate.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let text = |at: usize, length: usize| {
            let text = String::from_utf8_lossy(&packet.payload[at..at + length]);
            text.trim_matches(['\0', ' ']).to_owned()
        };
        Some(Self {
            // The name goes on in a byte before it.
            station: text(36, 4) + &text(35, 1),
            stream: text(40, 16),
            codes: std::array::from_fn(|channel| text(440 + 4 * channel, 4)),
            rate: text(64, 4).parse().ok()?,
            format: packet.format,
        })
    }

    /// The name of the channel of a number from 0.
    pub fn channel(&self, number: u8) -> String {
        let code = self.codes.get(usize::from(number));
        let code = code.filter(|code| !code.is_empty());
        let code = code.map_or_else(|| format!("{}{number}", self.stream), String::clone);
        format!(".{}..{code}", self.station)
    }
}
