//! Tables with a row for each start and one for each stop, as BORIS exports tabular events; and the files of its observations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::columns::Columns;
use super::heads::{OBSERVATION, STATUS, all_plain, cell, line, plain};
use super::{Label, Time};
use crate::error::import::{LabelTableError, LabelTimeError};
use crate::recording::NANOS;

/// First rows in which the names of columns may be: those above describe the observation, with a row for each of its files
/// and variables.
const HEAD: usize = 200;

/// Number of rows above the names of the columns: older versions of BORIS describe the observation there.
pub(super) fn names_at(rows: &[csv::StringRecord]) -> usize {
    let is_boris = rows
        .first()
        .is_some_and(|row| plain(cell(row, 0)).0 == OBSERVATION);
    let has_names = |row: &csv::StringRecord| {
        let names = all_plain(row);
        let has = |wanted: &[&str]| names.iter().any(|(name, _)| wanted.contains(&&**name));
        has(&["time"]) && has(&["behavior"]) && has(&STATUS)
    };
    let mut head = rows.iter().take(HEAD);
    let found = head.position(has_names).filter(|_| is_boris);
    found.unwrap_or(0)
}

/// What the description above the names of columns says of times: those of BORIS may have an offset.
pub(super) fn offset(description: &[csv::StringRecord]) -> Option<String> {
    let mut rows = description.iter();
    let row = rows.find(|row| plain(cell(row, 0)).0 == "timeoffset")?;
    let text = cell(row, 1);
    let is_none = text.is_empty() || text.parse::<f64>() == Ok(0.0);
    (!is_none).then(|| {
        format!("times contain the time offset of the observation: {text} s at its first frame")
    })
}

/// Counts times such as `00:01:30.5` from the start of the observation, as BORIS does.
///
/// # Errors
/// If the observation is a live one: its times may be those of the day.
pub(super) fn from_start<'a>(
    names: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    labels: impl Iterator<Item = &'a mut Label>,
) -> Result<(), LabelTableError> {
    let clocks = labels.flat_map(|label| [&mut label.start, &mut label.end]);
    let clocks: Vec<&mut Time> = clocks
        .filter(|time| matches!(time, Time::Clock(_)))
        .collect();
    let columns = all_plain(names).into_iter().enumerate();
    let sources = columns.filter(|(_, (name, _))| is_media(name) || name == "observationtype");
    let sources: Vec<usize> = sources.map(|(at, _)| at).collect();
    let is_live = |row: &&csv::StringRecord| {
        let mut sources = sources.iter();
        sources.any(|at| cell(row, *at).eq_ignore_ascii_case("live"))
    };
    if let Some(row) = rows.iter().find(|row| is_live(row))
        && !clocks.is_empty()
    {
        let problem = LabelTimeError::LiveClock;
        return Err(LabelTableError::Row {
            line: line(row),
            problem,
        });
    }
    for time in clocks {
        if let Time::Clock(nanos) = *time {
            *time = Time::Seconds(nanos as f64 / NANOS);
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Start,
    Stop,
    Point,
}

fn status(row: &csv::StringRecord, at: usize) -> Option<Status> {
    match &*cell(row, at).to_uppercase() {
        "START" => Some(Status::Start),
        "STOP" => Some(Status::Stop),
        "POINT" => Some(Status::Point),
        _ => None,
    }
}

/// Whether a column tells where something starts and stops.
pub(super) fn are_events<'a>(
    mut rows: impl Iterator<Item = &'a csv::StringRecord>,
    at: usize,
) -> bool {
    rows.any(|row| status(row, at).is_some())
}

/// Row of the start and of the end of a label.
pub(super) type Pair<'a> = (&'a csv::StringRecord, &'a csv::StringRecord);

/// The rows of each label, in the order of the starts; `at` is the column that tells starts and stops. A stop ends the label of
/// its class, subject, observation and modifiers that was begun before. A point is a label that ends where it begins.
///
/// # Errors
/// If a start or stop has no other.
pub(super) fn pairs<'a>(
    names: &csv::StringRecord,
    rows: &[&'a csv::StringRecord],
    (columns, at): (&Columns, usize),
) -> Result<Vec<Pair<'a>>, LabelTableError> {
    let keys = keys(names, columns);
    let wrong = |row: &csv::StringRecord, problem: LabelTimeError| LabelTableError::Row {
        line: line(row),
        problem,
    };
    let class = |row: &csv::StringRecord| cell(row, columns.class).to_owned();
    let mut open: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut ends: BTreeMap<usize, &csv::StringRecord> = BTreeMap::new();
    for (number, row) in rows.iter().enumerate() {
        let key: Vec<&str> = keys.iter().map(|at| cell(row, *at)).collect();
        match status(row, at) {
            Some(Status::Point) => {
                ends.insert(number, row);
            }
            Some(Status::Start) => {
                if let Some(before) = open.insert(key, number) {
                    let (class, before) = (class(row), line(rows[before]));
                    return Err(wrong(row, LabelTimeError::StartAgain { class, before }));
                }
            }
            Some(Status::Stop) => {
                let start = open.remove(&key);
                let class = || LabelTimeError::NoStart { class: class(row) };
                ends.insert(start.ok_or_else(|| wrong(row, class()))?, row);
            }
            None => {
                let column = cell(names, at).to_owned();
                let text = cell(row, at).to_owned();
                return Err(wrong(row, LabelTimeError::NoStatus { column, text }));
            }
        }
    }
    if let Some(first) = open.into_values().min() {
        let row = rows[first];
        return Err(wrong(row, LabelTimeError::NoStop { class: class(row) }));
    }
    Ok(ends
        .into_iter()
        .map(|(start, end)| (rows[start], end))
        .collect())
}

/// Columns whose values a start and its stop share. An observation may go on in the next file.
fn keys(names: &csv::StringRecord, columns: &Columns) -> Vec<usize> {
    let files = columns
        .files
        .as_ref()
        .filter(|column| !is_media(&column.name));
    let names = all_plain(names).into_iter().enumerate();
    let shared = names.filter(|(_, (name, _))| {
        name == "subject" || name == OBSERVATION || name.starts_with("modifier")
    });
    let shared = shared.map(|(at, _)| at);
    shared
        .chain([columns.class])
        .chain(files.map(|column| column.at))
        .collect()
}

/// Whether a column names files as BORIS does.
fn is_media(name: &str) -> bool {
    plain(name).0.starts_with("mediafile")
}

/// Whether the times of a table of BORIS count from the start of the first of several files: an observation of several files has
/// one clock.
///
/// # Errors
/// If there are other observations in the table: whose files a recording has is not known.
pub(super) fn is_sequence(
    rows: &[&csv::StringRecord],
    columns: &Columns,
) -> Result<bool, LabelTableError> {
    let Some(files) = columns
        .files
        .as_ref()
        .filter(|column| is_media(&column.name))
    else {
        return Ok(false);
    };
    let mut observations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let observation = columns.observation.map_or("", |at| cell(row, at));
        let named = observations.entry(observation).or_default();
        named.extend(Some(cell(row, files.at)).filter(|file| !file.is_empty()));
    }
    let mut several = observations.iter().filter(|(_, files)| files.len() > 1);
    let Some((observation, named)) = several.next() else {
        return Ok(false);
    };
    if observations.len() > 1 {
        return Err(LabelTableError::Observations {
            column: files.name.clone(),
            observation: (*observation).to_owned(),
            files: named.len(),
            observations: observations.len(),
        });
    }
    Ok(true)
}
