//! Frames: their header, and samples of all channels in turn.

use super::super::words::{all, u16_at, u32_at};
use super::tag::{FRAME, Tag};
use crate::error::recording::EvtDamage;

/// Seconds from 1970 to 1980, from which times count.
const ORIGIN: i64 = 315_532_800;
/// Frames in a second.
const PARTS: usize = 10;
/// Kinds of frames: with up to 16 channels, with up to 24, and of later recorders.
const SMALL: u8 = 3;
const LARGE: u8 = 4;
const LATER: u8 = 5;
/// The bit of compressed samples.
const COMPRESSED: u8 = 0x20;
/// Bytes of a sample if the header has no width that is known, as in ObsPy.
const WIDTH: usize = 3;

/// A frame.
pub(super) struct Frame<'a> {
    /// Nanoseconds since 1970.
    pub time: i64,
    /// The milliseconds of the time.
    pub millis: u16,
    /// Samples per second.
    pub rate: u16,
    /// A bit for each channel.
    pub channels: u32,
    /// Bytes of a sample.
    width: usize,
    data: &'a [u8],
}

impl<'a> Frame<'a> {
    /// # Errors
    /// If the file ends within it, or it has no samples that can be read.
    pub fn of(tag: &Tag, bytes: &'a [u8]) -> Result<Self, EvtDamage> {
        let content = tag.content(bytes);
        let parts = content.and_then(<[u8]>::split_first_chunk::<FRAME>);
        let (header, data) = parts.ok_or(EvtDamage::Cut)?;
        let order = tag.big_endian;
        let number = |at| u16_at(header, at, order).ok_or(EvtDamage::Cut);
        let second = i64::from(u32_at(header, 6, order).ok_or(EvtDamage::Cut)?);
        let (kind, status, millis) = (header[0], header[14], number(16)?);
        if !matches!(kind, SMALL | LARGE | LATER) {
            return Err(EvtDamage::Kind { kind });
        }
        if status & COMPRESSED != 0 {
            return Err(EvtDamage::Compressed);
        }
        let more = if kind == LARGE { header[18] } else { 0 };
        Ok(Self {
            time: (ORIGIN + second) * 1_000_000_000 + i64::from(millis) * 1_000_000,
            millis,
            rate: number(12)? & 0xFFF,
            channels: u32::from(number(10)?) | u32::from(more) << 16,
            width: match status >> 6 {
                1 => 2,
                3 => 4,
                _ => WIDTH,
            },
            data,
        })
    }

    /// The samples of each channel. They are big-endian in files of either byte order.
    ///
    /// # Errors
    /// If there are not as many as the rate and the channels tell.
    pub fn samples(&self) -> Result<Vec<Vec<f64>>, EvtDamage> {
        let channels = self.channels.count_ones() as usize;
        let stated = usize::from(self.rate) / PARTS * channels * self.width;
        let found = self.data.len();
        if found == 0 || found != stated {
            return Err(EvtDamage::Length { stated, found });
        }
        let samples = match self.width {
            2 => all(self.data, true, |word| i16::from_be_bytes(word).into()),
            4 => all(self.data, true, |word| i32::from_be_bytes(word).into()),
            _ => all(self.data, true, |[a, b, c]| {
                (i32::from_be_bytes([a, b, c, 0]) >> 8).into()
            }),
        };
        let of_channel = |channel| samples.iter().skip(channel).step_by(channels).copied();
        Ok((0..channels)
            .map(|channel| of_channel(channel).collect())
            .collect())
    }
}
