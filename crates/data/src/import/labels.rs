//! Labelled intervals: classes and times.

use serde::{Deserialize, Deserializer};

use crate::error::import::LabelTimeError;
use crate::error::recording::TimeError;
use crate::recording::{self, DateOrder, UNIX, duration, is_compact, parse_time_as, unit_by_size};

mod columns;
mod contradictions;
mod days;
mod digits;
mod doubts;
mod events;
mod flags;
mod forms;
mod heads;
mod known;
mod layout;
mod minutes;
mod numbers;
mod one_hot;
mod places;
mod row;
mod settings;
mod table;
mod tails;
mod units;
mod unused;
mod zone_names;
mod zones;

pub(super) use columns::FileColumn;
pub use settings::{LabelsFile, TableColumn};
pub(crate) use table::labels_of;
pub(super) use table::{LabelRow, LabelRows, read};
pub(super) use unused::UnusedColumn;

/// Digits of a long number that spreadsheets show.
const SHORTENED: usize = 6;

/// A labelled interval.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Start.
    pub start: Time,
    /// End.
    pub end: Time,
    /// Class.
    pub class: String,
    /// Event that contains the interval; intervals of one event stay in one split.
    pub event: Option<String>,
    /// Number of the recording's file from whose first sample seconds count, from 0; `None`: from the recording's first
    /// sample.
    #[serde(skip)]
    pub file: Option<usize>,
}

/// A time: seconds from the start of the recording, or an absolute time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Seconds.
    Seconds(f64),
    /// Nanoseconds since 1970.
    Moment(i64),
    /// Nanoseconds since midnight of a day that only the recording tells.
    Clock(i64),
}

impl Time {
    /// The time in nanoseconds, for a recording that begins at `start`; those of a time of day count from midnight.
    pub fn nanos(self, start: i64) -> i64 {
        match self {
            Self::Seconds(seconds) => {
                start.saturating_add((seconds * recording::NANOS).round() as i64)
            }
            Self::Moment(nanos) | Self::Clock(nanos) => nanos,
        }
    }

    /// Parses a date, whose `order` of day and month may be known from other dates, or a number in units of `unit`
    /// seconds. A number without a unit is in seconds or, if it is too large for that, in milliseconds, microseconds or
    /// nanoseconds since 1970.
    ///
    /// # Errors
    /// If it is not a time, or out of range.
    fn parse(text: &str, unit: Option<f64>, order: DateOrder) -> Result<Self, LabelTimeError> {
        let text = text.trim();
        let number = text.parse::<f64>().ok().filter(|n| n.is_finite());
        let Some(number) = number.filter(|_| unit.is_some() || !is_compact(text.as_bytes())) else {
            if let Some(seconds) = iso_duration(text).or_else(|| with_unit(text)) {
                return Ok(Self::Seconds(seconds));
            }
            return match parse_time_as(text, order) {
                // As pandas writes times from the first sample.
                Err(TimeError::NoDate { text }) => match duration(&text) {
                    Some(nanos) => Ok(Self::Seconds(nanos as f64 / recording::NANOS)),
                    None => Err(LabelTimeError::NoDate { text }),
                },
                other => Ok(Self::Moment(other?)),
            };
        };
        let unit = unit.unwrap_or_else(|| unit_by_size(number));
        if (number * unit).abs() < UNIX {
            return Ok(Self::Seconds(number * unit));
        }
        if is_shortened(text) {
            return Err(LabelTimeError::Shortened { text: text.into() });
        }
        if unit >= 1.0 {
            return Ok(Self::Moment(parse_time_as(
                &(number * unit).to_string(),
                order,
            )?));
        }
        let factor = (unit * recording::NANOS).round();
        let nanos = match text.parse::<i64>() {
            // Integers keep every digit; a float64 cannot hold nanoseconds exactly.
            Ok(whole) => whole.checked_mul(factor as i64),
            Err(_) => Some((number * factor).round())
                .filter(|nanos| nanos.abs() < 9.2e18)
                .map(|nanos| nanos as i64),
        };
        nanos
            .map(Self::Moment)
            .ok_or_else(|| LabelTimeError::OutOfRange { text: text.into() })
    }

    /// Whether it counts from the first sample.
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Seconds(_))
    }

    /// The time `seconds` later.
    fn later(self, seconds: f64) -> Self {
        let later = |nanos: i64| nanos.saturating_add((seconds * recording::NANOS).round() as i64);
        match self {
            Self::Seconds(start) => Self::Seconds(start + seconds),
            Self::Moment(nanos) => Self::Moment(later(nanos)),
            Self::Clock(nanos) => Self::Clock(later(nanos)),
        }
    }
}

/// Whether a number has an exponent and so few digits, as spreadsheets show long ones, that Unix time is not certain to hours.
fn is_shortened(text: &str) -> bool {
    let digits = text.split_once(['e', 'E']).map(|(digits, _)| digits);
    digits.is_some_and(|digits| digits.bytes().filter(u8::is_ascii_digit).count() <= SHORTENED)
}

/// Seconds of a number with its unit, `99.5s` or `0.5 min`.
fn with_unit(text: &str) -> Option<f64> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    let (number, unit) = text.split_at(end);
    // `12h` and `5m` may be parts of a time of day.
    let unit = recording::unit(unit.trim()).filter(|_| !matches!(unit.trim(), "h" | "m" | "d"));
    number
        .parse::<f64>()
        .ok()
        .zip(unit)
        .map(|(number, unit)| number * unit)
}

/// Seconds of a duration as ISO 8601 writes it: `PT1M30.5S`. Years and months have no certain length.
fn iso_duration(text: &str) -> Option<f64> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (days, times) = match rest.split_once('T') {
        Some((days, times)) if !times.is_empty() => (days, times),
        None if !rest.is_empty() => (rest, ""),
        _ => return None,
    };
    let days = in_units(days, &[('W', 604_800.0), ('D', 86_400.0)])?;
    let times = in_units(times, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Some(sign * (days + times))
}

/// The sum of numbers that units follow, in the order of `units`.
fn in_units(mut text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut seconds = 0.0;
    for (unit, length) in units {
        let Some((number, rest)) = text.split_once(*unit) else {
            continue;
        };
        let is_number = number.starts_with(|c: char| c.is_ascii_digit())
            && number
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
        seconds += is_number.then(|| number.parse::<f64>().ok())?? * length;
        text = rest;
    }
    text.is_empty().then_some(seconds)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Time;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a time: seconds from the first sample, such as 12.5, or a moment, such as 2024-05-01T10:00:00Z",
                )
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Time, E> {
                Time::parse(&value.to_string(), None, DateOrder::Unknown).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Time, E> {
                Time::parse(&value.to_string(), None, DateOrder::Unknown).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Time, E> {
                Time::parse(&value.to_string(), None, DateOrder::Unknown).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Time, E> {
                Time::parse(value, None, DateOrder::Unknown).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests;
