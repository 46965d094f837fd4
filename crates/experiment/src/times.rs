//! Start times as programs and people write them.

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime};

/// Dates whose order of day, month and year is certain, as programs write them; those with dots begin with the day.
const DATES: [&str; 8] = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%Y%m%d",
    "%d %b %Y",
    "%b %d, %Y",
    "%d-%b-%Y",
];

/// Times behind a date, with what separates them.
const TIMES: [&str; 7] = [
    "T%H:%M:%S%.f",
    " %H:%M:%S%.f",
    "T%H:%M",
    " %H:%M",
    "_%H%M%S",
    "-%H%M%S",
    "T%H%M%S",
];

/// The local time of a text: ISO 8601, dates as `31.01.2024`, Unix time in seconds or milliseconds, and the like. A time
/// without a zone is local. `None` if it is ambiguous, as `02/03/2024` is, or no time.
pub(crate) fn parse(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim().trim_end_matches(',');
    // As our own experiments have it: a list has thousands of them.
    if let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        return Some(time);
    }
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let zoned = zoned
        .iter()
        .find_map(|form| DateTime::parse_from_str(text, form).ok());
    let local = |time: DateTime<_>| time.with_timezone(&Local).naive_local();
    zoned
        .or_else(|| DateTime::parse_from_rfc2822(text).ok())
        .map(local)
        .or_else(|| unix(text))
        .or_else(|| NaiveDateTime::parse_from_str(text, "%a %b %e %H:%M:%S %Y").ok())
        .or_else(|| dated(text, &DATES))
        .or_else(|| with_slashes(text))
}

/// Seconds or milliseconds since 1970, of years from 1973.
fn unix(text: &str) -> Option<NaiveDateTime> {
    let number: f64 = text.parse().ok()?;
    let seconds = if number.abs() >= 1e11 {
        number / 1e3
    } else {
        number
    };
    if !(1e8..1e11).contains(&seconds) || is_a_day(text) {
        return None;
    }
    let time = DateTime::from_timestamp_micros((seconds * 1e6) as i64)?;
    Some(time.with_timezone(&Local).naive_local())
}

/// Whether digits are a date rather than seconds since 1970, as `20240131` is.
fn is_a_day(text: &str) -> bool {
    text.len() == 8
}

fn dated(text: &str, dates: &[&str]) -> Option<NaiveDateTime> {
    dates.iter().find_map(|date| {
        let only = || {
            NaiveDate::parse_from_str(text, date)
                .ok()?
                .and_hms_opt(0, 0, 0)
        };
        let timed =
            |time: &&str| NaiveDateTime::parse_from_str(text, &format!("{date}{time}")).ok();
        TIMES.iter().find_map(timed).or_else(only)
    })
}

/// Of `31/01/2024` and `01/31/2024`, only one order has a month.
fn with_slashes(text: &str) -> Option<NaiveDateTime> {
    let day_first = dated(text, &["%d/%m/%Y"]);
    let month_first = dated(text, &["%m/%d/%Y"]);
    match (day_first, month_first) {
        (Some(a), Some(b)) if a != b => None,
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_other_programs() {
        let noon = "2024-01-31T12:00:00".parse::<NaiveDateTime>().unwrap();
        for text in [
            "2024-01-31T12:00:00.000000",
            "2024-01-31 12:00",
            "2024/01/31 12:00:00",
            "20240131_120000",
            "20240131-120000",
            "31.01.2024 12:00",
            "31.1.2024 12:00:00",
            "31/01/2024 12:00",
            "01/31/2024 12:00",
            "Wed Jan 31 12:00:00 2024",
            "31 Jan 2024 12:00:00",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        let midnight = noon.date().and_hms_opt(0, 0, 0);
        for text in ["2024-01-31", "31.01.2024", "20240131", "Jan 31, 2024"] {
            assert_eq!(parse(text), midnight, "{text}");
        }
        for text in [
            "02/03/2024",
            "",
            "12",
            "nan",
            "yesterday",
            "31.13.2024",
            "1e300",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(
            parse("02/02/2024").unwrap().to_string(),
            "2024-02-02 00:00:00"
        );
    }

    #[test]
    fn times_with_a_zone_are_local() {
        let seconds = 1_706_702_400;
        let expected = DateTime::from_timestamp(seconds, 0).unwrap();
        let expected = Some(expected.with_timezone(&Local).naive_local());
        for text in [
            "2024-01-31T12:00:00Z",
            "2024-01-31T13:00:00+01:00",
            "2024-01-31 12:00:00.000+00:00",
            "2024-01-31T12:00:00+0000",
            "1706702400",
            "1706702400000",
            "1706702400.0",
            "Wed, 31 Jan 2024 12:00:00 GMT",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
