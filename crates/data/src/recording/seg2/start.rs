//! The time of a record: its date and time of day in texts, and the fraction of the second, which programs write under several names.

use super::super::time::{DateOrder, parse_time_as};
use super::super::{NANOS, Notes};
use super::block::Texts;

/// Texts with the fraction of a second, and their units in seconds.
const FRACTIONS: [(&str, f64); 5] = [
    ("ACQUISITION_SECOND_FRACTION", 1.0),
    ("ACQUISITION_TIME_MICROSECONDS", 1e-6),
    ("ACQUISITION_TIME_MICROSECOND", 1e-6),
    ("ACQUISITION_TIME_US", 1e-6),
    ("ACQUISITION_TIME_NANOSECONDS", 1e-9),
];

/// Nanoseconds since 1970; `None` if the texts have no time. Those that are called UTC come first.
pub(super) fn of(texts: &Texts, notes: &mut Notes) -> Option<i64> {
    let mut wrong = None;
    for suffix in ["_UTC", ""] {
        let Some((date, time)) = pair(texts, suffix) else {
            continue;
        };
        // Dates are written with the day first, unless one can only be the other order.
        let text = format!("{date} {time}");
        let Ok(start) = parse_time_as(&text, DateOrder::DayFirst) else {
            wrong = Some(text);
            continue;
        };
        let zone = texts.get("TIME_ZONE").unwrap_or_default();
        if suffix.is_empty() && !is_utc(zone) {
            notes.push(format!(
                "the header says that times are in the zone `{zone}`: they are read as UTC"
            ));
        }
        return Some(start.saturating_add(fraction(texts, suffix, start)));
    }
    if let Some(text) = wrong {
        notes.push(format!(
            "the time of the record is `{text}`, which is no date and time: give the recording its `start`"
        ));
    }
    None
}

/// Nanoseconds after `start`. A time of day that has a fraction needs no other.
fn fraction(texts: &Texts, suffix: &str, start: i64) -> i64 {
    let fraction = |(name, unit): &(&str, f64)| {
        let value = texts.number(&format!("{name}{suffix}"))? * unit;
        Some(value).filter(|value| (0.0..1.0).contains(value))
    };
    let seconds = FRACTIONS.iter().find_map(fraction);
    let seconds = seconds.filter(|_| start.rem_euclid(NANOS as i64) == 0);
    (seconds.unwrap_or(0.0) * NANOS).round() as i64
}

/// Date and time of day under names that end in `suffix`.
fn pair<'a>(texts: &'a Texts, suffix: &str) -> Option<(&'a str, &'a str)> {
    let text = |name: &str| texts.get(&format!("{name}{suffix}"));
    let date = text("ACQUISITION_DATE").filter(|date| !date.is_empty())?;
    let time = text("ACQUISITION_TIME").filter(|time| !time.is_empty())?;
    Some((date, time))
}

fn is_utc(zone: &str) -> bool {
    let names = ["", "UTC", "GMT", "Z"];
    names.iter().any(|name| zone.eq_ignore_ascii_case(name))
}
