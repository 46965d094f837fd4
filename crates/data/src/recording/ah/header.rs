//! The header of a record.

use std::ops::Range;

use super::super::time::{self, DAY};
use super::super::{check_rate, rate_of_single};
use crate::error::recording::AhProblem;

/// The number that a record of version 2 begins with.
pub(super) const MAGIC: u32 = 1100;
/// Numbers of version 1 that are always there: pairs of poles and zeros.
const PAIRS: usize = 30;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

impl Version {
    /// From the beginning of a file; version 1 has the lengths of its texts at fixed places.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        /// Places and lengths of the texts: codes of station, channel and instrument, and two of the record.
        const TEXTS: [(usize, u32); 5] = [(0, 6), (12, 6), (24, 8), (700, 80), (784, 202)];
        let word = |at: usize| Xdr { bytes, at }.word();
        let is_one = || {
            TEXTS
                .iter()
                .all(|(at, length)| word(*at).is_some_and(|value| value == length.to_be_bytes()))
        };
        // Version 2 has the length of its first record, and in it a number and the length of a text, which is the same.
        let is_two = || {
            let length = word(4).map_or(0, u32::from_be_bytes);
            (300..1 << 30).contains(&length) && word(8).is_some() && word(8) == word(12)
        };
        if word(0)? == MAGIC.to_be_bytes() {
            return is_two().then_some(Self::Two);
        }
        is_one().then_some(Self::One)
    }
}

/// What a header says about the samples.
pub(super) struct Header {
    pub channel: String,
    /// Nanoseconds since 1970; `None` if the header has no time.
    pub start: Option<i64>,
    pub rate: f64,
    pub count: usize,
    /// Bytes of a sample.
    pub width: usize,
    /// Where the samples begin.
    pub data: usize,
}

impl Header {
    /// The header in a `range` of bytes.
    ///
    /// # Errors
    /// If it is cut or damaged, or the samples are no numbers.
    pub fn of(bytes: &[u8], range: Range<usize>, version: Version) -> Result<Self, AhProblem> {
        let bytes = &bytes[..range.end];
        let mut xdr = Xdr {
            bytes,
            at: range.start,
        };
        let fields = xdr.header(version).ok_or(AhProblem::Header)?;
        let width = match fields.kind {
            1 => 4,
            6 => 8,
            kind => return Err(AhProblem::Kind { kind }),
        };
        Ok(Self {
            channel: format!(".{}..{}", fields.station, fields.code),
            start: fields.start()?,
            rate: check_rate(rate_of_single(fields.interval.into()))?,
            count: fields.count as usize,
            width,
            data: xdr.at,
        })
    }
}

/// Fields of a header.
struct Fields {
    station: String,
    code: String,
    kind: i32,
    count: u32,
    interval: f32,
    /// Year, month, day, hour and minute.
    date: [i32; 5],
    second: f32,
}

impl Fields {
    /// # Errors
    /// If the time is none.
    fn start(&self) -> Result<Option<i64>, AhProblem> {
        if self.date[..3] == [0; 3] {
            return Ok(None);
        }
        let [year, month, day, hour, minute] = self.date.map(i64::from);
        let wrong = AhProblem::Time {
            date: self.date,
            second: self.second,
        };
        let clock = time::of_clock(hour, minute, self.second.into());
        let days = time::day(year, month, day).ok();
        let (days, clock) = days.zip(clock).ok_or(wrong)?;
        Ok(Some(days * DAY + clock))
    }
}

/// Reads numbers and texts in XDR (RFC 4506), from byte `at` on.
struct Xdr<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Xdr<'_> {
    fn word(&mut self) -> Option<[u8; 4]> {
        let word = *self.bytes.get(self.at..)?.first_chunk()?;
        self.at += 4;
        Some(word)
    }

    fn integer(&mut self) -> Option<i32> {
        self.word().map(i32::from_be_bytes)
    }

    fn float(&mut self) -> Option<f32> {
        self.word().map(f32::from_be_bytes)
    }

    /// Leaves out words of four bytes.
    fn skip(&mut self, words: usize) -> Option<()> {
        let end = self.at.checked_add(words.checked_mul(4)?)?;
        self.at = end;
        (end <= self.bytes.len()).then_some(())
    }

    /// Leaves out as many groups of `words` as a number says.
    fn skip_groups(&mut self, words: usize) -> Option<()> {
        let groups = usize::try_from(self.integer()?).ok()?;
        self.skip(groups.checked_mul(words)?)
    }

    /// A text, up to its first zero, without blanks around it.
    fn text(&mut self) -> Option<String> {
        let length = u32::from_be_bytes(self.word()?) as usize;
        let bytes = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        self.skip(length.div_ceil(4))?;
        Some(text)
    }

    /// A text of version 2, which has its length twice.
    fn sized_text(&mut self) -> Option<String> {
        self.skip(1)?;
        self.text()
    }

    /// The fields of a header, after which the samples begin; `None` if it is cut.
    fn header(&mut self, version: Version) -> Option<Fields> {
        match version {
            Version::One => self.version_1(),
            Version::Two => self.version_2(),
        }
    }

    fn version_1(&mut self) -> Option<Fields> {
        let (station, code) = (self.text()?, self.text()?);
        self.text()?;
        // Place and gain of the station, poles and zeros, and place and time of the event.
        self.skip(5 + 4 * PAIRS + 3 + 6)?;
        self.text()?;
        let fields = self.record(station, code)?;
        // The least abscissa repeats the seconds of the time, or is 0.
        self.skip(1)?;
        self.text()?;
        self.text()?;
        // Numbers of the user.
        self.skip_groups(1)?;
        Some(fields)
    }

    fn version_2(&mut self) -> Option<Fields> {
        let (station, code) = (self.sized_text()?, self.sized_text()?);
        self.sized_text()?;
        // Recorder and sensor.
        self.text()?;
        self.text()?;
        // Azimuth, dip, latitude and longitude (of 8 bytes each), elevation, gain and normalization.
        self.skip(2 + 4 + 3)?;
        self.skip_groups(2)?;
        self.skip_groups(2)?;
        self.text()?;
        // Place and time of the event.
        self.skip(4 + 1 + 6)?;
        self.sized_text()?;
        let fields = self.record(station, code)?;
        // Units.
        for _ in 0..3 {
            self.text()?;
        }
        self.sized_text()?;
        self.sized_text()?;
        // Attributes of the user; each text takes four bytes at least.
        for _ in 0..self.integer()?.max(0) {
            self.text()?;
            self.text()?;
        }
        Some(fields)
    }

    /// What both versions say about the samples.
    fn record(&mut self, station: String, code: String) -> Option<Fields> {
        let kind = self.integer()?;
        let count = u32::from_be_bytes(self.word()?);
        let interval = self.float()?;
        // The greatest amplitude.
        self.skip(1)?;
        let mut date = [0; 5];
        for part in &mut date {
            *part = self.integer()?;
        }
        let second = self.float()?;
        Some(Fields {
            station,
            code,
            kind,
            count,
            interval,
            date,
            second,
        })
    }
}
