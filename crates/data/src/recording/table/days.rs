//! Times that count from another origin than 1970: day numbers of spreadsheets and MATLAB, Julian days, ticks of Windows.

use super::super::NANOS;
use super::NO_TIME;
use super::units::DAY_UNIT;

/// Later seconds since 1970 rather count from another origin: the year 2060.
pub(super) const LATEST: f64 = 2.84e9;
/// Seconds since 1970 of recordings that people have: from 2001 on.
pub(super) const CENTURY: std::ops::Range<f64> = 1e9..LATEST;

/// A way to count days.
#[derive(Debug, PartialEq)]
pub(crate) struct DayCount {
    /// Its days from day 0 to 1970.
    to_1970: f64,
    /// Its numbers for days from about 1980 to 2060; no two counts share one.
    days: std::ops::Range<f64>,
    /// What its numbers are.
    pub what: &'static str,
}

const COUNTS: [DayCount; 5] = [
    DayCount {
        to_1970: 0.0,
        days: 10_000.0..29_000.0,
        what: "days since 1970-01-01, as Matplotlib has them",
    },
    DayCount {
        to_1970: 25_569.0,
        days: 29_000.0..50_000.0,
        what: "days since 1899-12-30, as spreadsheets have them",
    },
    DayCount {
        to_1970: 40_587.0,
        days: 50_000.0..70_000.0,
        what: "modified Julian days",
    },
    DayCount {
        to_1970: 719_529.0,
        days: 723_000.0..768_000.0,
        what: "days since the year 0, as MATLAB has them (datenum)",
    },
    DayCount {
        to_1970: 2_440_587.5,
        days: 2_443_000.0..2_490_000.0,
        what: "Julian days",
    },
];

/// Windows counts 100 ns since 1601, and .NET since the year 1. As nanoseconds since 1970, their numbers would be of 1974
/// and 1990.
const TICKS: [(f64, std::ops::Range<f64>, &str); 2] = [
    (
        116_444_736e9,
        1.26e17..1.46e17,
        "ticks of 100 ns since 1601, as Windows has them (FILETIME)",
    ),
    (
        621_355_968e9,
        6.30e17..6.54e17,
        "ticks of 100 ns since the year 1, as .NET has them",
    ),
];

/// The kind whose numbers, in its range, all `values` may be.
fn kind_of<'a, T>(
    values: &[f64],
    kinds: &'a [T],
    range: impl Fn(&T) -> &std::ops::Range<f64>,
) -> Option<&'a T> {
    let mut finite = values.iter().filter(|value| value.is_finite());
    let first = finite.next()?;
    let kind = kinds.iter().find(|kind| range(kind).contains(first))?;
    finite
        .all(|value| range(kind).contains(value))
        .then_some(kind)
}

/// Nanoseconds of every value that is a number.
fn times_of(values: &[f64], nanos: impl Fn(f64) -> i64) -> Vec<i64> {
    let time = |value: &f64| {
        if value.is_finite() {
            nanos(*value)
        } else {
            NO_TIME
        }
    };
    values.iter().map(time).collect()
}

/// Nanoseconds since 1970 of `values` that are ticks of 100 ns, and what these are; `None` for others.
pub(super) fn ticks(values: &[f64]) -> Option<(Vec<i64>, &'static str)> {
    let (origin, _, what) = kind_of(values, &TICKS, |(_, range, _)| range)?;
    let times = times_of(values, |value| (value - origin) as i64 * 100);
    Some((times, what))
}

/// Numbers that rise by less per row are no seconds: no sensor of the ground has 20,000 samples a second. As days, this
/// is a step of 4 s.
pub(super) const FASTEST_STEP: f64 = 5e-5;

impl DayCount {
    /// The count whose numbers all `values` may be.
    pub fn of(values: &[f64]) -> Option<&'static Self> {
        kind_of(values, &COUNTS, |count| &count.days)
    }

    /// The count of `values` that cannot be seconds, as they usually rise by `step`.
    pub fn of_steps(values: &[f64], step: f64) -> Option<&'static Self> {
        Self::of(values).filter(|_| step > 0.0 && step < FASTEST_STEP)
    }

    /// Nanoseconds since 1970.
    pub fn times(&self, values: &[f64]) -> Vec<i64> {
        times_of(values, |value| {
            ((value - self.to_1970) * DAY_UNIT * NANOS).round() as i64
        })
    }
}
