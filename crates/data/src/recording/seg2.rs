//! SEG-2 of engineering seismographs (`.sg2`, `.seg2`, `.dat`): a record of several channels, each behind texts about it.
//!
//! S. E. Pullan, "Recommended standard for seismic (/radar) data files in the personal computer environment", Geophysics 55 (1990).
//! Samples are multiplied by their descaling factor, as the standard says: gains differ between channels.

mod block;
mod samples;
mod start;

use std::collections::HashSet;

use support::words::counted;

use self::block::{FileBlock, Texts, TraceBlock};
use super::{Contents, Hints, NANOS, Notes, Trace, check_rate, other_start};
use crate::error::recording::{RecordingError, Seg2Error, Seg2Problem};

/// Whether the file begins with the file descriptor block.
pub(super) fn is(bytes: &[u8]) -> bool {
    FileBlock::of(bytes).is_some()
}

/// A trace of the file.
struct Seg2Trace {
    texts: Texts,
    rate: f64,
    /// Seconds from the time of the record to the first sample.
    delay: f64,
    samples: Vec<f64>,
}

/// Reads all traces; those that cannot be read are left out.
///
/// # Errors
/// If no trace can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let mut file = FileBlock::of(bytes).ok_or(Seg2Error::NoBlock)?;
    let mut notes = Notes::default();
    notes.extend(samples::correct_order(bytes, &mut file));
    let mut all = Vec::new();
    let mut damaged: Option<Seg2Error> = None;
    let mut bad = 0;
    for (index, at) in file.traces.iter().enumerate() {
        let number = index + 1;
        let place = at.ok_or(Seg2Problem::Repeated);
        let trace = place.and_then(|at| trace(bytes, at, &file, (number, hints), &mut notes));
        match trace {
            Ok(trace) => all.push(trace),
            Err(problem) => {
                bad += 1;
                damaged.get_or_insert(Seg2Error::Trace { number, problem });
            }
        }
    }
    if let Some(problem) = damaged {
        if all.is_empty() {
            return Err(problem.into());
        }
        let traces = counted(bad, "trace");
        notes.push(format!("left out {traces}: {problem}"));
    }
    let stated = start::of(&file.texts, &mut notes);
    note_scales(&all, &mut notes);
    note_delays(&all, &mut notes);
    let names = names(&all, &mut notes);
    let start = stated.or(hints.start).unwrap_or(0);
    let traces = all.into_iter().zip(names).map(|(trace, channel)| Trace {
        channel,
        start: start.saturating_add((trace.delay * NANOS).round() as i64),
        rate: trace.rate,
        samples: trace.samples,
    });
    let traces = traces.collect();
    notes.extend(other_start(hints, stated));
    Ok(Contents {
        traces,
        notes,
        ..Contents::default()
    })
}

/// The trace whose block begins at byte `at`, with its `number` from 1.
///
/// # Errors
/// If its block is damaged, or does not tell the sampling interval.
fn trace(
    bytes: &[u8],
    at: usize,
    file: &FileBlock,
    (number, hints): (usize, &Hints),
    notes: &mut Notes,
) -> Result<Seg2Trace, Seg2Problem> {
    let block = TraceBlock::of(bytes, at, file).ok_or(Seg2Problem::NoBlock { at })?;
    let texts = block.texts;
    let given = texts.seconds("SAMPLE_INTERVAL");
    let rate = match given.or_else(|| file.texts.seconds("SAMPLE_INTERVAL")) {
        Some(interval) => 1.0 / interval,
        None => hints.sampling_rate.ok_or(Seg2Problem::NoInterval)?,
    };
    let factor = texts.number("DESCALING_FACTOR");
    let factor = factor.filter(|factor| *factor != 0.0).unwrap_or(1.0);
    let mut samples = samples::decode(
        block.data,
        block.count,
        block.format,
        file.samples_big_endian,
    )?;
    if samples.len() < block.count {
        notes.push(format!(
            "trace {number} has {} samples, but the data end after {}: these are read",
            block.count,
            samples.len()
        ));
    }
    samples.iter_mut().for_each(|sample| *sample *= factor);
    Ok(Seg2Trace {
        rate: check_rate(rate)?,
        delay: texts.seconds("DELAY").unwrap_or(0.0),
        samples,
        texts,
    })
}

/// The names of channels: their numbers, or their positions in the file.
fn names(all: &[Seg2Trace], notes: &mut Notes) -> Vec<String> {
    let numbers = all.iter().map(|trace| trace.texts.word("CHANNEL_NUMBER"));
    let numbers: Vec<Option<&str>> = numbers.collect();
    let mut known = HashSet::new();
    if numbers
        .iter()
        .all(|number| number.is_some_and(|number| known.insert(number)))
    {
        let names = numbers.into_iter().flatten();
        return names.map(str::to_owned).collect();
    }
    if numbers.iter().any(Option::is_some) {
        notes.push(
            "channel numbers are missing or not unique: traces are numbered from 1 in the order of the file",
        );
    }
    (1..=all.len()).map(|number| number.to_string()).collect()
}

/// Notes samples without a unit.
fn note_scales(all: &[Seg2Trace], notes: &mut Notes) {
    let is_scaled = |trace: &&Seg2Trace| {
        trace
            .texts
            .number("DESCALING_FACTOR")
            .is_some_and(|f| f != 0.0)
    };
    let scaled = all.iter().filter(is_scaled).count();
    let given = |trace: &Seg2Trace| trace.texts.word("DESCALING_FACTOR").is_some();
    if scaled < all.len() && all.iter().any(given) {
        notes.push(format!(
            "{} without a descaling factor: their samples are as recorded, and those of the others scaled",
            counted(all.len() - scaled, "trace")
        ));
    }
}

/// Notes traces that do not begin at the time of the record.
fn note_delays(all: &[Seg2Trace], notes: &mut Notes) {
    if let Some(trace) = all.iter().find(|trace| trace.delay != 0.0) {
        notes.push(format!(
            "traces begin {} s after the time of the record: that is their delay",
            trace.delay
        ));
    }
}
