//! Times as nanoseconds.

mod clock;
mod compact;
mod months;
mod order;
mod signs;
mod zone;

pub(crate) use clock::{clock_alone, duration};
pub(crate) use compact::is_compact;
pub(crate) use order::{DateOrder, DateOrders};
pub(crate) use zone::{has_zone, offset_in, offset_of};

use crate::error::recording::{MomentError, TimeError};

/// Nanoseconds per second.
pub const NANOS: f64 = 1e9;
/// Seconds from this value on are Unix time, others count from another origin: no recording lasts three years.
pub(crate) const UNIX: f64 = 1e8;

/// Days from 1970-01-01 to the first of January of `year` (proleptic Gregorian).
pub(super) fn days_to_year(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + (before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400))
        - 477
}

/// Nanoseconds since 1970 of a day of the year (from 1), hour, minute and second, and nanoseconds after it.
pub(super) fn of_day(
    year: u16,
    day: u16,
    [hour, minute, second]: [i64; 3],
    nanos: i64,
) -> Option<i64> {
    let nanos = ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos;
    let plausible = (1900..2200).contains(&year) && (1..=366).contains(&day);
    plausible.then(|| (days_to_year(year.into()) + i64::from(day) - 1) * 86_400_000_000_000 + nanos)
}

/// Nanoseconds since midnight of an hour, minute and second, which may be a leap second; `None` if they are none.
pub(super) fn of_clock(hour: i64, minute: i64, second: f64) -> Option<i64> {
    let is_clock =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0.0..61.0).contains(&second);
    is_clock.then(|| (hour * 60 + minute) * 60_000_000_000 + (second * NANOS).round() as i64)
}

/// A time of the configuration, or of a table: seconds, or a date as in RFC 3339 and as loggers write it (`2024-05-01
/// 10:00:00.5`, `2024/05/01 10:00`, `20240501T100000`, `01.05.2024 10:00:00,5`, `2024-122T10:00:00`, `1 mai 2024 10:00:00`), with `Z`, `UTC`,
/// `+02:00`, `+0200` or `+02:00[Europe/Berlin]`, else in UTC. Other names of zones have no certain offset and are refused.
///
/// # Errors
/// If it is not a time, has no date, or is out of range.
pub fn parse_time(text: &str) -> Result<i64, TimeError> {
    parse_time_as(text, DateOrder::Unknown)
}

/// Like [`parse_time`], for dates whose `order` of day and month is known from neighbouring dates.
///
/// # Errors
/// As [`parse_time`].
pub(crate) fn parse_time_as(text: &str, order: DateOrder) -> Result<i64, TimeError> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>()
        && !is_compact(text.as_bytes())
    {
        return of_seconds(seconds).ok_or(TimeError::OutOfRange { seconds });
    }
    match parse_moment_as(text.as_bytes(), order) {
        Ok(Moment::Stamp(nanos) | Moment::Day(nanos)) => Ok(nanos),
        Ok(Moment::Clock(_)) => Err(TimeError::NoDate { text: text.into() }),
        Err(problem) => Err(TimeError::Malformed {
            text: text.into(),
            problem,
        }),
    }
}

/// A parsed time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Since 1970.
    Stamp(i64),
    /// A date alone: its midnight.
    Day(i64),
    /// Since midnight.
    Clock(i64),
}

/// Years of two digits are of this century before this one, as in POSIX.
const FIRST_YEAR: i64 = 69;

/// A day, in nanoseconds.
pub(crate) const DAY: i64 = 86_400_000_000_000;
/// Nanoseconds of an hour.
pub(crate) const HOUR: i64 = DAY / 24;

/// Reads a date, a time of day, or both.
///
/// # Errors
/// If the text is neither, or ambiguous.
pub(super) fn parse_moment(text: &[u8]) -> Result<Moment, MomentError> {
    parse_moment_as(text, DateOrder::Unknown)
}

