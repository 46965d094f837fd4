//! Where the rows of a table of labels have a time: in one cell, or in several.

use std::borrow::Cow;

use super::Time;
use super::heads::{DATES, ENDS, STARTS, Separated, cell, plain};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::recording::{
    DAY, DateOrder, TimeParts, clock_alone, format_date, is_missing, parse_time_as,
};

/// A column of times: its number from 0, and its unit in seconds if its name tells one.
pub(super) type TimeColumn = (usize, Option<f64>);

/// Where the rows of a table have a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimePosition {
    /// A number, a date with a time of day, or a time of day; or all of it in parts.
    pub time: TimeCells,
    /// The date of a time of day.
    pub date: Option<DateCells>,
    /// Whether only times of day can be beside the date, as in a table with the columns `date` and `time`.
    pub is_clock: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TimeCells {
    Column(TimeColumn),
    Parts(TimeParts),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum DateCells {
    Column(usize),
    Parts(TimeParts),
}

impl From<TimeColumn> for TimePosition {
    fn from(column: TimeColumn) -> Self {
        Self {
            time: TimeCells::Column(column),
            date: None,
            is_clock: false,
        }
    }
}

impl TimePosition {
    /// The cells that a message shows.
    pub fn shown(&self, row: &csv::StringRecord) -> String {
        let time = match self.time {
            TimeCells::Column((at, _)) => cell(row, at).to_owned(),
            TimeCells::Parts(parts) => joined(row, &parts),
        };
        match self.date {
            Some(DateCells::Column(at)) => format!("{} {time}", cell(row, at)),
            Some(DateCells::Parts(parts)) => format!("{} {time}", joined(row, &parts)),
            None => time,
        }
    }

    /// Whether there is a date of more than a year beside the time.
    pub fn has_day(&self) -> bool {
        match self.date {
            Some(DateCells::Parts(parts)) => !parts.is_year_alone(),
            date => date.is_some(),
        }
    }

    /// Whether parts tell a time of day.
    pub fn has_clock(&self) -> bool {
        matches!(self.time, TimeCells::Parts(parts) if parts.has_clock())
    }

    /// Whether a row has the date of this time and of `other` only once, in the same cells.
    pub fn shares_date(&self, other: &Self, row: &csv::StringRecord) -> bool {
        let date = self.date_beside(row);
        date.is_some() && date == other.date_beside(row)
    }

    /// The cells with the date of a time of day in a row.
    fn date_beside(&self, row: &csv::StringRecord) -> Option<DateCells> {
        match self.time {
            TimeCells::Column((at, _)) => {
                self.date.filter(|_| clock_alone(cell(row, at)).is_some())
            }
            TimeCells::Parts(parts) if parts.has_date() => Some(DateCells::Parts(parts.date())),
            TimeCells::Parts(_) => self.date,
        }
    }

    /// Its columns, first those of the time.
    pub fn columns(self) -> Vec<usize> {
        let of_time = match self.time {
            TimeCells::Column((at, _)) => vec![at],
            TimeCells::Parts(parts) => parts.columns().collect(),
        };
        [of_time, self.date_columns()].concat()
    }

    /// The columns of dates beside the time.
    pub fn date_columns(self) -> Vec<usize> {
        match self.date {
            Some(DateCells::Column(at)) => vec![at],
            Some(DateCells::Parts(parts)) => parts.columns().collect(),
            None => Vec::new(),
        }
    }

    /// Whether a row has a date and no time of day.
    pub fn is_date_alone(&self, row: &csv::StringRecord) -> bool {
        match self.time {
            TimeCells::Column((at, _)) => is_date(cell(row, at)),
            TimeCells::Parts(parts) => parts.has_date() && parts.clock().columns().next().is_none(),
        }
    }

    /// Cells that may have dates.
    pub fn dates(self) -> impl Iterator<Item = usize> {
        let time = match self.time {
            TimeCells::Column((at, _)) => Some(at),
            TimeCells::Parts(_) => None,
        };
        let date = match self.date {
            Some(DateCells::Column(at)) => Some(at),
            _ => None,
        };
        time.into_iter().chain(date)
    }

    /// The time in a row; `None` if its cells are empty, or mark a missing value.
    ///
    /// # Errors
    /// If it is malformed, or a time of day without a date.
    pub fn read(
        &self,
        row: &csv::StringRecord,
        (separated, order): (Separated, DateOrder),
    ) -> Result<Option<Time>, LabelTimeError> {
        let text: Cow<'_, str> = match self.time {
            TimeCells::Column((at, _)) if is_missing(cell(row, at).as_bytes()) => return Ok(None),
            TimeCells::Column((at, unit)) => {
                let text = cell(row, at);
                match Time::parse(&separated.number(text), unit, order) {
                    // As for `10.15.30`, the date may tell that it is a time of day.
                    Err(LabelTimeError::NoDate { .. } | LabelTimeError::Time(_))
                        if self.has_day() =>
                    {
                        text.into()
                    }
                    Err(LabelTimeError::NoDate { text }) => {
                        let clock = clock_alone(&text).map(Time::Clock);
                        return clock.map(Some).ok_or(LabelTimeError::NoDate { text });
                    }
                    Ok(Time::Seconds(_)) if self.is_clock && self.has_day() => {
                        return Err(LabelTimeError::NoClock { text: text.into() });
                    }
                    other => return other.map(Some),
                }
            }
            TimeCells::Parts(parts) => {
                if parts.columns().all(|at| cell(row, at).is_empty()) {
                    return Ok(None);
                }
                let nanos = nanos(row, &parts, separated)?;
                if parts.has_date() {
                    return Ok(Some(Time::Moment(nanos)));
                }
                // As a text behind the date.
                clock(nanos).into()
            }
        };
        let date: Cow<'_, str> = match self.date {
            Some(DateCells::Column(at)) => cell(row, at).into(),
            Some(DateCells::Parts(parts)) if !parts.has_date() => {
                let missing = parts.missing(|_| 0.0).join("`, `");
                return Err(LabelTimeError::NoPartOfDate { missing });
            }
            Some(DateCells::Parts(parts)) => format_date(nanos(row, &parts, separated)?).into(),
            None => return Err(LabelTimeError::NoDate { text: text.into() }),
        };
        if date.is_empty() {
            return Err(LabelTimeError::NoDate { text: text.into() });
        }
        let both = Time::parse(&format!("{date} {text}"), None, order)?;
        Ok(Some(both))
    }
}

