//! Times of day and durations, and dates behind a time of day.

use super::{DAY, DateOrder, Scan, day, stamp};
use crate::error::recording::MomentError;

/// Nanoseconds since midnight of a text that is a time of day alone, such as `10:15:30`. Minutes and seconds, such as
/// `04:31.25`, and durations are none.
pub(crate) fn clock_alone(text: &str) -> Option<i64> {
    let mut scan = Scan(text.trim().as_bytes());
    if scan.minutes().is_some() {
        return None;
    }
    let clock = scan.clock(false).ok()?;
    let zone = scan.zone().ok()?;
    scan.end().ok().map(|()| clock - zone)
}

/// Units behind the number of a duration, in nanoseconds.
const UNITS: [(&str, f64); 8] = [
    ("sec", 1e9),
    ("s", 1e9),
    ("ms", 1e6),
    ("us", 1e3),
    ("µs", 1e3),
    ("ns", 1.0),
    ("min", 60e9),
    ("hr", 3600e9),
];

/// Nanoseconds of a text that is a duration with its unit, such as `0 days 00:01:00`.
pub(crate) fn duration(text: &str) -> Option<i64> {
    Scan(text.trim().as_bytes()).duration()
}

impl Scan<'_> {
    /// Nanoseconds since midnight; `basic` ones may come without colons.
    pub(super) fn clock(&mut self, basic: bool) -> Result<i64, MomentError> {
        let (first, digits) = self.digits();
        let (hour, minute, second) = match digits {
            6 if basic => (first / 10_000, first / 100 % 100, Some(first % 100)),
            4 if basic => (first / 100, first % 100, None),
            1 | 2 if self.take(b':') => {
                let (minute, minutes) = self.digits();
                let second = self.take(b':').then(|| self.digits());
                // Microcontrollers print `9:5:3`; `9:5` alone may be anything.
                let good = match second {
                    Some((_, seconds)) => matches!((minutes, seconds), (1 | 2, 1 | 2)),
                    None => minutes == 2,
                };
                if !good {
                    return Err(MomentError::Malformed);
                }
                (first, minute, second.map(|(second, _)| second))
            }
            _ => return Err(MomentError::Malformed),
        };
        let mut nanos = 0;
        let is_millis = matches!(self.0, [b':', digits @ ..] if Scan(digits).digits().1 == 3);
        if second.is_some() && (self.take(b'.') || self.take(b',') || is_millis && self.take(b':'))
        {
            nanos = self.fraction();
        }
        let second = second.unwrap_or(0);
        let hour = match (1..=12).contains(&hour).then(|| self.half()).flatten() {
            Some(half) => hour % 12 + half,
            None => hour,
        };
        // Seconds up to 60: there are leap seconds.
        if hour > 24 || minute > 59 || second > 60 {
            return Err(MomentError::Malformed);
        }
        Ok(((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
    }

    /// All of it as minutes and seconds, `04:31.25`: after hours and minutes there is no fraction.
    pub(super) fn minutes(&self) -> Option<i64> {
        let mut rest = Scan(self.0);
        let (minutes, _) = rest.digits();
        let whole = rest.take(b':').then(|| rest.digits())?;
        if whole.1 != 2 || whole.0 > 60 || !(rest.take(b'.') || rest.take(b',')) {
            return None;
        }
        let nanos = rest.fraction();
        let seconds = minutes * 60 + whole.0;
        rest.0.is_empty().then_some(seconds * 1_000_000_000 + nanos)
    }

    /// All of it as a duration with days, as pandas and Python write it: `0 days 00:00:00.01`, `1 day, 0:00:00`; or as
    /// MATLAB does: `0.01 sec`, `10 ms`, `0.5 min`.
    pub(super) fn duration(&self) -> Option<i64> {
        let with_unit = |(unit, nanos): &(&str, f64)| {
            let number = self.0.strip_suffix(unit.as_bytes())?.strip_suffix(b" ")?;
            Some((number, *nanos))
        };
        if let Some((number, unit)) = UNITS.iter().find_map(with_unit) {
            let is_plain = number.first().is_some_and(u8::is_ascii_digit);
            let number: f64 = str::from_utf8(number).ok()?.parse().ok()?;
            let nanos = (number * unit).round();
            return (is_plain && nanos < 9e18).then_some(nanos as i64);
        }
        let mut rest = Scan(self.0);
        // Before zero: `-1 days +23:59:59.5`.
        let sign = if rest.take(b'-') { -1 } else { 1 };
        let (days, digits) = rest.digits();
        if !(1..=5).contains(&digits) || !rest.0.starts_with(b" day") {
            return None;
        }
        let days = sign * days;
        rest.0 = &rest.0[b" day".len()..];
        rest.take(b's');
        rest.take(b',');
        rest.blanks();
        rest.take(b'+');
        if rest.0.is_empty() {
            return Some(days * DAY);
        }
        let clock = rest.clock(false).ok()?;
        rest.0.is_empty().then_some(days * DAY + clock)
    }

    /// Hours before the half of the day that is next: 0 for `AM`, `a.m.` and `a. m.`, 12 for `PM`.
    fn half(&mut self) -> Option<i64> {
        let mut rest = Scan(self.0);
        rest.blanks();
        let hours = match rest.0.first()?.to_ascii_uppercase() {
            b'A' => 0,
            b'P' => 12,
            _ => return None,
        };
        rest.0 = &rest.0[1..];
        if rest.take(b'.') {
            rest.blanks();
        }
        if !(rest.take(b'M') || rest.take(b'm')) {
            return None;
        }
        rest.take(b'.');
        self.0 = rest.0;
        Some(hours)
    }

    /// Nanoseconds since midnight of `10-00-00.25`, as in names of files, or `9.00.00,25`, as in Danish and Finnish.
    pub(super) fn with_dashes_or_points(&mut self) -> Option<i64> {
        let hours = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        let hours = hours.count();
        let rest = &self.0[hours..];
        let [first, c, d, second, e, f, ..] = rest else {
            return None;
        };
        let is_known = match first {
            b'-' => hours == 2,
            b'.' => matches!(hours, 1 | 2),
            _ => false,
        };
        let are_digits = [c, d, e, f].iter().all(|byte| byte.is_ascii_digit());
        if !is_known || first != second || !are_digits {
            return None;
        }
        let clock = [&self.0[..hours], &[b':', *c, *d, b':'], &rest[4..]].concat();
        let mut clock = Scan(&clock);
        let nanos = clock.clock(false).ok()?;
        self.0 = &self.0[self.0.len() - clock.0.len()..];
        Some(nanos)
    }

    /// All of it as Oracle writes times, `28-NOV-26 11.31.05.123456 PM`: the day is first, and years below 50 are of this
    /// century.
    pub(super) fn oracle(&mut self) -> Option<Result<i64, MomentError>> {
        let mut rest = Scan(self.0);
        let (date, dates) = rest.digits();
        let month = rest.take(b'-').then(|| rest.month()).flatten()?;
        let (year, years) = rest.take(b'-').then(|| rest.digits())?;
        let is_date = matches!(dates, 1 | 2) && years == 2 && rest.take(b' ');
        if !is_date || rest.0.get(2) != Some(&b'.') {
            return None;
        }
        let halves = rest.0.iter().any(|byte| matches!(byte, b'A' | b'P'));
        let clock = rest.with_dashes_or_points().filter(|_| halves)?;
        let zone = rest.zone().and_then(|zone| rest.end().map(|()| zone));
        self.0 = b"";
        let year = year + if year < 50 { 2000 } else { 1900 };
        Some(zone.and_then(|zone| stamp(day(year, month, date)? * DAY, clock, zone)))
    }

    /// Days since 1970 of the date behind a time of day, as in `10:00:00 13/05/2024`.
    pub(super) fn date_behind(&mut self, order: DateOrder) -> Option<Result<i64, MomentError>> {
        let mut rest = Scan(self.0);
        rest.blanks();
        let digits = rest.0.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        let is_date = matches!(rest.0.get(digits), Some(b'/' | b'.'));
        if rest.0.len() == self.0.len() || digits == 0 || !is_date {
            return None;
        }
        let date = rest.date(order);
        Some(date.and_then(|(days, _)| rest.end().map(|()| days)))
    }

    /// Passes blanks, also those that do not break, which spreadsheets write.
    fn blanks(&mut self) {
        loop {
            self.0 = match self.0 {
                [blank, rest @ ..] if blank.is_ascii_whitespace() => rest,
                [0xC2, 0xA0, rest @ ..] | [0xE2, 0x80, 0xAF, rest @ ..] => rest,
                _ => return,
            };
        }
    }
}
