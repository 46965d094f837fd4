//! Columns beside the parts of a label: whether a row counts, and the channel it is of.

use std::collections::BTreeSet;

use support::words::{counted, first_few};

use super::columns::Columns;
use super::heads::{cell, plain};

/// Names of columns that say whether a row counts, and whether `yes` means so.
pub(super) const FLAGS: [(&str, bool); 18] = [
    ("valid", true),
    ("isvalid", true),
    ("use", true),
    ("include", true),
    ("included", true),
    ("keep", true),
    ("accepted", true),
    ("ignore", false),
    ("ignored", false),
    ("exclude", false),
    ("excluded", false),
    ("skip", false),
    ("reject", false),
    ("rejected", false),
    ("discard", false),
    ("invalid", false),
    ("isbad", false),
    ("bad", false),
];
/// Also as spreadsheets write them in other languages.
const YES: [&str; 19] = [
    "1",
    "1.0",
    "true",
    "t",
    "yes",
    "y",
    "x",
    "ja",
    "oui",
    "si",
    "sí",
    "sì",
    "sim",
    "wahr",
    "vrai",
    "verdadero",
    "verdadeiro",
    "vero",
    "waar",
];
const NO: [&str; 14] = [
    "0", "0.0", "false", "f", "no", "n", "nein", "non", "não", "nee", "falsch", "faux", "falso",
    "onwaar",
];
/// Names of columns of channels.
pub(super) const CHANNELS: [&str; 6] = ["channel", "channels", "chan", "ch", "kanal", "canal"];
/// Values that a note names.
const NAMED: usize = 4;

/// Whether a cell says yes.
pub(super) fn is_yes(cell: &str) -> bool {
    YES.contains(&&*cell.to_lowercase())
}

/// Whether a cell says yes, no or nothing.
pub(super) fn is_mark(cell: &str) -> bool {
    cell.is_empty() || is_yes(cell) || NO.contains(&&*cell.to_lowercase())
}

/// Removes the rows that do not count, by the names in `heads`. Returns information on them, and on columns that are not read.
pub(super) fn apply(
    heads: &csv::StringRecord,
    columns: &Columns,
    rows: &mut Vec<&csv::StringRecord>,
) -> Vec<String> {
    let mut notes = Vec::new();
    for (at, head) in heads.iter().enumerate().filter(|(at, _)| !columns.has(*at)) {
        let name = plain(head).0;
        if let Some((_, keeps)) = FLAGS.iter().find(|(known, _)| *known == name) {
            notes.extend(flag((at, head), *keeps, rows));
        } else if CHANNELS.contains(&&*name) {
            notes.extend(channel((at, head), rows));
        }
    }
    notes
}

/// Removes the rows of which column `at` says that they do not count; `keeps`: whether `yes` says that they do.
fn flag(
    (at, head): (usize, &str),
    keeps: bool,
    rows: &mut Vec<&csv::StringRecord>,
) -> Option<String> {
    if let Some(other) = rows
        .iter()
        .map(|row| cell(row, at))
        .find(|text| !is_mark(text))
    {
        return Some(format!(
            "column `{head}` is not read, and all rows count: `{}` is neither yes nor no",
            other.to_lowercase()
        ));
    }
    let all = rows.len();
    let empty = rows.iter().filter(|row| cell(row, at).is_empty()).count();
    rows.retain(|row| {
        let text = cell(row, at);
        text.is_empty() || is_yes(text) == keeps
    });
    let left_out = all - rows.len();
    let empty = match empty {
        0 => String::new(),
        _ if empty == all => return None,
        count => format!("; {} without a value count", counted(count, "row")),
    };
    (left_out > 0 || !empty.is_empty()).then(|| {
        let rows = counted(left_out, "row");
        format!(
            "column `{head}`: {rows} of {all} left out, as it says that they do not count{empty}"
        )
    })
}

/// A note on labels of single channels, since windows have all of them.
fn channel((at, head): (usize, &str), rows: &[&csv::StringRecord]) -> Option<String> {
    let values = rows
        .iter()
        .map(|row| cell(row, at))
        .filter(|value| !value.is_empty());
    let values: BTreeSet<&str> = values.collect();
    let several = values.len() > 1;
    several.then(|| {
        let all: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        format!(
            "column `{head}` tells {} channels ({}), and is not read: each label counts for all channels of its recording",
            all.len(),
            first_few(&all, NAMED)
        )
    })
}
