//! Tables in which no name tells the column of times: the given column, or what to say of one that could be it.

use super::super::{Hints, Notes};
use super::steps::usual_step;
use super::units::unit_behind;
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

/// The number of the only column whose values rise from row to row and whose name ends with a unit of time, as `Tid (s)` in a
/// language whose words are not known. It gets a name of times.
pub(super) fn by_unit(columns: &mut [Column], notes: &mut Notes) -> Option<usize> {
    let unit_of = |column: &Column| {
        let Values::Numbers(values) = &column.values else {
            return None;
        };
        let rises = |pair: &[f64]| pair[1] > pair[0];
        let is_time = values.len() >= FEWEST_ROWS && values.windows(2).all(rises);
        unit_behind(&column.name).filter(|_| is_time)
    };
    let all = columns.iter().enumerate();
    let mut found = all.filter_map(|(at, column)| Some((at, unit_of(column)?)));
    let (at, unit) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let name = &mut columns[at].name;
    notes.push(format!(
        "column `{name}` rises from row to row and its name has a unit of time: it is taken for the times"
    ));
    *name = format!("time ({})", short(unit)?);
    Some(at)
}

/// A unit of times, from its seconds.
fn short(unit: f64) -> Option<&'static str> {
    let all = ["s", "ds", "cs", "ms", "us", "ns", "min", "h", "d"];
    all.into_iter().find(|name| super::unit(name) == Some(unit))
}

/// A note on the first column if it rises from row to row, as times do. One that counts rows and is no wanted channel needs
/// none.
pub(super) fn first_may_be(columns: &[Column], hints: &Hints) -> Option<String> {
    let Some((name, Values::Numbers(values))) =
        columns.first().map(|first| (&first.name, &first.values))
    else {
        return None;
    };
    let rises = |pair: &[f64]| pair[1] > pair[0];
    if values.len() < FEWEST_ROWS || !values.windows(2).all(rises) {
        return None;
    }
    let shown = if name.is_empty() { "1" } else { name };
    let is_ignored =
        !hints.channels.is_empty() && !hints.channels.iter().any(|wanted| wanted == shown);
    if is_ignored && counts_rows(values) && !hints.sampling_rate.is_none_or(may_be_ticks) {
        return None;
    }
    let step: f64 = format!("{:.3e}", usual_step(values)).parse().ok()?;
    Some(format!(
        "column `{shown}` rises from row to row, usually by {step}, and is taken for a channel: if it has the times, give the \
         recording `time_column: {shown}`"
    ))
}

/// Whether all values are the numbers of their rows, from 0 or 1.
fn counts_rows(values: &[f64]) -> bool {
    let first = values.first().copied().unwrap_or_default();
    let is_number = |(row, value): (usize, &f64)| *value == first + row as f64;
    (first == 0.0 || first == 1.0) && values.iter().enumerate().all(is_number)
}

/// Whether the numbers of rows may be times in some unit at a sampling rate: seconds at 1 Hz, milliseconds at 1000 Hz.
fn may_be_ticks(rate: f64) -> bool {
    let units = [1.0, 1e3, 1e6, 1e9];
    units.iter().any(|unit| (rate / unit - 1.0).abs() < 0.05)
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    #[test]
    fn a_unit_tells_the_times() {
        let table = |names: &str, second: &dyn Fn(i32) -> f64| {
            let row = |i: i32| format!("{},{}\n", f64::from(i) / 100.0, second(i));
            let rows: String = (0..50).map(row).collect();
            contents(&format!("{names}\n{rows}"), &Hints::default())
        };
        let wave = |i: i32| f64::from(i * i % 17);
        for names in ["Tid (s),Z", "Thời gian [s],Z", "in s,C1 in V"] {
            let recording = table(names, &wave).unwrap();
            assert_eq!(
                (recording.traces.len(), recording.traces[0].rate),
                (1, 100.0),
                "{names}"
            );
            assert!(recording.notes.all()[0].contains("unit of time"), "{names}");
        }
        let recording = table("Dauer (ms),Z", &wave).unwrap();
        assert_eq!(recording.traces[0].rate, 1e5);
        // Which of two it is, and a column that does not rise, is not known.
        assert!(table("Tid (s),Fahrt (s)", &|i| f64::from(i)).is_err());
        assert!(table("Z,Latenz (ms)", &wave).is_err());
    }
}
