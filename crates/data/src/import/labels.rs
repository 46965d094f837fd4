//! What happened when.

use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::error::DataError;
use crate::recording::{self, parse_time, unit, unit_by_size};
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

    /// Of a text: a date, or a number in `unit` seconds. Without a unit a number is seconds, or, where it is too large for
    /// them, milliseconds, microseconds or nanoseconds since 1970.
    ///
    /// # Errors
    /// What is wrong with it.
    fn parse(text: &str, unit: Option<f64>) -> Result<Self, String> {
        let text = text.trim();
        let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite()) else {
            return parse_time(text).map(Self::Moment);
        };
        let unit = unit.unwrap_or_else(|| unit_by_size(number));
        if (number * unit).abs() < UNIX {
            return Ok(Self::Seconds(number * unit));
        }
        if unit >= 1.0 {
            return parse_time(&(number * unit).to_string()).map(Self::Moment);
        }
        let factor = (unit * recording::NANOS).round();
        let nanos = match text.parse::<i64>() {
            // Whole numbers keep every digit, which nanoseconds in a float64 do not.
            Ok(whole) => whole.checked_mul(factor as i64),
            Err(_) => Some((number * factor).round())
                .filter(|nanos| nanos.abs() < 9.2e18)
                .map(|nanos| nanos as i64),
        };
        nanos
            .map(Self::Moment)
            .ok_or_else(|| format!("{text} is beyond the year 2262"))
    }

    /// So many seconds later.
    fn later(self, seconds: f64) -> Self {
        match self {
            Self::Seconds(start) => Self::Seconds(start + seconds),
            Self::Moment(nanos) => {
                Self::Moment(nanos.saturating_add((seconds * recording::NANOS).round() as i64))
            }
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
                Time::parse(&value.to_string(), None).map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Time, E> {
                Time::parse(&value.to_string(), None).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Time, E> {
                Time::parse(&value.to_string(), None).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Time, E> {
                Time::parse(value, None).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Names of the columns of a table of labels, as other programs call them.
const STARTS: [&str; 6] = ["start", "starttime", "begin", "begintime", "onset", "from"];
const ENDS: [&str; 7] = [
    "end", "endtime", "stop", "stoptime", "offset", "to", "until",
];
const CLASSES: [&str; 4] = ["class", "label", "classname", "category"];
const EVENTS: [&str; 2] = ["event", "eventid"];
/// Columns that stand for an end.
const DURATIONS: [&str; 4] = ["duration", "length", "dur", "lasts"];

/// What a column is called without its unit, and that in seconds: `begintime` of `Begin Time (s)`, `start` of `start_ms`.
fn plain(head: &str) -> (String, Option<f64>) {
    let head = head.to_lowercase();
    let words = head.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if let [name @ .., last] = &words[..]
        && !name.is_empty()
        && let Some(unit) = unit(last)
    {
        return (name.concat(), Some(unit));
    }
    (words.concat(), None)
}

/// The separator of a table of labels: the one that its first line has most of.
fn separator(text: &str) -> u8 {
    let lines = text.lines().map(str::trim);
    let head = lines
        .into_iter()
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    let count = |own: &u8| head.map_or(0, |head| head.bytes().filter(|byte| byte == own).count());
    let separators = [b'\t', b';', b','];
    separators.into_iter().max_by_key(count).unwrap_or(b',')
}

/// Where the parts of a label are in a row.
struct Columns {
    start: (usize, Option<f64>),
    /// The end, or how long it lasts.
    end: (usize, Option<f64>),
    is_duration: bool,
    class: usize,
    event: Option<usize>,
}

impl Columns {
    /// By the names in the first row; three columns that begin with two times are start, end and class without names, as
    /// Audacity exports them. And whether there were names.
    ///
    /// # Errors
    /// With the column that is missing, and those there are.
    fn find(heads: &csv::StringRecord) -> Result<(Self, bool), String> {
        let names: Vec<(String, Option<f64>)> = heads.iter().map(plain).collect();
        // The names in their order: `start` before another that means it.
        let column = |wanted: &[&str]| {
            let find = |own: &&str| names.iter().position(|(name, _)| name == *own);
            wanted.iter().find_map(find).map(|i| (i, names[i].1))
        };
        let needed = |wanted: &[&str]| {
            let missing = || {
                let there: Vec<&str> = heads.iter().collect();
                format!(
                    "there is no column `{}`: expected start, end (or duration), class and, optional, event; there are {}",
                    wanted[0],
                    there.join(", ")
                )
            };
            column(wanted).ok_or_else(missing)
        };
        let is_time = |i: usize| {
            heads
                .get(i)
                .is_some_and(|cell| Time::parse(cell, None).is_ok())
        };
        if column(&STARTS).is_none() && heads.len() == 3 && is_time(0) && is_time(1) {
            let own = Self {
                start: (0, None),
                end: (1, None),
                is_duration: false,
                class: 2,
                event: None,
            };
            return Ok((own, false));
        }
        let duration = column(&DURATIONS).filter(|_| column(&ENDS).is_none());
        let own = Self {
            start: needed(&STARTS)?,
            end: duration.map_or_else(|| needed(&ENDS), Ok)?,
            is_duration: duration.is_some(),
            class: needed(&CLASSES)?.0,
            event: column(&EVENTS).map(|(i, _)| i),
        };
        Ok((own, true))
    }
}

/// Reads a table with the columns `start`, `end` (or `duration`), `class` and, where there are, `event`. Times are dates, or
/// numbers in the unit that the column's name says.
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
    let separator = separator(&text);
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .delimiter(separator)
        .trim(csv::Trim::All)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut columns = None;
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|problem| error(problem.to_string()))?;
        if columns.is_none() {
            let (own, named) = Columns::find(&record).map_err(error)?;
            columns = Some(own);
            if named {
                continue;
            }
        }
        let Some(columns) = &columns else { continue };
        // Audacity writes the frequencies of a label in a row of their own below it.
        if record.get(0) == Some("\\") {
            continue;
        }
        labels.push(label(&record, columns, separator).map_err(|problem| {
            let line = record.position().map_or(0, csv::Position::line);
            error(format!("line {line}: {problem}"))
        })?);
    }
    match columns {
        Some(_) => Ok(labels),
        None => Err(error("the table of labels is empty".into())),
    }
}

/// The label in a row.
///
/// # Errors
/// Where a time is none.
fn label(record: &csv::StringRecord, columns: &Columns, separator: u8) -> Result<Label, String> {
    let time = |(i, unit): (usize, Option<f64>)| {
        let commas = separator != b',' && !record[i].contains('.');
        if commas {
            Time::parse(&record[i].replace(',', "."), unit)
        } else {
            Time::parse(&record[i], unit)
        }
    };
    let start = time(columns.start)?;
    let end = match (time(columns.end)?, columns.is_duration) {
        (end, false) => end,
        (Time::Seconds(seconds), true) => start.later(seconds),
        (Time::Moment(_), true) => {
            return Err(format!("`{}` is no duration", &record[columns.end.0]));
        }
    };
    Ok(Label {
        start,
        end,
        class: record[columns.class].to_owned(),
        event: columns
            .event
            .map(|i| record[i].to_owned())
            .filter(|event| !event.is_empty()),
    })
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
        for text in [
            "1714557600",
            "1714557600000",
            "1714557600000000",
            "1714557600000000000",
        ] {
            assert_eq!(label(text).unwrap().start, moment, "{text}");
        }
        // Every nanosecond of it.
        assert_eq!(
            label("1714557600000000001").unwrap().start,
            Time::Moment(1_714_557_600_000_000_001)
        );
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
        // As Excel of other countries and other programs write it.
        for text in [
            "Onset;Offset;Label\n0,5;2,5;steps\n",
            "start_time\tend_time\tcategory\n0.5\t2.5\tsteps\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let labels = read_labels(&path).unwrap();
            assert_eq!(
                (labels[0].start, labels[0].end),
                (Time::Seconds(0.5), Time::Seconds(2.5))
            );
        }
        let moments = [500_000_000, 2_500_000_000].map(|nanos| 1_714_557_600_000_000_000 + nanos);
        for (text, moment) in [
            ("start_ms,end_ms,label\n500,2500,steps\n", false),
            (
                "Begin Time (s)\tEnd Time (s)\tClass\n0.5\t2.5\tsteps\n",
                false,
            ),
            ("0.500000\t2.500000\tsteps\n\\\t10.0\t200.0\n", false),
            ("start,duration,class\n0.5,2,steps\n", false),
            ("start,duration_ms,class\n0.5,2000,steps\n", false),
            (
                "start_ms,end_ms,label\n1714557600500,1714557602500,steps\n",
                true,
            ),
            (
                "start,end,label\n1714557600500000,1714557602500000,steps\n",
                true,
            ),
            (
                "start,duration,label\n2024-05-01T10:00:00.5Z,2,steps\n",
                true,
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            let labels = read_labels(&path).unwrap();
            let expected = if moment {
                (Time::Moment(moments[0]), Time::Moment(moments[1]))
            } else {
                (Time::Seconds(0.5), Time::Seconds(2.5))
            };
            assert_eq!(labels.len(), 1, "{text}");
            assert_eq!((labels[0].start, labels[0].end), expected, "{text}");
        }
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let error = read_labels(&path).unwrap_err().to_string();
        assert!(
            error.contains("no column `start`") && error.contains("there are a, b"),
            "{error}"
        );
    }
}
