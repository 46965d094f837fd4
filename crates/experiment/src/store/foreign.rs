//! Runs of other programs below the experiments directory, such as those of Lightning and Keras.

use std::fs;
use std::path::{Path, PathBuf};

use super::entry::{Entry, name_of};
use super::subdirectories;
use crate::catalogue::layout::{LOCK_FILE, METADATA};
use crate::error::ExperimentError;
use crate::event_files;
use crate::metadata::Metadata;

/// Folders without metadata that have event files below them. Their names and logs are all that is known. A folder with a
/// lock is an experiment that is just being created.
pub(super) fn foreign_runs(root: &Path) -> Result<Vec<Entry>, ExperimentError> {
    let directories = subdirectories(root)?.into_iter();
    let foreign = directories.filter(|directory| {
        let has = |name| fs::symlink_metadata(directory.join(name)).is_ok();
        !name_of(directory).starts_with('.')
            && !has(METADATA)
            && !has(LOCK_FILE)
            && !event_files::below(directory).is_empty()
    });
    let entry = |directory: PathBuf| Entry {
        id: name_of(&directory),
        directory,
        metadata: Metadata::default(),
        status: None,
        untracked: true,
        notes: Vec::new(),
    };
    Ok(foreign.map(entry).collect())
}
