//! Which column of a table holds its times, and in which unit.

use super::super::time::{DAY, Moment, of_seconds, parse_moment};
use super::super::{Hints, NANOS};
use super::names::{counts_rows, time_name};
use super::{Column, NO_TIME, RATE_UNKNOWN, Values};

/// Numbers of seconds from here on are Unix time: no recording lasts for three years.
const EARLIEST: f64 = 1e8;

/// Takes the column of times out of `columns`, and those that count rows; rows without a time are taken out of all.
/// None where no column has times.
///
/// # Errors
/// Where times have no unit, or most rows no time.
pub(super) fn of_columns(
    columns: &mut Vec<Column>,
    hints: &Hints,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<i64>>, String> {
    texts_with_times(columns);
    let Some(index) = choose(columns) else {
        return Ok(counters(columns, hints, notes));
    };
    let column = columns.remove(index);
    let name = column.name.clone();
    let (mut times, dated) = match column.values {
        Values::Times(times) => (of_days(times, columns), true),
        Values::Clocks(times) => (of_clocks(times, columns), false),
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
    let kept: Vec<bool> = times.iter().map(|time| *time != NO_TIME).collect();
    let missing = kept.iter().filter(|kept| !**kept).count();
    if missing * 2 > kept.len() {
        return Err(format!(
            "column `{name}`: {missing} of {} rows have no time",
            kept.len()
        ));
    }
    if missing > 0 {
        times.retain(|time| *time != NO_TIME);
        columns
            .iter_mut()
            .for_each(|column| column.values.retain(&kept));
        notes.push(format!(
            "left out {missing} rows without a time in column `{name}`"
        ));
    }
    // A clock from zero: the list may say when that was.
    if let (false, Some(start), Some(first)) = (dated, hints.start, times.first().copied()) {
        times
            .iter_mut()
            .for_each(|time| *time = time.saturating_sub(first).saturating_add(start));
    }
    Ok(Some(times))
}

/// Columns of texts that are times: Parquet has them from people who wrote dates as text.
fn texts_with_times(columns: &mut [Column]) {
    for column in columns {
        let Values::Texts(texts) = &column.values else {
            continue;
        };
        let first = texts.rows.len().min(1);
        if (0..first).any(|row| parse_moment(texts.get(row).as_bytes()).is_err()) {
            continue;
        }
        let moments: Vec<Option<Moment>> = (0..texts.rows.len())
            .map(|row| parse_moment(texts.get(row).as_bytes()).ok())
            .collect();
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

/// The column of times: by its type, whatever its name, else by its name, else by the values of the first column.
fn choose(columns: &[Column]) -> Option<usize> {
    let rank = |column: &Column| {
        let named = time_name(&column.name).is_some();
        let coarse = match &column.values {
            Values::Times(times) => repeats(times),
            _ => false,
        };
        match &column.values {
            Values::Times(_) if named && !coarse => Some(0),
            Values::Times(_) if !coarse => Some(1),
            Values::Numbers(values) if named && values.iter().any(|v| v.is_finite()) => Some(2),
            Values::Times(_) if named => Some(3),
            Values::Times(_) => Some(4),
            Values::Clocks(_) if named => Some(5),
            Values::Clocks(_) => Some(6),
            _ => None,
        }
    };
    let ranked = columns
        .iter()
        .enumerate()
        .filter_map(|(i, column)| Some((rank(column)?, i)));
    ranked.min().map(|(_, i)| i).or_else(|| {
        // A table without names that begins with Unix seconds.
        let first = columns.first()?;
        let Values::Numbers(values) = &first.values else {
            return None;
        };
        let unix = |value: &f64| (1e9..4e9).contains(value) || (1e12..4e12).contains(value);
        let rising = values.windows(2).all(|pair| pair[1] >= pair[0]) && values.len() > 1;
        (first.name == "1" && rising && values.iter().all(unix)).then_some(0)
    })
}

/// Whether most times are as the one before them: days, or whole seconds.
fn repeats(times: &[i64]) -> bool {
    let same = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    same * 2 > times.len()
}

/// Days with the time of day of another column, where there is one.
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

/// Times of day with the day of another column, else from midnight of the first, over midnights.
fn of_clocks(clocks: Vec<i64>, columns: &mut Vec<Column>) -> Vec<i64> {
    let day = |column: &Column| matches!(&column.values, Values::Times(times) if times.iter().all(|t| *t == NO_TIME || t % DAY == 0));
    if let Some(at) = columns.iter().position(day)
        && let Values::Times(days) = columns.remove(at).values
    {
        return together(days, clocks);
    }
    let (mut days, mut before) = (0, i64::MIN);
    let over = clocks.into_iter().map(|clock| {
        if clock == NO_TIME {
            return NO_TIME;
        }
        if before != i64::MIN && clock < before - DAY / 2 {
            days += DAY;
        }
        before = clock;
        clock + days
    });
    over.collect()
}

/// Times in numbers, and whether they are dates; none where their unit is not known and the rate is given.
fn of_numbers(
    name: &str,
    values: &[f64],
    whole: bool,
    hints: &Hints,
    notes: &mut Vec<String>,
) -> Result<Option<(Vec<i64>, bool)>, String> {
    let largest = values
        .iter()
        .filter(|v| v.is_finite())
        .fold(0.0f64, |m, v| m.max(v.abs()));
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
    let (sum, count) = steps
        .filter(|step| step.is_finite())
        .fold((0.0, 0usize), |(sum, n), step| (sum + step, n + 1));
    let step = sum / count.max(1) as f64;
    // Whole numbers may count anything.
    let integers = || values.iter().all(|v| !v.is_finite() || v.fract() == 0.0);
    let unit = match time_name(name).and_then(|name| name.unit) {
        Some(unit) => unit,
        // No time in seconds is as large since 1970, or for three thousand years to come.
        None if largest >= 1e17 => 1e-9,
        None if largest >= 1e14 => 1e-6,
        None if largest >= 1e11 => 1e-3,
        None if largest >= EARLIEST => 1.0,
        None if integers() => {
            let fits = |unit: &f64| {
                hints
                    .sampling_rate
                    .is_some_and(|rate| (rate * step * unit - 1.0).abs() < 0.05)
            };
            let found = [1.0, 1e-3, 1e-6, 1e-9].into_iter().find(fits);
            if let (Some(found), true) = (found, hints.sampling_rate.is_some()) {
                if found < 1.0 {
                    notes.push(format!(
                        "column `{name}` has no unit: with the given rate it is taken for times of {found:e} s"
                    ));
                }
                found
            } else if hints.sampling_rate.is_some() {
                notes.push(format!(
                    "left out column `{name}`: in no unit do its whole numbers fit the given rate"
                ));
                return Ok(None);
            } else if whole {
                return Err(format!(
                    "column `{name}` has whole numbers without a unit: call it `{name}_ms` or what it is, or {RATE_UNKNOWN}"
                ));
            } else {
                if step < 0.5 || step > 1.5 {
                    notes.push(format!(
                        "column `{name}` has whole numbers without a unit, taken for seconds, {step:.3} a row; if they are milliseconds, call it `{name}_ms`"
                    ));
                }
                1.0
            }
        }
        None => 1.0,
    };
    let nanos = values.iter().map(|value| {
        if value.is_finite() {
            of_nanos(*value, unit)
        } else {
            Some(NO_TIME)
        }
    });
    let times: Option<Vec<i64>> = nanos.collect();
    let times = times.ok_or_else(|| format!("column `{name}` has times beyond the year 2262"))?;
    Ok(Some((times, largest * unit >= EARLIEST)))
}

/// A time in nanoseconds, without the rounding of large numbers of small units.
fn of_nanos(value: f64, unit: f64) -> Option<i64> {
    if unit >= 1.0 {
        return of_seconds(value * unit);
    }
    let nanos = (value * (unit * NANOS).round()).round();
    (nanos.abs() < 9.2e18).then_some(nanos as i64)
}

/// Takes out columns that count rows. Where rows are missing in one and a rate is given, its numbers are the clock.
fn counters(columns: &mut Vec<Column>, hints: &Hints, notes: &mut Vec<String>) -> Option<Vec<i64>> {
    let mut clock = None;
    columns.retain(|column| {
        let Values::Numbers(values) = &column.values else {
            return true;
        };
        let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
        let ones = steps().filter(|step| *step == 1.0).count();
        let rising = steps().all(|step| step >= 1.0 && step.fract() == 0.0);
        if !counts_rows(&column.name) || !rising || ones * 2 < values.len() - 1 || values.len() < 2
        {
            return true;
        }
        if !column.name.is_empty() {
            notes.push(format!("left out column `{}`: it counts rows", column.name));
        }
        if let Some(rate) = hints.sampling_rate
            && ones < values.len() - 1
        {
            let jumps = values.len() - 1 - ones;
            notes.push(format!(
                "column `{}` jumps {jumps} times: rows are missing",
                column.name
            ));
            let start = hints.start.unwrap_or(0);
            let nanos = |value: &f64| ((value - values[0]) / rate * NANOS).round() as i64;
            clock = Some(
                values
                    .iter()
                    .map(|value| start.saturating_add(nanos(value)))
                    .collect(),
            );
        }
        false
    });
    clock
}
