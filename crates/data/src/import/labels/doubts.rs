//! Warnings on times that are read in one way and may be meant in another.

use super::columns::Columns;
use super::heads::{Separated, cell, line};
use super::places::{TimeCells, TimePosition, is_date};
use super::{Label, Time};
use crate::error::import::LabelTableError;
use crate::recording::unit_by_size;

/// A table of labels, as it was read.
pub(super) struct Table<'a> {
    /// Names of the columns.
    pub heads: &'a csv::StringRecord,
    pub rows: &'a [&'a csv::StringRecord],
    pub columns: &'a Columns,
    pub separated: Separated,
    /// Seconds that labels without an end take.
    pub length: Option<f64>,
}

impl Table<'_> {
    /// Warnings on the `labels` of the rows.
    pub fn doubts(&self, labels: &[&Label]) -> Vec<String> {
        let all = [
            self.of_units(labels),
            self.of_dates_beside_numbers(labels),
            self.of_other_dates(labels),
            self.of_dates_alone(),
            self.of_hours_alone(),
            self.of_length(labels),
        ];
        all.into_iter().flatten().collect()
    }

    /// Numbers whose points or commas may separate thousands: others are whole, up to 999.
    ///
    /// # Errors
    /// If there are such.
    pub fn check_thousands(&self) -> Result<(), LabelTableError> {
        for place in [Some(self.columns.start), self.columns.end]
            .into_iter()
            .flatten()
        {
            let Some((at, _)) = column(&place) else {
                continue;
            };
            let cells = self.rows.iter().map(|row| (cell(row, at), line(row)));
            let cells: Vec<(&str, u64)> = cells.filter(|(text, _)| !text.is_empty()).collect();
            let are_whole = cells
                .iter()
                .all(|(text, _)| is_short(text) || has_thousands(text));
            let has_hundreds = cells
                .iter()
                .any(|(text, _)| text.len() == 3 && is_short(text));
            let first = cells.iter().find(|(text, _)| has_thousands(text));
            // Rows are usually in the order of time.
            let values = |marks: &[char]| {
                let numbers = cells
                    .iter()
                    .map(|(text, _)| text.replace(marks, "").replace(',', "."));
                numbers
                    .map(|text| text.parse().unwrap_or(f64::NAN))
                    .collect::<Vec<f64>>()
            };
            let is_order = || values(&['.', ',']).is_sorted() && !values(&[]).is_sorted();
            if let Some((number, line)) =
                first.filter(|_| are_whole && (has_hundreds || is_order()))
            {
                return Err(LabelTableError::Thousands {
                    line: *line,
                    number: (*number).to_owned(),
                    whole: number.replace(['.', ','], ""),
                });
            }
        }
        Ok(())
    }

    fn names(&self, columns: &[usize]) -> String {
        let names = columns.iter().map(|at| cell(self.heads, *at));
        names.collect::<Vec<_>>().join("`, `")
    }

    fn number(&self, row: &csv::StringRecord, at: usize) -> Option<f64> {
        self.separated.number(cell(row, at)).parse().ok()
    }

    /// Ends or durations without a unit, beside starts in another than seconds.
    fn of_units(&self, labels: &[&Label]) -> Option<String> {
        let end = self.columns.end?;
        let (at, None) = column(&end)? else {
            return None;
        };
        let (start, unit) = column(&self.columns.start)?;
        let row = self.rows.first()?;
        self.number(row, at)?;
        let unit = unit.unwrap_or(unit_by_size(self.number(row, start)?));
        let is_relative = |label: &&&Label| self.columns.is_duration || label.end.is_relative();
        labels.first().filter(is_relative)?;
        let called = match unit {
            60.0 => "minutes",
            1e-3 => "milliseconds",
            1e-6 => "microseconds",
            1e-9 => "nanoseconds",
            1.0 => return None,
            _ => "another unit",
        };
        let end = cell(self.heads, at);
        Some(format!(
            "column `{end}` has no unit and is read in seconds, but column `{}` is in {called}: call it `{end}_s` if that is right, \
             else write its unit there, as in `{end}_ms`",
            cell(self.heads, start)
        ))
    }

    /// Dates beside numbers, which count from the first sample.
    fn of_dates_beside_numbers(&self, labels: &[&Label]) -> Option<String> {
        let start = self.columns.start;
        let (at, None) = column(&start)? else {
            return None;
        };
        let are_relative = start.has_day()
            && !labels.is_empty()
            && labels.iter().all(|label| label.start.is_relative());
        are_relative.then(|| {
            let name = cell(self.heads, at);
            let dates = self.names(&start.date_columns());
            format!(
                "the dates in column `{dates}` are not read: numbers in column `{name}` count seconds from the first sample. Write times \
                 of day as 10:00:00, or call the column `{name}_s` if that is right"
            )
        })
    }

    /// Times of day without a date, in a table that has dates in a column of another name.
    fn of_other_dates(&self, labels: &[&Label]) -> Option<String> {
        let is_clock = |label: &&&Label| matches!(label.start, Time::Clock(_));
        labels.iter().find(is_clock)?;
        let has_dates = |at: &usize| {
            let cells = self.rows.iter().map(|row| cell(row, *at));
            let mut cells = cells.filter(|text| !text.is_empty()).peekable();
            cells.peek().is_some() && cells.all(is_date)
        };
        let year = self.columns.start.date_columns().first().copied();
        let at = year.or_else(|| (0..self.heads.len()).find(has_dates))?;
        let name = cell(self.heads, at);
        Some(format!(
            "times of day are taken for those of the recording's day, but column `{name}` has dates: if they are those of the \
             labels, say so, as in `labels_file: {{file: labels.csv, date: NAME}}`"
        ))
    }

    /// Dates without a time of day.
    fn of_dates_alone(&self) -> Option<String> {
        let ends = self.columns.end.filter(|_| !self.columns.is_duration);
        let places = [Some(self.columns.start), ends].into_iter().flatten();
        let alone = places.filter_map(|place| {
            let is_alone = |row: &&&csv::StringRecord| place.is_date_alone(row);
            let row = self.rows.iter().find(is_alone)?;
            Some((line(row), place.shown(row)))
        });
        let (line, shown) = alone.min_by_key(|(line, _)| *line)?;
        Some(format!(
            "line {line}: `{shown}` has no time of day, and is taken for the beginning of that day: write the time behind it, as \
             2024-05-01T10:00:00Z"
        ))
    }

    /// Hours without minutes.
    fn of_hours_alone(&self) -> Option<String> {
        let TimeCells::Parts(parts) = self.columns.start.time else {
            return None;
        };
        let hour = parts.hour().filter(|_| parts.lacks_minutes())?;
        (!self.rows.is_empty()).then(|| {
            format!(
                "column `{}` has hours, and no column has minutes, so that all labels begin at full hours: call the column of minutes \
                 `minute`",
                cell(self.heads, hour)
            )
        })
    }

    /// A length that no label takes.
    fn of_length(&self, labels: &[&Label]) -> Option<String> {
        let (length, end) = (self.length?, self.columns.end?);
        let has_end = |(row, label): (&&csv::StringRecord, &&Label)| {
            let is_taken = label.start.later(length) == label.end;
            !is_taken && end.columns().iter().any(|at| !cell(row, *at).is_empty())
        };
        let all = !labels.is_empty() && self.rows.iter().zip(labels).all(has_end);
        all.then(|| {
            format!(
                "`length` is not used, since all labels have an end or a duration in column `{}`: remove the one that does not count",
                self.names(&end.columns())
            )
        })
    }
}

/// The single column of a place, and its unit.
fn column(place: &TimePosition) -> Option<(usize, Option<f64>)> {
    match place.time {
        TimeCells::Column(column) => Some(column),
        TimeCells::Parts(_) => None,
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_short(text: &str) -> bool {
    text.len() <= 3 && are_digits(text)
}

/// Whether a number has groups of three digits, as `1.000`.
fn has_thousands(text: &str) -> bool {
    let mut groups = text.split(['.', ',']);
    let first = groups.next().unwrap_or_default();
    let mut groups = groups.peekable();
    is_short(first)
        && !first.starts_with('0')
        && groups.peek().is_some()
        && groups.all(|group| group.len() == 3 && are_digits(group))
}
