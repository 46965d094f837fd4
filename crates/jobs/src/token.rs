//! A token in the folder of a work. A worker on another machine that finds a different token, or none, does not see the
//! folder in which the work was planned.

use std::fs;
use std::path::Path;

use crate::JobError;

/// Name of the file.
pub const FILE: &str = "token";

/// A new, unique token.
pub fn new() -> String {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed();
    let nanoseconds = since.map_or(0, |since| since.as_nanos());
    format!(
        "{nanoseconds:x}-{:x}-{}",
        std::process::id(),
        support::words::host_name()
    )
}

/// Reads the token of a folder.
///
/// # Errors
/// [`JobError::Usage`] if there is none.
pub fn read(folder: &Path) -> Result<String, JobError> {
    let path = folder.join(FILE);
    fs::read_to_string(&path).map_err(|error| {
        JobError::Usage(format!(
            "cannot read {}: {error}; the folder must be shared by all machines that work on it",
            path.display()
        ))
    })
}

/// Checks that `folder` holds the expected token.
///
/// # Errors
/// [`JobError::Usage`] if it holds another one or none.
pub fn check(folder: &Path, expected: &str) -> Result<(), JobError> {
    if read(folder)? == expected {
        return Ok(());
    }
    Err(JobError::Usage(format!(
        "{} is not the folder in which the work was planned: its token differs; the folder must be shared by all \
         machines that work on it",
        folder.display()
    )))
}
