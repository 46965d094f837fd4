//! Zero bytes within a text.

use support::words::counted;

use super::super::{Notes, text};

/// A text without lines that have blocks of zero bytes, or with a mark in place of single ones, and a note; `None` without any, or
/// if the bytes are no text.
pub(super) fn without_zeros(bytes: &[u8], notes: &mut Notes) -> Option<Vec<u8>> {
    if let Some((text, count, line)) = text::without_zeros(bytes) {
        notes.push(format!(
            "left out {} with zero bytes, as after a power cut (the first: line {line}): rows are missing there, and without a \
             column of times all later rows are too early",
            counted(count, "line")
        ));
        return Some(text);
    }
    let (text, count, line) = text::without_noise(bytes)?;
    notes.push(format!(
        "{} with zero bytes, as noise of a serial port (the first: line {line}): cells with them are missing",
        counted(count, "line")
    ));
    Some(text)
}
