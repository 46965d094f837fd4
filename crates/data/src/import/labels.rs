//! What happened when.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::error::DataError;
use crate::recording::{self, parse_time};
use crate::text;

/// A labelled interval.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Its beginning.
    pub start: Time,
    /// Its end.
    pub end: Time,
    /// Class.
    pub class: String,
    /// Event it is part of; intervals of one event are on one side.
    pub event: Option<String>,
}

/// A time: seconds from the beginning of the recording, or a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Seconds.
    Seconds(f64),
    /// Nanoseconds since 1970.
    Moment(i64),
}

/// Seconds from here on are a moment of Unix time: no recording lasts for three years.
const UNIX: f64 = 1e8;

impl Time {
    /// In nanoseconds, for a recording that begins at `start`.
    pub fn nanos(self, start: i64) -> i64 {
        match self {
            Self::Seconds(seconds) => {
                start.saturating_add((seconds * recording::NANOS).round() as i64)
            }
            Self::Moment(nanos) => nanos,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().parse::<f64>() {
            Ok(seconds) if seconds.is_finite() && seconds.abs() < UNIX => {
                Ok(Self::Seconds(seconds))
            }
            _ => parse_time(text).map(Self::Moment),
        }
    }
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
                Time::parse(&value.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Time, E> {
                Time::parse(&value.to_string()).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Time, E> {
                Time::parse(&value.to_string()).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Time, E> {
                Time::parse(value).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Reads a table with the columns `start`, `end`, `class` and, where there are, `event`.
///
/// # Errors
/// [`DataError`] naming the line or the column that is missing.
pub(super) fn read_labels(path: &Path) -> Result<Vec<Label>, DataError> {
    let error = |problem: String| DataError::Source {
        path: path.to_owned(),
        problem,
    };
    let text = text::read(path).map_err(|source| DataError::Read {
        what: "the table of labels",
        path: path.to_owned(),
        source,
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heads = reader
        .headers()
        .map_err(|problem| error(problem.to_string()))?
        .clone();
    let column = |name: &str| heads.iter().position(|head| head == name);
    let needed = |name: &str| {
        let missing = || {
            error(format!(
                "there is no column `{name}`: expected start, end, class and, optional, event"
            ))
        };
        column(name).ok_or_else(missing)
    };
    let (start, end, class, event) = (
        needed("start")?,
        needed("end")?,
        needed("class")?,
        column("event"),
    );
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| error(problem.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let time = |i: usize| {
            Time::parse(&record[i]).map_err(|problem| error(format!("line {line}: {problem}")))
        };
        labels.push(Label {
            start: time(start)?,
            end: time(end)?,
            class: record[class].to_owned(),
            event: event
                .map(|i| record[i].to_owned())
                .filter(|event| !event.is_empty()),
        });
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_yaml;

    #[test]
    fn times_and_what_was_expected() {
        let label = |start: &str| {
            parse_yaml::<Label>(&format!("{{start: {start}, end: 20, class: steps}}"))
        };
        assert_eq!(label("12").unwrap().start, Time::Seconds(12.0));
        assert_eq!(label("12.5").unwrap().start, Time::Seconds(12.5));
        assert_eq!(label("-3").unwrap().start, Time::Seconds(-3.0));
        let moment = Time::Moment(1_714_557_600_000_000_000);
        assert_eq!(label("2024-05-01T10:00:00Z").unwrap().start, moment);
        assert_eq!(label("1714557600").unwrap().start, moment);
        for wrong in ["[1]", "true", "soon"] {
            let error = label(wrong).unwrap_err();
            assert!(error.contains("expected"), "{error}");
            assert!(!error.contains("variant"), "{error}");
        }
    }

    #[test]
    fn tables_with_marks_of_other_systems() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        let text = "\u{feff}start,end,class,event\r\n0,2, steps ,\r\n";
        std::fs::write(&path, text).unwrap();
        let labels = read_labels(&path).unwrap();
        assert_eq!((labels.len(), labels[0].class.as_str()), (1, "steps"));
        assert_eq!(labels[0].event, None);
    }
}
