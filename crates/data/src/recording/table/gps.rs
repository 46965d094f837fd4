//! Times of GPS: weeks since 6 January 1980 in one column, and seconds of the week in another.

use support::words::letters_and_digits;

use super::super::Notes;
use super::{Column, NO_TIME, Values};

const WEEKS: [&str; 9] = [
    "gpsweek",
    "gpswk",
    "gpsweekno",
    "gpsweeknumber",
    "gwk",
    "week",
    "weekno",
    "weeknumber",
    "wn",
];
/// Names of the time of the week, and the unit of those that have another than seconds.
const OF_WEEK: [(&str, f64); 18] = [
    ("tow", 1.0),
    ("sow", 1.0),
    ("gpstow", 1.0),
    ("gpssow", 1.0),
    ("timeofweek", 1.0),
    ("gpstimeofweek", 1.0),
    ("secondsofweek", 1.0),
    ("secondofweek", 1.0),
    ("secofweek", 1.0),
    ("weekseconds", 1.0),
    ("gpssecondsofweek", 1.0),
    ("gpsseconds", 1.0),
    ("gpssecs", 1.0),
    ("gpssec", 1.0),
    ("gpstime", 1.0),
    ("itow", 1e-3),
    ("gms", 1e-3),
    ("gpsms", 1e-3),
];
/// Units behind such names.
const UNITS: [(&str, f64); 6] = [
    ("milliseconds", 1e-3),
    ("msec", 1e-3),
    ("ms", 1e-3),
    ("seconds", 1.0),
    ("sec", 1.0),
    ("s", 1.0),
];
/// Seconds of a week.
const WEEK: f64 = 604_800.0;
const WEEK_NANOS: i64 = 604_800_000_000_000;
/// Nanoseconds from 1970 to the first week.
const ORIGIN: i64 = 315_964_800_000_000_000;
/// Weeks after which receivers without a longer number start again, first in August 1999.
const TURN: f64 = 1024.0;
/// From these seconds since 1970 on, the clock of GPS is one second more ahead of UTC: leap seconds.
const LEAPS: [i64; 18] = [
    362_793_600,
    394_329_600,
    425_865_600,
    489_024_000,
    567_993_600,
    631_152_000,
    662_688_000,
    709_948_800,
    741_484_800,
    773_020_800,
    820_454_400,
    867_715_200,
    915_148_800,
    1_136_073_600,
    1_230_768_000,
    1_341_100_800,
    1_435_708_800,
    1_483_228_800,
];

/// Replaces the columns of weeks and of the time of the week by one of times in UTC.
pub(super) fn weeks(columns: &mut Vec<Column>, notes: &mut Notes) {
    let Some((week, time_column, unit)) = find(columns) else {
        return;
    };
    let (Values::Numbers(weeks), Values::Numbers(values)) =
        (&columns[week].values, &columns[time_column].values)
    else {
        return;
    };
    let (week_name, name) = (&columns[week].name, &columns[time_column].name);
    let known = || weeks.iter().filter(|value| !value.is_nan());
    let are_weeks = known().all(|week| week.fract() == 0.0 && (0.0..10_000.0).contains(week));
    let Some(unit) = unit_of(values, unit).filter(|_| are_weeks) else {
        return;
    };
    let Some(first) = known().next() else {
        return;
    };
    if *first < TURN {
        notes.push(format!(
            "columns `{week_name}` and `{name}` are weeks of GPS and times in them, but week {first} may be one of several, as \
             receivers count to {TURN} and start again: no times are read; write whole weeks, such as {}",
            first + 2.0 * TURN
        ));
        return;
    }
    let nanos = |(week, value): (&f64, &f64)| {
        let nanos = (value * unit * 1e9).round();
        if week.is_nan() || nanos.is_nan() {
            NO_TIME
        } else {
            ORIGIN + *week as i64 * WEEK_NANOS + nanos as i64
        }
    };
    let mut times: Vec<i64> = weeks.iter().zip(values).map(nanos).collect();
    let first = times.iter().find(|time| **time != NO_TIME).copied();
    let seconds = first.unwrap_or_default() / 1_000_000_000;
    let leaps = LEAPS.iter().filter(|leap| **leap <= seconds).count() as i64;
    for time in times.iter_mut().filter(|time| **time != NO_TIME) {
        *time -= leaps * 1_000_000_000;
    }
    notes.push(format!(
        "columns `{week_name}` and `{name}` are times of GPS: UTC, as which they are read, is {leaps} s behind"
    ));
    columns[time_column] = Column {
        name: "time".into(),
        values: Values::Times(times),
        whole: true,
    };
    columns.remove(week);
}

/// Numbers of the columns of weeks and of the time of the week, and its unit, which is a guess if the name has none.
fn find(columns: &[Column]) -> Option<(usize, usize, (f64, bool))> {
    let names: Vec<String> = columns
        .iter()
        .map(|column| letters_and_digits(&column.name))
        .collect();
    let number = |at: &usize| matches!(columns[*at].values, Values::Numbers(_));
    let all = || (0..columns.len()).filter(number);
    let week = all().find(|at| WEEKS.contains(&&*names[*at]))?;
    let (time_column, unit) = all().find_map(|at| Some((at, time_of_week(&names[at])?)))?;
    (time_column != week).then_some((week, time_column, unit))
}

/// The unit of the time of the week, and whether the name tells it.
fn time_of_week(name: &str) -> Option<(f64, bool)> {
    let known = |name: &str| OF_WEEK.iter().find(|(key, _)| *key == name);
    if let Some((_, unit)) = known(name) {
        return Some((*unit, *unit != 1.0));
    }
    let mut units = UNITS.iter();
    units.find_map(|(unit, size)| {
        let rest = name.strip_suffix(unit)?;
        known(rest).map(|_| (*size, true))
    })
}

/// The unit if all values are within a week: milliseconds if the name tells none, and they are no seconds.
fn unit_of(values: &[f64], (unit, is_told): (f64, bool)) -> Option<f64> {
    let known = || values.iter().filter(|value| !value.is_nan());
    let is_inside = |unit: f64| known().all(|value| (0.0..=WEEK).contains(&(value * unit)));
    if is_inside(unit) {
        return Some(unit);
    }
    let is_whole = || known().all(|value| value.fract() == 0.0);
    (!is_told && is_inside(1e-3) && is_whole()).then_some(1e-3)
}
