//! Reads files, with memory that is used again.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;

use super::{Contents, Hints, extension, formats, wav};
use crate::error::RecordingError;
use crate::room::room;

/// Bytes from which a format is told that need not be in memory as a whole.
const HEAD: usize = 64 << 10;
/// Most bytes of a file's content that a thread keeps the memory of.
const KEPT: usize = 16 << 20;

thread_local! {
    /// Memory of the last file: memory that the system has not handed out before costs more than reading into it.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Reads a file of about `length` bytes.
///
/// # Errors
/// If it cannot be read; within, if its content is damaged or of an unknown format.
pub(super) fn read(
    path: &Path,
    length: usize,
    hints: &Hints,
) -> io::Result<Result<Contents, RecordingError>> {
    let mut file = File::open(path)?;
    let mut bytes = SPARE.take();
    bytes.clear();
    bytes.reserve(HEAD);
    (&file).take(HEAD as u64).read_to_end(&mut bytes)?;
    // The length of a pipe is not known.
    let is_known = bytes.len() <= length;
    let plain = is_known.then(|| wav::read_on(&bytes, &file, length, hints));
    if let Some(contents) = plain.flatten() {
        SPARE.set(bytes);
        return Ok(formats::checked(contents?, hints));
    }
    // One more byte detects the end of the file without reallocation.
    if bytes.capacity() <= length {
        let head = bytes;
        bytes = room(length + 1);
        bytes.extend(head);
    }
    file.read_to_end(&mut bytes)?;
    let bytes = Bytes::from(bytes);
    let contents = formats::parse_shared(&bytes, &extension(path), hints);
    if bytes.is_unique() {
        let bytes = Vec::from(bytes);
        if bytes.capacity() <= KEPT {
            SPARE.set(bytes);
        }
    }
    Ok(contents)
}
