//! A block, and the channels in it.

use super::super::time::{self, DAY};
use super::super::words::{all, u32_at};
use crate::error::recording::WinDamage;

/// Version of the format.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// WIN: blocks of a second, with years of two digits.
    One,
    /// WIN32: four zeros, and blocks of any length.
    Two,
}

/// Number of a channel, width and number of samples, and the first sample; before them, WIN32 has organisation and network.
const CHANNEL: usize = 8;
/// Bytes of a block, of which none has this many.
const LARGEST: usize = 1 << 24;
/// Years of two digits from this one on are of the 20th century, as in the programs of the WIN system.
const OLD: i64 = 70;
/// Tenths of a second that a block of WIN32 may have.
const TENTHS: std::ops::RangeInclusive<u32> = 1..=36_000;

/// The samples of a channel in a block.
pub(super) struct BlockSamples {
    /// Organisation, network and number.
    pub channel: u32,
    pub rate: f64,
    pub start: i64,
    pub samples: Vec<f64>,
}

impl Version {
    /// The version of a file that begins with a block; WIN32 begins with zeros.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let version = if bytes.starts_with(&[0; 4]) {
            Self::Two
        } else {
            Self::One
        };
        let first = bytes.get(version.start()..)?;
        version.is_block(first).then_some(version)
    }

    /// The first byte of the first block.
    pub fn start(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => 4,
        }
    }

    /// Bytes before the first channel of a block.
    fn header(self) -> usize {
        match self {
            Self::One => 10,
            Self::Two => 16,
        }
    }

    /// Bytes before the number of a channel.
    fn network(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => 2,
        }
    }

    /// The size of the block at the beginning of `bytes`, with its header; `None` if it is none.
    pub fn size(self, bytes: &[u8]) -> Option<usize> {
        let size = match self {
            Self::One => u32_at(bytes, 0, true)? as usize,
            Self::Two => (u32_at(bytes, 12, true)? as usize).checked_add(self.header())?,
        };
        (self.header()..LARGEST).contains(&size).then_some(size)
    }

    /// Time and seconds of the block at the beginning of `bytes`.
    fn time(self, bytes: &[u8]) -> Option<(i64, f64)> {
        match self {
            Self::One => {
                let [year, rest @ ..] = digits(bytes.get(4..)?.first_chunk::<6>()?)?;
                let year = year + if year < OLD { 2000 } else { 1900 };
                Some((moment(year, rest, 0)?, 1.0))
            }
            Self::Two => {
                let [century, year, rest @ .., hundredth] = digits(bytes.first_chunk::<8>()?)?;
                let tenths = u32_at(bytes, 8, true).filter(|value| TENTHS.contains(value))?;
                let start = moment(100 * century + year, rest, hundredth)?;
                Some((start, f64::from(tenths) / 10.0))
            }
        }
    }

    /// Whether `bytes` begin with a block whose first channel has width and samples, and behind which is another of the same year,
    /// or nothing.
    fn is_block(self, bytes: &[u8]) -> bool {
        let (Some(size), Some(_)) = (self.size(bytes), self.time(bytes)) else {
            return false;
        };
        let channel = self.header() + self.network();
        let kind = bytes.get(channel + 2..channel + 4).unwrap_or_default();
        let is_channel =
            matches!(kind, [kind, rate] if kind >> 4 <= 5 && (kind & 0xF, *rate) != (0, 0));
        let next = bytes.get(size..).unwrap_or_default();
        let year = match self {
            Self::One => 4,
            Self::Two => 0,
        };
        let goes_on = next.get(year).is_none_or(|byte| *byte == bytes[year]);
        size >= channel + CHANNEL && is_channel && (goes_on || next.starts_with(&[0; 4]))
    }

    /// The channels of the block at the beginning of `bytes`.
    ///
    /// # Errors
    /// If its header or a channel is damaged, or the file ends before it does.
    pub fn block(self, bytes: &[u8]) -> Result<Vec<BlockSamples>, WinDamage> {
        let (Some(size), Some(time)) = (self.size(bytes), self.time(bytes)) else {
            return Err(WinDamage::Header);
        };
        let mut rest = bytes.get(self.header()..size).ok_or(WinDamage::Cut {
            size,
            there: bytes.len(),
        })?;
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (second, length) = self.second(rest, time)?;
            all.push(second);
            rest = &rest[length..];
        }
        Ok(all)
    }

    /// The channel at the beginning of `bytes`, and its length.
    ///
    /// # Errors
    /// If the width of its differences is unknown, it has no samples, or they go on behind the block.
    fn second(
        self,
        bytes: &[u8],
        (start, seconds): (i64, f64),
    ) -> Result<(BlockSamples, usize), WinDamage> {
        let (network, body) = bytes.split_at(self.network().min(bytes.len()));
        let Some([high, low, kind, count, first @ ..]) = body.first_chunk::<CHANNEL>() else {
            return Err(WinDamage::Channel);
        };
        let before = network
            .iter()
            .fold(0, |all, byte| all << 8 | u32::from(*byte));
        let channel = before << 16 | u32::from(u16::from_be_bytes([*high, *low]));
        let count = u16::from_be_bytes([kind & 0xF, *count]);
        let width = kind >> 4;
        if count == 0 {
            return Err(WinDamage::Rate { channel });
        }
        if width > 4 {
            return Err(WinDamage::Width { channel, width });
        }
        let steps = usize::from(count) - 1;
        let length = match width {
            0 => steps.div_ceil(2),
            width => steps * usize::from(width),
        };
        let data = body.get(CHANNEL..CHANNEL + length);
        let mut steps_of = differences(data.ok_or(WinDamage::Channel)?, width);
        steps_of.truncate(steps);
        let mut value = i32::from_be_bytes(*first);
        let first = f64::from(value);
        let sum = |difference: f64| {
            // Sums wrap, as in the programs of the WIN system and ObsPy.
            value = value.wrapping_add(difference as i32);
            f64::from(value)
        };
        let samples = std::iter::once(first).chain(steps_of.into_iter().map(sum));
        let second = BlockSamples {
            channel,
            rate: f64::from(count) / seconds,
            start,
            samples: samples.collect(),
        };
        Ok((second, network.len() + CHANNEL + length))
    }
}

