//! Reading untrusted files and replacing our own.
//!
//! A path in a foreign directory may name a pipe or a device, which never ends. Only regular files are opened.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{Error, Read, Result, Write};
use std::path::Path;

use crate::error::ExperimentError;

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

/// Writes a temporary file, syncs and renames it: a reader sees the old file or the new one. A symbolic link stays, and
/// its target is replaced. Devices and pipes are written to, not replaced.
///
/// # Errors
/// [`ExperimentError::Write`]; the old file stays intact and no temporary file remains.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::result::Result<(), ExperimentError> {
    let target = path
        .is_symlink()
        .then(|| path.canonicalize().ok())
        .flatten();
    let path = target.as_deref().unwrap_or(path);
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let opened = OpenOptions::new().write(true).open(path);
        let written = opened.and_then(|mut file| file.write_all(bytes));
        return written.map_err(ExperimentError::write(path));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written
        .and_then(|()| rename(&aside, path))
        // The rename is only durable once the directory is synced.
        .and_then(|()| sync_parent(path));
    renamed.map_err(|source| {
        let _ = remove_file(&aside);
        ExperimentError::write(path)(source)
    })
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

/// Syncs the directory that holds `path`; for a bare name that is the working directory.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) && parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
