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

use crate::{JobError, host_name};

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
            host: host_name(),
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
            if directory.join(RELEASED).exists() {
                deaths = 0;
                continue;
            }
            if directory.join(DONE).exists() {
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
        if matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return HolderState::Alive;
        }
        let holder = fs::read_to_string(directory.join(HOLDER)).unwrap_or_default();
        let holder: serde_json::Value = serde_json::from_str(&holder).unwrap_or_default();
        let elsewhere = holder["host"].as_str() != Some(&self.host);
        // Another machine's locks may be invisible here, but its heartbeat is not.
        if elsewhere && self.age(&path).is_none_or(|age| age < HEARTBEAT_TIMEOUT) {
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
        match attempts.checked_sub(1) {
            Some(last) => mark(&self.directory(item, last), RELEASED, ""),
            None => Ok(()),
        }
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

fn mark(directory: &Path, name: &str, text: &str) -> Result<(), JobError> {
    let path = directory.join(name);
    fs::write(&path, text).map_err(|source| JobError::Write { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An item with dots in its name.
    const DAY: &str = "XX.STA.00.HH.2024.060";

    fn claims() -> (tempfile::TempDir, Claims) {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().to_owned());
        (folder, claims)
    }

    fn state(claims: &Claims, item: &str) -> Availability {
        let attempts = claims.attempts().unwrap();
        claims.availability(item, attempts.get(item).copied().unwrap_or(0))
    }

    /// Simulates a worker's death, which releases its lock.
    fn die(claim: Claim) {
        let directory = claim.directory.clone();
        drop(claim);
        // The heartbeat thread keeps the file open a little longer.
        fs::remove_file(directory.join(LOCK)).unwrap();
        fs::write(directory.join(LOCK), "").unwrap();
    }

    #[test]
    fn of_many_threads_one_gets_an_item() {
        let (_folder, claims) = claims();
        let taken: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let take = || {
                let claimed = (0..200usize).filter(|item| {
                    let claim = claims.take(&item.to_string(), 0).unwrap();
                    claim.is_some_and(|claim| claim.settle("completed").is_ok())
                });
                claimed.collect()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let mut all = taken.concat();
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
        assert!((0..200).all(|item| state(&claims, &item.to_string()) == Availability::Settled));
    }

    #[test]
    fn the_dead_are_followed_and_the_living_are_not() {
        let (_folder, claims) = claims();
        assert_eq!(state(&claims, DAY), Availability::Free(0));
        let claim = claims.take(DAY, 0).unwrap().unwrap();
        assert_eq!(state(&claims, DAY), Availability::Held);
        assert!(claims.take(DAY, 0).unwrap().is_none());
        claim.release().unwrap();
        assert_eq!(state(&claims, DAY), Availability::Free(1));
        for attempt in 1..=MAX_DEATHS {
            assert_eq!(state(&claims, DAY), Availability::Free(attempt));
            die(claims.take(DAY, attempt).unwrap().unwrap());
        }
        assert_eq!(state(&claims, DAY), Availability::GivenUp);
        claims.reopen(DAY, MAX_DEATHS + 1).unwrap();
        assert_eq!(state(&claims, DAY), Availability::Free(MAX_DEATHS + 1));
    }

    #[test]
    fn a_worker_that_was_taken_for_dead_gives_way_or_is_given_way_to() {
        let (_folder, claims) = claims();
        // Another worker already has the next attempt.
        fs::create_dir(claims.directory("0", 1)).unwrap();
        assert!(claims.take("0", 0).unwrap().is_none());
        assert_eq!(state(&claims, "0"), Availability::Unborn);
        // The worker of the previous attempt is alive.
        let living = claims.take("1", 0).unwrap().unwrap();
        assert!(claims.take("1", 1).unwrap().is_none());
        assert_eq!(state(&claims, "1"), Availability::Held);
        living.settle("completed").unwrap();
        assert_eq!(state(&claims, "1"), Availability::Settled);
    }

    /// Several workers check and claim the same items concurrently.
    #[test]
    fn an_item_never_has_two_living_workers() {
        let (_folder, claims) = claims();
        let working: Vec<AtomicBool> = (0..200).map(|_| AtomicBool::new(false)).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while working.iter().enumerate().any(|(item, working)| {
                        let name = item.to_string();
                        let attempts = claims.attempts().unwrap();
                        let before = attempts.get(&name).copied().unwrap_or(0);
                        let Availability::Free(attempt) = claims.availability(&name, before) else {
                            return claims.availability(&name, before) != Availability::Settled;
                        };
                        if let Some(claim) = claims.take(&name, attempt).unwrap() {
                            assert!(!working.swap(true, Ordering::SeqCst), "{name} has two");
                            claim.settle("completed").unwrap();
                        }
                        true
                    }) {}
                });
            }
        });
    }

    #[test]
    fn the_beat_counts_where_the_lock_is_on_another_machine() {
        let (_folder, claims) = claims();
        die(claims.take("0", 0).unwrap().unwrap());
        let elsewhere = Claims {
            host: "elsewhere".into(),
            ..claims.clone()
        };
        assert_eq!(state(&elsewhere, "0"), Availability::Held);
        let lock = File::options()
            .write(true)
            .open(claims.directory("0", 0).join(LOCK));
        lock.unwrap()
            .set_modified(SystemTime::now() - 2 * HEARTBEAT_TIMEOUT)
            .unwrap();
        assert_eq!(state(&elsewhere, "0"), Availability::Free(1));
        // A new claim may lack its lock for a moment.
        fs::create_dir(claims.directory("1", 0)).unwrap();
        assert_eq!(state(&claims, "1"), Availability::Unborn);
    }
}
