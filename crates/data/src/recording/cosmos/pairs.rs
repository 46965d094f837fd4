//! Records that were digitised from film: a time in seconds before each sample, in columns of 7 characters, below 7 rows of
//! integers and 7 of reals. The film did not run evenly, so a clock is fitted to the times, as to those of a table.

use std::ops::Range;

use super::super::table::{Column, Values, assemble};
use super::super::{Hints, Notes, Trace};
use super::block::{Block, is_of_numbers};
use super::fortran::Form;
use crate::error::recording::CosmosProblem;

/// Rows of integers and reals above the first pair.
const HEADERS: usize = 14;
/// Five pairs in a row.
const FORM: Form = Form {
    count: 10,
    width: 7,
};

/// The rows of pairs of a channel whose headers end above line `at`; none if that is no such channel.
pub(super) fn rows(block: &Block, lines: &[String], at: usize) -> Option<Range<usize>> {
    let promised = block.points().filter(|_| !block.is_done)?;
    let numbers = lines[at..].iter().take_while(|line| is_of_numbers(line));
    let there = numbers.take(HEADERS + promised.div_ceil(5)).count();
    // Samples without times have a line above them.
    let is_series = |line: &String| super::series(line).is_some();
    let is_pairs = there > HEADERS && !lines.get(at + there).is_some_and(is_series);
    is_pairs.then(|| at + HEADERS..at + there)
}

/// The traces of a channel, one for each part without a gap. They start at the time before their first sample.
///
/// # Errors
/// If a number is malformed, or the times are not those of a recording.
pub(super) fn read(
    block: &Block,
    rows: &[String],
    notes: &mut Notes,
) -> Result<Vec<Trace>, CosmosProblem> {
    let mut values = Vec::new();
    for row in rows {
        let malformed = |text| CosmosProblem::NoNumber { text };
        FORM.numbers(row, &mut values).map_err(malformed)?;
    }
    let promised = block.points().unwrap_or_default();
    values.truncate(promised.saturating_mul(2));
    let found = values.len() / 2;
    let channel = block.name("accelerogram");
    if found < promised {
        notes.push(format!(
            "channel `{channel}`: the header says {promised} samples, but there are {found}: these are read"
        ));
    }
    let every_second = |from: usize| values[..2 * found].iter().skip(from).step_by(2);
    let column = |name: &str, from| Column {
        name: name.into(),
        values: Values::Numbers(every_second(from).copied().collect()),
        whole: false,
    };
    let columns = vec![column("time (s)", 0), column("sample", 1)];
    let contents = assemble(columns, &Hints::default());
    let contents = contents.map_err(|problem| CosmosProblem::Times {
        problem: problem.to_string(),
    })?;
    notes.extend(contents.notes);
    let traces = contents.traces.into_iter().map(|trace| Trace {
        channel: channel.clone(),
        ..trace
    });
    Ok(traces.collect())
}
