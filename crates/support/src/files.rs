//! Files and folders that appear whole or not at all.
//!
//! They are written under a temporary name beside their final one, `.NAME.HOST.PROCESS.tmp`, and renamed once they are
//! complete. A reader, or a computer that loses power, sees the old state or the new one.

use std::fs::{File, OpenOptions, remove_dir_all, remove_file, rename};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::words::host_name;

/// What is not finished, under its temporary names.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(path: &Path) {
    if remove_file(path).is_err() {
        let _ = remove_dir_all(path);
    }
}

/// Removes all files and folders that are not finished, for a process that ends at once. Nothing can be finished after it.
pub fn abandon() {
    let mut all = unfinished();
    all.drain(..).for_each(|path| remove(&path));
    // Another thread that is about to finish one waits until the process ends.
    std::mem::forget(all);
}

/// Files and folders that would become `target`, of processes that run, or that were killed.
pub fn left_over(target: &Path) -> Vec<PathBuf> {
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Vec::new();
    };
    let here = Path::new(".");
    let parent = if parent.as_os_str().is_empty() {
        here
    } else {
        parent
    };
    let begin = format!(".{}.{}.", name.to_string_lossy(), host_name());
    let is_aside = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let process = name
            .strip_prefix(&begin)
            .and_then(|rest| rest.strip_suffix(".tmp"));
        process.is_some_and(|id| id.parse::<u32>().is_ok())
    };
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_aside).collect();
    found.sort();
    found
}

/// A file or folder that is not complete yet. It is removed when dropped, unless it was finished.
#[derive(Debug)]
pub struct PendingOutput {
    path: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl PendingOutput {
    /// The temporary name of `target`. Nothing is created.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if `target` ends without a name, like `..`.
    pub fn of(target: &Path) -> Result<Self> {
        let name = target.file_name();
        let name = name.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "it names no file"))?;
        let (name, host) = (name.to_string_lossy(), host_name());
        let pending = format!(".{name}.{host}.{}.tmp", std::process::id());
        let path = target.with_file_name(pending);
        unfinished().push(path.clone());
        Ok(Self {
            path,
            target: target.to_owned(),
            is_finished: false,
        })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames the file or folder to its final name, durably. A folder replaces no folder that has content.
    ///
    /// # Errors
    /// If it cannot be renamed; then it is removed.
    pub fn finish(mut self) -> Result<()> {
        let mut all = unfinished();
        let renamed = rename(&self.path, &self.target);
        all.retain(|path| *path != self.path);
        drop(all);
        renamed?;
        self.is_finished = true;
        // The rename is only durable once the directory is synced.
        sync_parent(&self.target)
    }
}

impl Drop for PendingOutput {
    fn drop(&mut self) {
        if !self.is_finished {
            remove(&self.path);
            unfinished().retain(|path| *path != self.path);
        }
    }
}

/// A file that replaces another once it is complete. A symbolic link stays, and its target is replaced. Devices and pipes
/// are written to, not replaced.
#[derive(Debug)]
pub struct Replacement {
    file: File,
    pending: Option<PendingOutput>,
}

impl Replacement {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    /// If it cannot be created, or if `path` names no file.
    pub fn create(path: &Path) -> Result<Self> {
        let link = path.is_symlink().then(|| path.canonicalize().ok());
        let target = link.flatten();
        let path = target.as_deref().unwrap_or(path);
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Ok(Self {
                file: OpenOptions::new().write(true).open(path)?,
                pending: None,
            });
        }
        let pending = PendingOutput::of(path)?;
        Ok(Self {
            file: File::create(pending.path())?,
            pending: Some(pending),
        })
    }

    /// Completes the file, durably.
    ///
    /// # Errors
    /// If it cannot be written; then the old file stays intact and no temporary file remains.
    pub fn finish(self) -> Result<()> {
        match self.pending {
            Some(pending) => self.file.sync_all().and_then(|()| pending.finish()),
            None => Ok(()),
        }
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

/// Replaces the content of the file at `path`, as [`Replacement`] does.
///
/// # Errors
/// If it cannot be written; then the old file stays intact and no temporary file remains.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// support::files::replace(&path, b"new")?;
/// assert_eq!(std::fs::read(&path)?, b"new");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = Replacement::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Syncs the directory that holds `path`; for a bare name that is the working directory.
///
/// # Errors
/// If it cannot be synced.
pub fn sync_parent(path: &Path) -> Result<()> {
    match path.parent() {
        Some(parent) if cfg!(unix) && parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) if cfg!(unix) => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir, read, read_dir, write};

    use super::*;

    /// Names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, "old").unwrap();
        let mut file = Replacement::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()).len(), 2);
        file.finish().unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.txt"]);
    }

    #[test]
    fn what_is_not_finished_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut file = Replacement::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        let pending = PendingOutput::of(&path).unwrap();
        create_dir(pending.path()).unwrap();
        write(pending.path().join("part"), "half").unwrap();
        drop(pending);
        assert!(names(folder.path()).is_empty());
        let none = PendingOutput::of(&folder.path().join("..")).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn what_a_killed_process_left_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        assert!(left_over(&path).is_empty());
        let host = host_name();
        let kept = format!(".set.{host}.123.tmp");
        for name in [
            &*kept,
            ".set.tmp",
            ".other.host.123.tmp",
            "set.tmp",
            &*format!(".set.{host}.x.tmp"),
        ] {
            create_dir(folder.path().join(name)).unwrap();
        }
        assert_eq!(left_over(&path), [folder.path().join(kept)]);
        assert!(left_over(Path::new("/")).is_empty());
    }

    #[test]
    fn a_folder_replaces_no_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set");
        for expected in [true, false] {
            let pending = PendingOutput::of(&path).unwrap();
            create_dir(pending.path()).unwrap();
            write(pending.path().join("part"), "whole").unwrap();
            assert_eq!(pending.finish().is_ok(), expected);
            assert_eq!(names(folder.path()), ["set"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_a_device_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(read(&target).unwrap(), b"new");
        replace(Path::new("/dev/null"), b"lost").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}
