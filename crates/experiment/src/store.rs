//! A directory of experiments.
//!
//! ```text
//! experiments/
//!   {id}/             one experiment; `.lock` in it is held while a process trains
//! logs/seismic_training_{YYYYMMDD-HHMMSS}/    runs without tracking, ours and older ones
//! ```

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use crate::catalogue::layout::{HISTORY, LOCK_FILE, LOGS, METADATA, UNTRACKED};
use crate::error::ExperimentError;
use crate::files::open_regular;
use crate::history::History;
use crate::id::{IdParts, IdTemplate};
use crate::logs::{self, LoggedResults};
use crate::metadata::{Metadata, Status, timestamp};
use crate::run::{DirectoryLayout, Experiment, LogPositions};

/// Maximum number of seconds by which an ID is moved forward to find a free one.
const ATTEMPTS: usize = 10_000;

/// The experiments below one directory. It caches nothing and always reads the disk.
#[derive(Clone, Debug)]
pub struct ExperimentStore {
    root: PathBuf,
}

/// An experiment on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name of the directory.
    pub id: String,
    /// The directory.
    pub directory: PathBuf,
    /// The metadata. For an untracked run they only hold the start time, taken from its name.
    pub metadata: Metadata,
    /// Status, possibly derived as `crashed`; `None` for untracked runs and those of the Python system.
    pub status: Option<Status>,
    /// Whether it is a run without tracking.
    pub untracked: bool,
    /// Sentences about logs that could not be read, once the logs were read.
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

impl ExperimentStore {
    /// Opens a store at `root`, which need not exist yet.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Path of the experiments directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the directory of a new experiment. A taken ID moves to the next free second, so two processes that
    /// start in the same second get different IDs. ID, timestamp, status and version are filled into `metadata`.
    ///
    /// # Errors
    /// [`ExperimentError::Claim`] if no directory can be created. [`ExperimentError::Write`] if it cannot be filled;
    /// it is then removed.
    pub fn claim(
        &self,
        template: &IdTemplate,
        parts: IdParts,
        mut metadata: Metadata,
        extra_subdirectories: &[String],
    ) -> Result<Experiment, ExperimentError> {
        let started = parts.time;
        let (directory, id) = create_free(&self.root, parts, |parts| template.id(parts))?;
        metadata.experiment_id = id;
        metadata.timestamp = timestamp(started);
        metadata.schema_version = Some(crate::SCHEMA_VERSION);
        metadata.status = Some(Status::Running);
        fill(
            &directory,
            metadata,
            DirectoryLayout::Tracked,
            extra_subdirectories,
        )
    }

    /// Creates `logs/seismic_training_{YYYYMMDD-HHMMSS}` next to the experiments directory for an untracked run,
    /// which has logs, history, figures and a model but no metadata.
    ///
    /// # Errors
    /// [`ExperimentError::Claim`] if no directory can be created, [`ExperimentError::Write`] if it cannot be filled.
    pub fn claim_untracked(&self, parts: IdParts) -> Result<Experiment, ExperimentError> {
        let name = |parts: &IdParts| format!("{UNTRACKED}{}", parts.time.format("%Y%m%d-%H%M%S"));
        let (directory, id) = create_free(&self.untracked_root(), parts, name)?;
        let metadata = Metadata {
            experiment_id: id,
            ..Default::default()
        };
        fill(&directory, metadata, DirectoryLayout::Untracked, &[])
    }

