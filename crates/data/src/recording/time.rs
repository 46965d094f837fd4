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

/// A time of the configuration: RFC 3339 (without a zone: UTC), or seconds.
///
/// # Errors
/// What is wrong with it.
pub fn parse_time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return of_seconds(seconds).ok_or_else(|| format!("{text} is no time in seconds"));
    }
    let zoned = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let time = zoned.or_else(|_| {
        let text = text.replacen(' ', "T", 1);
        text.parse::<chrono::NaiveDateTime>()
            .map(|time| time.and_utc())
    });
    let nanos = time.ok().and_then(|time| time.timestamp_nanos_opt());
    nanos
        .ok_or_else(|| format!("`{text}` is no time: expected seconds, or as 2024-05-01T10:00:00Z"))
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
}
