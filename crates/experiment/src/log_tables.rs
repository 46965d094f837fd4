//! Tables of metrics that training programs write in place of event logs: `training.log` of Keras' `CSVLogger`,
//! `metrics.csv` of Lightning, `trainer_state.json` of Hugging Face, and tables of the same form, also in JSON.
//!
//! A file counts if it gives metrics by epoch or step, whatever it is called. Names of its columns are tags: see
//! [`crate::catalogue::tags`].

mod csv;
mod decimal;
mod header;
mod history;
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

/// A kind of files with metrics, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Rows of text.
    Table,
    /// `trainer_state.json`.
    State,
    /// Other JSON.
    History,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        if name == trainer_state::NAME {
            return Some(Self::State);
        }
        let table = csv::may_be_table(name).then_some(Self::Table);
        table.or_else(|| history::may_be_history(name).then_some(Self::History))
    }

    fn of_path(path: &Path) -> Option<Self> {
        Self::of(&path.file_name()?.to_string_lossy())
    }

    fn has_metrics(self, path: &Path) -> bool {
        match self {
            Self::Table => csv::is_table(path),
            Self::State => trainer_state::read(path).is_some(),
            Self::History => matches!(history::read(path), Ok(Some(_))),
        }
    }
}

/// Whether `directory` has a table of metrics below it, at a path that is `wanted`.
pub(crate) fn is_below(directory: &Path, wanted: impl Fn(&Path) -> bool) -> bool {
    let (files, _) = candidates(directory);
    files.iter().any(|path| wanted(path) && has_metrics(path))
}

/// Whether a file is a table of metrics, or a state or history with some.
pub(crate) fn has_metrics(path: &Path) -> bool {
    Kind::of_path(path).is_some_and(|kind| kind.has_metrics(path))
}

/// Why a file that is called as a table, state or history of metrics is none, in words; `None` for other files.
pub(crate) fn problem(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy();
    match Kind::of(&name)? {
        Kind::Table => csv::problem(path, &name),
        Kind::State => trainer_state::problem(path),
        Kind::History => history::read(path).err(),
    }
}

/// Files that may have metrics, and how many more there are.
fn candidates(directory: &Path) -> (Vec<PathBuf>, usize) {
    let mut found = below(directory, |name| Kind::of(name).is_some());
    let more = found.len().saturating_sub(MAX_FILES);
    // Any JSON may be a history; tables are rather what was meant.
    found.sort_by_key(|path| Kind::of_path(path) == Some(Kind::History));
    found.truncate(MAX_FILES);
    (found, more)
}

/// The tables of files, by their paths below `directory`, and sentences about those that are not read.
fn tables(directory: &Path, files: Vec<PathBuf>, notes: &mut Vec<String>) -> Vec<Table> {
    let named = |path: &Path| path.strip_prefix(directory).unwrap_or(path).to_owned();
    let mut tables: Vec<Table> = Vec::new();
    let mut states = Vec::new();
    let mut histories = Vec::new();
    for path in files {
        let name = named(&path);
        match Kind::of_path(&path) {
            Some(Kind::Table) => tables.extend(csv::read(&path, name)),
            Some(Kind::State) => states.push(path),
            Some(Kind::History) => match history::read(&path) {
                Ok(table) => histories.extend(table.map(|table| Table { name, ..table })),
                Err(why) => notes.push(format!("`{}`, {why}, is not read", name.display())),
            },
            None => {}
        }
    }
    for (path, table) in trainer_state::newest(states) {
        let name = named(&path);
        tables.push(Table { name, ..table });
    }
    tables.extend(histories);
    tables
}

/// Reads the scalars of all tables below `directory`. Each table is a run of its own, called by its path. Also returns
/// sentences about what was not read.
pub(crate) fn scalars(directory: &Path) -> (Scalars, Vec<String>) {
    let (files, more) = candidates(directory);
    let mut notes = Vec::new();
    let tables = tables(directory, files, &mut notes);
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
    let folders = found.runs.keys().filter_map(|path| path.parent());
    let folders: BTreeSet<String> = folders.map(|folder| folder.display().to_string()).collect();
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
