//! Deleted experiments stay in `.trash` below the experiments directory until they are purged. Deleting and restoring
//! are renames, so an experiment is always complete and in exactly one place.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::catalogue::layout::{LOCK_FILE, TRASH};
use crate::error::ExperimentError;
use crate::files::open_regular;
use crate::id::is_named;
use crate::metadata::Metadata;
use crate::store::{Entry, ExperimentStore};

/// Holds an experiment's lock, so that no process can train it in the meantime.
pub(crate) struct ExperimentLock {
    _lock: Option<File>,
}

impl ExperimentLock {
    /// Acquires the lock.
    ///
    /// # Errors
    /// [`ExperimentError::Running`] if a process trains the experiment.
    pub(crate) fn take(entry: &Entry) -> Result<Self, ExperimentError> {
        // Experiments of the Python scripts have no lock file, and this program never trains them.
        let lock = open_regular(&entry.directory.join(LOCK_FILE)).ok();
        let taken = lock.as_ref().map(File::try_lock);
        match taken {
            Some(Err(TryLockError::WouldBlock)) => Err(ExperimentError::Running {
                id: entry.id.clone(),
            }),
            _ => Ok(Self { _lock: lock }),
        }
    }
}

impl ExperimentStore {
    /// The trash folder.
    pub fn trash(&self) -> PathBuf {
        self.root().join(TRASH)
    }

    /// Moves an experiment to the trash and returns its new path.
    ///
    /// # Errors
    /// [`ExperimentError::Running`] if a process trains it. [`ExperimentError::Write`] if it cannot be moved; it
    /// stays in place.
    pub fn delete(&self, entry: &Entry) -> Result<PathBuf, ExperimentError> {
        if let (Some(program), Some(_)) = (entry.program, &entry.stored) {
            return Err(ExperimentError::Usage(format!(
                "{} is in a database of {}: delete it there",
                entry.id,
                program.name()
            )));
        }
        if entry.untracked {
            return Err(ExperimentError::Usage(format!(
                "{} is a run without tracking: remove {} yourself",
                entry.id,
                entry.directory.display()
            )));
        }
        let _held = ExperimentLock::take(entry)?;
        let trash = self.own_trash()?;
        fs::create_dir_all(&trash).map_err(ExperimentError::write(&trash))?;
        let target = trash.join(&entry.id);
        move_to(&entry.directory, &target)?;
        Ok(target)
    }

    /// The trash folder, which may not exist yet.
    ///
    /// # Errors
    /// [`ExperimentError::Usage`] if it is a link: folders elsewhere are not deleted, restored or purged.
    fn own_trash(&self) -> Result<PathBuf, ExperimentError> {
        let trash = self.trash();
        if trash.is_symlink() {
            return Err(ExperimentError::Usage(format!(
                "{} is a symbolic link, so what is deleted would lie outside the experiments directory: remove the link",
                trash.display()
            )));
        }
        Ok(trash)
    }

    /// Lists the experiments in the trash.
    ///
    /// # Errors
    /// [`ExperimentError::Read`] if the trash cannot be read, [`ExperimentError::Usage`] if it is a link.
    pub fn deleted(&self) -> Result<Vec<Entry>, ExperimentError> {
        let found = ExperimentStore::new(&self.own_trash()?).scan_tracked(Metadata::load, &Some)?;
        Ok(found.taken.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Finds a deleted experiment by full ID, or an unambiguous prefix or suffix.
    ///
    /// # Errors
    /// [`ExperimentError::NotFound`] or [`ExperimentError::Ambiguous`].
    pub fn find_deleted(&self, id: &str) -> Result<Entry, ExperimentError> {
        let mut entries = self.deleted()?;
        if entries.iter().any(|entry| entry.id == id) {
            entries.retain(|entry| entry.id == id);
        } else {
            entries.retain(|entry| is_named(&entry.id, id));
        }
        match entries.len() {
            0 => Err(ExperimentError::NotFound {
                id: id.to_owned(),
                path: self.trash(),
            }),
            1 => Ok(entries.remove(0)),
            _ => Err(ExperimentError::Ambiguous {
                id: id.to_owned(),
                candidates: entries.into_iter().map(|entry| entry.id).collect(),
            }),
        }
    }

    /// Moves a deleted experiment back.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if an experiment of the same name exists.
    pub fn restore(&self, entry: &Entry) -> Result<PathBuf, ExperimentError> {
        let target = self.root().join(&entry.id);
        move_to(&entry.directory, &target)?;
        Ok(target)
    }

    /// Deletes an experiment in the trash permanently. Targets of symbolic links stay.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if a part of it cannot be removed.
    pub fn purge(&self, entry: &Entry) -> Result<(), ExperimentError> {
        let inside = entry.directory.parent() == Some(&self.trash());
        assert!(inside, "only what was deleted is purged");
        let removed = fs::remove_dir_all(&entry.directory);
        removed.map_err(ExperimentError::write(&entry.directory))
    }
}

/// Renames a directory; the new name must be free.
fn move_to(from: &Path, to: &Path) -> Result<(), ExperimentError> {
    if fs::symlink_metadata(to).is_ok() {
        let taken = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(ExperimentError::write(to)(taken));
    }
    // `rename` replaces a directory created in the meantime only if it is empty.
    fs::rename(from, to).map_err(ExperimentError::write(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_and_gone() {
        let (_folder, store) = crate::test_store::store();
        let entry = store.find("00000001").unwrap();
        let before = fs::read(entry.directory.join("metadata.json")).unwrap();
        store.delete(&entry).unwrap();
        assert!(!entry.directory.exists());
        assert!(store.find("00000001").is_err());
        assert_eq!(store.list().unwrap().entries.len(), 2);
        let deleted = store.find_deleted("00000001").unwrap();
        store.restore(&deleted).unwrap();
        assert_eq!(
            fs::read(entry.directory.join("metadata.json")).unwrap(),
            before
        );

        store.delete(&entry).unwrap();
        fs::create_dir(&entry.directory).unwrap();
        let error = store
            .restore(&store.find_deleted("2026").unwrap())
            .unwrap_err();
        assert!(error.to_string().contains("exists"), "{error}");
        store.purge(&store.find_deleted("2026").unwrap()).unwrap();
        assert!(store.deleted().unwrap().is_empty());
    }

    /// A link may lead to folders of others.
    #[cfg(unix)]
    #[test]
    fn nothing_is_removed_through_a_link() {
        let (_folder, store) = crate::test_store::store();
        let elsewhere = tempfile::tempdir().unwrap();
        let other = elsewhere.path().join("m");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("metadata.json"), "{}").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), store.trash()).unwrap();
        let problem = store.deleted().unwrap_err().to_string();
        assert!(problem.contains("symbolic link"), "{problem}");
        let entry = store.find("00000001").unwrap();
        assert!(store.delete(&entry).is_err());
        assert!(entry.directory.exists() && other.exists());
    }

    #[test]
    fn a_running_one_stays() {
        let (_folder, store) = crate::test_store::store();
        let entry = store.find("00000001").unwrap();
        let lock = File::open(entry.directory.join(LOCK_FILE)).unwrap();
        lock.lock().unwrap();
        let error = store.delete(&entry).unwrap_err();
        assert!(matches!(error, ExperimentError::Running { .. }), "{error}");
        assert!(entry.directory.exists());
    }
}
