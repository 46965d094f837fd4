//! Files of one recording that have different samples for the same time.

use std::path::Path;

use super::super::origin::Piece;
use super::super::recording::Recording;
use crate::error::{DataError, ImportError, in_file};
use crate::recording::{FileOverlap, overlapping_files};

/// Refuses files without dates that have different samples for the same time.
///
/// # Errors
/// [`DataError`] with the first two such files.
pub(super) fn check<'a>(
    channels: impl Iterator<Item = (&'a String, &'a Vec<Piece>)>,
    recording: &Recording,
) -> Result<(), DataError> {
    let start = recording.start.map(|time| time.nanos(0));
    for (channel, pieces) in channels {
        let traces = pieces.iter();
        let traces = traces.map(|piece| (recording.files[piece.file].as_path(), &piece.trace));
        if let Some(overlap) = overlapping_files(traces, start) {
            return Err(overlapping(channel, overlap));
        }
    }
    Ok(())
}

/// That two files of a recording in a list contradict each other, and what to do.
pub fn overlapping(channel: &str, overlap: FileOverlap<'_>) -> DataError {
    let FileOverlap { files, seconds } = overlap;
    in_file(files[1])(ImportError::OverlappingFiles {
        channel: channel.to_owned(),
        other: files[0].to_owned(),
        seconds,
        suggested: suggested(files, channel),
    })
}

/// Names for the channels of two files: the last words of the files' names, or these.
fn suggested(files: [&Path; 2], channel: &str) -> String {
    let stem = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    let stems = files.map(stem);
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