/// Like [`parse_moment`], for dates whose `order` of day and month is known from neighbouring dates.
///
/// # Errors
/// As [`parse_moment`].
pub(super) fn parse_moment_as(text: &[u8], order: DateOrder) -> Result<Moment, MomentError> {
    let plain = signs::plain(text);
    let mut scan = Scan(plain.as_deref().unwrap_or(text).trim_ascii());
    let colon = |at: usize| scan.0.get(at) == Some(&b':');
    if colon(1) || colon(2) {
        if let Some(elapsed) = scan.minutes() {
            return Ok(Moment::Clock(elapsed));
        }
        let clock = scan.clock(false)?;
        if let Some(date) = scan.date_behind(order) {
            return stamp(date? * DAY, clock, 0).map(Moment::Stamp);
        }
        let zone = scan.zone()?;
        return scan.end().map(|()| Moment::Clock(clock - zone));
    }
    if let Some(elapsed) = scan.duration() {
        return Ok(Moment::Clock(elapsed));
    }
    let whole = scan.compact().or_else(|| scan.year_last());
    if let Some(stamp) = whole.or_else(|| scan.oracle()) {
        return stamp.map(Moment::Stamp);
    }
    let (day, basic) = scan.date(order)?;
    let midnight = day * DAY;
    if scan.0.is_empty() {
        return Ok(Moment::Day(midnight));
    }
    let separators = scan
        .0
        .iter()
        .take_while(|b| matches!(b, b'T' | b't' | b' ' | b'_' | b',' | b':' | b'-' | b'@'));
    // `2024.122.10.00.00` and `2024.05.01.10.00.00`.
    let is_point = scan.0[0] == b'.' && scan.0.get(1).is_some_and(u8::is_ascii_digit);
    let separators = separators.count() + usize::from(is_point);
    if separators == 0 {
        return Err(MomentError::Malformed);
    }
    // `2024-05-01-05:00` may have an offset.
    let seconds = scan.0.iter().filter(|byte| **byte == b':').count() == 2;
    let is_dash = scan.0[..separators].iter().all(|byte| *byte == b'-');
    scan.0 = &scan.0[separators..];
    let clock = match scan.with_dashes_or_points() {
        Some(clock) => clock,
        None if is_dash && !seconds => return Err(MomentError::Malformed),
        None => scan.clock(basic || is_point)?,
    };
    let zone = scan.zone()?;
    scan.end()?;
    stamp(midnight, clock, zone).map(Moment::Stamp)
}

/// A time of day in a zone that is ahead of UTC, in nanoseconds.
fn stamp(midnight: i64, clock: i64, zone: i64) -> Result<i64, MomentError> {
    let nanos = i128::from(midnight) + i128::from(clock) - i128::from(zone);
    i64::try_from(nanos).map_err(|_| MomentError::Malformed)
}

/// The rest of a text.
struct Scan<'a>(&'a [u8]);

