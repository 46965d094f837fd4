//! The archive whose results a folder has: the days of two archives may have the same names.

use std::fs;
use std::path::Path;

use super::super::output::Output;
use super::super::share::usage;
use super::Archive;
use crate::error::PredictError;

/// The file with the archive's folder.
const FILE: &str = "archive";

/// Writes the archive of the results, warns about results that may be those of another, and refuses to replace the events of
/// another.
///
/// # Errors
/// If the folder has results of another archive and none of this, or cannot be written to.
pub(super) fn check(archive: &Archive<'_>, root: &Path) -> Result<(), PredictError> {
    let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let root = root.to_string_lossy();
    let path = archive.out.join(FILE);
    let there = fs::read_to_string(&path).unwrap_or_default();
    let there = there.trim_end();
    if there == root {
        return Ok(());
    }
    let out = archive.out.display();
    let taken = archive.days.len() - archive.todo.len();
    if there.is_empty() || taken == 0 && !has_results(&archive.out) {
        let mut output = Output::open(Some(&path))?;
        output.write(&format!("{root}\n"))?;
        return output.finish();
    }
    if taken == 0 {
        return usage(format!(
            "{out} has the results of other days, of the archive {there}, whose events would be replaced: use a different --out"
        ));
    }
    archive.arguments.model.say(&format!(
        "warning: {out} has the results of the archive {there}, and those of {} are taken as they are: if this is another archive, \
         use a different --out; if the archive was moved, remove {}",
        support::words::counted(taken, "day"),
        path.display()
    ));
    Ok(())
}

/// Whether the folder has the result of some day.
fn has_results(out: &Path) -> bool {
    let files = fs::read_dir(out.join("days")).into_iter().flatten();
    let mut names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    names.any(|name| !name.starts_with('.') && name.ends_with(".jsonl"))
}
