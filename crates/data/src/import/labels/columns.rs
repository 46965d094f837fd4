//! Which columns of a table have the parts of a label.

use super::Time;
use super::heads::{CLASSES, DURATIONS, ENDS, EVENTS, FILES, SEQUENCE, STARTS, plain, whole_unit};
use super::settings::{LabelsFile, TableColumn};
use super::table::{Separated, cell};
use crate::error::import::LabelTableError;
use crate::recording::DateOrder;

/// A column of times: its number from 0, and its unit in seconds if its name tells one.
pub(super) type TimeColumn = (usize, Option<f64>);

/// Columns of the parts of a label.
pub(super) struct Columns {
    pub start: TimeColumn,
    /// End or duration; `None` if the list says how long labels are.
    pub end: Option<TimeColumn>,
    pub is_duration: bool,
    pub class: usize,
    pub event: Option<usize>,
    /// Recordings or their files.
    pub files: Option<FileColumn>,
    /// Whether the first row has the names of the columns.
    pub named: bool,
}

/// A column that tells the recording of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileColumn {
    pub at: usize,
    pub name: String,
    /// Whether the times of a row count from the start of the first file of a sequence.
    pub is_sequence: bool,
    /// Whether the list names the column.
    pub is_given: bool,
}

/// The first row of a table, and what the list says of its columns.
struct Heads<'a> {
    row: &'a csv::StringRecord,
    /// Names without units, and units.
    names: Vec<(String, Option<f64>)>,
    settings: &'a LabelsFile,
    /// Whether the row has names.
    named: bool,
}

impl Heads<'_> {
    /// Finds a column by its names, in order of preference: `start` before its synonyms.
    fn known(&self, wanted: &[&str]) -> Option<TimeColumn> {
        if !self.named {
            return None;
        }
        let find = |own: &&str| self.names.iter().position(|(name, _)| name == *own);
        let found = wanted.iter().find_map(find);
        found.map(|i| (i, self.names[i].1))
    }

    /// Finds a column that the list gives as `key`.
    ///
    /// # Errors
    /// If there is none.
    fn given(
        &self,
        key: &'static str,
        column: Option<&TableColumn>,
    ) -> Result<Option<TimeColumn>, LabelTableError> {
        let Some(column) = column else {
            return Ok(None);
        };
        let by_number = |number: usize| number.checked_sub(1).filter(|at| *at < self.row.len());
        let found = match column {
            TableColumn::Number(number) => by_number(*number),
            TableColumn::Name(name) => {
                let named = self.row.iter().position(|head| head == name.trim());
                let number = || by_number(name.trim().parse().ok()?);
                named.filter(|_| self.named).or_else(number)
            }
        };
        let Some(at) = found else {
            return Err(LabelTableError::NoGivenColumn {
                key,
                column: column.to_string(),
                there: self.there(),
            });
        };
        let unit = self.names[at].1.or_else(|| whole_unit(&self.row[at]));
        Ok(Some((at, unit.filter(|_| self.named))))
    }

    /// Whether a column is given by a name that the first row has.
    fn is_by_name(&self, column: Option<&TableColumn>) -> bool {
        let Some(TableColumn::Name(name)) = column else {
            return false;
        };
        self.row.iter().any(|head| head == name.trim())
    }

    fn there(&self) -> Vec<String> {
        self.row.iter().map(str::to_owned).collect()
    }

    fn missing(&self, column: &'static str) -> LabelTableError {
        if self.named {
            let there = self.there();
            return LabelTableError::NoColumn { column, there };
        }
        LabelTableError::NoNames {
            column,
            columns: self.row.len(),
        }
    }

    /// The column that the list gives as `key`, or else one with a known name.
    fn needed(
        &self,
        key: &'static str,
        given: Option<&TableColumn>,
        known: &[&str],
    ) -> Result<TimeColumn, LabelTableError> {
        let given = self.given(key, given)?;
        given
            .or_else(|| self.known(known))
            .ok_or_else(|| self.missing(key))
    }

    fn files(&self) -> Result<Option<FileColumn>, LabelTableError> {
        let given = self.given("recording", self.settings.recording.as_ref())?;
        let found = given.or_else(|| self.known(&FILES));
        Ok(found.map(|(at, _)| FileColumn {
            at,
            name: if self.named {
                self.row[at].to_owned()
            } else {
                (at + 1).to_string()
            },
            is_sequence: self.named && self.names[at].0 == SEQUENCE,
            is_given: given.is_some(),
        }))
    }

    /// Ends or, without them, durations; and whether they are durations.
    fn ends(&self) -> Result<(Option<TimeColumn>, bool), LabelTableError> {
        let settings = self.settings;
        if let Some(given) = self.given("end", settings.end.as_ref())? {
            return Ok((Some(given), false));
        }
        if let Some(given) = self.given("duration", settings.duration.as_ref())? {
            return Ok((Some(given), true));
        }
        match (self.known(&ENDS), self.known(&DURATIONS)) {
            (Some(end), _) => Ok((Some(end), false)),
            (None, Some(duration)) => Ok((Some(duration), true)),
            (None, None) if settings.length.is_some() => Ok((None, false)),
            (None, None) if self.named => Err(LabelTableError::NoEnd {
                there: self.there(),
            }),
            (None, None) => Err(self.missing("end")),
        }
    }
}

impl Columns {
    /// Finds the columns that the list gives, and others by the names in the first row. Without names, three columns that
    /// begin with two times are start, end and class, as Audacity exports them. Where the list says how long labels are, two
    /// columns that begin with a time are start and class.
    ///
    /// # Errors
    /// If a column is missing.
    pub fn find(
        row: &csv::StringRecord,
        separated: Separated,
        settings: &LabelsFile,
    ) -> Result<Self, LabelTableError> {
        let is_time = |i: usize| {
            let cell = separated.number(cell(row, i));
            Time::parse(&cell, None, DateOrder::DayFirst).is_ok()
        };
        let mut heads = Heads {
            row,
            names: row.iter().map(plain).collect(),
            settings,
            named: true,
        };
        let may_lack_names = settings.gives_no_times() && heads.known(&STARTS).is_none();
        let has_ends = row.len() == 3 && is_time(0) && is_time(1);
        let has_starts = row.len() == 2 && is_time(0) && settings.length.is_some();
        if may_lack_names && (has_ends || has_starts) {
            return Ok(Self {
                start: (0, None),
                end: has_ends.then_some((1, None)),
                is_duration: false,
                class: row.len() - 1,
                event: None,
                files: None,
                named: false,
            });
        }
        // A time where the list says that starts are: the first row has no names.
        if let Some((at, _)) = heads.given("start", settings.start.as_ref())?
            && !heads.is_by_name(settings.start.as_ref())
            && is_time(at)
        {
            heads.named = false;
        }
        let start = heads.needed("start", settings.start.as_ref(), &STARTS)?;
        let (end, is_duration) = heads.ends()?;
        let event = heads.given("event", settings.event.as_ref())?;
        Ok(Self {
            start,
            end,
            is_duration,
            class: heads.needed("class", settings.class.as_ref(), &CLASSES)?.0,
            event: event.or_else(|| heads.known(&EVENTS)).map(|(at, _)| at),
            files: heads.files()?,
            named: heads.named,
        })
    }
}
