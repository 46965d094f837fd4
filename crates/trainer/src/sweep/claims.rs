//! Who works on which line of a plan.
//!
//! A claim is the directory `{line}.{attempt}`. `create_dir` makes it, and succeeds in one of several processes, on
//! any machine. In it lies a lock that the operating system frees when the holder goes, and which the holder touches
//! now and then, for machines that do not see each other's locks. When a holder is gone, the next attempt is another
//! directory: none is ever removed, so nobody can take a claim from under its holder.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use experiment::{ExperimentError, host_name};
use serde_json::json;

/// Attempts that may end with the death of their holder before a line is left alone.
pub const MOST_DEATHS: usize = 3;

/// How often a holder says that it lives.
const BEAT: Duration = Duration::from_secs(20);

/// Silence after which the holder on another machine is dead.
const SILENCE: Duration = Duration::from_secs(150);

/// Age up to which a claim may lack its lock: its holder is about to make it.
const BIRTH: Duration = Duration::from_secs(5);

const LOCK: &str = "lock";
const HOLDER: &str = "holder.json";
const DONE: &str = "done";
const RELEASED: &str = "released";

/// The claims of a study.
#[derive(Clone, Debug)]
pub struct Claims {
    folder: PathBuf,
    host: String,
}

/// Whether a line can be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// By this attempt.
    Free(usize),
    /// Somebody works on it.
    Held,
    /// Somebody just claimed it and may have died at once: worth another look.
    Unborn,
    /// It is done, well or not.
    Settled,
    /// Its holders died, several times.
    GivenUp,
}

/// A line that this process works on.
pub struct Claim {
    directory: PathBuf,
    /// Attempts before this one.
    pub attempt: usize,
    /// Held until the process ends, however it ends.
    _lock: Arc<File>,
    ended: Arc<AtomicBool>,
    beating: Thread,
}

impl Claims {
    /// Those in `folder`, which exists.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            host: host_name(),
        }
    }

    fn directory(&self, line: usize, attempt: usize) -> PathBuf {
        self.folder.join(format!("{line:06}.{attempt}"))
    }

    /// Number of attempts at every line that was ever claimed.
    ///
    /// # Errors
    /// [`ExperimentError::Read`].
    pub fn attempts(&self) -> Result<BTreeMap<usize, usize>, ExperimentError> {
        let failed = |source| ExperimentError::Read {
            path: self.folder.clone(),
            source,
        };
        let mut attempts = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let name = name.to_string_lossy();
            let parts = name.split_once('.');
            let number = |text: &str| text.parse::<usize>().ok();
            let numbers = parts.and_then(|(a, b)| Some((number(a)?, number(b)?)));
            if let Some((line, attempt)) = numbers {
                let count = attempts.entry(line).or_default();
                *count = attempt.saturating_add(1).max(*count);
            }
        }
        Ok(attempts)
    }

    /// Whether `line` can be claimed, after `attempts` attempts.
    pub fn availability(&self, line: usize, attempts: usize) -> Availability {
        let Some(last) = attempts.checked_sub(1) else {
            return Availability::Free(0);
        };
        let directory = self.directory(line, last);
        if directory.join(RELEASED).exists() {
            return Availability::Free(attempts);
        }
        if directory.join(DONE).exists() {
            return Availability::Settled;
        }
        match self.life(&directory) {
            Life::Alive => return Availability::Held,
            Life::Unborn => return Availability::Unborn,
            Life::Dead => {}
        }
        let ended_well = |attempt: &usize| self.directory(line, *attempt).join(RELEASED).exists();
        let deaths = (0..attempts).rev().take_while(|a| !ended_well(a)).count();
        if deaths >= MOST_DEATHS {
            Availability::GivenUp
        } else {
            Availability::Free(attempts)
        }
    }

    fn life(&self, directory: &Path) -> Life {
        let path = directory.join(LOCK);
        let Ok(lock) = File::open(&path) else {
            return if self.age(directory).is_some_and(|age| age < BIRTH) {
                Life::Unborn
            } else {
                Life::Dead
            };
        };
        if matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Life::Alive;
        }
        let holder = fs::read_to_string(directory.join(HOLDER)).unwrap_or_default();
        let holder: serde_json::Value = serde_json::from_str(&holder).unwrap_or_default();
        let elsewhere = holder["host"].as_str() != Some(&self.host);
        // Locks of another machine may not be seen here; its beat is.
        if elsewhere && self.age(&path).is_none_or(|age| age < SILENCE) {
            return Life::Alive;
        }
        Life::Dead
    }

    /// Time since a file changed, by the clock of the file system that holds it.
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

    /// Claims `line` for this process; none where another was faster.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn take(&self, line: usize, attempt: usize) -> Result<Option<Claim>, ExperimentError> {
        let directory = self.directory(line, attempt);
        let failed = |source| ExperimentError::Write {
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
        let lock = File::create_new(directory.join(LOCK)).map_err(failed)?;
        // Blocks while somebody looks; a file system without locks leaves the beat.
        let _ = lock.lock();
        let (lock, ended) = (Arc::new(lock), Arc::new(AtomicBool::new(false)));
        let (beating, over) = (lock.clone(), ended.clone());
        let thread = std::thread::spawn(move || beat(&beating, &over));
        Ok(Some(Claim {
            directory,
            attempt,
            _lock: lock,
            ended,
            beating: thread.thread().clone(),
        }))
    }

    /// Lets lines that were given up or failed be claimed again.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn reopen(&self, line: usize, attempts: usize) -> Result<(), ExperimentError> {
        match attempts.checked_sub(1) {
            Some(last) => mark(&self.directory(line, last), RELEASED, ""),
            None => Ok(()),
        }
    }
}

