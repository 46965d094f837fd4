//! A directory of experiments.
//!
//! ```text
//! experiments/
//!   {id}/             one experiment; `.lock` in it is held while a process trains
//!   {any}/            a run of another program: event files without `metadata.json`
//!   {any}/.../{run}/  a run of an experiment tracker, such as MLflow: see [`crate::trackers`]
//! logs/seismic_training_{YYYYMMDD-HHMMSS}/    runs without tracking, ours and older ones
//! ```

mod dvc_refs;
mod entry;
mod foreign;
mod left_out;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use chrono::NaiveDateTime;

use self::entry::LoadMetadata;
pub use self::entry::{Broken, Entry, Selection};
use self::foreign::foreign_runs;
pub use self::left_out::SkippedEntries;
use crate::catalogue::layout::{LOCK_FILE, METADATA, UNTRACKED};
use crate::error::ExperimentError;
use crate::files::name_of;
use crate::id::{IdParts, IdTemplate};
use crate::metadata::{Metadata, Status, timestamp};
use crate::run::{DirectoryLayout, Experiment, LogPositions};

/// Maximum number of seconds by which an ID is moved forward to find a free one.
const ATTEMPTS: usize = 10_000;

/// The experiments below one directory. It caches nothing and always reads the disk.
#[derive(Clone, Debug)]
pub struct ExperimentStore {
    root: PathBuf,
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
        let Scanned {
            mut taken,
            broken,
            others,
        } = self.scan_tracked(load, &take)?;
        for entry in self.untracked_runs(others)? {
            let key = entry.sort_key();
            taken.extend(take(entry).map(|made| (key, made)));
        }
        taken.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok((taken.into_iter().map(|(_, made)| made).collect(), broken))
    }

    /// Runs without tracking, and those of other programs among `others`.
    fn untracked_runs(&self, others: Vec<PathBuf>) -> Result<Vec<Entry>, ExperimentError> {
        let mut runs = foreign_runs(&self.root, others);
        for directory in subdirectories(&self.untracked_root())? {
            let id = name_of(&directory);
            let Some(time) = id.strip_prefix(UNTRACKED) else {
                continue;
            };
            let time = NaiveDateTime::parse_from_str(time, "%Y%m%d-%H%M%S")
                .map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string());
            runs.push(Entry {
                metadata: Metadata {
                    timestamp: time.unwrap_or_default(),
                    ..Default::default()
                },
                id,
                directory,
                status: None,
                untracked: true,
                program: None,
                stored: None,
                notes: Vec::new(),
            });
        }
        Ok(runs)
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
            let mut found = Scanned::default();
            for directory in directories {
                let path = directory.join(METADATA);
                match Entry::load_as(load, directory.clone()) {
                    Ok(entry) => {
                        let key = entry.sort_key();
                        found.taken.extend(take(entry).map(|made| (key, made)));
                    }
                    // Not an experiment, or moved while it was read. A dangling link counts as broken.
                    Err(ExperimentError::Read { .. }) if fs::symlink_metadata(&path).is_err() => {
                        found.others.push(directory.clone());
                    }
                    Err(error) => found.broken.push(Broken {
                        directory: directory.clone(),
                        error,
                    }),
                }
            }
            found
        };
        let mut found = Scanned::default();
        std::thread::scope(|scope| {
            let shares = directories.chunks(share);
            let workers: Vec<_> = shares.map(|part| scope.spawn(|| read(part))).collect();
            for worker in workers {
                let part = worker.join().expect("reading does not panic");
                found.taken.extend(part.taken);
                found.broken.extend(part.broken);
                found.others.extend(part.others);
            }
        });
        Ok(found)
    }
}

/// What is in an experiments directory.
pub(crate) struct Scanned<T> {
    /// Mapped experiments with start time and ID.
    pub taken: Vec<((String, String), T)>,
    /// Those that cannot be read.
    broken: Vec<Broken>,
    /// Directories without metadata.
    others: Vec<PathBuf>,
}

impl<T> Default for Scanned<T> {
    fn default() -> Self {
        Self {
            taken: Vec::new(),
            broken: Vec::new(),
            others: Vec::new(),
        }
    }
}

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

#[cfg(test)]
mod tests;
