//! Times as nanoseconds.

/// Nanoseconds a second.
pub const NANOS: f64 = 1e9;

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

/// A time of the configuration, or of a table: seconds, or a date as in RFC 3339 and as loggers write it (`2024-05-01
/// 10:00:00.5`, `2024/05/01 10:00`, `20240501T100000`, `01.05.2024 10:00:00,5`, `2024-122T10:00:00`), with `Z`, `UTC`,
/// `+02:00` or `+0200`, else in UTC.
///
/// # Errors
/// What is wrong with it.
pub fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return of_seconds(seconds).ok_or_else(|| format!("{text} is no time in seconds"));
    }
    match parse_moment(text.as_bytes()) {
        Ok(Moment::Stamp(nanos) | Moment::Day(nanos)) => Ok(nanos),
        Ok(Moment::Clock(_)) => Err(format!("`{text}` has no date")),
        Err(problem) => Err(format!("`{text}` {problem}")),
    }
}

/// What a text says about time, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Since 1970.
    Stamp(i64),
    /// A date alone: its midnight.
    Day(i64),
    /// Since midnight.
    Clock(i64),
}

/// A day, in nanoseconds.
pub(super) const DAY: i64 = 86_400_000_000_000;

const EXPECTED: &str = "is no time: expected seconds, or as 2024-05-01T10:00:00Z";

/// Reads a date, a time of day, or both.
///
/// # Errors
/// What is wrong, without the text.
pub(super) fn parse_moment(text: &[u8]) -> Result<Moment, &'static str> {
    let mut scan = Scan(text.trim_ascii());
    let colon = |at: usize| scan.0.get(at) == Some(&b':');
    if colon(1) || colon(2) {
        let clock = scan.clock(false)?;
        return scan.end().map(|()| Moment::Clock(clock));
    }
    let (day, basic) = scan.date()?;
    let midnight = day * DAY;
    if scan.0.is_empty() {
        return Ok(Moment::Day(midnight));
    }
    let separators = scan
        .0
        .iter()
        .take_while(|b| matches!(b, b'T' | b't' | b' ' | b'_' | b','));
    let separators = separators.count();
    if separators == 0 {
        return Err(EXPECTED);
    }
    scan.0 = &scan.0[separators..];
    let clock = scan.clock(basic)?;
    let zone = scan.zone()?;
    scan.end()?;
    let nanos = i128::from(midnight) + i128::from(clock) - i128::from(zone);
    i64::try_from(nanos)
        .map(Moment::Stamp)
        .map_err(|_| EXPECTED)
}

/// What is left of a text.
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

    fn end(&self) -> Result<(), &'static str> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(EXPECTED)
        }
    }

    /// Days since 1970, and whether the date has no separators.
    fn date(&mut self) -> Result<(i64, bool), &'static str> {
        let (first, digits) = self.digits();
        if digits == 8 {
            return Ok((day(first / 10_000, first / 100 % 100, first % 100)?, true));
        }
        let separator = match self.0 {
            [b @ (b'-' | b'/' | b'.' | b','), ..] => *b,
            _ => return Err(EXPECTED),
        };
        self.take(separator);
        let (second, seconds) = self.digits();
        if digits == 4 && seconds == 3 {
            // A day of the year, as data centres write it.
            let leap = days_to_year(first + 1) - days_to_year(first);
            let inside = (1600..2300).contains(&first) && (1..=leap).contains(&second);
            return if inside {
                Ok((days_to_year(first) + second - 1, false))
            } else {
                Err(EXPECTED)
            };
        }
        if separator == b',' || !self.take(separator) {
            return Err(EXPECTED);
        }
        let (third, thirds) = self.digits();
        match (digits, seconds, thirds) {
            (4, 1 | 2, 1 | 2) => Ok((day(first, second, third)?, false)),
            (1 | 2, 1 | 2, 4) if separator == b'.' => Ok((day(third, second, first)?, false)),
            (1 | 2, 1 | 2, 4) => match (first > 12, second > 12) {
                (true, false) => Ok((day(third, second, first)?, false)),
                (false, true) => Ok((day(third, first, second)?, false)),
                _ if first == second => Ok((day(third, first, second)?, false)),
                _ => Err("may have the day or the month first: write it as 2024-05-01"),
            },
            _ => Err(EXPECTED),
        }
    }

    /// Nanoseconds since midnight; `basic` ones may come without colons.
    fn clock(&mut self, basic: bool) -> Result<i64, &'static str> {
        let (first, digits) = self.digits();
        let [hour, minute, second] = match digits {
            6 if basic => [first / 10_000, first / 100 % 100, first % 100],
            4 if basic => [first / 100, first % 100, 0],
            1 | 2 if self.take(b':') => {
                let (minute, minutes) = self.digits();
                let second = if self.take(b':') {
                    self.digits()
                } else {
                    (0, 2)
                };
                if minutes != 2 || !(1..=2).contains(&second.1) {
                    return Err(EXPECTED);
                }
                [first, minute, second.0]
            }
            _ => return Err(EXPECTED),
        };
        let mut nanos = 0;
        if self.take(b'.') || self.take(b',') {
            let (mut value, mut digits) = self.digits();
            while digits > 9 {
                (value, digits) = (value / 10, digits - 1);
            }
            nanos = value * 10i64.pow(9 - digits as u32);
        }
        let rest = self.0.trim_ascii();
        let half = match rest.get(..2).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"AM") if (1..=12).contains(&hour) => Some(hour % 12),
            Some(b"PM") if (1..=12).contains(&hour) => Some(hour % 12 + 12),
            _ => None,
        };
        if half.is_some() {
            self.0 = &rest[2..];
        }
        let hour = half.unwrap_or(hour);
        // Seconds up to 60: there are leap seconds.
        if hour > 24 || minute > 59 || second > 60 {
            return Err(EXPECTED);
        }
        Ok(((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
    }

    /// Nanoseconds that a zone is ahead of UTC.
    fn zone(&mut self) -> Result<i64, &'static str> {
        self.0 = self.0.trim_ascii();
        for name in [&b"Z"[..], b"UTC", b"GMT"] {
            if self.0.len() >= name.len() && self.0[..name.len()].eq_ignore_ascii_case(name) {
                self.0 = &self.0[name.len()..];
                break;
            }
        }
        let sign = match self.0.first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Ok(0),
        };
        self.0 = &self.0[1..];
        let (first, digits) = self.digits();
        let (hours, minutes) = match digits {
            4 => (first / 100, first % 100),
            1 | 2 if self.take(b':') => (first, self.digits().0),
            1 | 2 => (first, 0),
            _ => return Err(EXPECTED),
        };
        if hours > 15 || minutes > 59 {
            return Err(EXPECTED);
        }
        Ok(sign * (hours * 60 + minutes) * 60_000_000_000)
    }
}