    /// Resumes `entry` at a checkpoint, in the same directory.
    ///
    /// # Errors
    /// [`ExperimentError::Running`] if a process still trains it. [`ExperimentError::Usage`] if a newer version wrote
    /// its metadata. [`ExperimentError::Write`] if its files do not match `positions`, unless `incomplete` logs are
    /// accepted.
    pub fn resume(
        &self,
        entry: &Entry,
        change: impl FnOnce(&mut Metadata),
        marks: &LogPositions,
        incomplete: bool,
    ) -> Result<Experiment, ExperimentError> {
        entry.metadata.check_version(&entry.id)?;
        let path = entry.directory.join(LOCK_FILE);
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(ExperimentError::write(&path))?;
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(ExperimentError::Running {
                id: entry.id.clone(),
            });
        }
        let mut metadata = entry.metadata.clone();
        change(&mut metadata);
        let directory = entry.directory.clone();
        Experiment::reopen(directory, lock, metadata, marks, incomplete)
    }

    fn untracked_root(&self) -> PathBuf {
        self.root.parent().unwrap_or(Path::new("")).join("logs")
    }

    /// Lists all experiments, oldest first.
    ///
    /// # Errors
    /// [`ExperimentError::Read`] if the directory cannot be read. A missing directory is empty.
    pub fn list(&self) -> Result<Selection, ExperimentError> {
        let (entries, broken) = self.scan(Some)?;
        Ok(Selection { entries, broken })
    }

    /// Maps every experiment through `take`, oldest first, and drops `None`. Also returns the experiments that cannot
    /// be read. Several threads read in parallel, since thousands of experiments are many small files, and only the
    /// mapped values are kept.
    ///
    /// # Errors
    /// [`ExperimentError::Read`] if the directory cannot be read.
    pub fn scan<T: Send>(
        &self,
        take: impl Fn(Entry) -> Option<T> + Sync,
    ) -> Result<(Vec<T>, Vec<Broken>), ExperimentError> {
        self.scan_as(Metadata::load, take)
    }

    /// Like [`ExperimentStore::scan`], with metadata that are read by [`Metadata::load_for_lists`].
    pub(crate) fn scan_for_lists<T: Send>(
        &self,
        take: impl Fn(Entry) -> Option<T> + Sync,
    ) -> Result<(Vec<T>, Vec<Broken>), ExperimentError> {
        self.scan_as(Metadata::load_for_lists, take)
    }

    fn scan_as<T: Send>(
        &self,
        load: LoadMetadata,
        take: impl Fn(Entry) -> Option<T> + Sync,
    ) -> Result<(Vec<T>, Vec<Broken>), ExperimentError> {
        let (mut taken, broken) = self.scan_tracked(load, &take)?;
        for directory in subdirectories(&self.untracked_root())? {
            let id = name_of(&directory);
            let Some(time) = id.strip_prefix(UNTRACKED) else {
                continue;
            };
            let time = NaiveDateTime::parse_from_str(time, "%Y%m%d-%H%M%S")
                .map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string());
            let entry = Entry {
                metadata: Metadata {
                    timestamp: time.unwrap_or_default(),
                    ..Default::default()
                },
                id,
                directory,
                status: None,
                untracked: true,
                notes: Vec::new(),
            };
            let key = entry.sort_key();
            taken.extend(take(entry).map(|made| (key, made)));
        }
        taken.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((taken.into_iter().map(|(_, made)| made).collect(), broken))
    }

    /// Like [`ExperimentStore::scan`] for tracked experiments only; the results include their sort keys.
    pub(crate) fn scan_tracked<T: Send>(
        &self,
        load: LoadMetadata,
        take: &(impl Fn(Entry) -> Option<T> + Sync),
    ) -> Result<Scanned<T>, ExperimentError> {
        let mut directories = subdirectories(&self.root)?;
        directories.retain(|path| !name_of(path).starts_with('.'));
        directories.sort();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = directories.len().div_ceil(threads.min(8)).max(64);
        let read = |directories: &[PathBuf]| {
            let (mut taken, mut broken) = (Vec::new(), Vec::new());
            for directory in directories {
                let path = directory.join(METADATA);
                match Entry::load_as(load, directory.clone()) {
                    Ok(entry) => {
                        let key = entry.sort_key();
                        taken.extend(take(entry).map(|made| (key, made)));
                    }
                    // Not an experiment, or moved while it was read. A dangling link counts as broken.
                    Err(ExperimentError::Read { .. }) if fs::symlink_metadata(&path).is_err() => {}
                    Err(error) => broken.push(Broken {
                        directory: directory.clone(),
                        error,
                    }),
                }
            }
            (taken, broken)
        };
        let mut found = (Vec::new(), Vec::new());
        std::thread::scope(|scope| {
            let shares = directories.chunks(share);
            let workers: Vec<_> = shares.map(|part| scope.spawn(|| read(part))).collect();
            for worker in workers {
                let (taken, broken) = worker.join().expect("reading does not panic");
                found.0.extend(taken);
                found.1.extend(broken);
            }
        });
        Ok(found)
    }
}

