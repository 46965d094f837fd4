//! Folders below `evaluations/`, one per evaluation after the training. None is overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::layout::EVALUATIONS;
use crate::error::ExperimentError;
use crate::files::{create_durably, write_atomically};
use crate::store::Entry;

/// Upper bound for folders of one name.
const MAX_FOLDERS_PER_NAME: usize = 10_000;

/// A claimed folder below `evaluations/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationFolder {
    directory: PathBuf,
}

impl Entry {
    /// Claims `evaluations/{name}`, or the first free of `{name}_2`, `{name}_3`, ... Characters other than letters,
    /// digits, `-`, `_` and `.` become `_`.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if no folder can be created.
    pub fn claim_evaluation(&self, name: &str) -> Result<EvaluationFolder, ExperimentError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name: String = name
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect();
        let name = name.trim_start_matches('.');
        let name = if name.is_empty() { "evaluation" } else { name };
        let folder = self.directory.join(EVALUATIONS);
        create_durably(&folder)?;
        for number in 1..=MAX_FOLDERS_PER_NAME {
            let directory = folder.join(if number == 1 {
                name.to_owned()
            } else {
                format!("{name}_{number}")
            });
            match fs::create_dir(&directory) {
                Ok(()) => return Ok(EvaluationFolder { directory }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(ExperimentError::write(&directory)(error)),
            }
        }
        let problem = std::io::Error::other(format!(
            "there are already {MAX_FOLDERS_PER_NAME} evaluations of this name"
        ));
        Err(ExperimentError::write(&folder.join(name))(problem))
    }
}

impl EvaluationFolder {
    /// Path of the folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file atomically.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] if the file cannot be written; no part of it remains.
    pub fn save(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExperimentError> {
        let path = self.directory.join(name);
        write_atomically(&path, bytes)?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Metadata;

    #[test]
    fn nothing_is_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let entry = Entry {
            id: "a".into(),
            directory: root.path().join("a"),
            metadata: Metadata::default(),
            status: None,
            untracked: false,
            program: None,
            stored: None,
            notes: Vec::new(),
        };
        let names = ["test", "test", "../up", ".."].map(|name| {
            let folder = entry.claim_evaluation(name).unwrap();
            folder.save("metrics.json", b"{}").unwrap();
            let inside = folder.directory().strip_prefix(&entry.directory).unwrap();
            inside.to_str().unwrap().to_owned()
        });
        let expected = ["test", "test_2", "_up", "evaluation"];
        assert_eq!(names, expected.map(|name| format!("evaluations/{name}")));
    }
}
