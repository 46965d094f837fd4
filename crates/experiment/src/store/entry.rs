//! An experiment on disk, and one that cannot be read.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};

use crate::catalogue::Split;
use crate::catalogue::layout::{HISTORY, LOCK_FILE, LOGS, METADATA};
use crate::error::ExperimentError;
use crate::files::{name_of, open_regular};
use crate::history::History;
use crate::logs::{self, LoggedResults};
use crate::metadata::foreign::TRACKER;
use crate::metadata::{Metadata, Status};
use crate::times;
use crate::trackers::{Program, StoredRun};

/// An experiment on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name of the directory.
    pub id: String,
    /// The directory.
    pub directory: PathBuf,
    /// The metadata. For an untracked run they only hold the start time, taken from its name.
    pub metadata: Metadata,
    /// Status, possibly derived as `crashed`; `None` for untracked runs and those of the Python scripts.
    pub status: Option<Status>,
    /// Whether it is a run without tracking.
    pub untracked: bool,
    /// The program that tracked it, if it is a run of another tracker.
    pub program: Option<Program>,
    /// The run, if it is in a database of its program.
    pub(crate) stored: Option<StoredRun>,
    /// Sentences about its choice by [`ExperimentStore::find`](super::ExperimentStore::find), and about logs that could
    /// not be read, once the logs were read.
    pub notes: Vec<String>,
}

/// A directory that looks like an experiment but cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// The directory.
    pub directory: PathBuf,
    /// Why it cannot be read.
    pub error: ExperimentError,
}

impl Broken {
    /// A placeholder entry for listings, with nothing but the name.
    pub fn entry(&self) -> Entry {
        Entry {
            id: name_of(&self.directory),
            directory: self.directory.clone(),
            metadata: Metadata::default(),
            status: Some(Status::Broken),
            untracked: false,
            program: None,
            stored: None,
            notes: vec![self.error.to_string()],
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

/// Result of a listing.
#[derive(Debug, Default)]
pub struct Selection {
    /// Experiments, oldest first.
    pub entries: Vec<Entry>,
    /// Experiments that cannot be read, sorted by name.
    pub broken: Vec<Broken>,
}

/// Reads a metadata file.
pub(crate) type LoadMetadata = fn(&Path) -> Result<Metadata, ExperimentError>;

impl Entry {
    /// Reads the experiment in `directory`.
    ///
    /// # Errors
    /// [`ExperimentError`] if its `metadata.json` is missing, unreadable or not a JSON object.
    pub fn load(directory: PathBuf) -> Result<Self, ExperimentError> {
        Self::load_as(Metadata::load, directory)
    }

    pub(super) fn load_as(load: LoadMetadata, directory: PathBuf) -> Result<Self, ExperimentError> {
        let metadata = load(&directory.join(METADATA))?;
        let status = match metadata.status {
            // Other programs hold no lock, so it is not known whether they still run.
            Some(_) if metadata.schema_version.is_none() => metadata.foreign_status(),
            Some(Status::Running) if !is_locked(&directory) => Some(Status::Crashed),
            status => status,
        };
        Ok(Self {
            id: name_of(&directory),
            directory,
            metadata,
            status,
            untracked: false,
            program: None,
            stored: None,
            notes: Vec::new(),
        })
    }

    /// Its epochs. Without a history file they come from the event logs, or from tables of metrics of other programs;
    /// without any they are empty.
    pub fn history(&self) -> History {
        if self.program.is_some() {
            return self.logged().history;
        }
        let history = History::load(&self.directory.join(HISTORY));
        match history {
            Ok(history) if !history.epochs.is_empty() => history,
            _ => self.logged().history,
        }
    }

    /// What its event logs say. Runs of other programs may have tables of metrics in place of them.
    fn logged(&self) -> LoggedResults {
        if let Some(program) = self.program {
            let metrics = match &self.stored {
                Some(stored) => stored.metrics(),
                None => program.metrics(&self.directory),
            };
            return LoggedResults::of_tracker(metrics);
        }
        let logged = LoggedResults::read(&self.logs());
        if self.metadata.schema_version.is_some() {
            return logged;
        }
        logged.or_tables(&self.directory)
    }

    /// What its tracker knows of it: `run`, its name; `group`, the experiment or project; `status`.
    pub(crate) fn tracked(&self, what: &str) -> Option<&str> {
        self.program?;
        self.metadata.other.get(TRACKER)?.get(what)?.as_str()
    }

    /// Scores of a run of another program that are shown under the names that its user gave them.
    #[cfg(feature = "cli")]
    pub(crate) fn own_scores(&self) -> Vec<(&str, f64)> {
        if self.untracked {
            self.metadata.own_scores()
        } else {
            Vec::new()
        }
    }

    /// Directory of its event logs: `logs`, or the whole directory for untracked and foreign runs.
    pub fn logs(&self) -> PathBuf {
        let logs = self.directory.join(LOGS);
        let theirs = self.metadata.schema_version.is_none() && !logs.is_dir();
        if self.untracked || theirs {
            self.directory.clone()
        } else {
            logs
        }
    }

    /// Fills in missing results from the event logs, for display. The result must not be written back.
    pub fn with_logged_results(mut self) -> Self {
        let m = &self.metadata;
        let is_foreign = m.schema_version.is_none() && self.status != Some(Status::Broken);
        if is_foreign && !m.has_scores(Split::Validation) {
            let logged = self.logged();
            self.metadata.add_logged(logged.results());
            self.notes.extend(logged.history.notes);
        } else if self.metadata.results.is_none() && self.status == Some(Status::Crashed) {
            self.metadata.results = logs::from_history(&self.history());
        }
        self.notes.extend(self.metadata.doubts());
        self
    }

    pub(super) fn sort_key(&self) -> (String, String) {
        (in_order(&self.metadata.timestamp), self.id.clone())
    }
}

/// The text by which a start time is sorted; one that is no time, or ambiguous, as it is.
fn in_order(timestamp: &str) -> String {
    let time = times::parse(timestamp).map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6f"));
    time.map_or_else(|| timestamp.to_owned(), |time| time.to_string())
}

/// Whether a process holds the experiment's lock.
fn is_locked(directory: &Path) -> bool {
    let Ok(file) = open_regular(&directory.join(LOCK_FILE)) else {
        return false;
    };
    // A shared lock is refused exactly while a trainer holds the exclusive lock.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_times_are_between_dates() {
        let found = in_order("1704103200");
        assert!(("2023-12-31".."2024-01-03").contains(&&*found), "{found}");
        assert_eq!(in_order("1704103200000"), found);
        let times = [
            "30.12.2023 09:00",
            "2023-12-31T12:00:00",
            "01.01.2024",
            "2024-01-01 08:00",
            "31/01/2024",
        ];
        assert!(times.is_sorted_by_key(|time| in_order(time)));
        for text in ["02/03/2024", "", "12", "nan"] {
            assert_eq!(in_order(text), text);
        }
    }
}
