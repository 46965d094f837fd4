//! Types of cells and columns.

use super::super::time::{DateOrder, Moment, is_compact, parse_moment_as};
use super::number::{Commas, may_be_number, number};

/// Type of a column's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Stamp,
    Day,
    Clock,
    Text,
    Empty,
}

/// Type of a cell.
pub(super) fn kind(cell: &[u8], commas: Commas, order: DateOrder) -> Kind {
    if is_missing(cell) {
        return Kind::Empty;
    }
    if number(cell, commas).is_some() && !is_compact(cell) {
        return Kind::Number;
    }
    of_text(cell, order)
}

/// Type of a cell, whatever its commas mean and whether day or month come first.
fn loose_kind(cell: &[u8]) -> Kind {
    if is_missing(cell) {
        return Kind::Empty;
    }
    if may_be_number(cell) && !is_compact(cell) {
        return Kind::Number;
    }
    of_text(cell, DateOrder::DayFirst)
}

pub(super) fn loose_kinds(row: &[Vec<u8>]) -> Vec<Kind> {
    row.iter().map(|cell| loose_kind(cell)).collect()
}

/// Kind of a cell that is not a number.
fn of_text(cell: &[u8], order: DateOrder) -> Kind {
    match parse_moment_as(cell, order) {
        Ok(Moment::Stamp(_)) => Kind::Stamp,
        Ok(Moment::Day(_)) => Kind::Day,
        Ok(Moment::Clock(_)) => Kind::Clock,
        Err(_) => Kind::Text,
    }
}

/// Whether a cell marks a missing value, as pandas and data loggers write it.
pub(crate) fn is_missing(cell: &[u8]) -> bool {
    matches!(
        cell,
        b"" | b"-"
            | b"--"
            | b"?"
            | b"nan"
            | b"NaN"
            | b"NAN"
            | b"-nan"
            | b"-NaN"
            | b"NaT"
            | b"NA"
            | b"N/A"
            | b"n/a"
            | b"<NA>"
            | b"null"
            | b"NULL"
            | b"None"
            | b"none"
            | b"#N/A"
            | b"#NA"
            | b"nil"
    )
}

/// What most cells of a column are that are not missing.
pub(super) fn usual(kinds: &[Kind]) -> Kind {
    let order = [
        Kind::Number,
        Kind::Stamp,
        Kind::Day,
        Kind::Clock,
        Kind::Text,
    ];
    let count = |wanted: &Kind| kinds.iter().filter(|kind| *kind == wanted).count();
    let most = order.iter().map(count).max().unwrap_or(0);
    if most == 0 {
        return Kind::Empty;
    }
    // Some writers omit the time of day at midnight.
    if count(&Kind::Stamp) > 0 && count(&Kind::Stamp) + count(&Kind::Day) > kinds.len() / 2 {
        return Kind::Stamp;
    }
    order
        .into_iter()
        .find(|kind| count(kind) == most)
        .unwrap_or(Kind::Text)
}

pub(super) fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Stamp | Kind::Day | Kind::Clock)
}
