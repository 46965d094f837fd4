//! Times in several columns: whole seconds and their fractions; year, month, day, hour, minute, second.

use super::super::NANOS;
use super::super::time::DAY;
use super::super::time_parts::TimeParts;
use super::bare::means_else;
use super::counts::rank;
use super::names::time_name;
use super::units::unit;
use super::{Column, NO_TIME, Values};

/// The parts of times among columns of numbers.
fn parts_of(columns: &[Column]) -> TimeParts {
    let is_number = |column: &Column| matches!(column.values, Values::Numbers(_));
    let numbers = columns.iter().enumerate();
    let numbers = numbers.filter(|(_, column)| is_number(column) && !means_else(column, columns));
    let names: Vec<(usize, &str)> = numbers.map(|(at, column)| (at, &*column.name)).collect();
    TimeParts::find(&names)
}

fn numbers(columns: &[Column], at: usize) -> &[f64] {
    match &columns[at].values {
        Values::Numbers(values) => values,
        _ => &[],
    }
}

/// The largest number of a column.
fn largest(columns: &[Column], at: usize) -> f64 {
    numbers(columns, at).iter().copied().fold(0.0, f64::max)
}

/// The times of all rows; `None` if most have none.
fn times(columns: &[Column], parts: &TimeParts) -> Option<Vec<i64>> {
    let rows = parts
        .columns()
        .next()
        .map_or(0, |at| columns[at].values.len());
    let moment = |row: usize| {
        parts
            .nanos(|at| numbers(columns, at)[row])
            .unwrap_or(NO_TIME)
    };
    let times: Vec<i64> = (0..rows).map(moment).collect();
    let missing = times.iter().filter(|time| **time == NO_TIME).count();
    (missing * 2 <= rows).then_some(times)
}

/// Puts a column of times first, in place of its parts.
fn replace(columns: &mut Vec<Column>, parts: &TimeParts, values: Values) {
    let mut at = 0;
    columns.retain(|_| {
        at += 1;
        !parts.columns().any(|part| part == at - 1)
    });
    let time = Column {
        name: "time".into(),
        values,
        whole: true,
    };
    columns.insert(0, time);
}

/// Combines `year`, `month` and `day`, or the day of the year, with what there is of the time of day. Returns a note if they are
/// no times.
pub(super) fn calendar(columns: &mut Vec<Column>) -> Option<String> {
    let parts = parts_of(columns);
    if !parts.has_date() {
        return None;
    }
    let missing = parts.missing(|at| largest(columns, at));
    if !missing.is_empty() {
        return Some(said(columns, &parts, &missing));
    }
    match times(columns, &parts) {
        Some(times) => replace(columns, &parts, Values::Times(times)),
        None if parts.has_part_of_date()
            && names(columns, &parts).iter().any(|name| name.len() > 1) =>
        {
            return Some(format!(
                "columns `{}` are no dates in most rows, such as {}: no times are read from them; years have four digits",
                names(columns, &parts).join("`, `"),
                first_row(columns, &parts)
            ));
        }
        None => {}
    }
    None
}

/// Combines hours, minutes and seconds without a date: a time of day, or since the beginning. They replace one of their own
/// as the column of times, which `choose` finds without them, or complete dates.
pub(super) fn clock(columns: &mut Vec<Column>, choose: impl Fn(&[Column]) -> Option<usize>) {
    let parts = parts_of(columns).clock();
    let is_date = |column: &Column| {
        let is_day = |time: &i64| *time == NO_TIME || time % DAY == 0;
        matches!(&column.values, Values::Times(times) if times.iter().all(is_day))
    };
    let is_better = |at: usize| !parts.columns().any(|part| part == at) && !is_date(&columns[at]);
    if !parts.has_clock() || choose(columns).is_some_and(is_better) {
        return;
    }
    let times = times(columns, &parts).filter(|times| goes_on(times, &parts));
    if let Some(times) = times {
        replace(columns, &parts, Values::Clocks(times));
    }
}

/// Whether times rise, but for the beginning of another day, or of another hour if hours are left out.
fn goes_on(times: &[i64], parts: &TimeParts) -> bool {
    let turn = if parts.has_hour() { DAY } else { DAY / 24 };
    let known: Vec<i64> = times
        .iter()
        .copied()
        .filter(|time| *time != NO_TIME)
        .collect();
    let step = |pair: &[i64]| pair[1] - pair[0];
    let is_turn = |pair: &[i64]| step(pair) >= 0 || step(pair) < -turn / 2;
    known.windows(2).all(is_turn) && known.windows(2).any(|pair| step(pair) != 0)
}

/// A note on parts of times in a table without times: what they lack.
pub(super) fn lacking(columns: &[Column]) -> Option<String> {
    let parts = parts_of(columns);
    let missing = parts.missing(|at| largest(columns, at));
    (!missing.is_empty() && parts.columns().count() > 1).then(|| said(columns, &parts, &missing))
}

fn names(columns: &[Column], parts: &TimeParts) -> Vec<String> {
    let mut all: Vec<usize> = parts.columns().collect();
    all.sort_unstable();
    all.into_iter().map(|at| columns[at].name.clone()).collect()
}

