//! Files of one recording that have different samples for the same time.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::origin::Piece;
use super::super::recording::Recording;
use crate::error::{DataError, ImportError, in_file};
use crate::recording::{NANOS, UNIX, same_rate};

/// Samples that a file may begin early: its measured rate, and so its end, is uncertain.
const TOLERATED: f64 = 1.5;

/// Refuses files without dates that have different samples for the same time: nothing says that they belong together, and
/// only those of one would be used.
///
/// # Errors
/// [`DataError`] with the first two such files.
pub(super) fn check<'a>(
    channels: impl Iterator<Item = (&'a String, &'a Vec<Piece>)>,
    own: &Recording,
) -> Result<(), DataError> {
    for (channel, pieces) in channels {
        let mut order: Vec<&Piece> = relative(pieces, own);
        order.sort_by_key(|piece| piece.trace.start);
        let mut before: Vec<&Piece> = Vec::new();
        for piece in order {
            before.retain(|other| other.trace.end() > piece.trace.start);
            let others = before.iter().filter(|other| other.file != piece.file);
            for other in others {
                if let Some(seconds) = conflict(other, piece) {
                    let files = [&own.files[other.file], &own.files[piece.file]];
                    return Err(in_file(files[1])(ImportError::OverlappingFiles {
                        channel: channel.clone(),
                        other: files[0].clone(),
                        seconds,
                        suggested: suggested(files, channel),
                    }));
                }
            }
            before.push(piece);
        }
    }
    Ok(())
}

/// The pieces whose times count from the start of their files, or from the start that the list gives.
fn relative<'a>(pieces: &'a [Piece], own: &Recording) -> Vec<&'a Piece> {
    let mut starts: BTreeMap<usize, i64> = BTreeMap::new();
    for piece in pieces {
        let start = starts.entry(piece.file).or_insert(i64::MAX);
        *start = piece.trace.start.min(*start);
    }
    let given = own.start.map(|time| time.nanos(0));
    let is_relative = |piece: &&Piece| {
        let first = starts[&piece.file];
        let is_given = given.is_some_and(|given| given.abs_diff(first) <= NANOS as u64);
        is_given || (piece.trace.start as f64).abs() < UNIX * NANOS
    };
    let there = |piece: &&Piece| !piece.trace.samples.is_empty() && is_relative(piece);
    pieces.iter().filter(there).collect()
}

/// Seconds that `one` and `next`, which begins later, both have, if their samples differ.
fn conflict(one: &Piece, next: &Piece) -> Option<f64> {
    let (one, next) = (&one.trace, &next.trace);
    let seconds = one.end().min(next.end()).saturating_sub(next.start) as f64 / NANOS;
    if seconds * one.rate.max(next.rate) <= TOLERATED {
        return None;
    }
    let shift = next.start.saturating_sub(one.start) as f64 / NANOS * one.rate;
    let rest = one.samples.get(shift.round() as usize..).unwrap_or(&[]);
    let differ = |(one, next): (&f64, &f64)| one != next && !(one.is_nan() && next.is_nan());
    let differ = !same_rate(one.rate, next.rate) || rest.iter().zip(&next.samples).any(differ);
    differ.then_some(seconds)
}

/// Names for the channels of two files: the last words of the files' names, or these.
fn suggested(files: [&std::path::PathBuf; 2], channel: &str) -> String {
    let stem = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let stems = files.map(|path| stem(path));
    let last = |stem: &String| {
        let words = stem.rsplit(|c: char| !c.is_alphanumeric());
        words.clone().next().unwrap_or_default().to_owned()
    };
    let mut ends = stems.each_ref().map(last);
    if ends[0] == ends[1] {
        ends = stems;
    }
    let channel = channel.rsplit('.').next().unwrap_or(channel);
    format!("`{}.{channel}` and `{}.{channel}`", ends[0], ends[1])
}
