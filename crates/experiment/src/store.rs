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
use crate::logs::{self, Logged};
use crate::metadata::{Metadata, Status, timestamp};
use crate::run::{Experiment, Layout, Marks};

/// Seconds the ID is moved forward before giving up: more runs than this cannot start at once.
const ATTEMPTS: usize = 10_000;

/// The experiments below one directory. Holds no state: what is on disk counts.
#[derive(Clone, Debug)]
pub struct ExperimentStore {
    root: PathBuf,
}

/// One experiment as it lies on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Name of the directory.
    pub id: String,
    /// The directory.
    pub directory: PathBuf,
    /// Its metadata; only the time, by its name, for an untracked run.
    pub metadata: Metadata,
    /// State, `crashed` derived; none for experiments of the Python system and untracked runs.
    pub status: Option<Status>,
    /// Whether it is an old run without tracking.
    pub untracked: bool,
    /// What could not be read or understood of its logs, in sentences, once they were asked for.
    pub notes: Vec<String>,
}

/// A directory that looks like an experiment and cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// The directory.
    pub directory: PathBuf,
    /// Why not.
    pub error: ExperimentError,
}

impl Broken {
    /// For showing it among others: nothing is known of it but its name.
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

/// What a listing found.
#[derive(Debug, Default)]
pub struct Selection {
    /// Experiments, oldest first.
    pub entries: Vec<Entry>,
    /// Those that cannot be read, in the order of their names.
    pub broken: Vec<Broken>,
}

impl ExperimentStore {
    /// The experiments below `root`, which need not exist yet.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the directory of a new experiment. Taken IDs move to the next free second, so two
    /// processes that start in one second get two experiments.
    ///
    /// `metadata` is completed with ID, timestamp, status and version.
    ///
    /// # Errors
    /// [`ExperimentError::Claim`] where no directory can be created, [`ExperimentError::Write`]
    /// where it cannot be filled; a directory that could not be filled is removed.
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
        fill(&directory, metadata, Layout::Tracked, extra_subdirectories)
    }

    /// Creates `logs/seismic_training_{YYYYMMDD-HHMMSS}` beside the store's directory, for a run
    /// without tracking: logs, history, figures and model, but no metadata.
    ///
    /// # Errors
    /// As [`ExperimentStore::claim`].
    pub fn claim_untracked(&self, parts: IdParts) -> Result<Experiment, ExperimentError> {
        let name = |parts: &IdParts| format!("{UNTRACKED}{}", parts.time.format("%Y%m%d-%H%M%S"));
        let (directory, id) = create_free(&self.untracked_root(), parts, name)?;
        let metadata = Metadata {
            experiment_id: id,
            ..Default::default()
        };
        fill(&directory, metadata, Layout::Untracked, &[])
    }

    /// Takes up `entry` where a checkpoint left it; its directory stays the same.
    ///
    /// # Errors
    /// [`ExperimentError::Running`] where a process still trains it, [`ExperimentError::Usage`] where a newer version
    /// wrote its metadata, [`ExperimentError::Write`] where its files are not as `marks` say, unless `incomplete` logs
    /// will do.
    pub fn resume(
        &self,
        entry: &Entry,
        change: impl FnOnce(&mut Metadata),
        marks: &Marks,
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
        Experiment::take_up(directory, lock, metadata, marks, incomplete)
    }

    fn untracked_root(&self) -> PathBuf {
        self.root.parent().unwrap_or(Path::new("")).join("logs")
    }

    /// Everything there is, oldest first.
    ///
    /// # Errors
    /// [`ExperimentError::Read`] where the directory itself cannot be read; a missing one is empty.
    pub fn list(&self) -> Result<Selection, ExperimentError> {
        let (entries, broken) = self.scan(Some)?;
        Ok(Selection { entries, broken })
    }

    /// What `take` makes of every experiment, oldest first, without those it makes nothing of; and those that
    /// cannot be read. Several threads read, since thousands of experiments are many small files, and of each only
    /// what was made of it is kept.
    ///
    /// # Errors
    /// As [`ExperimentStore::list`].
    pub fn scan<T: Send>(
        &self,
        take: impl Fn(Entry) -> Option<T> + Sync,
    ) -> Result<(Vec<T>, Vec<Broken>), ExperimentError> {
        let (mut taken, broken) = self.scan_tracked(&take)?;
        for directory in subdirectories(&self.untracked_root())? {
            let id = name_of(&directory);
            let Some(time) = id.strip_prefix(UNTRACKED) else {
                continue;
            };
            let time = NaiveDateTime::parse_from_str(time, "%Y%m%d-%H%M%S");
            let time = time.map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string());
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

    /// As above, of the directory itself, with the keys of the order.
    pub(crate) fn scan_tracked<T: Send>(
        &self,
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
                match Entry::load(directory.clone()) {
                    Ok(entry) => {
                        let key = entry.sort_key();
                        taken.extend(take(entry).map(|made| (key, made)));
                    }
                    // No experiment; or moved or removed while it was read. A link to nowhere is broken.
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

/// What was made of experiments, by start and ID; and what cannot be read.
type Scanned<T> = (Vec<((String, String), T)>, Vec<Broken>);

/// Creates the first directory below `root` that is free, second by second from the parts' time.
/// `create_dir` is the claim: of several processes it succeeds in one.
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

/// Fills a directory that was just created, or removes it.
fn fill(
    directory: &Path,
    metadata: Metadata,
    layout: Layout,
    extra_subdirectories: &[String],
) -> Result<Experiment, ExperimentError> {
    let path = directory.join(LOCK_FILE);
    let filled = File::create_new(&path)
        .map_err(ExperimentError::write(&path))
        .and_then(|lock| {
            // A file system without locks only loses the difference between running and crashed.
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
    // Entries that vanish while listing, and links, are passed over.
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
    /// As [`Metadata::load`].
    pub fn load(directory: PathBuf) -> Result<Self, ExperimentError> {
        let metadata = Metadata::load(&directory.join(METADATA))?;
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

    /// Its epochs; those of its event logs where it has no history of its own, empty where nothing was written.
    pub fn history(&self) -> History {
        let history = History::load(&self.directory.join(HISTORY));
        match history {
            Ok(history) if !history.epochs.is_empty() => history,
            _ => Logged::read(&self.logs()).history,
        }
    }

    /// Where its event logs are: in `logs`, or anywhere below the directory of a run without tracking or of other
    /// people.
    pub fn logs(&self) -> PathBuf {
        let logs = self.directory.join(LOGS);
        let theirs = self.metadata.schema_version.is_none() && !logs.is_dir();
        if self.untracked || theirs {
            self.directory.clone()
        } else {
            logs
        }
    }

    /// Fills in results from the event logs where the metadata have none, as those of the Python system. For
    /// showing: what is written back must not have them.
    pub fn with_logged_results(mut self) -> Self {
        let ours = self.status.is_some_and(|status| status != Status::Crashed);
        if self.metadata.results.is_none() && !ours {
            if self.status.is_some() {
                self.metadata.results = logs::from_history(&self.history());
            } else {
                let logged = Logged::read(&self.logs());
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
    // A shared lock is refused exactly while a trainer holds its exclusive one.
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests;
