//! A column with the unit of the times in a row.

use std::collections::BTreeSet;

use super::columns::Columns;
use super::heads::{cell, plain, whole_unit};
use super::numbers::counted_by;
use super::places::{TimeCells, TimePosition};
use crate::error::import::LabelTableError;

/// Names of columns of units.
const NAMES: [&str; 4] = ["unit", "units", "timeunit", "timeunits"];

/// Gives the times without a unit the one that a column of units has in all rows.
///
/// # Errors
/// If there are several units, or times count samples or frames.
pub(super) fn apply(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    columns: &mut Columns,
) -> Result<(), LabelTableError> {
    let is_unit = |at: &usize| NAMES.contains(&&*plain(cell(heads, *at)).0) && !columns.has(*at);
    let Some(at) = (0..heads.len()).find(is_unit) else {
        return Ok(());
    };
    let values = rows
        .iter()
        .map(|row| cell(row, at))
        .filter(|value| !value.is_empty());
    let values: BTreeSet<&str> = values.collect();
    // `m` may be metres, or minutes.
    let unit = |value: &&str| whole_unit(value).filter(|_| !matches!(*value, "m" | "h" | "d"));
    let known: Vec<f64> = values.iter().filter_map(unit).collect();
    let counts = values.iter().any(|value| counted_by(value).is_some());
    let Some(first) = known.first().or(counts.then_some(&1.0)) else {
        return Ok(());
    };
    if known.len() < values.len() || known.iter().any(|other| other != first) {
        return Err(LabelTableError::Units {
            column: cell(heads, at).to_owned(),
            there: values
                .into_iter()
                .map(|value| format!("`{value}`"))
                .collect(),
        });
    }
    let places = [Some(&mut columns.start), columns.end.as_mut()];
    for place in places.into_iter().flatten() {
        let TimePosition { time, .. } = place;
        if let TimeCells::Column((_, unit)) = time {
            unit.get_or_insert(*first);
        }
    }
    Ok(())
}
