//! Tables in which no name tells the column of times: the given column, or what to say of one that could be it.

use super::steps::usual_step;
use super::{Column, Values};
use crate::error::recording::TableError;

/// Rows that a column needs to be noted.
const FEWEST_ROWS: usize = 16;

/// The number of the column that the list of recordings says has the times: by its name, or by its number from 1.
///
/// # Errors
/// If there is no such column, or it has no times.
pub(super) fn given(columns: &[Column], name: &str) -> Result<usize, TableError> {
    let by_number = || {
        let number = name.parse::<usize>().ok()?.checked_sub(1)?;
        (number < columns.len()).then_some(number)
    };
    let named = columns.iter().position(|column| column.name == name);
    let Some(at) = named.or_else(by_number) else {
        return Err(TableError::NoTimeColumn {
            name: name.to_owned(),
            there: columns.iter().map(|column| column.name.clone()).collect(),
        });
    };
    match &columns[at].values {
        Values::Texts(_) | Values::Nothing(_) => Err(TableError::NotTimes {
            name: name.to_owned(),
        }),
        _ => Ok(at),
    }
}

/// A note on the first column if it rises from row to row, as times do.
pub(super) fn first_may_be(columns: &[Column]) -> Option<String> {
    let Some((name, Values::Numbers(values))) =
        columns.first().map(|first| (&first.name, &first.values))
    else {
        return None;
    };
    let rises = |pair: &[f64]| pair[1] > pair[0];
    if values.len() < FEWEST_ROWS || !values.windows(2).all(rises) {
        return None;
    }
    let step: f64 = format!("{:.3e}", usual_step(values)).parse().ok()?;
    let shown = if name.is_empty() { "1" } else { name };
    Some(format!(
        "column `{shown}` rises from row to row, usually by {step}, and is taken for a channel: if it has the times, give the \
         recording `time_column: {shown}`"
    ))
}
