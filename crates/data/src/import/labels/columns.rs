//! Which columns of a table have the parts of a label.

use super::Time;
use super::heads::{
    CLASSES, CLOCKS, DURATIONS, ENDS, EVENTS, FILE_OFFSET, FILES, MIDDLES, NETWORKS, OBSERVATION,
    PICKS, SEQUENCE, STARTS, STATIONS, STATUS, Separated, WIDTHS, all_plain, cell, whole_unit,
};
use super::numbers::{self, Numbers};
use super::places::{DateCells, PartNames, TimeCells, TimeColumn, TimePosition, dates};
use super::settings::{LabelsFile, TableColumn};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::recording::DateOrder;

/// Columns of the parts of a label.
pub(super) struct Columns {
    pub start: TimePosition,
    /// End or duration; `None` if the list says how long labels are.
    pub end: Option<TimePosition>,
    pub is_duration: bool,
    /// Whether starts are the middles of labels, around which these have their durations.
    pub are_middles: bool,
    /// The durations of labels without an end, beside ends.
    pub lasting: Option<TimePosition>,
    pub class: usize,
    pub event: Option<usize>,
    /// Where there are no ends: the column that may tell starts and stops.
    pub status: Option<usize>,
    /// Observations of BORIS.
    pub observation: Option<usize>,
    /// Recordings or their files.
    pub files: Option<FileColumn>,
    /// Times from the start of the file of a row, where the others count from the start of a sequence of files.
    pub offset: Option<TimeColumn>,
    /// The station of a row, and the network before it.
    pub station: Option<(usize, Option<usize>)>,
    /// What the numbers of starts are if they are no seconds.
    pub numbers: Numbers,
    /// Whether the first row has the names of the columns.
    pub named: bool,
    /// Whether they are in a comment above it instead.
    pub above: bool,
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
struct HeaderRow<'a> {
    row: &'a csv::StringRecord,
    /// Names without units, and units.
    names: Vec<(String, Option<f64>)>,
    settings: &'a LabelsFile,
    /// Whether the row has names.
    named: bool,
}

impl HeaderRow<'_> {
    /// Finds a column by its names, in order of preference: `start` before its synonyms.
    fn known(&self, wanted: &[&str]) -> Option<TimeColumn> {
        if !self.named {
            return None;
        }
        let find = |candidate: &&str| self.names.iter().position(|(name, _)| name == *candidate);
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
        let counted = self.row.iter().find_map(|name| {
            let what = numbers::counted(name).filter(|_| column == "start");
            what.map(|what| (name.to_owned(), what))
        });
        if let Some((column, what)) = counted.filter(|_| self.named) {
            return LabelTableError::Counted { column, what };
        }
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

    /// What the names of the columns of starts and ends say of their numbers.
    fn numbers(&self, start: &TimePosition, end: Option<&TimePosition>) -> Numbers {
        let name = |place: &TimePosition| match place.time {
            TimeCells::Column((at, None)) if self.named => Some(&self.row[at]),
            _ => None,
        };
        let numbers = name(start).map_or_else(Numbers::default, Numbers::of);
        match end.and_then(name) {
            Some(end) => numbers.with_end(end),
            None => numbers,
        }
    }

    /// Where starts are, and ends or durations; and whether they are durations.
    fn times(&self) -> Result<(TimePosition, Option<TimePosition>, bool), LabelTableError> {
        let unnamed = csv::StringRecord::new();
        let row = if self.named { self.row } else { &unnamed };
        let given = self.given("date", self.settings.date.as_ref())?;
        let given = given.map(|(at, _)| at);
        let parts = PartNames::of(row);
        let [start_date, end_date] = dates(row).map(|date| given.or(date));
        let [start_parts, end_parts] = parts.dates();
        // A time of day has its date beside it.
        let dated = |column: TimeColumn, date: Option<usize>, of_parts: Option<DateCells>| {
            let is_clock = self.named && CLOCKS.contains(&&*self.names[column.0].0);
            let beside = date.filter(|at| *at != column.0).map(DateCells::Column);
            TimePosition {
                time: TimeCells::Column(column),
                date: beside.or(of_parts),
                is_clock: is_clock || given.is_some(),
            }
        };
        let start = match self.given("start", self.settings.start.as_ref())? {
            Some(given) => dated(given, start_date, start_parts),
            None => match self.pick().or_else(|| self.start()) {
                Some(known) if !parts.has_start(known.0) => dated(known, start_date, start_parts),
                _ => {
                    let found = parts.start(start_date)?;
                    found.ok_or_else(|| self.missing("start"))?
                }
            },
        };
        if self.settings.end.is_none()
            && self.settings.duration.is_none()
            && let Some(end) = parts.end(end_date)?
            && (end.has_clock() || self.known(&ENDS).is_none())
        {
            return Ok((start, Some(end), false));
        }
        let (end, is_duration) = self.ends()?;
        let end = end.map(|column| {
            if is_duration {
                TimePosition::from(column)
            } else {
                dated(column, end_date, end_parts)
            }
        });
        Ok((start, end, is_duration))
    }

    /// The column of starts, or of middles beside durations.
    fn start(&self) -> Option<TimeColumn> {
        let middles = || self.middles().filter(|_| self.width().is_some());
        self.known(&STARTS).or_else(middles)
    }

    /// The column of middles, in tables without starts and ends.
    fn middles(&self) -> Option<TimeColumn> {
        let is_given = self.settings.start.is_some() || self.settings.end.is_some();
        let has_others = self.known(&STARTS).or_else(|| self.known(&ENDS)).is_some();
        self.known(&MIDDLES).filter(|_| !is_given && !has_others)
    }

    /// The column of durations, which may be called widths beside middles.
    fn width(&self) -> Option<TimeColumn> {
        let widths = || self.known(&WIDTHS).filter(|_| self.middles().is_some());
        self.known(&DURATIONS).or_else(widths)
    }

    /// Whether a place of starts has the middles of labels.
    fn are_middles(&self, start: &TimePosition) -> bool {
        let is_middle = |at: usize| MIDDLES.contains(&&*self.names[at].0);
        match start.time {
            TimeCells::Column((at, _)) => self.named && self.middles().is_some() && is_middle(at),
            TimeCells::Parts(_) => false,
        }
    }

    /// The column of picks, if no column has ends or durations.
    fn pick(&self) -> Option<TimeColumn> {
        let has_ends = self.settings.end.is_some() || self.settings.duration.is_some();
        let has_ends = has_ends || self.known(&ENDS).or(self.known(&DURATIONS)).is_some();
        self.known(&PICKS).filter(|_| !has_ends)
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
        match (self.known(&ENDS), self.width()) {
            (Some(end), _) => Ok((Some(end), false)),
            (None, Some(duration)) => Ok((Some(duration), true)),
            (None, None) if settings.length.is_some() || self.known(&STATUS).is_some() => {
                Ok((None, false))
            }
            (None, None) if self.named => Err(no_end(self.row)),
            (None, None) => Err(self.missing("end")),
        }
    }
}