/// Days since 1970 of a date.
fn day(year: i64, month: i64, day: i64) -> Result<i64, &'static str> {
    let date = || {
        let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
        chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    };
    let date = date()
        .filter(|_| (1678..2262).contains(&year))
        .ok_or(EXPECTED)?;
    let epoch = chrono::NaiveDate::default();
    Ok((date - epoch).num_days())
}

/// Seconds as nanoseconds; none beyond the years 1677 to 2262, which these can tell.
pub(super) fn of_seconds(seconds: f64) -> Option<i64> {
    let nanos = (seconds * NANOS).round();
    (nanos.is_finite() && nanos.abs() < 9.2e18).then_some(nanos as i64)
}

/// As people read it: with a date where there is one, else seconds.
pub fn format_time(nanos: i64) -> String {
    // Recordings without a date begin at 0.
    if nanos.abs() < 86_400_000_000_000 * 30 {
        return format!("{:.3} s", nanos as f64 / NANOS);
    }
    let time = chrono::DateTime::from_timestamp_nanos(nanos);
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(parse_time("12.5").unwrap(), 12_500_000_000);
        let day = parse_time("2024-05-01T10:00:00Z").unwrap();
        assert_eq!(parse_time("2024-05-01 10:00:00").unwrap(), day);
        assert_eq!(parse_time("2024-05-01T12:00:00+02:00").unwrap(), day);
        assert_eq!(of_day(2024, 122, [10, 0, 0], 0), Some(day));
        assert_eq!(of_day(1970, 1, [0; 3], 0), Some(0));
        assert_eq!(
            of_day(2000, 61, [0; 3], 0),
            Some(parse_time("2000-03-01T00:00:00Z").unwrap())
        );
        assert_eq!(format_time(day), "2024-05-01T10:00:00.000Z");
        assert_eq!(format_time(1_500_000_000), "1.500 s");
        for bad in ["", "noon", "1e300", "2024-13-01T00:00:00Z"] {
            parse_time(bad).unwrap_err();
        }
    }

    /// What `pandas.to_datetime(..., utc=True)` and ObsPy's `UTCDateTime` make of them.
    #[test]
    fn times_of_other_people() {
        let day = 1_714_557_600_000_000_000;
        for (text, late) in [
            ("2024/05/01 10:00:00.08", 80_000_000),
            ("20240501T100000", 0),
            ("20240501T100000.25Z", 250_000_000),
            ("2024-05-01 10:00:00 UTC", 0),
            ("2024-05-01T10:00:00+0000", 0),
            ("2024-05-01T12:00:00.5+02", 500_000_000),
            ("2024-05-01 04:30:00 -05:30", 0),
            ("01.05.2024 10:00:00,004", 4_000_000),
            ("2024-05-01 10:00:00,123456789", 123_456_789),
            ("2024-05-01T10:00", 0),
            ("2024-122T10:00:00", 0),
            ("2024,122,10:00:00.000001", 1000),
            ("05/13/2024 10:00:00", 12 * DAY),
            ("13/05/2024 10:00:00", 12 * DAY),
            ("2024-05-01 10:00:00 AM", 0),
            ("2024-05-01", -36_000_000_000_000),
        ] {
            assert_eq!(parse_time(text), Ok(day + late), "{text}");
        }
        for bad in [
            "05/01/2024 10:00:00",
            "NaT",
            "10:00:00",
            "2024-02-30 10:00:00",
            "2023-366T00:00:00",
            "2024-05-01T10:00:00x",
            "2024-05-01 25:00:00",
        ] {
            parse_time(bad).unwrap_err();
        }
        assert_eq!(
            parse_moment(b"14:04:06.741"),
            Ok(Moment::Clock(50_646_741_000_000))
        );
    }
}
