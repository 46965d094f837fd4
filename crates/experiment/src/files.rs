//! Files of others: a pipe never ends, a device never does either, and both look like files until they are read.

use std::fs::File;
use std::io::{Error, Read, Result};
use std::path::Path;

/// Opens a file for reading that is one, or a link to one.
///
/// # Errors
/// Where it is none, or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    match std::fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(Error::other("no regular file")),
    }
}

/// Reads such a file of no more than `limit` bytes.
///
/// # Errors
/// As above, and where it is larger.
pub(crate) fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = open_regular(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)?;
    match read as u64 > limit {
        true => Err(Error::other(format!("larger than {limit} bytes"))),
        false => Ok(bytes),
    }
}
