//! Runs of other programs below the experiments directory, such as those of Lightning and Keras.

use std::fs;
use std::path::PathBuf;

use super::entry::{Entry, name_of};
use crate::catalogue::layout::{LOCK_FILE, METADATA};
use crate::event_files;
use crate::metadata::Metadata;

/// Those of `directories` without metadata that have event files below them. Their names and logs are all that is known. A
/// directory with a lock is an experiment that is just being created, and may have its metadata by now.
pub(super) fn foreign_runs(directories: Vec<PathBuf>) -> Vec<Entry> {
    let foreign = directories.into_iter().filter(|directory| {
        let has = |name| fs::symlink_metadata(directory.join(name)).is_ok();
        !has(METADATA) && !has(LOCK_FILE) && !event_files::below(directory).is_empty()
    });
    let entry = |directory: PathBuf| Entry {
        id: name_of(&directory),
        directory,
        metadata: Metadata::default(),
        status: None,
        untracked: true,
        notes: Vec::new(),
    };
    foreign.map(entry).collect()
}
