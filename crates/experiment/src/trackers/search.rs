//! Finding the folders of runs.

use std::path::{Path, PathBuf};

use super::Program;
use crate::catalogue::layout::METADATA;

/// Folders below a folder that are looked into: `project/mlruns/0/RUN` is three below `project`.
const MOST_DEEP: usize = 5;

/// Upper bound for folders looked into, in case they are those of data.
const MAX_FOLDERS: usize = 10_000;

/// Where MLflow keeps deleted experiments.
const TRASH: &str = ".trash";

/// Runs of trackers below a folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Their folders, sorted.
    pub runs: Vec<(PathBuf, Program)>,
    /// Folders of runs that were deleted in their program, sorted.
    pub deleted: Vec<(PathBuf, Program)>,
}

/// The program whose run is in this very folder.
pub(crate) fn program_of(folder: &Path) -> Option<Program> {
    recognised(folder, &names(folder).0)
}

fn recognised(folder: &Path, names: &[String]) -> Option<Program> {
    let is_run = |program: &Program| (program.layout().is_run)(folder, names);
    Program::ALL.into_iter().find(is_run)
}

/// All names in a folder, and those of its folders. Symbolic links are not followed.
fn names(folder: &Path) -> (Vec<String>, Vec<String>) {
    let (mut all, mut folders) = (Vec::new(), Vec::new());
    let listing = std::fs::read_dir(folder).into_iter().flatten();
    for entry in listing.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(name.clone());
        }
        all.push(name);
    }
    (all, folders)
}

/// Finds the runs of trackers in `directory` and below. Runs within a run, and experiments of this project, are not looked
/// for.
pub(crate) fn below(directory: &Path) -> Found {
    let mut found = Found::default();
    let mut waiting = vec![(directory.to_owned(), 0, false)];
    let mut visited = 0;
    while let Some((folder, depth, in_trash)) = waiting.pop() {
        visited += 1;
        if visited > MAX_FOLDERS {
            break;
        }
        let (names, folders) = names(&folder);
        if names.iter().any(|name| name == METADATA) {
            continue;
        }
        if let Some(program) = recognised(&folder, &names) {
            if in_trash || (program.layout().is_deleted)(&folder) {
                found.deleted.push((folder, program));
            } else {
                found.runs.push((folder, program));
            }
            continue;
        }
        if depth < MOST_DEEP {
            let visible = |name: &&String| !name.starts_with('.') || *name == TRASH;
            waiting.extend(folders.iter().filter(visible).map(|name| {
                let in_trash = in_trash || name == TRASH;
                (folder.join(name), depth + 1, in_trash)
            }));
        }
    }
    found.runs.sort_by(|(a, _), (b, _)| a.cmp(b));
    found.deleted.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}
