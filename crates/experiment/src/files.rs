//! Reading untrusted files and replacing our own.
//!
//! A path in a foreign directory may name a pipe or a device, which never ends. Only regular files are opened.

use std::fs::{File, remove_file};
use std::io::{Error, Read, Result};
use std::path::{Path, PathBuf};

use support::files::{replace, sync_parent};

use crate::error::ExperimentError;

/// Name of a file or directory; that of an experiment's directory is its ID.
pub(crate) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Opens a regular file, or a symbolic link to one.
///
/// # Errors
/// If it is not a regular file or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(Error::other("no regular file"))
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// If it is not a regular file, cannot be read, or is larger.
pub(crate) fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = open_regular(path)?;
    // With room for all of it, it is read by one call of the system instead of several.
    let size = file.metadata()?.len().min(limit);
    let mut bytes = Vec::with_capacity(size as usize + 1);
    let read = file.take(limit + 1).read_to_end(&mut bytes)?;
    if read as u64 > limit {
        return Err(Error::other(format!("larger than {limit} bytes")));
    }
    Ok(bytes)
}

/// Upper bound for visited folders, in case a directory is not one of logs.
const MAX_FOLDERS: usize = 10_000;

/// Finds the regular files below a directory whose names are wanted, sorted by path. Symbolic links are not followed.
pub(crate) fn below(directory: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    let mut folders = 0;
    while let Some(folder) = waiting.pop() {
        folders += 1;
        if folders > MAX_FOLDERS {
            break;
        }
        let listing = std::fs::read_dir(folder).into_iter().flatten();
        for entry in listing.filter_map(std::result::Result::ok) {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let name = entry.file_name();
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() && is_wanted(&name.to_string_lossy()) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// Replaces the content of a file, see [`replace`].
///
/// # Errors
/// [`ExperimentError::Write`]; the old file stays intact and no temporary file remains.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::result::Result<(), ExperimentError> {
    replace(path, bytes).map_err(ExperimentError::write(path))
}

/// Removes a file if it exists, and syncs the directory.
pub(crate) fn remove_durably(path: &Path) -> std::result::Result<(), ExperimentError> {
    match remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.and_then(|()| sync_parent(path)),
    }
    .map_err(ExperimentError::write(path))
}

/// Creates a folder unless it exists, and syncs its parent.
pub(crate) fn create_durably(folder: &Path) -> std::result::Result<(), ExperimentError> {
    if folder.is_dir() {
        return Ok(());
    }
    let created = std::fs::create_dir_all(folder).and_then(|()| sync_parent(folder));
    created.map_err(ExperimentError::write(folder))
}
