//! Parts of times in a cell of their own behind the others: `AM` and `PM`, and fractions of a second.

use super::columns::Columns;
use super::heads::{ENDS, STARTS, cell, line, plain, whole_unit, with_cells};
use super::places::{TimeCells, TimePosition};
use crate::error::import::LabelTableError;

/// Milliseconds are written with up to three digits; columns of smaller numbers may be magnitudes, `Ms`.
const LEAST: u32 = 10;

/// Puts such parts into the cells of their times. Returns information on them.
///
/// # Errors
/// If a column of halves of the day is beside hours in a column of their own.
pub(super) fn join(
    heads: &csv::StringRecord,
    rows: &mut [csv::StringRecord],
    columns: &Columns,
) -> Result<Vec<String>, LabelTableError> {
    let ends = columns.end.filter(|_| !columns.is_duration);
    let mut notes = Vec::new();
    let mut note = |from: usize, to: usize| {
        notes.push(format!(
            "column `{}` is read behind the times in column `{}`",
            cell(heads, from),
            cell(heads, to)
        ));
    };
    for (place, names) in [(Some(columns.start), &STARTS[..]), (ends, &ENDS[..])] {
        let Some(TimeCells::Column((at, None))) = place.map(|place| place.time) else {
            continue;
        };
        let is_alone = ends.is_none();
        if let Some((from, digits)) = fractions(heads, rows, at, (names, is_alone)) {
            put(rows, [from, at], &|text| format!(".{text:0>digits$}"));
            note(from, at);
        }
    }
    let halves: Vec<usize> = (0..heads.len())
        .filter(|at| has_halves(rows, *at))
        .collect();
    let halves: Vec<usize> = halves.into_iter().filter(|at| !columns.has(*at)).collect();
    for place in [Some(columns.start), ends].into_iter().flatten() {
        let is_own =
            |at: &&usize| halves.len() == 1 || place.columns().contains(&at.wrapping_sub(1));
        let Some(from) = halves.iter().find(is_own) else {
            continue;
        };
        if !rows.iter().all(|row| is_half(row, &place)) {
            continue;
        }
        let TimeCells::Column((at, _)) = place.time else {
            return Err(LabelTableError::Halves {
                column: cell(heads, *from).to_owned(),
                line: rows.first().map_or(0, line),
                time: place.shown(&rows[0]),
            });
        };
        put(rows, [*from, at], &|text| format!(" {text}"));
        note(*from, at);
    }
    Ok(notes)
}

/// Puts what `tail` makes of the cells in one column behind those in another.
fn put(rows: &mut [csv::StringRecord], [from, to]: [usize; 2], tail: &dyn Fn(&str) -> String) {
    for row in rows {
        let tail = tail(cell(row, from));
        let cells = row.iter().enumerate().map(|(at, text)| {
            let is_time = at == to && !text.is_empty();
            if is_time {
                format!("{text}{tail}")
            } else {
                text.to_owned()
            }
        });
        *row = with_cells(row, cells);
    }
}

/// Whether all cells of a column say whether it is before or after noon.
fn has_halves(rows: &[csv::StringRecord], at: usize) -> bool {
    let is_known = |text: &str| {
        let letters = text.to_lowercase().replace(['.', ' '], "");
        matches!(&*letters, "am" | "pm")
    };
    !rows.is_empty() && rows.iter().all(|row| is_known(cell(row, at)))
}

/// Whether a row may have a time of day that counts twelve hours; so has one without a time.
fn is_half(row: &csv::StringRecord, place: &TimePosition) -> bool {
    let hour = match place.time {
        TimeCells::Column((at, _)) if cell(row, at).is_empty() => return true,
        TimeCells::Column((at, _)) => {
            let text = cell(row, at);
            let has_own = text.to_lowercase().ends_with(['m', '.']);
            let before = text
                .find(':')
                .filter(|_| !has_own)
                .map_or("", |colon| &text[..colon]);
            before
                .rsplit(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default()
        }
        TimeCells::Parts(parts) => parts.hour().map_or("", |at| cell(row, at)),
    };
    hour.parse()
        .is_ok_and(|hour: f64| (1.0..13.0).contains(&hour))
}

/// The column with fractions of the seconds in column `at`, and how many digits they have. `names` are those before the unit;
/// if the times are alone, the unit may be the whole name.
fn fractions(
    heads: &csv::StringRecord,
    rows: &[csv::StringRecord],
    at: usize,
    (names, is_alone): (&[&str], bool),
) -> Option<(usize, usize)> {
    let has_seconds = |row: &csv::StringRecord| {
        let text = cell(row, at);
        let clock = text.rfind(':').map_or("", |colon| &text[colon + 1..]);
        text.is_empty() || clock.len() == 2 && text.matches(':').count() >= 2
    };
    if !rows.iter().all(has_seconds) {
        return None;
    }
    let digits = |other: usize| {
        let head = cell(heads, other);
        let (name, unit) = plain(head);
        let unit = match unit {
            Some(unit) => Some(unit).filter(|_| names.contains(&&*name)),
            None => whole_unit(head).filter(|_| is_alone),
        };
        let digits = match unit? {
            1e-3 => 3,
            1e-6 => 6,
            1e-9 => 9,
            _ => return None,
        };
        let number = |row: &csv::StringRecord| cell(row, other).parse::<u32>().ok();
        let values = rows.iter().map(number).collect::<Option<Vec<_>>>()?;
        let largest = values.into_iter().max()?;
        let is_fraction = largest >= LEAST && largest < 10u32.pow(digits);
        is_fraction.then_some((other, digits as usize))
    };
    let mut found = (0..heads.len())
        .filter(|other| *other != at)
        .filter_map(digits);
    found.next().filter(|_| found.next().is_none())
}
