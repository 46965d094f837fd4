//! Claims decide which worker does which item of a work.
//!
//! A claim is the directory `{item}.{attempt}`, created by `create_dir`, which succeeds in exactly one process on any
//! machine. It contains a lock that the operating system releases when the worker dies. The worker also touches the
//! lock file regularly (its heartbeat), for machines that do not see each other's locks. The next attempt after a death
//! is a new directory. Claims are never removed, so no process can take a claim from its worker.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::JobError;

/// Number of workers that may die on an item before it is given up.
pub const MAX_DEATHS: usize = 3;

/// Heartbeat interval.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Time without heartbeat after which a worker on another machine counts as dead.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(150);

/// Grace period in which a new claim may lack its lock.
const LOCK_GRACE: Duration = Duration::from_secs(5);

const LOCK: &str = "lock";
const NEW_LOCK: &str = "lock.new";
const HOLDER: &str = "holder.json";
const DONE: &str = "done";
const RELEASED: &str = "released";

/// The claims on the items of a work. Names of items are those of files.
#[derive(Clone, Debug)]
pub struct Claims {
    folder: PathBuf,
    host: String,
}

/// Whether an item can be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Available as this attempt.
    Free(usize),
    /// A worker does it.
    Held,
    /// Claimed a moment ago by a worker that may have died at once; check again.
    Unborn,
    /// Done, successfully or not.
    Settled,
    /// Given up after several workers died on it.
    GivenUp,
}

/// An item claimed by this process.
pub struct Claim {
    directory: PathBuf,
    /// Number of earlier attempts.
    pub attempt: usize,
    /// Locked until the process ends, however it ends.
    _lock: Arc<File>,
    ended: Arc<AtomicBool>,
    beating: Thread,
}

