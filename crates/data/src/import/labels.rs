//! Labelled intervals: classes and times.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Deserializer};

use crate::error::import::LabelTimeError;
use crate::error::recording::TimeError;
use crate::error::{DataError, ImportError, in_file};
use crate::recording::{
    self, DateOrder, DateOrders, UNIX, is_compact, parse_time_as, unit_by_size,
};
use crate::text;

mod heads;

use heads::{CLASSES, DURATIONS, ENDS, EVENTS, FILES, SEQUENCE, STARTS, plain, separator};

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
}

/// A time: seconds from the start of the recording, or an absolute time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Seconds.
    Seconds(f64),
    /// Nanoseconds since 1970.
    Moment(i64),
}

impl Time {
    /// The time in nanoseconds, for a recording that begins at `start`.
    pub fn nanos(self, start: i64) -> i64 {
        match self {
            Self::Seconds(seconds) => {
                start.saturating_add((seconds * recording::NANOS).round() as i64)
            }
            Self::Moment(nanos) => nanos,
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
            return match parse_time_as(text, order) {
                Err(TimeError::NoDate { text }) => Err(LabelTimeError::NoDate { text }),
                other => Ok(Self::Moment(other?)),
            };
        };
        let unit = unit.unwrap_or_else(|| unit_by_size(number));
        if (number * unit).abs() < UNIX {
            return Ok(Self::Seconds(number * unit));
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

    fn is_moment(self) -> bool {
        matches!(self, Self::Moment(_))
    }

    /// The time `seconds` later.
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

/// Columns of the parts of a label.
struct Columns {
    start: (usize, Option<f64>),
    /// End or duration.
    end: (usize, Option<f64>),
    is_duration: bool,
    class: usize,
    event: Option<usize>,
}

impl Columns {
    /// Finds the columns by the names in the first row, and returns whether there are names. Without names, three
    /// columns that begin with two times are start, end and class, as Audacity exports them.
    ///
    /// # Errors
    /// If a column is missing.
    fn find(heads: &csv::StringRecord, separator: u8) -> Result<(Self, bool), ImportError> {
        let names: Vec<(String, Option<f64>)> = heads.iter().map(plain).collect();
        // Names in order of preference: `start` before its synonyms.
        let column = |wanted: &[&str]| {
            let find = |own: &&str| names.iter().position(|(name, _)| name == *own);
            wanted.iter().find_map(find).map(|i| (i, names[i].1))
        };
        let needed = |wanted: &[&'static str]| {
            column(wanted).ok_or_else(|| ImportError::NoLabelColumn {
                column: wanted[0],
                there: heads.iter().map(str::to_owned).collect(),
            })
        };
        let is_time = |i: usize| {
            let cell = with_points(cell(heads, i), separator);
            Time::parse(&cell, None, DateOrder::DayFirst).is_ok()
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

/// Reads a table of labels of a recording of `files` files, with the columns `start`, `end` (or `duration`), `class` and
/// optionally `event`. Times are dates, or numbers in the unit given in the column's name.
///
/// # Errors
/// [`DataError`] naming the line or the missing column.
pub(super) fn read_labels(path: &Path, files: usize) -> Result<Vec<Label>, DataError> {
    let error = in_file::<ImportError>(path);
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
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = reader.records().collect::<Result<Vec<_>, _>>();
    let rows = rows.map_err(|problem| error(problem.into()))?;
    let Some(first) = rows.first() else {
        return Err(error(ImportError::NoLabels));
    };
    let (columns, named) = Columns::find(first, separator).map_err(&error)?;
    // Audacity writes the frequencies of a label on a separate line below it.
    let rows = rows.iter().skip(usize::from(named));
    let rows = rows.filter(|row| row.get(0) != Some("\\"));
    // Spreadsheets write the empty rows below a table.
    let rows = rows.filter(|row| row.iter().any(|cell| !cell.is_empty()));
    for row in rows.clone() {
        // Some programs leave out empty cells at the end.
        if row.iter().skip(first.len()).any(|cell| !cell.is_empty()) {
            let (line, cells) = (line(row), row.len());
            return Err(error(ImportError::LabelCells {
                line,
                cells,
                columns: first.len(),
            }));
        }
    }
    // A single date may determine for all whether the day or the month comes first.
    let times = rows
        .clone()
        .flat_map(|row| [cell(row, columns.start.0), cell(row, columns.end.0)]);
    let order = DateOrders::of(times.map(str::as_bytes)).order();
    let label = |row: &csv::StringRecord| {
        label(row, &columns, (separator, order)).map_err(|problem| {
            let line = line(row);
            error(ImportError::Label { line, problem })
        })
    };
    let labels: Vec<Label> = rows.clone().map(label).collect::<Result<_, _>>()?;
    if named && labels.iter().any(|label| !label.start.is_moment()) {
        check_files(first, rows, files).map_err(error)?;
    }
    Ok(labels)
}

/// Checks that times without a date count from the start of one recording, not from that of each file in `rows`.
///
/// # Errors
/// If the rows name several files.
fn check_files<'a>(
    heads: &csv::StringRecord,
    rows: impl Iterator<Item = &'a csv::StringRecord>,
    files: usize,
) -> Result<(), ImportError> {
    let names: Vec<String> = heads.iter().map(|head| plain(head).0).collect();
    let at = |wanted: &&str| names.iter().position(|name| name == wanted);
    let Some(at) = FILES.iter().find_map(at) else {
        return Ok(());
    };
    let mut there: Vec<&str> = rows.map(|row| cell(row, at)).collect();
    there.retain(|file| !file.is_empty());
    there.sort_unstable();
    there.dedup();
    let is_sequence = names[at] == SEQUENCE && files > 1;
    match there[..] {
        [one, other, ..] if !is_sequence => Err(ImportError::LabelsOfFiles {
            column: heads[at].to_owned(),
            files: there.len(),
            one: one.to_owned(),
            other: other.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// The line of a row, from 1.
fn line(row: &csv::StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A cell; empty if the row has ended.
fn cell(row: &csv::StringRecord, at: usize) -> &str {
    row.get(at).unwrap_or_default()
}

/// A number with a point if it has a decimal comma.
fn with_points(cell: &str, separator: u8) -> Cow<'_, str> {
    if separator == b',' || cell.contains('.') {
        return cell.into();
    }
    cell.replace(',', ".").into()
}

/// The label in a row.
///
/// # Errors
/// If a time is malformed.
fn label(
    record: &csv::StringRecord,
    columns: &Columns,
    (separator, order): (u8, DateOrder),
) -> Result<Label, LabelTimeError> {
    let time = |(i, unit): (usize, Option<f64>)| {
        if cell(record, i).is_empty() {
            return Err(LabelTimeError::Missing);
        }
        Time::parse(&with_points(cell(record, i), separator), unit, order)
    };
    let start = time(columns.start)?;
    let end = match (time(columns.end)?, columns.is_duration) {
        (end, false) => end,
        (Time::Seconds(seconds), true) => start.later(seconds),
        (Time::Moment(_), true) => {
            return Err(LabelTimeError::NotDuration {
                text: cell(record, columns.end.0).to_owned(),
            });
        }
    };
    let is_backwards = match (start, end) {
        (Time::Seconds(start), Time::Seconds(end)) => start > end,
        (Time::Moment(start), Time::Moment(end)) => start > end,
        // Comparable only when the start of the recording is known.
        _ => false,
    };
    if is_backwards {
        return Err(LabelTimeError::Backwards {
            start: cell(record, columns.start.0).to_owned(),
            end: cell(record, columns.end.0).to_owned(),
        });
    }
    Ok(Label {
        start,
        end,
        class: cell(record, columns.class).to_owned(),
        event: columns
            .event
            .map(|i| cell(record, i).to_owned())
            .filter(|event| !event.is_empty()),
    })
}

#[cfg(test)]
mod tests;