/// The error for a table without ends, by the row of its names.
pub(super) fn no_end(names: &csv::StringRecord) -> LabelTableError {
    LabelTableError::NoEnd {
        there: names.iter().map(str::to_owned).collect(),
    }
}

impl Columns {
    /// Whether a column is one of these.
    pub fn has(&self, at: usize) -> bool {
        let files = self.files.as_ref().map(|column| column.at);
        let others = [self.event, self.status, self.observation, files];
        at == self.class || others.contains(&Some(at))
    }

    /// Information on a column of middles.
    pub fn middles_note(&self, heads: &csv::StringRecord) -> Option<String> {
        let at = self.start.columns().into_iter().next();
        let name = at.filter(|_| self.are_middles).map(|at| cell(heads, at))?;
        Some(format!(
            "column `{name}` has the middles of the labels: each begins half its duration before"
        ))
    }

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
            let time = Time::parse(&cell, None, DateOrder::DayFirst);
            matches!(time, Ok(_) | Err(LabelTimeError::NoDate { .. }))
        };
        let mut heads = HeaderRow {
            row,
            names: all_plain(row),
            settings,
            named: true,
        };
        let may_lack_names = settings.gives_no_times() && heads.known(&STARTS).is_none();
        let has_ends = row.len() == 3 && is_time(0) && is_time(1);
        let has_starts = row.len() == 2 && is_time(0) && settings.length.is_some();
        if may_lack_names && (has_ends || has_starts) {
            return Ok(Self {
                start: TimePosition::from((0, None)),
                end: has_ends.then_some((1, None)).map(TimePosition::from),
                is_duration: false,
                are_middles: false,
                lasting: None,
                class: row.len() - 1,
                event: None,
                status: None,
                observation: None,
                files: None,
                offset: None,
                station: None,
                numbers: Numbers::default(),
                named: false,
                above: false,
            });
        }
        // A time where the list says that starts are: the first row has no names.
        if let Some((at, _)) = heads.given("start", settings.start.as_ref())?
            && !heads.is_by_name(settings.start.as_ref())
            && is_time(at)
        {
            heads.named = false;
        }
        let (start, end, is_duration) = heads.times()?;
        let event = heads.given("event", settings.event.as_ref())?;
        let class = heads.needed("class", settings.class.as_ref(), &CLASSES)?.0;
        let status = heads.known(&STATUS).map(|(at, _)| at);
        let observation = heads.known(&[OBSERVATION]);
        let files = heads.files()?;
        let is_sequence = files.as_ref().is_some_and(|column| column.is_sequence);
        let network = heads.known(&NETWORKS).map(|(at, _)| at);
        let station = heads.known(&STATIONS);
        let lasting = heads
            .known(&DURATIONS)
            .filter(|_| end.is_some() && !is_duration);
        Ok(Self {
            lasting: lasting.map(TimePosition::from),
            are_middles: heads.are_middles(&start),
            numbers: heads.numbers(&start, end.as_ref()),
            offset: heads.known(&[FILE_OFFSET]).filter(|_| is_sequence),
            station: station.map(|(at, _)| (at, network)),
            start,
            end,
            is_duration,
            class,
            status: status.filter(|at| end.is_none() && *at != class),
            observation: observation.map(|(at, _)| at),
            event: event.or_else(|| heads.known(&EVENTS)).map(|(at, _)| at),
            files,
            named: heads.named,
            above: false,
        })
    }
}