enum Life {
    Alive,
    Unborn,
    Dead,
}

/// Touches the lock until the claim ends, without holding up the end of the process.
fn beat(lock: &File, ended: &AtomicBool) {
    let mut lock = lock;
    while !ended.load(Ordering::Relaxed) {
        let _ = lock.rewind().and_then(|()| lock.write_all(b"."));
        std::thread::park_timeout(BEAT);
    }
}

impl Claim {
    /// Nobody needs to train the line again; `what` says what came of it.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn settle(self, what: &str) -> Result<(), ExperimentError> {
        mark(&self.directory, DONE, what)
    }

    /// Somebody else may go on.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
    pub fn release(self) -> Result<(), ExperimentError> {
        mark(&self.directory, RELEASED, "")
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.beating.unpark();
    }
}

fn mark(directory: &Path, name: &str, text: &str) -> Result<(), ExperimentError> {
    let path = directory.join(name);
    fs::write(&path, text).map_err(|source| ExperimentError::Write { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> (tempfile::TempDir, Claims) {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().to_owned());
        (folder, claims)
    }

    fn state(claims: &Claims, line: usize) -> Availability {
        let attempts = claims.attempts().unwrap();
        claims.availability(line, attempts.get(&line).copied().unwrap_or(0))
    }

    /// The holder is gone: its lock is free.
    fn die(claim: Claim) {
        let directory = claim.directory.clone();
        drop(claim);
        // The beating thread holds the file a little longer.
        fs::remove_file(directory.join(LOCK)).unwrap();
        fs::write(directory.join(LOCK), "").unwrap();
    }

    #[test]
    fn of_many_threads_one_gets_a_line() {
        let (_folder, claims) = claims();
        let taken: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let take = || {
                let own = (0..200).filter(|&line| {
                    let claim = claims.take(line, 0).unwrap();
                    claim.is_some_and(|claim| claim.settle("completed").is_ok())
                });
                own.collect()
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let mut all = taken.concat();
        all.sort_unstable();
        assert_eq!(all, (0..200).collect::<Vec<_>>());
        assert!((0..200).all(|line| state(&claims, line) == Availability::Settled));
    }

    #[test]
    fn the_dead_are_followed_and_the_living_are_not() {
        let (_folder, claims) = claims();
        assert_eq!(state(&claims, 7), Availability::Free(0));
        let claim = claims.take(7, 0).unwrap().unwrap();
        assert_eq!(state(&claims, 7), Availability::Held);
        assert!(claims.take(7, 0).unwrap().is_none());
        claim.release().unwrap();
        assert_eq!(state(&claims, 7), Availability::Free(1));
        for attempt in 1..=MOST_DEATHS {
            assert_eq!(state(&claims, 7), Availability::Free(attempt));
            die(claims.take(7, attempt).unwrap().unwrap());
        }
        assert_eq!(state(&claims, 7), Availability::GivenUp);
        claims.reopen(7, MOST_DEATHS + 1).unwrap();
        assert_eq!(state(&claims, 7), Availability::Free(MOST_DEATHS + 1));
    }

    #[test]
    fn the_beat_counts_where_the_lock_is_on_another_machine() {
        let (_folder, claims) = claims();
        die(claims.take(0, 0).unwrap().unwrap());
        let elsewhere = Claims {
            host: "elsewhere".into(),
            ..claims.clone()
        };
        assert_eq!(state(&elsewhere, 0), Availability::Held);
        let lock = File::options()
            .write(true)
            .open(claims.directory(0, 0).join(LOCK));
        lock.unwrap()
            .set_modified(SystemTime::now() - 2 * SILENCE)
            .unwrap();
        assert_eq!(state(&elsewhere, 0), Availability::Free(1));
        // A claim whose holder has no lock yet may be a second old.
        fs::create_dir(claims.directory(1, 0)).unwrap();
        assert_eq!(state(&claims, 1), Availability::Unborn);
    }
}
