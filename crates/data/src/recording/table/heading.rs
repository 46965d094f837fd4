//! The contents of columns below a heading, which may tell of their times and samples.

use super::super::{Contents, Hints, Notes};
use super::kinds::Kind;
use super::layout::{Layout, told_order};
use super::{Column, assemble, begun, factors, summer_time, told, unit_sizes};
use crate::error::recording::RecordingError;

/// The lines above the rows of a table.
pub(super) struct Heading<'a> {
    bytes: &'a [u8],
    /// Number of its first line in the file.
    line: usize,
    /// The line with the names.
    names: Vec<u8>,
    /// Whether rows have times of day, and no dates.
    has_clocks: bool,
}

impl<'a> Heading<'a> {
    /// The heading of a `text` that begins with line `line`.
    pub fn of(text: &'a [u8], line: usize, layout: &Layout) -> Self {
        let has = |kind: Kind| layout.kinds.contains(&kind);
        Self {
            bytes: &text[..layout.start],
            line,
            names: layout.header.clone(),
            has_clocks: has(Kind::Clock) && !has(Kind::Day) && !has(Kind::Stamp),
        }
    }
}

/// The contents of columns below a heading.
///
/// # Errors
/// As for [`assemble`].
pub(super) fn below(
    columns: Vec<Column>,
    heading: &Heading,
    hints: &Hints,
    mut notes: Notes,
) -> Result<Contents, RecordingError> {
    let assembled = assemble(columns, hints).map_err(|problem| {
        if problem.is_rate_unknown() {
            notes.extend(told::only_rate(heading.bytes));
        }
        problem.noted(notes.all())
    });
    let mut contents = assembled?;
    notes.extend(told::other_rate(heading.bytes, &contents.traces));
    let lines = (heading.bytes, heading.line);
    notes.extend(factors::note(lines, &heading.names, &contents.traces));
    notes.extend(unit_sizes::note(&contents.traces, hints));
    contents.notes.prepend(notes);
    let dates = (heading.bytes, told_order(heading.bytes));
    begun::apply(dates, heading.has_clocks, hints, &mut contents);
    contents.notes.extend(summer_time::note(&contents.traces));
    Ok(contents)
}
