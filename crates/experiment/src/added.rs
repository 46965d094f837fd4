//! Files added to an experiment's model after training. Existing files are never overwritten.

use std::path::PathBuf;

use crate::catalogue::layout::MODEL;
use crate::error::ExperimentError;
use crate::files::{read_regular, write_atomically};
use crate::store::Entry;

/// Whether a file was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// The file was added.
    New(PathBuf),
    /// The file already existed with the same content.
    Same(PathBuf),
    /// A different file exists and stays.
    Other(PathBuf),
}

impl Entry {
    /// Adds a file to `model/`, unless a file of that name exists.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if it cannot be written; no part of it remains.
    pub fn add_to_model(&self, name: &str, bytes: &[u8]) -> Result<Added, ExperimentError> {
        let path = self.directory.join(MODEL).join(name);
        if path.symlink_metadata().is_ok() {
            let found = read_regular(&path, bytes.len() as u64);
            return Ok(match found {
                Ok(found) if found == bytes => Added::Same(path),
                _ => Added::Other(path),
            });
        }
        write_atomically(&path, bytes)?;
        Ok(Added::New(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Metadata;

    #[test]
    fn what_is_there_stays() {
        let root = tempfile::tempdir().unwrap();
        let entry = Entry {
            id: "a".into(),
            directory: root.path().into(),
            metadata: Metadata::default(),
            status: None,
            untracked: false,
            program: None,
            stored: None,
            notes: Vec::new(),
        };
        assert!(entry.add_to_model("int8.json", b"1").is_err(), "no model");
        std::fs::create_dir(root.path().join(MODEL)).unwrap();
        let path = root.path().join(MODEL).join("int8.json");
        let add = |bytes| entry.add_to_model("int8.json", bytes).unwrap();
        assert_eq!(add(b"1"), Added::New(path.clone()));
        assert_eq!(add(b"1"), Added::Same(path.clone()));
        for other in [&b"2"[..], b"", b"11"] {
            assert_eq!(add(other), Added::Other(path.clone()));
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
    }
}
