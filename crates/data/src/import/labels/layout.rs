//! Rows that do not fit the names of their columns: units below the names, numbers of rows without a name, names that are
//! repeated, and dates in two cells.

use csv::StringRecord;

use super::heads::{DURATIONS, ENDS, STARTS, cell, line, plain, whole_unit, with_cells};
use crate::error::import::LabelTableError;
use crate::recording::{TimeParts, clock_alone};

/// Days of a year.
const DAYS: u16 = 366;
/// Days of a month.
const OF_MONTH: u16 = 31;

/// The rows of a table, the names first, each cell below its name.
pub(super) fn fitted(mut rows: Vec<StringRecord>) -> Vec<StringRecord> {
    join_days(&mut rows);
    name_row_numbers(&mut rows);
    take_units(&mut rows);
    name_days_of_year(&mut rows);
    // Tables that were put together repeat their names.
    if let Some(names) = rows.first().filter(|names| has_start(names)).cloned() {
        let mut is_first = true;
        rows.retain(|row| std::mem::take(&mut is_first) || *row != names);
    }
    rows
}

fn has_start(names: &StringRecord) -> bool {
    names.iter().any(|name| STARTS.contains(&&*plain(name).0))
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

/// Joins dates such as `2024,122,10:00:00`, whose parts are in cells of their own below one name. The further cells may have empty
/// names.
fn join_days(rows: &mut [StringRecord]) {
    let Some((names, below)) = rows.split_first_mut() else {
        return;
    };
    let narrow = (0..names.len()).filter(|at| *at == 0 || !cell(names, *at).is_empty());
    let narrow: Vec<usize> = narrow.collect();
    let fit = |row: &StringRecord, wanted: usize| -> Option<StringRecord> {
        if row.iter().all(str::is_empty) {
            return Some(row.clone());
        }
        let found = [3, 2].map(|cells| joined(row, cells));
        let found = found
            .into_iter()
            .find(|candidate| candidate.len() == wanted)?;
        Some(with_cells(row, found.iter().map(String::as_str)))
    };
    if narrow.len() < names.len() {
        let all = below.iter().map(|row| fit(row, narrow.len()));
        if let Some(all) = all
            .collect::<Option<Vec<_>>>()
            .filter(|all| !all.is_empty())
        {
            below.clone_from_slice(&all);
            *names = with_cells(names, narrow.iter().map(|at| cell(names, *at)));
        }
        return;
    }
    for row in below.iter_mut().filter(|row| row.len() > names.len()) {
        if let Some(fitted) = fit(row, names.len()) {
            *row = fitted;
        }
    }
}

/// The cells of a row, with those of each year, day of the year and, in three cells, time of day joined.
fn joined(row: &StringRecord, cells: usize) -> Vec<String> {
    let is_year = |text: &str| text.len() == 4 && text.starts_with(['1', '2']) && is_number(text);
    let day = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|day| (1..=DAYS).contains(day))
    };
    let is_clock = |text: &str| text.contains(':') && clock_alone(text).is_some();
    let mut joined = Vec::new();
    let mut at = 0;
    while at < row.len() {
        let next = [0, 1, 2].map(|after| cell(row, at + after));
        let (days, clock) = match next[1].split_once([':', ' ']) {
            Some((days, clock)) if cells == 2 && is_clock(clock) => (days, clock),
            _ => (next[1], next[2]),
        };
        match day(days).filter(|_| is_year(next[0])) {
            Some(day) if is_clock(clock) && (cells == 3 || days != next[1]) => {
                joined.push(format!("{}-{day:03}T{clock}", next[0]));
                at += cells;
            }
            Some(day) if cells == 2 => {
                joined.push(format!("{}-{day:03}", next[0]));
                at += cells;
            }
            _ => {
                joined.push(next[0].to_owned());
                at += 1;
            }
        }
    }
    joined
}

/// Gives the numbers of rows a name, which R does not write.
fn name_row_numbers(rows: &mut [StringRecord]) {
    let Some((names, below)) = rows.split_first_mut() else {
        return;
    };
    let number = |row: &StringRecord| -> Option<usize> {
        let is_wide = row.len() == names.len() + 1;
        cell(row, 0).parse().ok().filter(|_| is_wide)
    };
    let first = below.first().and_then(number);
    let mut numbered = below
        .iter()
        .zip(first.filter(|first| *first < 2).unwrap_or(0)..);
    let are_full = below.iter().any(|row| !cell(row, names.len()).is_empty());
    if are_full && numbered.all(|(row, expected)| number(row) == Some(expected)) {
        *names = with_cells(names, std::iter::once("").chain(names.iter()));
    }
}

