//! The experiments that the IDs of a command line name.

use super::text::plain;
use crate::error::ExperimentError;
use crate::store::{Entry, ExperimentStore};

/// What an ID may be, below the help of a command.
pub(super) const ID_HELP: &str = "ID: an experiment's ID, an unambiguous prefix or suffix of it, a tag that only it has, \
                                  `latest`, `best` or `best:KEY`";

/// What a KEY may be, below the help of a command.
pub(super) const KEY_HELP: &str = "KEY: a column of `experiment list`, or a dotted key of metadata.json such as training_config.learning_rate";

/// Experiments in the order of their IDs, each once.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub entries: Vec<Entry>,
    /// Remarks on the choice, such as that `best` is an untracked run.
    pub notes: Vec<String>,
}

impl Chosen {
    /// The experiments in the store that `ids` name.
    ///
    /// # Errors
    /// As [`ExperimentStore::find`].
    pub fn of(store: &ExperimentStore, ids: &[String]) -> Result<Self, ExperimentError> {
        Self::by(ids, |id| store.find(id))
    }

    /// The experiments in the trash that `ids` name; all without any.
    ///
    /// # Errors
    /// As [`ExperimentStore::find_deleted`].
    pub fn deleted(store: &ExperimentStore, ids: &[String]) -> Result<Self, ExperimentError> {
        if ids.is_empty() {
            return Ok(Self {
                entries: store.deleted()?,
                notes: Vec::new(),
            });
        }
        Self::by(ids, |id| store.find_deleted(id))
    }

    fn by(
        ids: &[String],
        find: impl Fn(&str) -> Result<Entry, ExperimentError>,
    ) -> Result<Self, ExperimentError> {
        let mut chosen = Self::default();
        for id in ids {
            let entry = find(id)?;
            let is_new = |known: &Entry| known.directory != entry.directory;
            if chosen.entries.iter().all(is_new) {
                let notes = entry.notes.iter().map(|note| plain(note));
                chosen.notes.extend(notes);
                chosen.entries.push(entry);
            }
        }
        Ok(chosen)
    }
}

/// The experiment that `id` names, and remarks on the choice.
///
/// # Errors
/// As [`ExperimentStore::find`].
pub(super) fn one(
    store: &ExperimentStore,
    id: &str,
) -> Result<(Entry, Vec<String>), ExperimentError> {
    let entry = store.find(id)?;
    let notes = entry.notes.iter().map(|note| plain(note)).collect();
    Ok((entry, notes))
}
