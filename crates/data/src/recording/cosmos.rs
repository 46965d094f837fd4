//! Strong-motion text of COSMOS (V0 to V2, format v01.20) and of its predecessor, CSMIP: text headers, integers and reals at fixed
//! places, and below a line with their number and Fortran format the samples of a channel; channels follow each other.
//!
//! The format is that of COSMOS' "Strong Motion Data Format" (2001). Channels are called `NET.STA.LOC.CHA` where a comment
//! says so, and else by station and channel number; velocities and displacements have `-vel` and `-disp` behind the name.
//! CSMIP's uncorrected records from film have a time before each sample (`pairs`).

mod block;
mod fortran;
mod pairs;

use self::block::{Block, Spaced};
use self::fortran::Form;
use super::{Contents, Hints, Notes, Trace, dated, text};
use crate::error::recording::{CosmosError, CosmosProblem, RecordingError};

/// Bytes among which a file has the line above its first samples.
const HEAD: usize = 16 << 10;

/// Whether a file has blocks of samples as these.
pub(super) fn is(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    if is_csmip(head) {
        return true;
    }
    // `equally` or `approx`: rows of numbers have neither letter, and one look tells it.
    if !b"qQxX".iter().any(|letter| text::has(head, *letter)) {
        return false;
    }
    let may_be = |line: &&[u8]| line.iter().any(|byte| b"qQxX".contains(byte));
    let lines = head.split(|byte| *byte == b'\n').filter(may_be);
    lines.map(text::cell).any(|line| series(&line).is_some())
}

/// Whether the first line is that of CSMIP, and another one has the number of samples.
fn is_csmip(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(text::cell);
    let first = lines.next().unwrap_or_default().to_ascii_lowercase();
    first.contains("corrected accelerogram")
        && lines.any(|line| block::points(&line).is_some() || series(&line).is_some())
}

/// What a line says of the samples below it.
#[derive(Debug, PartialEq)]
struct Series {
    samples: usize,
    /// What they are, in lower case.
    quantity: String,
    /// Seconds between samples, or all of them take.
    spaced: Spaced,
}

/// Reads a line such as `3000 acceleration pts, approx  30 secs, units=cm/sec2 (04),Format=(8F10.3)`, `3000 acceleration points
/// equally spaced at .010 sec` or `13200 Accelerogram points at 200 pts/sec in units of g .      Format: (8f9.6)`.
fn series(line: &str) -> Option<Series> {
    let line = line.trim().to_lowercase();
    if line.starts_with(['#', ';', '%']) {
        return None;
    }
    let (count, rest) = line.split_once(char::is_whitespace)?;
    let samples = count.parse().ok().filter(|count| *count > 0)?;
    let number_behind = |word: &str| -> Option<(String, f64)> {
        let (before, behind) = rest.split_once(word)?;
        let number = behind.split_whitespace().next()?.trim_end_matches(',');
        let number = number.parse::<f64>().ok().filter(|value| *value > 0.0);
        Some((before.trim().to_owned(), number?))
    };
    let (quantity, spaced) = if let Some((quantity, interval)) = number_behind("equally spaced at")
    {
        (quantity, Spaced::By(interval))
    } else if rest.contains("pts/sec") {
        let (quantity, rate) = number_behind("points at")?;
        (quantity, Spaced::By(1.0 / rate))
    } else {
        let (quantity, seconds) = number_behind("pts, approx")?;
        rest.contains("format").then_some(())?;
        (quantity, Spaced::Over(seconds))
    };
    Some(Series {
        samples,
        quantity,
        spaced,
    })
}