/// The two digits of each byte, in binary-coded decimals.
fn digits<const N: usize>(bytes: &[u8; N]) -> Option<[i64; N]> {
    let mut all = [0; N];
    for (value, byte) in all.iter_mut().zip(bytes) {
        let [high, low] = [byte >> 4, byte & 0xF];
        *value = (high < 10 && low < 10).then_some((10 * high + low).into())?;
    }
    Some(all)
}

/// Nanoseconds since 1970 of month, day, hour, minute and second of a year, and hundredths of a second after it.
fn moment(year: i64, [month, day, hour, minute, second]: [i64; 5], hundredth: i64) -> Option<i64> {
    let days = time::day(year, month, day).ok()?;
    // A leap second is the first of the next minute.
    let is_clock = hour < 24 && minute < 60 && second <= 60;
    let seconds = (hour * 60 + minute) * 60 + second;
    is_clock.then(|| days * DAY + seconds * 1_000_000_000 + hundredth * 10_000_000)
}

/// Differences of `width` bytes each, or of four bits if it is 0.
fn differences(data: &[u8], width: u8) -> Vec<f64> {
    match width {
        0 => {
            let both = |byte: &u8| [*byte as i8 >> 4, (*byte as i8) << 4 >> 4].map(f64::from);
            data.iter().flat_map(both).collect()
        }
        1 => data.iter().map(|byte| f64::from(*byte as i8)).collect(),
        2 => all(data, true, |word| i16::from_be_bytes(word).into()),
        3 => all(data, true, |[a, b, c]| {
            (i32::from_be_bytes([a, b, c, 0]) >> 8).into()
        }),
        _ => all(data, true, |word| i32::from_be_bytes(word).into()),
    }
}
