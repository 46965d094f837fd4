//! Finds the column of times in a table, and its unit.

use std::cell::LazyCell;

use super::super::time::{DAY, DateOrders, Moment, parse_moment_as};
use super::super::{Hints, Notes, Remark, UNIX, other_start};
use super::counted::{self, Unwrapped, counters};
use super::days::{CENTURY, DayCount, ticks};
use super::names::time_name;
use super::nanos::nanos;
use super::rows::rows_of;
use super::steps::usual_step;
use super::units::{DAY_UNIT, bare_unit, unit_by_size};
use super::{
    Column, NO_TIME, Values, bare, counts, doubts, gps, midnight, of_day, parts, timeless,
    zone_word,
};
use crate::error::recording::TableError;

/// Removes the column of times from `columns`, and those that count rows; rows without a time are removed from all.
/// `None` if no column has times.
///
/// # Errors
/// If times have no unit, or most rows no time.
pub(super) fn of_columns(
    columns: &mut Vec<Column>,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Option<Vec<i64>>, TableError> {
    texts_with_times(columns);
    let found = find(columns, hints, notes)?;
    let Some(index) = found else {
        let may_be = columns.iter().find_map(may_be_times);
        let is_said = may_be.is_some();
        notes.extend(may_be.filter(|_| hints.sampling_rate.is_none()));
        notes.extend(bare::note(columns, hints.sampling_rate));
        notes.extend(parts::lacking(columns));
        let clock = counters(columns, hints, notes);
        if clock.is_none() && !is_said {
            notes.extend(timeless::first_may_be(columns, hints));
        }
        return Ok(clock);
    };
    let column = columns.remove(index);
    let name = column.name.clone();
    let (mut times, dated) = match column.values {
        Values::Times(times) => (of_days(times, columns), true),
        Values::Clocks(times) => (of_clocks(&name, times, columns, notes), false),
        Values::Numbers(values) => {
            let Some((times, dated)) = of_numbers(&name, &values, column.whole, hints, notes)?
            else {
                counters(columns, hints, notes);
                return Ok(None);
            };
            (times, dated)
        }
        Values::Texts(_) | Values::Nothing(_) => return Ok(None),
    };
    counters(columns, hints, notes);
    // Nearly always none; looking for one is quicker than counting.
    let missing = if times.contains(&NO_TIME) {
        times.iter().filter(|time| **time == NO_TIME).count()
    } else {
        0
    };
    if missing * 2 > times.len() {
        return Err(TableError::MissingTimes {
            name,
            missing,
            rows: times.len(),
        });
    }
    if missing > 0 {
        let kept: Vec<bool> = times.iter().map(|time| *time != NO_TIME).collect();
        times.retain(|time| *time != NO_TIME);
        columns
            .iter_mut()
            .for_each(|column| column.values.retain(&kept));
        notes.push(format!(
            "left out {} without a time in column `{name}`",
            rows_of(missing)
        ));
    }
    // Times without a date: the configuration may give the start.
    if let (false, Some(start), Some(first)) = (dated, hints.start, times.first().copied()) {
        notes.extend(doubts::start(&name, first, times.len()));
        times
            .iter_mut()
            .for_each(|time| *time = time.saturating_sub(first).saturating_add(start));
    } else if dated {
        notes.extend(other_start(hints, times.iter().copied().min()));
    }
    Ok(Some(times))
}

/// The number of the column of times; parts of times in several columns become one.
///
/// # Errors
/// If the given column is missing.
fn find(
    columns: &mut Vec<Column>,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Option<usize>, TableError> {
    if let Some(name) = &hints.time_column {
        return timeless::given(columns, name).map(Some);
    }
    gps::weeks(columns, notes);
    counted::calendar(columns, notes);
    let refused = parts::calendar(columns);
    // Parts of times that lack one are no times by themselves.
    let bare = refused.is_none();
    notes.extend(refused);
    let choose = |columns: &[Column]| choose(columns, hints.sampling_rate, bare);
    parts::clock(columns, choose);
    of_day::clock(columns, notes);
    parts::fractions(columns);
    let found = choose(columns);
    if found.is_some() || hints.sampling_rate.is_some() {
        return Ok(found);
    }
    Ok(timeless::by_unit(columns, notes))
}

/// What to do with a column that looks like times, and has no name of times.
fn may_be_times(column: &Column) -> Option<String> {
    let Values::Numbers(values) = &column.values else {
        return None;
    };
    let name = &column.name;
    are_dates(values).then(|| match DayCount::of(values) {
        Some(count) => format!(
            "column `{name}` looks like {}: call it `datenum` if it has the times",
            count.what
        ),
        None => format!("column `{name}` looks like Unix time: call it `time` if it has the times"),
    })
}

/// Converts columns of texts that are times, such as dates that were written to Parquet as text.
fn texts_with_times(columns: &mut [Column]) {
    for column in columns {
        let Values::Texts(texts) = &column.values else {
            continue;
        };
        let order = DateOrders::of(texts.all()).order();
        let parse = |row: usize| parse_moment_as(texts.get(row).as_bytes(), order);
        let first = texts.rows.len().min(1);
        if (0..first).any(|row| parse(row).is_err()) {
            continue;
        }
        let moments: Vec<Option<Moment>> =
            (0..texts.rows.len()).map(|row| parse(row).ok()).collect();
        let is_clock = matches!(moments.first(), Some(Some(Moment::Clock(_))));
        let nanos = moments.iter().map(|moment| match moment {
            Some(Moment::Clock(nanos)) if is_clock => *nanos,
            Some(Moment::Stamp(nanos) | Moment::Day(nanos)) if !is_clock => *nanos,
            _ => NO_TIME,
        });
        let nanos: Vec<i64> = nanos.collect();
        column.values = if is_clock {
            Values::Clocks(nanos)
        } else {
            Values::Times(nanos)
        };
    }
}

/// Chooses the time column: by its type, whatever its name; else by its name; else by the values of the first column. Of
/// numbers, those that do not rise come last, and those without a unit after clock times, which need none. Columns called as a
/// unit and nothing else count if `bare` ones may.
fn choose(columns: &[Column], rate: Option<f64>, bare: bool) -> Option<usize> {
    let has_clock = columns.iter().any(|column| {
        let is_fine = matches!(&column.values, Values::Clocks(times) if !repeats(times));
        is_fine && time_name(&column.name).is_some()
    });
    let rank = |(i, column): (usize, &Column)| {
        let name = time_name(&column.name);
        let named = name.is_some();
        let is_unclear = name.is_some_and(|name| name.unit.is_none());
        match &column.values {
            Values::Times(times) if !repeats(times) => Some(if named { 0 } else { 1 }),
            Values::Numbers(_) if bare_unit(&column.name).is_some() => {
                bare::rank(column, columns, rate).filter(|_| bare)
            }
            Values::Numbers(values) if has_clock && is_unclear && !are_dates(values) => Some(7),
            Values::Numbers(values) if named && are_times(&column.name, values) => {
                counts::rank(&column.name, values)
            }
            // A table without names whose first column has dates.
            Values::Numbers(values) if i == 0 && column.name == "1" && are_dates(values) => Some(3),
            Values::Times(_) => Some(if named { 4 } else { 5 }),
            Values::Clocks(_) => Some(if named { 6 } else { 8 }),
            _ => None,
        }
    };
    let columns = columns.iter().enumerate();
    // Of two clocks, that of another zone than UTC comes last.
    let is_local = |column: &Column| zone_word(&column.name).is_some();
    columns
        .filter_map(|candidate| Some((rank(candidate)?, is_local(candidate.1), candidate.0)))
        .min()
        .map(|(.., i)| i)
}

/// Whether a column with a name of times may have them: whole days are not enough.
fn are_times(name: &str, values: &[f64]) -> bool {
    let unit = time_name(name).and_then(|name| name.unit);
    let is_part =
        |value: &f64| value.is_finite() && (unit != Some(DAY_UNIT) || value.fract() != 0.0);
    values.iter().any(is_part)
}

/// Whether numbers can only be dates: seconds since 1970 or parts of them, as of this century, or numbers of days.
fn are_dates(values: &[f64]) -> bool {
    let unix = |value: &f64| (0..4).any(|power| (1e9..4e9).contains(&(value / 1e3f64.powi(power))));
    let missing = values.iter().filter(|value| value.is_nan()).count();
    // A clock may be set back now and then.
    let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let (back, on) = (
        steps().filter(|step| *step < 0.0).count(),
        steps().filter(|step| *step > 0.0).count(),
    );
    on > 0
        && back <= on / 20
        && missing * 2 < values.len()
        && (values.iter().all(|value| value.is_nan() || unix(value))
            || DayCount::of_steps(values, usual_step(values)).is_some())
}

/// Whether most times are as the one before them: days, or whole seconds.
fn repeats(times: &[i64]) -> bool {
    let same = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    same * 2 > times.len()
}

/// Combines days with the time of day in another column, if there is one.
fn of_days(times: Vec<i64>, columns: &mut Vec<Column>) -> Vec<i64> {
    let days = times.iter().all(|time| *time == NO_TIME || time % DAY == 0);
    let clock = |column: &Column| matches!(column.values, Values::Clocks(_));
    let Some(at) = columns.iter().position(clock).filter(|_| days) else {
        return times;
    };
    let Values::Clocks(clocks) = columns.remove(at).values else {
        return times;
    };
    together(times, clocks)
}

/// Days and times of day as moments.
fn together(days: Vec<i64>, clocks: Vec<i64>) -> Vec<i64> {
    let both = days.into_iter().zip(clocks).map(|(day, clock)| {
        if day == NO_TIME || clock == NO_TIME {
            NO_TIME
        } else {
            day.saturating_add(clock)
        }
    });
    both.collect()
}

/// Times of day with the day of another column, else from midnight of the first.
fn of_clocks(
    name: &str,
    clocks: Vec<i64>,
    columns: &mut Vec<Column>,
    notes: &mut Notes,
) -> Vec<i64> {
    let day = |column: &Column| matches!(&column.values, Values::Times(times) if times.iter().all(|t| *t == NO_TIME || t % DAY == 0));
    if let Some(at) = columns.iter().position(day)
        && let Values::Times(days) = columns.remove(at).values
    {
        return together(days, clocks);
    }
    midnight::unbroken(name, &clocks, notes)
}

/// Times in numbers, and whether they are dates; `None` if their unit is not known and the rate is given.
fn of_numbers(
    name: &str,
    values: &[f64],
    whole: bool,
    hints: &Hints,
    notes: &mut Notes,
) -> Result<Option<(Vec<i64>, bool)>, TableError> {
    let largest = largest(values);
    let step = LazyCell::new(|| usual_step(values));
    let unit = match time_name(name).and_then(|name| name.unit) {
        Some(DAY_UNIT) if let Some(count) = DayCount::of(values) => {
            notes.push(Remark::DayNumbers {
                name: name.into(),
                what: count.what,
            });
            return Ok(Some((count.times(values), true)));
        }
        Some(unit) => doubts::unit(name, unit, (largest, || *step), notes),
        None if let Some((times, what)) = ticks(values) => {
            notes.push(format!("column `{name}` is taken for {what}"));
            return Ok(Some((times, true)));
        }
        None if largest >= UNIX
            && !counts::from_zero(values, largest, *step)
            && !counts::is_uptime(largest, *step) =>
        {
            let unit = unit_by_size(largest);
            if !CENTURY.contains(&(largest * unit)) {
                notes.extend(counts::slow(name, unit * *step));
            }
            unit
        }
        None if let Some(count) = DayCount::of_steps(values, *step) => {
            notes.push(format!(
                "column `{name}` is taken for {}: in seconds it would say {:.0} samples a second",
                count.what,
                1.0 / *step
            ));
            return Ok(Some((count.times(values), true)));
        }
        None if doubts::are_of_day(name, values, *step, hints, notes) => DAY_UNIT,
        None => match counts::unit(name, values, (*step, whole), (hints, notes))? {
            Some(unit) => {
                notes.extend(doubts::days(name, values, unit * *step, hints));
                unit
            }
            None => return Ok(None),
        },
    };
    let falls = values.windows(2).any(|pair| pair[1] < pair[0]);
    let unwrapped = || Unwrapped::of(values).or_else(|| Unwrapped::of_day(values, unit));
    let unwrapped = if falls { unwrapped() } else { None };
    notes.extend(
        unwrapped
            .as_ref()
            .map(|unwrapped| unwrapped.note(name, *step, unit)),
    );
    let values = unwrapped
        .as_ref()
        .map_or(values, |unwrapped| &unwrapped.values);
    let times = nanos(values, unit);
    let times = times.ok_or_else(|| TableError::TimesOutOfRange { name: name.into() })?;
    let is_dated = largest * unit >= UNIX;
    notes.extend(
        is_dated
            .then(|| doubts::origin(name, largest * unit))
            .flatten(),
    );
    Ok(Some((times, is_dated)))
}

/// The largest absolute value that is finite; 0 without any.
fn largest(values: &[f64]) -> f64 {
    // Several at a time: each comparison waits for the one before it.
    let mut most = [0.0f64; 8];
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        for (most, value) in most.iter_mut().zip(eight) {
            *most = larger(*most, *value);
        }
    }
    rest.iter().copied().chain(most).fold(0.0, larger)
}

#[inline]
fn larger(most: f64, value: f64) -> f64 {
    let size = value.abs();
    if size > most && size < f64::INFINITY {
        size
    } else {
        most
    }
}
