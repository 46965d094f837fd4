//! The unit of times in numbers whose name tells none.

use super::super::{Hints, Notes, Remark, UNIX};
use super::units::unit_by_size;
use crate::error::recording::TableError;

/// Seconds of a step, above which numbers are rather milliseconds.
const SLOWEST_STEP: f64 = 1.5;
/// Units of less than a second.
const SMALLER: [f64; 3] = [1e-3, 1e-6, 1e-9];
/// Seconds of a step that no recording has: the numbers are micro- or nanoseconds.
const IMPOSSIBLE_STEP: f64 = 1000.0;

/// Seconds since 1970 that nanoseconds in 64 bits cannot count: the year 2262.
const LATEST_DATE: f64 = 9.2e9;

/// Steps of a column that tell whether it rises.
const LOOKED_AT: usize = 4096;

/// How well a column of numbers with a name of times is one, the best first, among the ranks of other columns. `T` may be a
/// temperature, which does not rise from row to row; `None` if it does not.
pub(super) fn rank(name: &str, values: &[f64]) -> Option<usize> {
    let steps = values.windows(2).take(LOOKED_AT);
    let steps = steps.map(|pair| pair[1] - pair[0]);
    let (mut up, mut down, mut all) = (0, 0, 0);
    for step in steps.filter(|step| step.is_finite()) {
        up += usize::from(step > 0.0);
        down += usize::from(step < 0.0);
        all += 1;
    }
    // The latest rows may come first.
    let (most, least): (usize, usize) = (up.max(down), up.min(down));
    if !name.trim().eq_ignore_ascii_case("t") {
        return Some(if 5 * least <= most { 2 } else { 10 });
    }
    match (100 * least <= all, 2 * most >= all) {
        (true, true) => Some(3),
        (true, false) => Some(7),
        (false, _) => None,
    }
}

/// Whether numbers of up to `largest` are no dates, as they begin near zero and would be more than a second apart: a counter of
/// micro- or nanoseconds.
pub(super) fn from_zero(values: &[f64], largest: f64, step: f64) -> bool {
    let unit = unit_by_size(largest);
    let first = values.iter().find(|value| value.is_finite());
    first.is_some_and(|first| first.abs() * unit < UNIX) && step * unit > SLOWEST_STEP
}

/// Whether numbers of up to `largest` are no dates, as these would be too late or the rows too far apart: the nanoseconds since
/// a device was started, as Android counts them.
pub(super) fn is_uptime(largest: f64, step: f64) -> bool {
    let unit = unit_by_size(largest);
    unit < 1.0 && (largest * unit > LATEST_DATE || step * unit >= IMPOSSIBLE_STEP)
}

/// The unit, in seconds, of numbers that increase by `step` per row and are no dates: seconds, or the one that fits the
/// given rate. `None` if none does. Columns of a file with types have `whole` numbers.
///
/// # Errors
/// If the numbers may be of any unit.
pub(super) fn unit(
    name: &str,
    values: &[f64],
    (step, whole): (f64, bool),
    (hints, notes): (&Hints, &mut Notes),
) -> Result<Option<f64>, TableError> {
    let has_fraction = values.iter().any(|v| v.is_finite() && v.fract() != 0.0);
    if has_fraction && step <= SLOWEST_STEP {
        return Ok(Some(1.0));
    }
    if let Some(rate) = hints.sampling_rate {
        return Ok(by_rate(name, rate * step, notes));
    }
    if let Some(rate) = hints.expected_rate
        && (step > SLOWEST_STEP || whole)
        && let Some(unit) = SMALLER.into_iter().find(|unit| fits(rate * step, *unit))
    {
        let name = name.into();
        let by = "the rate of the windows";
        notes.push(Remark::UnitByRate { name, unit, by });
        return Ok(Some(unit));
    }
    if step >= IMPOSSIBLE_STEP || whole {
        return Err(TableError::NoUnit { name: name.into() });
    }
    if has_fraction {
        notes.extend(slow(name, step));
    } else if !(0.5..=1.5).contains(&step) {
        notes.push(doubt(name, step));
    }
    Ok(Some(1.0))
}

/// The unit in which numbers fit the given rate; they increase by `steps` for each of its samples.
fn by_rate(name: &str, steps: f64, notes: &mut Notes) -> Option<f64> {
    let mut units = [1.0].into_iter().chain(SMALLER);
    let found = units.find(|unit| fits(steps, *unit));
    match found {
        Some(1.0) => {}
        Some(unit) => notes.push(Remark::UnitByRate {
            name: name.into(),
            unit,
            by: "the given rate",
        }),
        None => notes.push(format!(
            "left out column `{name}`: in no unit do its numbers fit the given rate"
        )),
    }
    found
}

/// Whether numbers that increase by `steps` for each sample of a rate are in `unit`.
fn fits(steps: f64, unit: f64) -> bool {
    (steps * unit - 1.0).abs() < 0.05
}

/// A note on numbers that may be milliseconds: no ground motion is sampled so slowly in seconds.
pub(super) fn slow(name: &str, step: f64) -> Option<String> {
    (step > SLOWEST_STEP).then(|| doubt(name, step))
}

/// A note on numbers that are taken for seconds, and what else they may be.
fn doubt(name: &str, step: f64) -> String {
    let (is, may_be) = (rounded(1.0 / step), rounded(1e3 / step));
    format!(
        "column `{name}` has no unit, and its numbers are taken for seconds, {step:.3} per row, which is a sampling rate of {is} Hz: \
         if they are milliseconds, the rate is {may_be} Hz, and all times are wrong by a factor of 1000: then name the column \
         `{name}_ms`, or give the rate (`sampling_rate` of the recording, `--rate` of `predict`)"
    )
}

/// Three digits of a number.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
