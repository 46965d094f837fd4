//! Tables of metrics that training programs write in place of event logs: `training.log` of Keras' `CSVLogger`,
//! `metrics.csv` of Lightning, `trainer_state.json` of Hugging Face, and tables of the same form.
//!
//! A file counts if it gives metrics by epoch or step, whatever it is called. Names of its columns are tags: see
//! [`crate::catalogue::tags`].

mod csv;
mod decimal;
mod logged;
mod table;
mod trainer_state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(crate) use self::logged::by_epochs;
use self::table::Table;
use crate::event_files::{Positions, Scalars};
use crate::files::below;
use support::words::{counted, first_few};

/// What to do about several runs in a folder.
pub(crate) const RUNS_OF_THEIR_OWN: &str =
    "runs of their own, give the folder that holds them as --experiments-dir";

/// Most folders that a sentence names.
const MAX_NAMED: usize = 4;

/// Upper bound for files below one directory that are opened, in case the directory is one of data.
const MAX_FILES: usize = 1000;

/// Whether `directory` has a table of metrics below it, at a path that is `wanted`.
pub(crate) fn is_below(directory: &Path, wanted: impl Fn(&Path) -> bool) -> bool {
    let (tables, states, _) = candidates(directory);
    let is_table = |path: &PathBuf| wanted(path) && csv::is_table(path);
    let is_state = |path: &PathBuf| wanted(path) && trainer_state::read(path).is_some();
    tables.iter().any(is_table) || states.iter().any(is_state)
}

/// Whether a file is a table of metrics, or a state with some.
pub(crate) fn has_metrics(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name == trainer_state::NAME {
        return trainer_state::read(path).is_some();
    }
    csv::may_be_table(&name) && csv::is_table(path)
}

/// Why a file that is called as a table or state of metrics is none, in words; `None` for other files.
pub(crate) fn problem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    if name == trainer_state::NAME {
        return trainer_state::problem(path);
    }
    csv::problem(path, &name)
}

/// Files that may be tables, and states of Hugging Face's trainer; and how many more there are.
fn candidates(directory: &Path) -> (Vec<PathBuf>, Vec<PathBuf>, usize) {
    let is_state = |name: &str| name == trainer_state::NAME;
    let found = below(directory, |name| is_state(name) || csv::may_be_table(name));
    let more = found.len().saturating_sub(MAX_FILES);
    let found = found.into_iter().take(MAX_FILES);
    let (states, tables) = found.partition(|path| path.ends_with(trainer_state::NAME));
    (tables, states, more)
}

/// Reads the scalars of all tables below `directory`. Each table is a run of its own, called by its path. Also returns
/// sentences about what was not read.
pub(crate) fn scalars(directory: &Path) -> (Scalars, Vec<String>) {
    let (paths, states, more) = candidates(directory);
    let mut tables: Vec<Table> = Vec::new();
    let mut notes = Vec::new();
    let named = |path: &Path| path.strip_prefix(directory).unwrap_or(path).to_owned();
    for path in paths {
        tables.extend(csv::read(&path, named(&path)));
    }
    for (path, mut table) in trainer_state::newest(states) {
        table.name = named(&path);
        tables.push(table);
    }
    if more > 0 {
        let files = counted(more, "file");
        notes.push(format!("{files} of metrics not opened: there are too many"));
    }
    let mut found = Scalars::default();
    let runs: Vec<_> = tables.iter().map(|table| table.runs(&mut notes)).collect();
    // Epochs and steps cannot share an axis.
    let positions = runs.iter().map(|run| run.positions).min();
    found.positions = positions.unwrap_or_default();
    for (table, run) in tables.iter().zip(runs) {
        if run.positions == found.positions {
            found.files += 1;
            found.runs.insert(table.name.clone(), run.tags);
        } else if !run.tags.is_empty() {
            let name = table.name.display();
            notes.push(format!(
                "{name} counts otherwise than other tables: it is not shown"
            ));
        }
    }
    let folders = found.runs.keys().filter_map(|own| own.parent());
    let folders: BTreeSet<String> = folders.map(|own| own.display().to_string()).collect();
    if folders.len() > 1 {
        let names: Vec<&str> = folders.iter().map(String::as_str).collect();
        notes.push(format!(
            "its metrics are those of {} folders, such as {}: if these are {RUNS_OF_THEIR_OWN}",
            names.len(),
            first_few(&names, MAX_NAMED)
        ));
    }
    (found, notes)
}

/// What a table gives.
struct TableRun {
    tags: BTreeMap<String, crate::event_files::Steps>,
    positions: Positions,
}
