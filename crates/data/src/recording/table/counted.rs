//! Times in numbers that do not simply count seconds: `20240501` and `100000.25` for a date and a time of day, counters
//! that overflow, and numbers of rows.

use super::super::time::DAY;
use super::super::{Hints, NANOS, Note, Notes, Remark};
use super::names::{counts_rows, time_name};
use super::units::DAY_UNIT;
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
            if !is_named && values.iter().all(|value| value.is_nan() || *value < HOURS) {
                notes.push(format!(
                    "column `{}` has times of day that are read as HHMMSS, all in the first 24 minutes of a day: if they are HHMM, call \
                     it `HHMM`",
                    column.name
                ));
            } else {
                say(column, "times of day as HHMMSS", notes);
            }
            column.values = Values::Clocks(clocks);
        }
    }
}

/// Larger numbers are no hours and minutes.
const HOURS: f64 = 2400.0;

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

/// Values of a counter that starts again from zero when it is full.
#[derive(Debug, PartialEq)]
pub(super) struct Unwrapped {
    /// As if it went on.
    pub values: Vec<f64>,
    /// The value from which it starts again, and how many times it does.
    first: f64,
    turns: usize,
    /// The longest step to a value that starts again.
    longest: f64,
    /// When it starts again.
    when: &'static str,
}

/// Pairs of values that follow each other, of which the second is the lower.
fn backs(values: &[f64]) -> impl Iterator<Item = &[f64]> {
    values.windows(2).filter(|pair| pair[1] < pair[0])
}

impl Unwrapped {
    /// `None` if the values do not start again, or not from a full counter.
    pub fn of(values: &[f64]) -> Option<Self> {
        backs(values).next()?;
        let (least, largest) = (
            values.iter().copied().fold(0.0, f64::min),
            values.iter().copied().fold(0.0, f64::max),
        );
        // A counter in a signed number goes on from its least.
        let first = |size: f64| if least < 0.0 { -size / 2.0 } else { 0.0 };
        let has_all = |size: &f64| least >= first(*size) && largest < first(*size) + size;
        let size = SIZES.into_iter().find(has_all)?;
        let is_whole = |value: &f64| value.is_nan() || value.fract() == 0.0;
        let when = "when its counter is full";
        Self::at_turns(values, (first(size), size), [0.1, 0.9], when)
            .filter(|_| values.iter().all(is_whole))
    }

    /// The same for seconds of the day, in units of `unit` seconds, which start again at midnight.
    pub fn of_day(values: &[f64], unit: f64) -> Option<Self> {
        let day = DAY_UNIT / unit;
        let is_inside = |value: &f64| value.is_nan() || (0.0..day).contains(value);
        Self::at_turns(values, (0.0, day), [0.01, 0.99], "at midnight")
            .filter(|_| values.iter().all(is_inside))
    }

    /// `None` unless the values go back, and always from the last part of the range of `size` values from `first` on to its first
    /// part. `ends` are where these parts end and begin, as fractions of it.
    fn at_turns(
        values: &[f64],
        (first, size): (f64, f64),
        ends: [f64; 2],
        when: &'static str,
    ) -> Option<Self> {
        let [low, high] = ends.map(|end| end * size);
        let is_turn = |pair: &[f64]| pair[0] - first > high && pair[1] - first < low;
        backs(values).next()?;
        if !backs(values).all(is_turn) {
            return None;
        }
        let steps = backs(values).map(|pair| pair[1] + size - pair[0]);
        let longest = steps.fold(0.0, f64::max);
        let (mut turns, mut before) = (0, first);
        let values = values.iter().map(|value| {
            turns += usize::from(*value < before);
            before = if value.is_nan() { before } else { *value };
            value + turns as f64 * size
        });
        Some(Self {
            values: values.collect(),
            first,
            turns,
            longest,
            when,
        })
    }

    /// What to say of column `name`, whose values usually rise by `step`, in units of `unit` seconds.
    pub fn note(&self, name: &str, step: f64, unit: f64) -> Note {
        let text = format!(
            "column `{name}` starts again from {} {}, {} times: it is read as if it went on",
            self.first, self.when, self.turns
        );
        if self.longest <= GAP * step {
            return Remark::Records(text).into();
        }
        let seconds = self.longest * unit;
        format!(
            "{text}, after a gap of {seconds:.3} s; if the device was started again, divide the recording there"
        )
        .into()
    }
}

/// Steps to a counter's start that are longer than so many usual ones are gaps.
const GAP: f64 = 16.0;

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

/// Sizes of counters of rows.
const ROW_SIZES: [f64; 3] = [256.0, 65_536.0, 4_294_967_296.0];
/// Among this many rows, at most one has the number of the row before: it is there twice.
const ROWS_FOR_EACH_TWICE: usize = 20;

