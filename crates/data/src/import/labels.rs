//! What happened when.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::error::DataError;
use crate::recording::{self, parse_time};

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
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Number(f64),
            Text(String),
        }
        let text = match Raw::deserialize(deserializer)? {
            Raw::Number(number) => number.to_string(),
            Raw::Text(text) => text,
        };
        Time::parse(&text).map_err(serde::de::Error::custom)
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
    let file = std::fs::File::open(path).map_err(|source| DataError::Read {
        what: "the table of labels",
        path: path.to_owned(),
        source,
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(file);
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
