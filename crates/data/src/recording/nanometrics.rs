//! Y files of Nanometrics: tags, each with a part of the header or the samples of a channel behind it.
//!
//! The layout is that of ObsPy's reader. Channels are called `.STA.LOC.CHA`, as by ObsPy. Samples are counts; the sensitivity of the header
//! is not applied.

mod header;

use self::header::{Header, Series, Tag};
use super::sample_order;
use super::words::all;
use super::{Contents, Hints, Notes, Trace, check_rate, dated, format_time};
use crate::error::recording::{RecordingError, YError, YProblem};
use crate::extremes::Extremes;

/// Kinds of tags: the beginning of a file, and the last one, with samples.
const FILE: u16 = 0;
const SAMPLES: u16 = 7;

/// Whether a file begins with the tag that all such files do.
pub(super) fn is(bytes: &[u8]) -> bool {
    Tag::of(bytes, 0).is_some_and(|tag| tag.kind == FILE)
}

/// Reads all channels: a file has one, and files may be joined.
///
/// # Errors
/// If none can be read.
pub(super) fn read(bytes: &[u8], hints: &Hints) -> Result<Contents, RecordingError> {
    let (mut traces, mut notes) = (Vec::new(), Notes::default());
    if let Err(problem) = take_all(bytes, &mut traces, &mut notes) {
        if traces.is_empty() {
            return Err(problem.into());
        }
        notes.push(format!("{problem}: nothing from there on is read"));
    }
    Ok(dated(traces, notes, hints))
}

/// Takes the traces of a file.
///
/// # Errors
/// If something else than a tag is there, or a part of the header is missing.
fn take_all(bytes: &[u8], traces: &mut Vec<Trace>, notes: &mut Notes) -> Result<(), YError> {
    let (mut at, mut header) = (0, Header::default());
    let mut is_open = true;
    while bytes[at..].iter().any(|byte| *byte != 0) {
        let error = |problem| YError { at, problem };
        let tag = Tag::of(bytes, at).ok_or(error(YProblem::NoTag))?;
        match tag.kind {
            FILE => (header, is_open) = (Header::default(), true),
            SAMPLES => {
                traces.push(trace(&header, &tag, bytes, notes).map_err(error)?);
                is_open = false;
            }
            _ => header.take(&tag, bytes).map_err(error)?,
        }
        at = tag.end().min(bytes.len());
    }
    if is_open {
        let problem = YProblem::NoSamples;
        return Err(YError { at, problem });
    }
    Ok(())
}

/// The trace of the samples behind a tag.
///
/// # Errors
/// If the header lacks what tells start, number or rate.
fn trace(header: &Header, tag: &Tag, bytes: &[u8], notes: &mut Notes) -> Result<Trace, YProblem> {
    let series = header.series.as_ref().ok_or(YProblem::NoSeries)?;
    let rate = check_rate(header.rate.ok_or(YProblem::NoRate)?.into())?;
    let data = tag.content(bytes);
    let count = series.count.min(data.len() / 4);
    if count < series.count || count < tag.length / 4 {
        let there = data.len() / 4;
        notes.push(format!(
            "the header says {} samples, but the file has {there}: {count} are read",
            series.count
        ));
    }
    let stated = series.extremes.filter(|_| count == series.count);
    let samples = samples(&data[..4 * count], tag.big_endian, stated, notes);
    let name = header.name.clone().unwrap_or_else(|| {
        notes.push("no tag of the kind 1 has the name of the channel");
        "...".into()
    });
    let trace = Trace {
        channel: name,
        start: series.start,
        rate,
        samples,
    };
    notes.extend(other_end(&trace, series));
    Ok(trace)
}

/// The samples of a trace, in the byte order that gives the least and the greatest one of the header, if it has these.
fn samples(
    data: &[u8],
    big_endian: bool,
    stated: Option<(f64, f64)>,
    notes: &mut Notes,
) -> Vec<f64> {
    let decode = |big_endian| all(data, big_endian, |word| i32::from_be_bytes(word).into());
    let samples: Vec<f64> = decode(big_endian);
    let (low, high) = extremes(&samples);
    let Some(stated) = stated.filter(|stated| *stated != (low, high)) else {
        return samples;
    };
    let turned = decode(!big_endian);
    if extremes(&turned) == stated {
        notes.push(sample_order::note(big_endian));
        return turned;
    }
    notes.push(format!(
        "the samples are from {low} to {high}, but the header says from {} to {}: some of them, or the header, are damaged",
        stated.0, stated.1
    ));
    samples
}

/// The least and the greatest sample.
fn extremes(samples: &[f64]) -> (f64, f64) {
    let [low, high] = Extremes::of(std::iter::once(samples)).range();
    (low, high)
}

/// A note that the samples end more than one and a half samples beside the end that the header has.
fn other_end(trace: &Trace, series: &Series) -> Option<String> {
    let last = trace.time(series.count.saturating_sub(1));
    let most = (1.5e9 / trace.rate) as u64;
    let is_other = series.end.abs_diff(last) > most && series.end != 0;
    is_other.then(|| {
        format!(
            "the header says that the last sample is of {}, but its start, rate and number of samples give {}",
            format_time(series.end),
            format_time(last)
        )
    })
}