/// Puts units in a row of their own behind the names of times.
fn take_units(rows: &mut Vec<StringRecord>) {
    let [names, units, ..] = &rows[..] else {
        return;
    };
    let unit = |at: usize| {
        let bare = cell(units, at).trim_matches(|c| "()[] ".contains(c));
        let known = whole_unit(bare).is_some();
        let (name, given) = plain(cell(names, at));
        let times = [&STARTS[..], &ENDS, &DURATIONS];
        let is_time = given.is_none() && times.iter().any(|known| known.contains(&&*name));
        (is_time && known).then(|| format!("{} ({bare})", cell(names, at)))
    };
    let with_units: Vec<Option<String>> = (0..names.len()).map(unit).collect();
    if with_units.iter().all(Option::is_none) || units.iter().any(is_number) {
        return;
    }
    let cells = names.iter().zip(&with_units);
    let cells = cells.map(|(name, with_unit)| with_unit.as_deref().unwrap_or(name));
    rows[0] = with_cells(names, cells);
    rows.remove(1);
}

/// Calls a column of days `doy` if it counts those of the year: there is no month beside it, and a day is beyond those of a month.
fn name_days_of_year(rows: &mut [StringRecord]) {
    let Some((names, below)) = rows.split_first_mut() else {
        return;
    };
    let words = |name: &str| {
        let word = name.rsplit(|c: char| !c.is_alphanumeric()).next();
        word.unwrap_or_default().to_lowercase()
    };
    let all: Vec<String> = names.iter().map(words).collect();
    let has_date = |day: &str| {
        let columns = all.iter().map(|name| match name.as_str() {
            "day" => day,
            name => name,
        });
        let columns: Vec<(usize, &str)> = columns.enumerate().collect();
        TimeParts::find(&columns).has_date()
    };
    if has_date("day") || !has_date("doy") {
        return;
    }
    // `Julian day` is one.
    let is_known = |at: usize| TimeParts::find(&[(at, cell(names, at))]).has_part_of_date();
    let is_day = |at: &usize| all[*at] == "day" && !is_known(*at);
    let days: Vec<usize> = (0..names.len()).filter(is_day).collect();
    let mut cells = below
        .iter()
        .flat_map(|row| days.iter().map(move |at| cell(row, *at)));
    let is_late = |text: &str| {
        text.parse()
            .is_ok_and(|day: u16| (OF_MONTH + 1..=DAYS).contains(&day))
    };
    if cells.any(is_late) {
        let renamed = names.iter().enumerate().map(|(at, name)| {
            match name.rfind(|c: char| !c.is_alphanumeric()) {
                _ if !days.contains(&at) => name.to_owned(),
                Some(before) => format!("{} doy", &name[..before]),
                None => "doy".to_owned(),
            }
        });
        let renamed: Vec<String> = renamed.collect();
        *names = with_cells(names, renamed.iter().map(String::as_str));
    }
}

/// The rows of labels of a table with a number of `columns`.
///
/// # Errors
/// If one has more cells.
pub(super) fn below(
    rows: &[StringRecord],
    columns: usize,
) -> Result<Vec<&StringRecord>, LabelTableError> {
    // Audacity writes the frequencies of a label on a separate line below it.
    let rows = rows.iter().filter(|row| row.get(0) != Some("\\"));
    // Spreadsheets write the empty rows below a table.
    let rows = rows.filter(|row| row.iter().any(|cell| !cell.is_empty()));
    let rows: Vec<&StringRecord> = rows.collect();
    // Some programs leave out empty cells at the end.
    let has_more = |row: &&&StringRecord| row.iter().skip(columns).any(|cell| !cell.is_empty());
    match rows.iter().find(has_more) {
        Some(row) => Err(LabelTableError::Cells {
            line: line(row),
            cells: row.len(),
            columns,
        }),
        None => Ok(rows),
    }
}
