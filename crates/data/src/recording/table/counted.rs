//! Times in numbers that do not simply count seconds: `20240501` and `100000.25` for a date and a time of day, counters
//! that overflow, and numbers of rows.

use super::super::time::DAY;
use super::super::{Hints, NANOS, Notes, Remark};
use super::names::{counts_rows, time_name};
use super::{Column, NO_TIME, Values, spelled};

/// Names of columns with dates.
const DATES: [&str; 7] = [
    "date", "datum", "fecha", "dates", "yyyymmdd", "ymd", "gpsdate",
];

/// Converts columns with dates as `20240501` and times of day as `100000.25`.
pub(super) fn calendar(columns: &mut [Column], notes: &mut Notes) {
    let is_date = |name: &str| DATES.contains(&&*name.trim().to_lowercase());
    let mut is_dated = spelled::by_name(columns, notes);
    is_dated |= spelled::by_digits(columns, is_date, notes);
    for column in &mut *columns {
        if let Values::Numbers(values) = &column.values
            && is_date(&column.name)
            && let Some(days) = all(values, date)
        {
            say(column, "dates as YYYYMMDD", notes);
            column.values = Values::Times(days);
            is_dated = true;
        }
    }
    for column in columns {
        let is_named = matches!(&*column.name.trim().to_lowercase(), "hhmmss" | "hms");
        let is_time = time_name(&column.name).is_some_and(|name| name.unit.is_none());
        if let Values::Numbers(values) = &column.values
            && (is_named || is_time)
            && values
                .first()
                .is_some_and(|first| (0.0..240_000.0).contains(first))
            && (is_named || is_dated || turns(values))
            && let Some(clocks) = all(values, clock)
        {
            say(column, "times of day as HHMMSS", notes);
            column.values = Values::Clocks(clocks);
        }
    }
}

fn say(column: &Column, what: &'static str, notes: &mut Notes) {
    let name = column.name.clone();
    notes.push(Remark::DayNumbers { name, what });
}

/// All values as nanoseconds; `None` if one of them has none.
fn all(values: &[f64], nanos: fn(f64) -> Option<i64>) -> Option<Vec<i64>> {
    let one = |value: &f64| {
        if value.is_nan() {
            Some(NO_TIME)
        } else {
            nanos(*value)
        }
    };
    let is_any = values.iter().any(|value| !value.is_nan());
    values
        .iter()
        .map(one)
        .collect::<Option<_>>()
        .filter(|_| is_any)
}

/// Midnight of a date as `20240501`.
fn date(value: f64) -> Option<i64> {
    let inside = value.fract() == 0.0 && (19_700_101.0..21_000_000.0).contains(&value);
    let number = value as u32;
    let date =
        chrono::NaiveDate::from_ymd_opt(number as i32 / 10_000, number / 100 % 100, number % 100);
    let date = date.filter(|_| inside)?;
    Some((date - chrono::NaiveDate::default()).num_days() * DAY)
}

/// A time of day as `100000.25`.
fn clock(value: f64) -> Option<i64> {
    let (hour, minute) = ((value / 10_000.0).floor(), (value / 100.0).floor() % 100.0);
    let second = value - (value / 100.0).floor() * 100.0;
    let inside = (0.0..24.0).contains(&hour) && minute < 60.0 && second < 61.0;
    inside.then(|| ((hour * 60.0 + minute) * 60_000.0 * 1e6 + second * NANOS).round() as i64)
}

/// Whether the numbers skip from the 59th second to the next minute.
fn turns(values: &[f64]) -> bool {
    let second = |value: f64| value - (value / 100.0).floor() * 100.0;
    values.windows(2).any(|pair| {
        let step = pair[1] - pair[0];
        step >= 40.0 && second(pair[0]) >= 58.0 && second(pair[0]) < 61.0 && second(pair[1]) < 2.0
    })
}

/// Sizes of counters.
const SIZES: [f64; 2] = [65_536.0, 4_294_967_296.0];

/// The values of a counter that starts again from zero, as if it went on, and how many times it does. `None` if it does not.
pub(super) fn unwrapped(values: &[f64]) -> Option<(Vec<f64>, usize)> {
    let backs = || values.windows(2).filter(|pair| pair[1] < pair[0]);
    backs().next()?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let size = SIZES.into_iter().find(|size| largest < *size)?;
    let is_turn = |pair: &[f64]| pair[0] > 0.9 * size && pair[1] < 0.1 * size;
    let is_whole = |value: &f64| value.is_nan() || value.fract() == 0.0 && *value >= 0.0;
    if !backs().all(is_turn) || !values.iter().all(is_whole) {
        return None;
    }
    let mut turns = 0;
    let mut before = 0.0;
    let values = values.iter().map(|value| {
        turns += usize::from(*value < before);
        before = if value.is_nan() { before } else { *value };
        value + turns as f64 * size
    });
    let values = values.collect();
    Some((values, turns))
}

/// How many values are one more than the value before.
fn ones(values: &[f64]) -> usize {
    let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
    steps.filter(|step| *step == 1.0).count()
}

/// Whether values rise by whole numbers, mostly by one.
pub(super) fn counts(values: &[f64]) -> bool {
    let mut steps = values.windows(2).map(|pair| pair[1] - pair[0]);
    let is_rising = steps.all(|step| step >= 1.0 && step.fract() == 0.0);
    is_rising && ones(values) * 2 >= values.len().saturating_sub(1)
}

/// Takes out columns that count rows. Where rows are missing in one and a rate is given, its numbers are the clock.
pub(super) fn counters(
    columns: &mut Vec<Column>,
    hints: &Hints,
    notes: &mut Notes,
) -> Option<Vec<i64>> {
    let mut clock = None;
    columns.retain(|column| {
        let Values::Numbers(values) = &column.values else {
            return true;
        };
        if !counts_rows(&column.name) || !counts(values) {
            return true;
        }
        let all = values.len().saturating_sub(1);
        let ones = ones(values);
        if !column.name.is_empty() {
            notes.push(Remark::ColumnLeftOut {
                name: column.name.clone(),
                what: "it counts rows".into(),
            });
        }
        if let Some(rate) = hints.sampling_rate
            && ones < all
        {
            let jumps = all - ones;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_dates() {
        assert_eq!(date(20_240_501.0), Some(19_844 * DAY));
        assert_eq!(date(20_240_231.0), None);
        assert_eq!(clock(100_030.25), Some(36_030_250_000_000));
        assert_eq!(clock(106_000.0), None);
        assert!(turns(&[95_959.5, 100_000.0]) && !turns(&[59.9, 60.0, 60.1]));
    }

    #[test]
    fn counters_that_overflow() {
        let micros = |i: u64| ((4_294_960_000 + 1000 * i) % (1 << 32)) as f64;
        let values: Vec<f64> = (0..20).map(micros).collect();
        let (own, turns) = unwrapped(&values).unwrap();
        assert_eq!((own[19], turns), (4_294_979_000.0, 1));
        // Sound, or set back.
        assert_eq!(unwrapped(&[1.0, 2.0, 3.0]), None);
        assert_eq!(unwrapped(&[900.0, 1000.0, 500.0]), None);
        assert_eq!(unwrapped(&[0.9, 65_000.5, 0.5]), None);
    }
}
