//! Columns that are called as a unit of time and nothing else, such as `ms` or `min`: times, or measurements.

use super::counted::Unwrapped;
use super::names::is_statistic;
use super::steps::usual_step;
use super::units::bare_unit;
use super::{Column, Values};

/// How such a column ranks among columns of times: behind all that are certain, before times that fall.
const RANK: usize = 9;
/// Factor by which its rate may differ from the given one.
const FAR: f64 = 2.0;

/// Why a column is taken for a channel.
const FALLS: &str = "its values fall now and then";
const NO_RISE: &str = "its values do not rise";
const OTHER_RATE: &str = "in this unit they do not fit the given sampling rate";

/// The rank of such a column, if it may have the times; `rate` is the given one.
pub(super) fn rank(column: &Column, columns: &[Column], rate: Option<f64>) -> Option<usize> {
    (!means_else(column, columns) && doubt(column, rate).is_none()).then_some(RANK)
}

/// Whether the name of a column means no time: the smallest values are in `min` beside another statistic, and the north in
/// `NS` beside `EW`.
pub(super) fn means_else(column: &Column, columns: &[Column]) -> bool {
    let is = |column: &Column, name: &str| column.name.trim().eq_ignore_ascii_case(name);
    let has = |names: &[&str]| {
        let mut names = names.iter();
        names.any(|name| columns.iter().any(|other| is(other, name)))
    };
    is(column, "min") && columns.iter().any(|other| is_statistic(&other.name))
        || is(column, "ns") && has(&["ew", "we", "eo"])
}

/// What speaks against times.
fn doubt(column: &Column, rate: Option<f64>) -> Option<&'static str> {
    let (Some(unit), Values::Numbers(values)) = (bare_unit(&column.name), &column.values) else {
        return Some(NO_RISE);
    };
    let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    if !steps().any(|step| step > 0.0) {
        return Some(NO_RISE);
    }
    // A counter may overflow.
    if steps().any(|step| step < 0.0) && Unwrapped::of(values).is_none() {
        return Some(FALLS);
    }
    let fits = |rate: f64| (1.0 / FAR..=FAR).contains(&(usual_step(values) * unit * rate));
    rate.is_some_and(|rate| !fits(rate)).then_some(OTHER_RATE)
}

/// A note on such a column that is taken for a channel in a table without times.
pub(super) fn note(columns: &[Column], rate: Option<f64>) -> Option<String> {
    let column = columns.iter().find(|column| {
        let is_number = matches!(column.values, Values::Numbers(_));
        is_number && bare_unit(&column.name).is_some() && !means_else(column, columns)
    })?;
    let (name, why) = (&column.name, doubt(column, rate)?);
    Some(format!(
        "column `{name}` is taken for a channel, not for the time: {why}; if it has the times, call it `time_{name}`"
    ))
}
