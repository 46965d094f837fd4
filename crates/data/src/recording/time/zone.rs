//! Time zones behind a time: an offset from UTC counts, and a name beside it does not.

use super::{Scan, day, stamp};
use crate::error::recording::MomentError;

/// Names of UTC.
const UTC: [&[u8]; 4] = [b"UTC", b"GMT", b"Zulu", b"Z"];

/// Days of the week, by their first three letters.
const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Whether a time that can be read has an offset from UTC, or a name of UTC.
pub(crate) fn has_zone(text: &[u8]) -> bool {
    let clock = text.iter().position(|byte| *byte == b':');
    let clock = clock.map_or(&[][..], |colon| &text[colon..]);
    let is_zone = |byte: &u8| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'U' | b'u' | b'G' | b'g');
    clock.iter().any(is_zone)
}

/// Nanoseconds that the zone in a text such as `Date Time, GMT-04:00`, `Zeit (UTC+2)` or `timestamp (+0200)` is ahead of UTC.
pub(crate) fn offset_in(text: &str) -> Option<i64> {
    let upper = text.to_ascii_uppercase();
    if let Some(at) = upper.find("UTC").or_else(|| upper.find("GMT")) {
        let mut scan = Scan(&text.as_bytes()[at + 3..]);
        scan.0 = scan.0.trim_ascii_start();
        return scan.offset()?.ok();
    }
    let at = text.find(['(', '['])?;
    let mut scan = Scan(&text.as_bytes()[at + 1..]);
    let offset = scan.offset()?.ok();
    offset.filter(|_| matches!(scan.0, [b')' | b']']))
}

/// Nanoseconds that a zone is ahead of UTC whose offset is a text of its own, such as `+02:00`, `UTC+2` or `Z`.
pub(crate) fn offset_of(text: &[u8]) -> Option<i64> {
    let mut scan = Scan(text.trim_ascii());
    if scan.0.is_empty() {
        return None;
    }
    let offset = scan.zone().ok()?;
    scan.0.is_empty().then_some(offset)
}

impl Scan<'_> {
    /// Nanoseconds that a zone is ahead of UTC; 0 if there is none.
    ///
    /// # Errors
    /// If there is a name of a zone alone, whose offset depends on the place and the time of the year.
    pub(super) fn zone(&mut self) -> Result<i64, MomentError> {
        self.0 = self.0.trim_ascii();
        let start = self.0.len();
        for name in UTC {
            if self.0.len() >= name.len() && self.0[..name.len()].eq_ignore_ascii_case(name) {
                self.0 = &self.0[name.len()..];
                break;
            }
        }
        let offset = self.offset();
        if self.0.len() == start {
            return if self.name() {
                Err(MomentError::Zone)
            } else {
                Ok(0)
            };
        }
        self.0 = self.0.trim_ascii();
        while self.name() {
            self.0 = self.0.trim_ascii();
        }
        offset.unwrap_or(Ok(0))
    }

    /// Nanoseconds of `+02:00`, `+0200` or `+2`; `None` without a sign.
    fn offset(&mut self) -> Option<Result<i64, MomentError>> {
        let sign = match self.0 {
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            // The minus of typesetters.
            [0xE2, 0x88, 0x92, ..] => {
                self.0 = &self.0[2..];
                -1
            }
            _ => return None,
        };
        self.0 = &self.0[1..];
        let (first, digits) = self.digits();
        let (hours, minutes) = match digits {
            4 => (first / 100, first % 100),
            1 | 2 if self.take(b':') => (first, self.digits().0),
            1 | 2 => (first, 0),
            _ => return Some(Err(MomentError::Malformed)),
        };
        if hours > 15 || minutes > 59 {
            return Some(Err(MomentError::Malformed));
        }
        Some(Ok(sign * (hours * 60 + minutes) * 60_000_000_000))
    }

    /// Takes the name of a zone: `[Europe/Berlin]`, `(Central European Summer Time)`, `CEST`, `America/New_York`.
    fn name(&mut self) -> bool {
        let length = match self.0.first() {
            Some(b'[') => self.0.iter().position(|b| *b == b']').map(|end| end + 1),
            Some(b'(') => self.0.iter().position(|b| *b == b')').map(|end| end + 1),
            _ => {
                let is_part = |b: &&u8| b.is_ascii_alphabetic() || matches!(b, b'/' | b'_');
                let length = self.0.iter().take_while(is_part).count();
                let name = &self.0[..length];
                let is_short = (2..=5).contains(&length) && name.iter().all(u8::is_ascii_uppercase);
                (is_short || name.contains(&b'/')).then_some(length)
            }
        };
        self.0 = &self.0[length.unwrap_or(0)..];
        length.is_some()
    }

    /// Steps over a day of the week before a date.
    pub(super) fn weekday(&mut self) {
        let letters = self
            .0
            .iter()
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        let start = self.0[..letters].get(..3).map(<[u8]>::to_ascii_lowercase);
        if start.is_some_and(|start| WEEKDAYS.iter().any(|day| day[..] == start[..])) {
            let rest = &self.0[letters..];
            self.0 = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        }
    }

    /// A time as C's `ctime` and the command `date` write it, `Wed Jun 27 06:54:00 UTC 2012`: nanoseconds since 1970.
    /// `None` for other notations.
    pub(super) fn year_last(&self) -> Option<Result<i64, MomentError>> {
        self.0.first().filter(|byte| byte.is_ascii_alphabetic())?;
        let mut scan = Scan(self.0);
        scan.weekday();
        let blanks = |scan: &mut Self| scan.0 = scan.0.trim_ascii_start();
        let month = scan.month()?;
        blanks(&mut scan);
        let (date, _) = scan.digits();
        blanks(&mut scan);
        scan.0.get(..3).filter(|clock| clock.contains(&b':'))?;
        let clock = scan.clock(false).ok()?;
        let year = scan.0.len().checked_sub(4)?;
        let mut zone = Scan(&scan.0[..year]);
        let mut year = Scan(&scan.0[year..]);
        let (year, digits) = year.digits();
        if digits != 4 {
            return None;
        }
        let midnight = match day(year, month, date) {
            Ok(days) => days * super::DAY,
            Err(problem) => return Some(Err(problem)),
        };
        let zone = zone.zone().and_then(|offset| zone.end().map(|()| offset));
        Some(zone.and_then(|zone| stamp(midnight, clock, zone)))
    }
}