impl Claims {
    /// Opens the claims in `folder`, which must exist.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            host: support::words::host_name(),
        }
    }

    fn directory(&self, item: &str, attempt: usize) -> PathBuf {
        self.folder.join(format!("{item}.{attempt}"))
    }

    /// Number of attempts for every item that was ever claimed.
    ///
    /// # Errors
    /// [`JobError::Read`] if the folder cannot be read.
    pub fn attempts(&self) -> Result<BTreeMap<String, usize>, JobError> {
        let failed = |source| JobError::Read {
            path: self.folder.clone(),
            source,
        };
        let mut attempts = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            let parts = name.rsplit_once('.');
            let parts =
                parts.and_then(|(item, number)| Some((item, number.parse::<usize>().ok()?)));
            // Clock probes start with a dot.
            if let Some((item, attempt)) = parts.filter(|(item, _)| !item.starts_with('.')) {
                let count = attempts.entry(item.to_owned()).or_default();
                *count = attempt.saturating_add(1).max(*count);
            }
        }
        Ok(attempts)
    }

    /// Whether `item` can be claimed after `attempts` attempts.
    pub fn availability(&self, item: &str, attempts: usize) -> Availability {
        let mut deaths = 0;
        // Checks all attempts: an early worker presumed dead may still be alive, and its successor may have given way.
        for attempt in 0..attempts {
            let directory = self.directory(item, attempt);
            if is_marked(&directory, RELEASED) {
                deaths = 0;
                continue;
            }
            if is_marked(&directory, DONE) {
                return Availability::Settled;
            }
            match self.life(&directory) {
                HolderState::Alive => return Availability::Held,
                HolderState::Unborn => return Availability::Unborn,
                HolderState::Dead => deaths += 1,
            }
        }
        if deaths >= MAX_DEATHS {
            Availability::GivenUp
        } else {
            Availability::Free(attempts)
        }
    }

    fn life(&self, directory: &Path) -> HolderState {
        let path = directory.join(LOCK);
        let Ok(lock) = File::open(&path) else {
            return if self.age(directory).is_some_and(|age| age < LOCK_GRACE) {
                HolderState::Unborn
            } else {
                HolderState::Dead
            };
        };
        let has_locks = match lock.try_lock_shared() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => return HolderState::Alive,
            Err(TryLockError::Error(_)) => false,
        };
        let holder = fs::read_to_string(directory.join(HOLDER)).unwrap_or_default();
        let holder: serde_json::Value = serde_json::from_str(&holder).unwrap_or_default();
        let elsewhere = holder["host"].as_str() != Some(&self.host);
        // Locks of another machine may be invisible here, and some file systems have none, but the heartbeat is visible.
        if (elsewhere || !has_locks) && self.age(&path).is_none_or(|age| age < HEARTBEAT_TIMEOUT) {
            return HolderState::Alive;
        }
        HolderState::Dead
    }

    /// Time since a file was modified, by the clock of its file system.
    fn age(&self, path: &Path) -> Option<Duration> {
        let changed = fs::metadata(path).and_then(|file| file.modified()).ok()?;
        let probe = self
            .folder
            .join(format!(".now.{}.{}", self.host, std::process::id()));
        let now = fs::write(&probe, b".").and_then(|()| fs::metadata(&probe)?.modified());
        let _ = fs::remove_file(&probe);
        let now = now.unwrap_or_else(|_| SystemTime::now());
        Some(now.duration_since(changed).unwrap_or_default())
    }

    /// Claims `item` for this process; `None` if another process was faster or claims it at the same time.
    ///
    /// # Errors
    /// [`JobError::Write`] if the claim cannot be written.
    pub fn take(&self, item: &str, attempt: usize) -> Result<Option<Claim>, JobError> {
        let directory = self.directory(item, attempt);
        let failed = |source| JobError::Write {
            path: directory.clone(),
            source,
        };
        match fs::create_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(None),
            created => created.map_err(failed)?,
        }
        let job = std::env::var("SLURM_JOB_ID").ok();
        let holder = json!({"host": self.host, "pid": std::process::id(), "slurm_job": job});
        fs::write(directory.join(HOLDER), holder.to_string()).map_err(failed)?;
        // The file is locked before it gets its final name, so an unlocked file there means a dead worker. On a file
        // system without locks, only the heartbeat counts.
        let unnamed = directory.join(NEW_LOCK);
        let lock = File::create_new(&unnamed).map_err(failed)?;
        let _ = lock.lock();
        fs::rename(&unnamed, directory.join(LOCK)).map_err(failed)?;
        let (lock, ended) = (Arc::new(lock), Arc::new(AtomicBool::new(false)));
        let (beating, over) = (lock.clone(), ended.clone());
        let thread = std::thread::spawn(move || beat(&beating, &over));
        let claim = Claim {
            directory,
            attempt,
            _lock: lock,
            ended,
            beating: thread.thread().clone(),
        };
        // A slow worker may be presumed dead after it created the directory and before it holds the lock. Both workers
        // check after locking, so at least one sees the other and gives way.
        let earlier = match self.availability(item, attempt) {
            Availability::Held | Availability::Settled => true,
            Availability::Free(_) | Availability::Unborn | Availability::GivenUp => false,
        };
        if earlier || self.directory(item, attempt + 1).exists() {
            claim.release()?;
            return Ok(None);
        }
        Ok(Some(claim))
    }

    /// Makes an item that failed or was given up available again.
    ///
    /// # Errors
    /// [`JobError::Write`] if the marker cannot be written.
    pub fn reopen(&self, item: &str, attempts: usize) -> Result<(), JobError> {
        // All attempts: the last may have given way to the one that failed.
        for attempt in 0..attempts {
            let directory = self.directory(item, attempt);
            if is_marked(&directory, DONE) || matches!(self.life(&directory), HolderState::Dead) {
                mark(&directory, RELEASED, "")?;
            }
        }
        Ok(())
    }
}

enum HolderState {
    Alive,
    Unborn,
    Dead,
}

/// Touches the lock file until the claim ends, without delaying the exit of the process.
fn beat(lock: &File, ended: &AtomicBool) {
    let mut lock = lock;
    while !ended.load(Ordering::Relaxed) {
        let _ = lock.rewind().and_then(|()| lock.write_all(b"."));
        std::thread::park_timeout(HEARTBEAT);
    }
}

impl Claim {
    /// Marks the item as done; `what` describes the outcome.
    ///
    /// # Errors
    /// [`JobError::Write`] if the marker cannot be written.
    pub fn settle(self, what: &str) -> Result<(), JobError> {
        mark(&self.directory, DONE, what)
    }

    /// Lets another worker continue the item.
    ///
    /// # Errors
    /// [`JobError::Write`] if the marker cannot be written.
    pub fn release(self) -> Result<(), JobError> {
        mark(&self.directory, RELEASED, "")
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.beating.unpark();
    }
}

fn is_marked(directory: &Path, name: &str) -> bool {
    directory.join(name).exists()
}

fn mark(directory: &Path, name: &str, text: &str) -> Result<(), JobError> {
    let path = directory.join(name);
    fs::write(&path, text).map_err(|source| JobError::Write { path, source })
}

#[cfg(test)]
mod tests;
