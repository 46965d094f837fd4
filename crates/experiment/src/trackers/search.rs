//! Finding the folders of runs.

use std::path::{Path, PathBuf};

use super::Program;
use super::mlflow_database::{self, ReadScope, StoredRun, may_be};
use crate::catalogue::layout::METADATA;

/// Folders below a folder that are looked into: `project/mlruns/0/RUN` is three below `project`.
const MOST_DEEP: usize = 5;

/// Upper bound for folders looked into, in case they are those of data.
const MAX_FOLDERS: usize = 10_000;

/// Where MLflow keeps deleted experiments.
const TRASH: &str = ".trash";

/// Where MLflow keeps its runs, unless it is told to write files or another database.
pub(crate) const MLFLOW_DATABASE: &str = "mlflow.db";

/// A run of a tracker.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Its folder, or its path below the database that it is in.
    pub path: PathBuf,
    pub program: Program,
    /// The run, if it is in a database.
    pub stored: Option<StoredRun>,
}

/// Runs of trackers below a folder.
#[derive(Debug, Default)]
pub(crate) struct SearchResult {
    /// The runs, sorted by path.
    pub runs: Vec<Run>,
    /// Folders of runs that were deleted in their program, sorted.
    pub deleted: Vec<(PathBuf, Program)>,
    /// Databases without runs that can be read, and why, in words that follow their names.
    pub problems: Vec<(PathBuf, String)>,
}

impl SearchResult {
    /// Adds the runs of a file if it is a database.
    fn add_database(&mut self, file: &Path, wanted: ReadScope) {
        let is_named = file.ends_with(MLFLOW_DATABASE);
        let problem = match mlflow_database::read(file, wanted) {
            Ok(Some(runs)) if runs.is_empty() => "is a database of MLflow without runs".into(),
            Ok(Some(runs)) => {
                for (path, is_deleted, stored) in runs {
                    let (program, stored) = (Program::MlFlow, Some(stored));
                    if is_deleted {
                        self.deleted.push((path, program));
                    } else {
                        self.runs.push(Run {
                            path,
                            program,
                            stored,
                        });
                    }
                }
                return;
            }
            Ok(None) if is_named => "is no database of MLflow".into(),
            Ok(None) => return,
            Err(problem) => problem,
        };
        self.problems.push((file.to_owned(), problem));
    }

    fn sort(&mut self) {
        self.runs.sort_by(|a, b| a.path.cmp(&b.path));
        self.deleted.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
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

/// Finds what is `wanted` of the runs in databases that are files of `directory` itself, or `directory` if it is one.
pub(crate) fn in_databases(directory: &Path, wanted: ReadScope) -> SearchResult {
    let mut result = SearchResult::default();
    if directory.is_file() {
        result.add_database(directory, wanted);
    } else {
        let names = names(directory).0.into_iter();
        let mut names: Vec<String> = names.filter(|name| may_be(name)).collect();
        names.sort();
        for name in names {
            result.add_database(&directory.join(name), wanted);
        }
    }
    result.sort();
    result
}

/// Finds the runs of trackers in `directory` and below, and what is `wanted` of those in databases. Runs within a run, and
/// experiments of this project, are not looked for.
pub(crate) fn below(directory: &Path, wanted: ReadScope) -> SearchResult {
    let mut result = SearchResult::default();
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
                result.deleted.push((folder, program));
            } else {
                let path = folder;
                result.runs.push(Run {
                    path,
                    program,
                    stored: None,
                });
            }
            continue;
        }
        let databases = names.iter().filter(|name| may_be(name));
        databases.for_each(|name| result.add_database(&folder.join(name), wanted));
        if depth < MOST_DEEP {
            let visible = |name: &&String| !name.starts_with('.') || *name == TRASH;
            waiting.extend(folders.iter().filter(visible).map(|name| {
                let in_trash = in_trash || name == TRASH;
                (folder.join(name), depth + 1, in_trash)
            }));
        }
    }
    result.sort();
    result
}