/// The parts of a time, as in the table.
fn joined(row: &csv::StringRecord, parts: &TimeParts) -> String {
    let cells = parts.columns().map(|at| cell(row, at));
    cells.collect::<Vec<_>>().join(" ")
}

/// Nanoseconds of parts: since 1970 or, without a date, midnight.
fn nanos(
    row: &csv::StringRecord,
    parts: &TimeParts,
    separated: Separated,
) -> Result<i64, LabelTimeError> {
    let number = |at: usize| separated.number(cell(row, at)).parse().unwrap_or(f64::NAN);
    let found = parts.nanos(number);
    found.ok_or_else(|| LabelTimeError::NotParts {
        text: joined(row, parts),
    })
}

/// A time of day as text.
pub(super) fn clock(nanos: i64) -> String {
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let (hour, minute) = (seconds / 3600, seconds / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}.{rest:09}", seconds % 60)
}

/// The names of a table, with what can be parts of a time.
pub(super) struct PartNames {
    /// Of columns without another word.
    plain: TimeParts,
    start: TimeParts,
    end: TimeParts,
}

impl PartNames {
    pub fn of(heads: &csv::StringRecord) -> Self {
        let find = |before: Option<&[&str]>| {
            let numbered = heads.iter().enumerate();
            let names = numbered.filter_map(|(at, head)| Some((at, part_behind(head, before)?)));
            let names: Vec<(usize, String)> = names.collect();
            let names: Vec<(usize, &str)> = names.iter().map(|(at, name)| (*at, &**name)).collect();
            TimeParts::find(&names)
        };
        Self {
            plain: find(None),
            start: find(Some(&STARTS)),
            end: find(Some(&ENDS)),
        }
    }