impl Scan<'_> {
    /// Digits at the front, as a number, and how many there are.
    fn digits(&mut self) -> (i64, usize) {
        let n = self
            .0
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
            .min(18);
        let value = self.0[..n]
            .iter()
            .fold(0, |v, b| v * 10 + i64::from(b - b'0'));
        self.0 = &self.0[n..];
        (value, n)
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.0.first() == Some(&byte);
        self.0 = &self.0[usize::from(there)..];
        there
    }

    fn end(&self) -> Result<(), MomentError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(MomentError::Malformed)
        }
    }

    /// Nanoseconds, of the digits behind a point. LabVIEW writes 19 of them.
    fn fraction(&mut self) -> i64 {
        let (mut value, mut digits) = self.digits();
        let more = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        self.0 = &self.0[more..];
        while digits > 9 {
            (value, digits) = (value / 10, digits - 1);
        }
        value * 10i64.pow(9 - digits as u32)
    }

    /// Days since 1970 of `13-May-2024`, `13 May 2024`, `May 13, 2024`.
    fn named_date(&mut self) -> Result<i64, MomentError> {
        self.weekday();
        let (month, before) = match self.month() {
            Some(month) => (month, None),
            None => {
                let (before, digits) = self.digits();
                self.ordinal();
                self.between_parts();
                let month = self.month().filter(|_| digits > 0);
                (month.ok_or(MomentError::Malformed)?, Some((before, digits)))
            }
        };
        self.between_parts();
        let (after, digits) = self.digits();
        let (year, date) = match before {
            // `2024-May-13`.
            Some((year, 4)) if digits < 3 => (year, after),
            Some((_, 1 | 2)) if digits == 2 => return Err(MomentError::ShortYear),
            Some((date, 1 | 2)) if digits == 4 => (after, date),
            None if digits < 3 => {
                self.between_parts();
                let (year, digits) = self.digits();
                (
                    Some(year)
                        .filter(|_| digits == 4)
                        .ok_or(MomentError::Malformed)?,
                    after,
                )
            }
            _ => return Err(MomentError::Malformed),
        };
        day(year, month, date)
    }

    /// Days since 1970, and whether the date has no separators.
    fn date(&mut self, order: DateOrder) -> Result<(i64, bool), MomentError> {
        // The `T` before a time of day comes after the first eight characters.
        if self.0.iter().take(8).any(u8::is_ascii_alphabetic) {
            return self.named_date().map(|days| (days, false));
        }
        let (first, digits) = self.digits();
        if digits == 8 {
            return Ok((day(first / 10_000, first / 100 % 100, first % 100)?, true));
        }
        let separator = match self.0 {
            [b @ (b'-' | b'/' | b'.' | b','), ..] => *b,
            [b':', ..] if digits == 4 => b':',
            _ => return Err(MomentError::Malformed),
        };
        self.take(separator);
        let (second, seconds) = self.digits();
        if digits == 4 && seconds == 3 {
            // A day of the year, as written by data centres.
            let leap = days_to_year(first + 1) - days_to_year(first);
            let inside = (1678..2262).contains(&first) && (1..=leap).contains(&second);
            return if inside {
                Ok((days_to_year(first) + second - 1, false))
            } else {
                Err(MomentError::Malformed)
            };
        }
        if matches!(separator, b',' | b':') || !self.take(separator) {
            return Err(MomentError::Malformed);
        }
        let (third, thirds) = self.digits();
        match (digits, seconds, thirds) {
            (4, 1 | 2, 1 | 2) => Ok((day(first, second, third)?, false)),
            (1 | 2, 1 | 2, 2) => {
                // Otherwise, the year may be the first.
                let is_month_first = order == DateOrder::MonthFirst || first <= 12 && second > 12;
                if separator == b'.' || !is_month_first {
                    return Err(MomentError::ShortYear);
                }
                let century = if third < FIRST_YEAR { 2000 } else { 1900 };
                Ok((day(century + third, first, second)?, false))
            }
            (1 | 2, 1 | 2, 4) if separator == b'.' => Ok((day(third, second, first)?, false)),
            (1 | 2, 1 | 2, 4) => {
                let days = match (first > 12, second > 12) {
                    (true, _) => day(third, second, first),
                    (_, true) => day(third, first, second),
                    _ if first == second => day(third, first, second),
                    _ if order == DateOrder::DayFirst => day(third, second, first),
                    _ if order == DateOrder::MonthFirst => day(third, first, second),
                    _ => Err(MomentError::DayOrMonth {
                        year: third,
                        numbers: [first, second],
                    }),
                };
                Ok((days?, false))
            }
            _ => Err(MomentError::Malformed),
        }
    }
}

/// Days since 1970 of a date; none outside the years 1678 to 2261.
pub(super) fn day(year: i64, month: i64, day: i64) -> Result<i64, MomentError> {
    let date = || {
        let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
        chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    };
    let date = date()
        .filter(|_| (1678..2262).contains(&year))
        .ok_or(MomentError::Malformed)?;
    Ok((date - chrono::NaiveDate::default()).num_days())
}

/// Seconds as nanoseconds; none outside the years 1677 to 2262.
#[inline]
pub(super) fn of_seconds(seconds: f64) -> Option<i64> {
    rounded(seconds * NANOS)
}

/// The nearest integer, if it is within about the range of an `i64`.
#[inline]
pub(super) fn rounded(value: f64) -> Option<i64> {
    // As `f64::round`, which is a slow call on processors without an instruction for it.
    (value.abs() < 9.2e18).then(|| {
        let whole = value as i64;
        let rest = value - whole as f64;
        whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5)
    })
}

/// Formats a time with its date, or in seconds if it has no date.
pub fn format_time(nanos: i64) -> String {
    // Recordings without a date begin at 0.
    if nanos.abs() < 86_400_000_000_000 * 30 {
        return format!("{:.3} s", nanos as f64 / NANOS);
    }
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Formats the date of a time.
pub(crate) fn format_date(nanos: i64) -> String {
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    time.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests;
