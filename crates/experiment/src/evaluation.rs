//! `evaluations/` of an experiment: what was found after its training, a folder each. Nothing is overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::layout::EVALUATIONS;
use crate::error::ExperimentError;
use crate::files::{create_durably, write_atomically};
use crate::store::Entry;

/// Folders of one name that are tried, at most.
const MOST: usize = 10_000;

/// A folder below `evaluations/` that belongs to one evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationFolder {
    directory: PathBuf,
}

impl Entry {
    /// Claims `evaluations/{name}`, or the first of `{name}_2`, `{name}_3`, ... that is free. Characters that are no
    /// letters, digits, `-`, `_` or `.` become `_`.
    ///
    /// # Errors
    /// [`ExperimentError::Write`] where no folder can be made.
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
        for number in 1..=MOST {
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
        let problem = std::io::Error::other(format!("{MOST} evaluations of this name are there"));
        Err(ExperimentError::write(&folder.join(name))(problem))
    }
}

impl EvaluationFolder {
    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// [`ExperimentError::Write`].
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