    /// Whether a column has a part of the starts beside others: `start_min` beside `start_sec`.
    pub fn has_start(&self, column: usize) -> bool {
        let mut columns = self.start.columns();
        (self.start.has_clock() || self.start.has_date()) && columns.any(|at| at == column)
    }

    /// Where starts are, in parts: hours and minutes, or minutes and seconds, that are called so; or a date and what there is of
    /// the time of day.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn start(&self, date: Option<usize>) -> Result<Option<TimePosition>, LabelTableError> {
        let parts = self.start;
        if parts.has_clock() || parts.has_date() {
            return place(parts.or(&self.plain), date).map(Some);
        }
        if self.plain.has_part_of_date() || self.plain.has_clock() {
            return place(self.plain, date).map(Some);
        }
        Ok(None)
    }

    /// Where ends are, in parts; their date may be that of the starts.
    ///
    /// # Errors
    /// If a part is missing.
    pub fn end(&self, date: Option<usize>) -> Result<Option<TimePosition>, LabelTableError> {
        let parts = self.end;
        if parts.has_clock() || parts.has_date() {
            return place(parts.or(&self.plain.date()), date).map(Some);
        }
        Ok(None)
    }

    /// The dates of times of day in one cell: those of starts, and of ends. They may lack a part.
    pub fn dates(&self) -> [Option<DateCells>; 2] {
        let find = |parts: &[TimeParts]| {
            let dates = || parts.iter().map(|part| part.date());
            let whole = dates().find(TimeParts::has_date);
            let found = whole.or_else(|| dates().find(TimeParts::has_part_of_date));
            found.map(DateCells::Parts)
        };
        [
            find(&[self.start, self.plain]),
            find(&[self.end, self.start, self.plain]),
        ]
    }
}

/// What is behind the longest of the names `before` in `head`: `day of year` in `start day of year`. Without `before`, all of it.
fn part_behind(head: &str, before: Option<&[&str]>) -> Option<String> {
    let words = head.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let Some(before) = before else {
        return Some(words.join(" "));
    };
    let is_before = |count: &usize| {
        let name = words[..*count].concat().to_lowercase();
        before.contains(&&*name)
    };
    let count = (1..words.len()).rev().find(is_before)?;
    Some(words[count..].join(" "))
}

/// # Errors
/// If a part is missing.
fn place(parts: TimeParts, date: Option<usize>) -> Result<TimePosition, LabelTableError> {
    let parts = match date {
        Some(_) if !parts.has_date() => parts.clock(),
        _ => parts,
    };
    // Seconds and minutes do not count from midnight.
    let mut missing = parts.missing(|_| 0.0);
    if !parts.has_date() && date.is_none() && missing.is_empty() {
        missing.push("date");
    }
    if !missing.is_empty() {
        let missing = missing.join("`, `");
        return Err(LabelTableError::NoPart { missing });
    }
    let date = date.filter(|_| !parts.has_date());
    Ok(TimePosition {
        time: TimeCells::Parts(parts),
        date: date.map(DateCells::Column),
        is_clock: false,
    })
}

/// Numbers of the columns with the dates of starts and of ends.
pub(super) fn dates(heads: &csv::StringRecord) -> [Option<usize>; 2] {
    let names: Vec<String> = heads.iter().map(|head| plain(head).0).collect();
    let find = |before: &[&str]| {
        let is = |name: &String| {
            let rests = before.iter().filter_map(|before| name.strip_prefix(before));
            let mut rests = rests.filter(|rest| !rest.is_empty());
            rests.any(|rest| DATES.contains(&rest))
        };
        names.iter().position(is)
    };
    let common = names.iter().position(|name| DATES.contains(&&**name));
    let start = find(&STARTS).or(common);
    [start, find(&ENDS).or(start)]
}

/// Whether a text is a date without a time of day.
pub(super) fn is_date(text: &str) -> bool {
    let midnight = || parse_time_as(text, DateOrder::DayFirst).is_ok_and(|nanos| nanos % DAY == 0);
    text.parse::<f64>().is_err() && !text.contains(':') && midnight()
}