/// Reads all series; damaged ones are left out.
///
/// # Errors
/// If all are damaged.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let text = text::decode(bytes)?.bytes;
    let lines: Vec<String> = text.split(|byte| *byte == b'\n').map(text::cell).collect();
    let (mut traces, mut notes) = (Vec::new(), Notes::default());
    let mut damaged = None;
    let mut block = Block::default();
    let mut at = 0;
    while at < lines.len() {
        let (next, found) = if let Some(series) = series(&lines[at]) {
            let (next, values) = samples(&lines, at, &series, &mut notes);
            let result = values.and_then(|values| trace(&block, &series, values));
            (next, result.map(|trace| vec![trace]))
        } else if let Some(rows) = pairs::rows(&block, &lines, at) {
            (rows.end, pairs::read(&block, &lines[rows], &mut notes))
        } else {
            at = block.header(&lines, at);
            continue;
        };
        match found {
            Ok(found) => traces.extend(found.into_iter().map(|trace| (trace, block.start()))),
            Err(problem) => {
                let line = at + 1;
                let problem = CosmosError { line, problem };
                notes.push(format!("left out a series: {problem}"));
                damaged.get_or_insert(problem);
            }
        }
        block.is_done = true;
        at = next;
    }
    if let Some(problem) = damaged.filter(|_| traces.is_empty()) {
        return Err(problem.into());
    }
    Ok(started(traces, notes, hints))
}

/// The traces, whose starts count from those of their headers; from the given start, if one has none.
fn started(traces: Vec<(Trace, Option<i64>)>, mut notes: Notes, hints: &Hints) -> Contents {
    let are_dated = traces.iter().all(|(_, start)| start.is_some());
    if !are_dated && hints.start.is_none() {
        notes.push("the headers have no time of the first sample: give the recording its `start`");
    }
    let given = hints.start.unwrap_or(0);
    let moved = traces.into_iter().map(|(trace, start)| Trace {
        start: trace
            .start
            .saturating_add(start.filter(|_| are_dated).unwrap_or(given)),
        ..trace
    });
    let traces = moved.collect();
    if are_dated {
        return dated(traces, notes, hints);
    }
    Contents {
        traces,
        notes,
        ..Contents::default()
    }
}

/// The numbers below line `at`, and the line behind them.
fn samples(
    lines: &[String],
    at: usize,
    series: &Series,
    notes: &mut Notes,
) -> (usize, Result<Vec<f64>, CosmosProblem>) {
    let line = &lines[at];
    let form = match Form::of(line) {
        Some(form) => form,
        // CSMIP may leave it out.
        None if matches!(series.spaced, Spaced::By(_)) => {
            Form::of_eight(lines.get(at + 1).map_or("", |row| row))
        }
        None => {
            let text = line.trim().chars().take(80).collect();
            return (at + 1, Err(CosmosProblem::Format { text }));
        }
    };
    let rows = series
        .samples
        .div_ceil(form.count)
        .min(lines.len() - at - 1);
    let data = &lines[at + 1..at + 1 + rows];
    let is_number = |line: &&String| {
        line.chars()
            .all(|c| c.is_ascii_digit() || "+-.eEdD \r\t*".contains(c))
    };
    let there = data
        .iter()
        .take_while(is_number)
        .filter(|line| !line.trim().is_empty())
        .count();
    let mut values = Vec::new();
    for row in &data[..there] {
        if let Err(text) = form.numbers(row, &mut values) {
            return (at + 1 + there, Err(CosmosProblem::NoNumber { text }));
        }
    }
    values.truncate(series.samples);
    if values.len() < series.samples {
        notes.push(format!(
            "line {} says {} samples, but there are {}: these are read",
            at + 1,
            series.samples,
            values.len()
        ));
    }
    (at + 1 + there, Ok(values))
}

/// A trace that starts when its headers say.
fn trace(block: &Block, series: &Series, samples: Vec<f64>) -> Result<Trace, CosmosProblem> {
    let interval = block.interval(series.samples, series.spaced)?;
    Ok(Trace {
        channel: block.name(&series.quantity),
        start: 0,
        rate: super::check_rate(rounded(1.0 / interval))?,
        samples,
    })
}

/// A rate without the rounding of its interval, which has few digits.
fn rounded(rate: f64) -> f64 {
    let near = (rate * 100.0).round() / 100.0;
    if (near / rate - 1.0).abs() < 1e-9 {
        near
    } else {
        rate
    }
}

#[cfg(test)]
mod tests;
