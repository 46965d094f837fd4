//! Times in several columns: whole seconds and their fractions; year, month, day, hour, minute, second.

use super::super::NANOS;
use super::counts::rank;
use super::names::{plain, time_name, unit};
use super::{Column, NO_TIME, Values};

/// Combines parts of times in several columns to one column.
pub(super) fn together(columns: &mut Vec<Column>) {
    calendar(columns);
    fractions(columns);
}

/// Names of the parts of a date and a time of day, from year to second, and fractions of a second.
const CALENDAR: [&[&str]; 9] = [
    &["year", "yr", "yyyy", "yy", "jahr"],
    &["month", "mon", "mo", "monat"],
    &["day", "dd", "tag", "dayofmonth"],
    &["hour", "hours", "hr", "hh", "stunde"],
    &["minute", "minutes", "min", "minuten"],
    &["second", "seconds", "sec", "ss", "sekunde"],
    &["millisecond", "milliseconds", "ms", "msec"],
    &["microsecond", "microseconds", "us", "usec"],
    &["nanosecond", "nanoseconds", "ns", "nsec"],
];
/// Numbers of the day within the year, in place of month and day.
const DAY_OF_YEAR: [&str; 5] = ["doy", "dayofyear", "jday", "julday", "julianday"];

/// Whether a name is that of a part of a date, from year to day.
pub(super) fn is_part_of_date(name: &str) -> bool {
    let plain = plain(name);
    let mut parts = CALENDAR[..3].iter().flat_map(|names| names.iter());
    parts.any(|part| *part == plain) || DAY_OF_YEAR.contains(&&*plain)
}

/// `year`, `month` and `day`, or the day of the year, with what there is of the time of day.
fn calendar(columns: &mut Vec<Column>) {
    let find = |names: &[&str]| {
        let is_number = |column: &&Column| matches!(column.values, Values::Numbers(_));
        let named = |column: &Column| names.contains(&&*plain(&column.name)) && is_number(&column);
        columns.iter().position(named)
    };
    let mut own = CALENDAR.map(find);
    months_and_minutes(columns, &mut own);
    let day_of_year = find(&DAY_OF_YEAR);
    let Some(year) = own[0] else {
        return;
    };
    if (own[1].is_none() || own[2].is_none()) && day_of_year.is_none() {
        return;
    }
    let cell = |at: Option<usize>, row: usize, missing: f64| match at.map(|at| &columns[at].values)
    {
        Some(Values::Numbers(values)) => values[row],
        _ => missing,
    };
    let moment = |row: usize| {
        let year = cell(Some(year), row, f64::NAN);
        let (month, day) = match day_of_year {
            Some(at) => (1.0, cell(Some(at), row, f64::NAN)),
            None => (cell(own[1], row, f64::NAN), cell(own[2], row, f64::NAN)),
        };
        let whole = [year, month, day].iter().all(|value| value.fract() == 0.0);
        if !whole || !(1..=366).contains(&(day as i64)) {
            return None;
        }
        let first = chrono::NaiveDate::from_ymd_opt(
            year as i32,
            month as u32,
            if day_of_year.is_some() { 1 } else { day as u32 },
        )?;
        let days = (first - chrono::NaiveDate::default()).num_days();
        let days = days
            + if day_of_year.is_some() {
                day as i64 - 1
            } else {
                0
            };
        let sizes = [3600e9, 60e9, 1e9, 1e6, 1e3, 1.0];
        let parts = own[3..].iter().zip(sizes);
        let nanos: f64 = parts
            .map(|(at, size)| (cell(*at, row, 0.0) * size).round())
            .sum();
        days.checked_mul(super::super::time::DAY)?
            .checked_add(Some(nanos as i64).filter(|_| nanos.is_finite())?)
    };
    let rows = columns[year].values.len();
    let times: Vec<i64> = (0..rows)
        .map(|row| moment(row).unwrap_or(NO_TIME))
        .collect();
    if times.iter().filter(|time| **time == NO_TIME).count() * 2 > rows {
        return;
    }
    let taken: Vec<usize> = own.into_iter().chain([day_of_year]).flatten().collect();
    let mut at = 0;
    columns.retain(|_| {
        at += 1;
        !taken.contains(&(at - 1))
    });
    columns.insert(
        0,
        Column {
            name: "time".into(),
            values: Values::Times(times),
            whole: true,
        },
    );
}

/// Finds months and minutes with the letters of a date's pattern, `MM` and `mm`, which only their case tells apart.
fn months_and_minutes(columns: &[Column], own: &mut [Option<usize>; 9]) {
    let exact = |name: &str| columns.iter().position(|column| column.name.trim() == name);
    if own[1].is_some() || own[0].is_none() || own[2].is_none() {
        return;
    }
    own[1] = exact("MM");
    if own[1].is_some() && own[3].is_some() {
        own[4] = own[4].or_else(|| exact("mm"));
    }
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
        Values::Numbers(own) => own.windows(2).all(|pair| pair[0] == pair[1]),
        Values::Times(own) | Values::Clocks(own) => own.windows(2).all(|pair| pair[0] == pair[1]),
        Values::Texts(_) | Values::Nothing(_) => false,
    };
    is_one || parts.windows(2).any(|pair| pair[1] < pair[0])
}

/// Whether the names of whole seconds and of parts of them belong together: `sec` and `nsec`, `tv_sec` and `tv_usec`.
fn is_alike(name: &str, part: &str) -> bool {
    let (of_part, own) = (last_word(part), last_word(name));
    matches!(&*own.1, "sec" | "secs" | "seconds") && own.0 == of_part.0
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
fn fractions(columns: &mut Vec<Column>) {
    let all = 0..columns.len();
    let base = |part: &usize| {
        let name = &columns[*part].name;
        let is_base = |i: &usize| {
            let (own, part) = (&columns[*i], *part);
            *i != part && is_whole(own, name) && restarts(&columns[part], own)
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
