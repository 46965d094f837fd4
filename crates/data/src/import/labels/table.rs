//! Reads tables of labels.

use std::borrow::Cow;
use std::path::Path;

use super::columns::{Columns, FileColumn, TimeColumn};
use super::heads::separator;
use super::settings::LabelsFile;
use super::{Label, Time};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::error::{DataError, ImportError, in_file};
use crate::recording::{DateOrder, DateOrders};
use crate::text;

/// A row of a table of labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelRow {
    pub label: Label,
    /// The recording or its file, if a column tells it; may be empty.
    pub file: Option<String>,
}

/// The rows of a table of labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelRows {
    pub rows: Vec<LabelRow>,
    /// The column of files.
    pub files: Option<FileColumn>,
}

/// How the cells of a table are separated.
#[derive(Clone, Copy)]
pub(super) struct Separated(u8);

impl Separated {
    /// A number with a point if it has a decimal comma.
    pub fn number(self, cell: &str) -> Cow<'_, str> {
        if self.0 == b',' || cell.contains('.') {
            return cell.into();
        }
        cell.replace(',', ".").into()
    }
}

/// Reads a table of labels with the columns `start`, `end` (or `duration`), `class` and optionally `event` and one of files,
/// whose names the list may give. Times are dates, or numbers in the unit given in the column's name.
///
/// # Errors
/// [`DataError`] naming the line or the missing column.
pub(crate) fn read(path: &Path, settings: &LabelsFile) -> Result<LabelRows, DataError> {
    let text = text::read(path).map_err(|source| DataError::Read {
        what: "the table of labels",
        path: path.to_owned(),
        source,
    })?;
    parse(&text, settings).map_err(|problem| in_file(path)(ImportError::from(problem)))
}

fn parse(text: &str, settings: &LabelsFile) -> Result<LabelRows, LabelTableError> {
    let separator = separator(text);
    let separated = Separated(separator);
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .delimiter(separator)
        .trim(csv::Trim::All)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = reader.records().collect::<Result<Vec<_>, _>>()?;
    let Some(first) = rows.first() else {
        return Err(LabelTableError::Empty);
    };
    let columns = Columns::find(first, separated, settings)?;
    // Audacity writes the frequencies of a label on a separate line below it.
    let rows = rows.iter().skip(usize::from(columns.named));
    let rows = rows.filter(|row| row.get(0) != Some("\\"));
    // Spreadsheets write the empty rows below a table.
    let rows = rows.filter(|row| row.iter().any(|cell| !cell.is_empty()));
    for row in rows.clone() {
        // Some programs leave out empty cells at the end.
        if row.iter().skip(first.len()).any(|cell| !cell.is_empty()) {
            return Err(LabelTableError::Cells {
                line: line(row),
                cells: row.len(),
                columns: first.len(),
            });
        }
    }
    // A single date may determine for all whether the day or the month comes first.
    let times = rows
        .clone()
        .flat_map(|row| [cell(row, columns.start.0), cell(row, columns.end.0)]);
    let order = DateOrders::of(times.map(str::as_bytes)).order();
    let label = |row: &csv::StringRecord| {
        let label = label(row, &columns, (separated, order));
        let label = label.map_err(|problem| LabelTableError::Row {
            line: line(row),
            problem,
        })?;
        let file = columns
            .files
            .as_ref()
            .map(|own| cell(row, own.at).to_owned());
        Ok(LabelRow { label, file })
    };
    Ok(LabelRows {
        rows: rows.map(label).collect::<Result<_, LabelTableError>>()?,
        files: columns.files,
    })
}

/// The line of a row, from 1.
fn line(row: &csv::StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A cell; empty if the row has ended.
pub(super) fn cell(row: &csv::StringRecord, at: usize) -> &str {
    row.get(at).unwrap_or_default()
}

/// The label in a row.
///
/// # Errors
/// If a time is malformed.
fn label(
    record: &csv::StringRecord,
    columns: &Columns,
    (separated, order): (Separated, DateOrder),
) -> Result<Label, LabelTimeError> {
    let time = |(i, unit): TimeColumn| {
        if cell(record, i).is_empty() {
            return Err(LabelTimeError::Missing);
        }
        Time::parse(&separated.number(cell(record, i)), unit, order)
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
        file: None,
    })
}
