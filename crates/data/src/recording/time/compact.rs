//! Times as one number, `20240501100000.25`, `20240501100000250` or `202405011000`.

use super::{Scan, day, stamp};
use crate::error::recording::MomentError;

/// Digits of a date and a time of day in seconds.
const SECONDS: usize = 14;

/// Digits of a date and a time of day in minutes.
const MINUTES: usize = 12;
/// Years of these. Digits that begin as a year before may be `yymmddhhmmss`, of the year 2020. As milliseconds of Unix time, all of
/// them are in 1976.
const YEARS: std::ops::Range<u32> = 2013..2100;

/// Whether a number is the date and time of day of about this century, with up to six digits of a second behind it. Unix
/// time has fewer digits, or 16 or 19. It has 16 digits that begin as a year from 2033 on, when it counts microseconds.
pub(crate) fn is_compact(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_whole = text.len() == digits;
    let is_fraction = digits == SECONDS && matches!(text[digits..], [b'.' | b',', b'0'..=b'9', ..]);
    if !(matches!(digits, MINUTES | SECONDS..=18 | 20) && is_whole || is_fraction) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| {
        text[range]
            .iter()
            .fold(0u32, |value, byte| value * 10 + u32::from(byte - b'0'))
    };
    let years = match digits {
        MINUTES => YEARS,
        16 => 2000..2100,
        _ => 1970..2100,
    };
    years.contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8))
        && number(8..10) < 24
        && number(10..12) < 60
        && (digits == MINUTES || number(12..14) <= 60)
}

impl Scan<'_> {
    /// Nanoseconds since 1970 of a number that [`is_compact`].
    pub(super) fn compact(&mut self) -> Option<Result<i64, MomentError>> {
        if !is_compact(self.0) {
            return None;
        }
        let (whole, rest) = self.0.split_at(self.0.len().min(SECONDS));
        let (number, count) = Scan(whole).digits();
        let number = if count == MINUTES {
            100 * number
        } else {
            number
        };
        self.0 = rest;
        let part = |size: i64| number / size % 100;
        let date = day(number / 10_000_000_000, part(100_000_000), part(1_000_000));
        let seconds = (part(10_000) * 60 + part(100)) * 60 + part(1);
        let _ = self.take(b'.') || self.take(b',');
        let nanos = seconds * 1_000_000_000 + self.fraction();
        Some(date.and_then(|date| {
            self.end()?;
            stamp(date * super::DAY, nanos, 0)
        }))
    }
}