/// The numbers of rows that a column counts, from 0 on, whether or not it starts again from zero when it is full; `None` if it
/// counts something else.
fn numbers_of_rows(values: &[f64]) -> Option<Vec<f64>> {
    let largest = values.iter().copied().fold(0.0, f64::max);
    let size = ROW_SIZES.into_iter().find(|size| largest < *size)?;
    let (mut number, mut ones, mut twice) = (0.0, 0, 0);
    let mut numbers = Vec::with_capacity(values.len());
    numbers.push(number);
    for pair in values.windows(2) {
        let step = pair[1] - pair[0];
        let step = if step < 0.0 { step + size } else { step };
        // A counter of another size, such as one that starts again with each second, says nothing about missing rows.
        let is_other = pair[1] < pair[0] && (step > size / 2.0 || largest < size - 1.0);
        if step.is_nan() || step.fract() != 0.0 || is_other {
            return None;
        }
        ones += usize::from(step == 1.0);
        twice += usize::from(step == 0.0);
        number += step;
        numbers.push(number);
    }
    let is_one = ones * 2 >= values.len().saturating_sub(1);
    (is_one && twice * ROWS_FOR_EACH_TWICE <= values.len()).then_some(numbers)
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
        let numbers = counts_rows(&column.name).then(|| numbers_of_rows(values));
        let Some(numbers) = numbers.flatten() else {
            return true;
        };
        if !column.name.is_empty() {
            notes.push(Remark::ColumnLeftOut {
                name: column.name.clone(),
                what: "it counts rows".into(),
            });
        }
        let steps = || numbers.windows(2).map(|pair| pair[1] - pair[0]);
        let jumps = steps().filter(|step| *step > 1.0).count();
        notes.extend((jumps > 0 && hints.sampling_rate.is_some()).then(|| {
            format!(
                "column `{}` jumps {jumps} times: rows are missing",
                column.name
            )
        }));
        if let Some(rate) = hints.sampling_rate
            && steps().any(|step| step != 1.0)
        {
            let start = hints.start.unwrap_or(0);
            let nanos = |number: &f64| ((number / rate) * NANOS).round() as i64;
            let times = numbers
                .iter()
                .map(|number| start.saturating_add(nanos(number)));
            clock = Some(times.collect());
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
        let unwrapped = Unwrapped::of(&values).unwrap();
        assert_eq!(
            (unwrapped.values[19], unwrapped.turns),
            (4_294_979_000.0, 1)
        );
        let notes = Notes::from(vec![unwrapped.note("t", 1000.0, 1e-6)]);
        assert_eq!((notes.len(), notes.texts(true).len()), (1, 0));
        // In a signed number.
        let micros = |i: u64| f64::from((2_147_480_000 + 1000 * i) as u32 as i32);
        let values: Vec<f64> = (0..20).map(micros).collect();
        let unwrapped = Unwrapped::of(&values).unwrap();
        assert_eq!(
            (unwrapped.values[19], unwrapped.turns),
            (2_147_499_000.0, 1)
        );
        let note = unwrapped.note("t", 1000.0, 1e-6).to_string();
        assert!(note.contains("again from -2147483648 when"), "{note}");
        // Sound, or set back.
        assert_eq!(Unwrapped::of(&[1.0, 2.0, 3.0]), None);
        assert_eq!(Unwrapped::of(&[1.0, 2.0, -3.0]), None);
        assert_eq!(Unwrapped::of(&[900.0, 1000.0, 500.0]), None);
        assert_eq!(Unwrapped::of(&[0.9, 65_000.5, 0.5]), None);
    }

    /// A device that was started again when its counter was nearly full.
    #[test]
    fn a_gap_where_a_counter_starts_again_is_said() {
        let millis = (57_010..60_010).step_by(10).chain((120..3120).step_by(10));
        let values: Vec<f64> = millis.map(f64::from).collect();
        let unwrapped = Unwrapped::of(&values).unwrap();
        let note = unwrapped.note("millis", 10.0, 1e-3).to_string();
        assert!(
            note.contains("after a gap of 5.656 s; if the device was started again"),
            "{note}"
        );
    }

    #[test]
    fn rows_that_are_counted() {
        let of = |values: &[f64]| numbers_of_rows(values);
        assert_eq!(of(&[7.0, 8.0, 9.0, 12.0]), Some(vec![0.0, 1.0, 2.0, 5.0]));
        // Counters of one byte and two are full.
        assert_eq!(
            of(&[254.0, 255.0, 0.0, 1.0]),
            Some(vec![0.0, 1.0, 2.0, 3.0])
        );
        let two = [65_534.0, 65_535.0, 3.0, 4.0];
        assert_eq!(of(&two), Some(vec![0.0, 1.0, 5.0, 6.0]));
        let of_second: Vec<f64> = (0..600).map(|row| f64::from(row % 200)).collect();
        assert_eq!(of(&of_second), None);
        // A row that is there twice.
        let mut twice: Vec<f64> = (0..100).map(f64::from).collect();
        twice.insert(50, 49.0);
        assert_eq!(of(&twice), Some(twice));
        // Set back, and samples.
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0]), None);
        assert_eq!(of(&[1.0, 1.0, 1.0, 2.0]), None);
        assert_eq!(of(&[0.5, 1.7, 2.2]), None);
    }
}