fn first_row(columns: &[Column], parts: &TimeParts) -> String {
    let mut all: Vec<usize> = parts.columns().collect();
    all.sort_unstable();
    let cells = all
        .into_iter()
        .filter_map(|at| numbers(columns, at).first());
    cells.map(f64::to_string).collect::<Vec<_>>().join(", ")
}

fn said(columns: &[Column], parts: &TimeParts, missing: &[&str]) -> String {
    format!(
        "columns `{}` are parts of times, but there is no column `{}`: no times are read from them",
        names(columns, parts).join("`, `"),
        missing.join("`, `")
    )
}

/// The last word of a name in lower case, and what is before it: `tv` and `usec` of `tv_usec`.
fn last_word(name: &str) -> (String, String) {
    let name = name.trim().to_lowercase();
    let mut others = name.char_indices().filter(|(_, c)| !c.is_alphanumeric());
    let at = others.next_back().map_or(0, |(at, c)| at + c.len_utf8());
    let (before, word) = name.split_at(at);
    (before.to_owned(), word.to_owned())
}

/// Whether the values of a column are parts of a second in the unit of its name.
fn is_part(column: &Column) -> bool {
    let size = unit(&last_word(&column.name).1).filter(|unit| *unit < 1.0);
    let (Some(size), Values::Numbers(values)) = (size, &column.values) else {
        return false;
    };
    let inside = |value: &f64| value.is_nan() || (0.0..1.0).contains(&(value * size));
    values.iter().all(inside)
}

/// Whether parts of a second start again, or all belong to one second, that of column `whole`.
fn restarts(part: &Column, whole: &Column) -> bool {
    let Values::Numbers(parts) = &part.values else {
        return false;
    };
    let is_one = match &whole.values {
        Values::Numbers(values) => values.windows(2).all(|pair| pair[0] == pair[1]),
        Values::Times(values) | Values::Clocks(values) => {
            values.windows(2).all(|pair| pair[0] == pair[1])
        }
        Values::Texts(_) | Values::Nothing(_) => false,
    };
    is_one || parts.windows(2).any(|pair| pair[1] < pair[0])
}

/// Whether the names of whole seconds and of parts of them belong together: `sec` and `nsec`, `tv_sec` and `tv_usec`.
fn is_alike(name: &str, part: &str) -> bool {
    let (of_part, of_name) = (last_word(part), last_word(name));
    matches!(&*of_name.1, "sec" | "secs" | "seconds") && of_name.0 == of_part.0
}

/// Whether a column has the whole seconds of the parts in a column called `part`. A name of several words, such as
/// `tv_usec`, belongs to one that begins with the same, such as `tv_sec`.
fn is_whole(column: &Column, part: &str) -> bool {
    let is_alike = is_alike(&column.name, part);
    if !last_word(part).0.is_empty() && !is_alike {
        return false;
    }
    match &column.values {
        Values::Times(times) | Values::Clocks(times) => {
            let whole = |time: &i64| *time == NO_TIME || time % NANOS as i64 == 0;
            times.iter().all(whole)
        }
        Values::Numbers(values) => {
            let is_seconds = time_name(&column.name)
                .is_some_and(|name| name.unit.is_none_or(|unit| unit == 1.0));
            let is_whole = |value: &f64| value.is_nan() || value.fract() == 0.0;
            // `T` may be a temperature.
            let may_be_time = || rank(&column.name, values).is_some_and(|rank| rank < 7);
            (is_alike || is_seconds && may_be_time()) && values.iter().all(is_whole)
        }
        Values::Texts(_) | Values::Nothing(_) => false,
    }
}

/// Whole seconds and, in another column such as `ms` or `nanosec`, how far into them a row is.
pub(super) fn fractions(columns: &mut Vec<Column>) {
    let all = 0..columns.len();
    let base = |part: &usize| {
        let name = &columns[*part].name;
        let is_base = |i: &usize| {
            let (whole, part) = (&columns[*i], *part);
            *i != part && is_whole(whole, name) && restarts(&columns[part], whole)
        };
        let is_named = |i: &usize| is_alike(&columns[*i].name, name) && is_base(i);
        let found = || all.clone().find(is_named);
        is_part(&columns[*part]).then(|| found().or_else(|| all.clone().find(is_base)))?
    };
    let Some((part, base)) = all.clone().find_map(|part| Some((part, base(&part)?))) else {
        return;
    };
    if matches!(columns[base].values, Values::Numbers(_)) {
        columns[base].name = "time".into();
    }
    let size = unit(&last_word(&columns[part].name).1).unwrap_or(1.0);
    let parts = std::mem::replace(&mut columns[part].values, Values::Nothing(0));
    let Values::Numbers(parts) = parts else {
        return;
    };
    match &mut columns[base].values {
        Values::Times(times) | Values::Clocks(times) => {
            for (time, part) in times.iter_mut().zip(parts) {
                let nanos = (part * (size * NANOS).round()).round();
                *time = if part.is_nan() || *time == NO_TIME {
                    NO_TIME
                } else {
                    time.saturating_add(nanos as i64)
                };
            }
        }
        Values::Numbers(values) => {
            let both = values.iter_mut().zip(parts);
            both.for_each(|(value, part)| *value += part * size);
        }
        Values::Texts(_) | Values::Nothing(_) => {}
    }
    columns.remove(part);
}
