//! Text files of Octave, which may have several variables one below the other.

use crate::error::recording::TableError;

/// Refuses several variables: their rows are not those of one table.
///
/// # Errors
/// [`TableError::Variables`] with the line of the second.
pub(super) fn check(bytes: &[u8]) -> Result<(), TableError> {
    if !bytes.starts_with(b"# Created by Octave") {
        return Ok(());
    }
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    let mut variables = lines.filter(|(line, _)| line.starts_with(b"# name:"));
    match variables.nth(1) {
        Some((_, line)) => Err(TableError::Variables { line }),
        None => Ok(()),
    }
}
