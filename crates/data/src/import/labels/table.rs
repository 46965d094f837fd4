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

/// Reads a table of labels with the columns `start`, `end` (or `duration`, or a length of all), `class` and optionally `event` and one of files,
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
    let times = [Some(columns.start), columns.end].into_iter().flatten();
    let cells = rows
        .clone()
        .flat_map(|row| times.clone().map(|(at, _)| cell(row, at)));
    let order = DateOrders::of(cells.map(str::as_bytes)).order();
    let reading = Reading {
        columns: &columns,
        separated,
        order,
        length: settings.length,
    };
    let label = |row: &csv::StringRecord| {
        let label = reading.label(row).map_err(|problem| LabelTableError::Row {
            line: line(row),
            problem,
        })?;
        let file = columns
            .files
            .as_ref()
            .map(|own| cell(row, own.at).to_owned());
        Ok(LabelRow { label, file })
    };
    let rows = rows.map(label).collect::<Result<_, LabelTableError>>()?;
    Ok(LabelRows {
        rows,
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

/// How the rows of a table are read.
struct Reading<'a> {
    columns: &'a Columns,
    separated: Separated,
    /// Whether day or month comes first.
    order: DateOrder,
    /// Seconds that labels without an end take.
    length: Option<f64>,
}

impl Reading<'_> {
    /// A time in a row; `None` if the cell is empty.
    fn time(
        &self,
        row: &csv::StringRecord,
        (at, unit): TimeColumn,
    ) -> Result<Option<Time>, LabelTimeError> {
        let cell = cell(row, at);
        let parse = || Time::parse(&self.separated.number(cell), unit, self.order);
        (!cell.is_empty()).then(parse).transpose()
    }

    /// The end of the label in a row that starts at `start`.
    fn end(&self, row: &csv::StringRecord, start: Time) -> Result<Time, LabelTimeError> {
        let columns = self.columns;
        let given = match columns.end {
            Some(column) => self.time(row, column)?.map(|time| (time, column.0)),
            None => None,
        };
        let end = match given {
            None => None,
            Some((end, _)) if !columns.is_duration => Some(end),
            Some((Time::Seconds(seconds), _)) => Some(start.later(seconds)),
            Some((Time::Moment(_), at)) => {
                return Err(LabelTimeError::NotDuration {
                    text: cell(row, at).to_owned(),
                });
            }
        };
        // Programs write an instant as a label that ends where it begins.
        match (end.filter(|end| *end != start), self.length) {
            (Some(end), _) => Ok(end),
            (None, Some(length)) => Ok(start.later(length)),
            (None, None) => end.ok_or(LabelTimeError::MissingEnd),
        }
    }

    /// The label in a row.
    ///
    /// # Errors
    /// If a time is malformed.
    fn label(&self, row: &csv::StringRecord) -> Result<Label, LabelTimeError> {
        let columns = self.columns;
        let start = self.time(row, columns.start)?;
        let start = start.ok_or(LabelTimeError::Missing)?;
        let end = self.end(row, start)?;
        let is_backwards = match (start, end) {
            (Time::Seconds(start), Time::Seconds(end)) => start > end,
            (Time::Moment(start), Time::Moment(end)) => start > end,
            // Comparable only when the start of the recording is known.
            _ => false,
        };
        if is_backwards {
            return Err(LabelTimeError::Backwards {
                start: cell(row, columns.start.0).to_owned(),
                end: columns.end.map_or("", |(at, _)| cell(row, at)).to_owned(),
            });
        }
        let event = columns.event.map(|at| cell(row, at).to_owned());
        Ok(Label {
            start,
            end,
            class: cell(row, columns.class).to_owned(),
            event: event.filter(|event| !event.is_empty()),
            file: None,
        })
    }
}
