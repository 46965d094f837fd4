//! Tags, and the parts of the header behind them.

use super::super::time::of_seconds;
use super::super::words::{u16_at, u32_at, u64_at};
use crate::error::recording::YProblem;

/// Bytes of a tag: the letter of its byte order, a number, its kind, and the bytes behind it.
const TAG: usize = 16;
const MAGIC: u8 = 31;
/// Kinds of parts: the names of the channel, the parameters of its station, and its samples.
const NAMES: u16 = 1;
const PARAMETERS: u16 = 3;
const SERIES: u16 = 5;

/// A tag.
pub(super) struct Tag {
    at: usize,
    pub big_endian: bool,
    pub kind: u16,
    /// Bytes behind it.
    pub length: usize,
}

impl Tag {
    /// The tag at byte `at`, if there is one.
    pub fn of(bytes: &[u8], at: usize) -> Option<Self> {
        let tag: &[u8; TAG] = bytes.get(at..)?.first_chunk()?;
        let big_endian = match tag[..2] {
            [b'I', MAGIC] => false,
            [b'M', MAGIC] => true,
            _ => return None,
        };
        let length = u32_at(tag, 4, big_endian)?;
        Some(Self {
            at,
            big_endian,
            kind: u16_at(tag, 2, big_endian)?,
            length: i32::try_from(length).ok()? as usize,
        })
    }

    /// The byte behind all of it.
    pub fn end(&self) -> usize {
        self.at + TAG + self.length
    }

    /// What is behind it, as far as the file goes.
    pub fn content<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let rest = &bytes[self.at + TAG..];
        &rest[..rest.len().min(self.length)]
    }
}

/// What the header says about the samples.
pub(super) struct Series {
    /// Nanoseconds since 1970; 0 for an end that is not known.
    pub start: i64,
    pub end: i64,
    pub count: usize,
    /// The least and the greatest sample, unless both are 0.
    pub extremes: Option<(f64, f64)>,
}

/// The parts of the header that are read.
#[derive(Default)]
pub(super) struct Header {
    /// `.STA.LOC.CHA`.
    pub name: Option<String>,
    /// Samples per second.
    pub rate: Option<f32>,
    pub series: Option<Series>,
}

impl Header {
    /// Takes the part behind a tag.
    ///
    /// # Errors
    /// If it is shorter than what it has, or its time is none.
    pub fn take(&mut self, tag: &Tag, bytes: &[u8]) -> Result<(), YProblem> {
        let part = tag.content(bytes);
        let short = YProblem::Short { kind: tag.kind };
        let word = |at| u32_at(part, at, tag.big_endian).ok_or(short.clone());
        match tag.kind {
            NAMES => {
                let names = part.get(8..18).ok_or(short)?;
                let codes = [&names[..5], &names[5..7], &names[7..]].map(code);
                self.name = Some(format!(".{}", codes.join(".")));
            }
            PARAMETERS => self.rate = Some(f32::from_bits(word(40)?)),
            SERIES => {
                let time = |at: usize| {
                    let bits = u64_at(part, at, tag.big_endian).ok_or(short.clone())?;
                    let seconds = f64::from_bits(bits);
                    of_seconds(seconds).ok_or(YProblem::Time { seconds })
                };
                let [high, low] = [word(40)?, word(44)?].map(|value| f64::from(value as i32));
                self.series = Some(Series {
                    start: time(16)?,
                    end: time(24).unwrap_or(0),
                    count: word(32)? as usize,
                    extremes: Some((low, high)).filter(|extremes| *extremes != (0.0, 0.0)),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

/// A code, without blanks and what is no ASCII.
fn code(bytes: &[u8]) -> String {
    let ascii = bytes.iter().filter(|byte| byte.is_ascii() && **byte != 0);
    let text: String = ascii.map(|byte| char::from(*byte)).collect();
    text.trim().to_owned()
}
