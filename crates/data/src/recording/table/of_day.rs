//! Numbers that are times of the day, such as seconds since midnight, beside a column with its date.

use super::super::time::DAY;
use super::super::{NANOS, Notes, Remark};
use super::names::time_name;
use super::units::{DAY_UNIT, bare_unit, unit};
use super::{Column, NO_TIME, Values};

/// Names of seconds of the day, of letters alone.
const NAMES: [&str; 14] = [
    "sod",
    "tod",
    "timeofday",
    "secofday",
    "secsofday",
    "secondofday",
    "secondsofday",
    "daysec",
    "dayseconds",
    "secsincemidnight",
    "secondssincemidnight",
    "secondsaftermidnight",
    "secondsfrommidnight",
    "secondspastmidnight",
];
/// Times from the beginning of a recording begin before this, in seconds.
const FIRST: f64 = 1.0;
/// Times of the day begin later, but for the first hour after midnight.
const HOUR: f64 = 3600.0;

/// Converts a column with times of the day in numbers if the only other column of times has dates. A name that can
/// also mean the time since the beginning counts only if the numbers cannot, or begin later, which is a doubt.
pub(super) fn clock(columns: &mut [Column], notes: &mut Notes) {
    let mut dated = columns.iter().filter_map(|column| match &column.values {
        Values::Times(times) => Some((&column.name, Some(times))),
        Values::Clocks(_) => Some((&column.name, None)),
        _ => None,
    });
    let (Some((date, Some(days))), None) = (dated.next(), dated.next()) else {
        return;
    };
    if days.iter().any(|day| *day != NO_TIME && day % DAY != 0) {
        return;
    }
    let found = |is_of_day: bool| {
        columns.iter().enumerate().find_map(|(at, column)| {
            let Values::Numbers(values) = &column.values else {
                return None;
            };
            let size = if is_of_day {
                unit_of_day(&column.name)?
            } else {
                known_unit(&column.name)?
            };
            let evidence = evidence(days, values, size)?;
            (is_of_day || evidence != Evidence::Neither).then_some((at, size, evidence))
        })
    };
    let named = found(true).map(|(at, size, _)| (at, size, Evidence::Turns));
    let Some((at, size, evidence)) = named.or_else(|| found(false)) else {
        return;
    };
    let name = columns[at].name.clone();
    match evidence {
        Evidence::Early => {
            notes.push(format!(
                "column `{name}` is read as the time from the beginning: if it has the seconds of the day in column \
                 `{date}`, call it `seconds_of_day`"
            ));
            return;
        }
        Evidence::Late => notes.push(format!(
            "column `{name}` is taken for times of the day in column `{date}`: if it counts from the beginning of the \
             recording, leave out the dates"
        )),
        Evidence::Turns | Evidence::Neither => notes.push(Remark::DayNumbers {
            name,
            what: "times of the day in numbers, whose date is beside them",
        }),
    }
    if let Values::Numbers(values) = &columns[at].values {
        let nanos = values.iter().map(|value| {
            if value.is_nan() {
                NO_TIME
            } else {
                (value * size * NANOS).round() as i64
            }
        });
        columns[at].values = Values::Clocks(nanos.collect());
    }
}

/// The unit in seconds if a name means times, which may be from any beginning. A name such as `min` or `ms` may be anything.
fn known_unit(name: &str) -> Option<f64> {
    let unit = time_name(name)?.unit;
    (bare_unit(name).is_none() || unit == Some(1.0)).then_some(unit.unwrap_or(1.0))
}

/// The unit in seconds if a name means times of the day in numbers.
fn unit_of_day(name: &str) -> Option<f64> {
    let name = name.to_lowercase();
    let mut words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let mut size = 1.0;
    if let [_, .., last] = words[..]
        && let Some(unit) = unit(last).filter(|unit| *unit <= 1.0)
    {
        words.pop();
        size = unit;
    }
    NAMES.contains(&&*words.concat()).then_some(size)
}

/// Why numbers are seconds of the day.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Evidence {
    /// They begin again with each date.
    Turns,
    /// There is one date, and they begin late.
    Late,
    /// There is one date, and they may be either.
    Early,
    /// Only their name may tell.
    Neither,
}

/// `None` if they are none: beyond a day, or falling within one.
fn evidence(days: &[i64], values: &[f64], size: f64) -> Option<Evidence> {
    let known = days.iter().zip(values);
    let known: Vec<(i64, f64)> = known
        .filter(|(day, value)| **day != NO_TIME && !value.is_nan())
        .map(|(day, value)| (*day, value * size))
        .collect();
    // A leap second is the last of its day.
    let is_inside = |(_, seconds): &(i64, f64)| (0.0..DAY_UNIT + 1.0).contains(seconds);
    if known.is_empty() || !known.iter().all(is_inside) {
        return None;
    }
    let (mut turns, mut others) = (0, 0);
    for pair in known.windows(2) {
        let ((before, from), (after, to)) = (pair[0], pair[1]);
        let is_back = to < from;
        match after.cmp(&before) {
            std::cmp::Ordering::Less => return None,
            std::cmp::Ordering::Equal if from - to > DAY_UNIT / 2.0 => return None,
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater if is_back => turns += 1,
            std::cmp::Ordering::Greater => others += 1,
        }
    }
    Some(match (turns, others) {
        (1.., 0) => Evidence::Turns,
        (0, 0) if known[0].1 >= HOUR => Evidence::Late,
        (0, 0) if known[0].1 >= FIRST => Evidence::Early,
        _ => Evidence::Neither,
    })
}