/// Reads a metadata file.
type LoadMetadata = fn(&Path) -> Result<Metadata, ExperimentError>;

/// Mapped experiments with start time and ID, and those that cannot be read.
type Scanned<T> = (Vec<((String, String), T)>, Vec<Broken>);

/// Creates the first free directory below `root`, moving on second by second. `create_dir` is the claim: of several
/// processes, only one succeeds.
fn create_free(
    root: &Path,
    mut parts: IdParts,
    name: impl Fn(&IdParts) -> String,
) -> Result<(PathBuf, String), ExperimentError> {
    let failed = |source| ExperimentError::Claim {
        path: root.to_owned(),
        source,
    };
    fs::create_dir_all(root).map_err(failed)?;
    for _ in 0..ATTEMPTS {
        let id = name(&parts);
        let directory = root.join(&id);
        match fs::create_dir(&directory) {
            Ok(()) => return Ok((directory, id)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                parts = parts.next_second();
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(std::io::Error::other("no free ID")))
}

/// Fills a new directory, or removes it on failure.
fn fill(
    directory: &Path,
    metadata: Metadata,
    layout: DirectoryLayout,
    extra_subdirectories: &[String],
) -> Result<Experiment, ExperimentError> {
    let path = directory.join(LOCK_FILE);
    let filled = File::create_new(&path)
        .map_err(ExperimentError::write(&path))
        .and_then(|lock| {
            // A file system without locks only loses the distinction between running and crashed.
            let _ = lock.try_lock();
            Experiment::start(
                directory.to_owned(),
                lock,
                metadata,
                layout,
                extra_subdirectories,
            )
        });
    filled.inspect_err(|_| {
        let _ = fs::remove_dir_all(directory);
    })
}

fn subdirectories(root: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let listing = match fs::read_dir(root) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ExperimentError::read(root)(error)),
    };
    // Entries that vanish during the listing, and symbolic links, are skipped.
    let directories = listing
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    Ok(directories.map(|entry| entry.path()).collect())
}

fn name_of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

impl Entry {
    /// Reads the experiment in `directory`.
    ///
    /// # Errors
    /// [`ExperimentError`] if its `metadata.json` is missing, unreadable or not a JSON object.
    pub fn load(directory: PathBuf) -> Result<Self, ExperimentError> {
        Self::load_as(Metadata::load, directory)
    }

    fn load_as(load: LoadMetadata, directory: PathBuf) -> Result<Self, ExperimentError> {
        let metadata = load(&directory.join(METADATA))?;
        let status = match metadata.status {
            Some(Status::Running) if !is_locked(&directory) => Some(Status::Crashed),
            status => status,
        };
        Ok(Self {
            id: name_of(&directory),
            directory,
            metadata,
            status,
            untracked: false,
            notes: Vec::new(),
        })
    }

    /// Its epochs. Without a history file they come from the event logs; without either they are empty.
    pub fn history(&self) -> History {
        let history = History::load(&self.directory.join(HISTORY));
        match history {
            Ok(history) if !history.epochs.is_empty() => history,
            _ => LoggedResults::read(&self.logs()).history,
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
        let ours = self.status.is_some_and(|status| status != Status::Crashed);
        if self.metadata.results.is_none() && !ours {
            if self.status.is_some() {
                self.metadata.results = logs::from_history(&self.history());
            } else {
                let logged = LoggedResults::read(&self.logs());
                self.metadata.results = logged.results();
                self.notes = logged.history.notes;
            }
        }
        self
    }

    fn sort_key(&self) -> (String, String) {
        (self.metadata.timestamp.clone(), self.id.clone())
    }
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
mod tests;
