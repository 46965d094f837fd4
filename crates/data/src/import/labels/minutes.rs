//! Times in minutes and seconds from the start of the recording, where the name of their column spells it: `Start (mm:ss)`.

use super::columns::Columns;
use super::heads::{Separated, before_minutes, cell, with_cells};
use super::places::{TimeCells, TimePosition};

/// Whether the name of a column spells minutes and seconds.
fn is_spelled(head: &str) -> bool {
    let head = head.to_lowercase();
    let words = head.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    before_minutes(&words).is_some()
}

/// The rows with seconds in place of minutes and seconds, and information on them; `None` if no name spells them, or a cell has
/// something else.
pub(super) fn as_seconds(
    heads: &csv::StringRecord,
    rows: &[&csv::StringRecord],
    columns: &Columns,
    separated: Separated,
) -> Option<(Vec<csv::StringRecord>, String)> {
    let places = [Some(columns.start), columns.end, columns.lasting];
    let at = |place: TimePosition| match place.time {
        TimeCells::Column((at, _)) if is_spelled(cell(heads, at)) => Some(at),
        _ => None,
    };
    let all: Vec<usize> = places.into_iter().flatten().filter_map(at).collect();
    let seconds = |text: &str| seconds(&separated.number(text));
    let mut cells = rows
        .iter()
        .flat_map(|row| all.iter().map(|at| cell(row, *at)));
    let first = cells.clone().find(|text| !text.is_empty())?;
    if !cells.all(|text| text.is_empty() || seconds(text).is_some()) {
        return None;
    }
    let note = format!(
        "column `{}`: minutes and seconds such as `{first}` are read as {} s from the start",
        cell(heads, *all.first()?),
        seconds(first)?
    );
    let row = |row: &&csv::StringRecord| {
        let cells = row.iter().enumerate().map(|(i, text)| {
            let number = seconds(text).filter(|_| all.contains(&i));
            number.map_or_else(|| text.to_owned(), |number| number.to_string())
        });
        with_cells(row, cells)
    };
    Some((rows.iter().map(row).collect(), note))
}

/// Seconds of `1:40.5`, and of `1:01:40`.
fn seconds(text: &str) -> Option<f64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.trim().split(':').collect();
    let (before, last) = match parts[..] {
        [minutes, last] if digits(minutes) => (minutes.parse::<f64>().ok()?, last),
        [hours, minutes, last] if digits(hours) && digits(minutes) => (
            hours.parse::<f64>().ok()? * 60.0 + minutes.parse::<f64>().ok()?,
            last,
        ),
        _ => return None,
    };
    let (whole, fraction) = last.split_once('.').unwrap_or((last, "0"));
    let last = (digits(whole) && digits(fraction)).then(|| last.parse::<f64>().ok())??;
    (last < 60.0).then_some(before * 60.0 + last)
}
