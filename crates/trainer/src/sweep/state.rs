//! Which runs of a study are done, read from the experiments.

use experiment::{Entry, ExperimentStore, Status};
use serde_json::Value;

use super::plan::Study;
use crate::error::TrainerError;
use crate::training::StoppedBy;

/// Field of `metadata.json` with the study's name.
pub const STUDY: &str = "study";

/// Field of `metadata.json` with the number of the plan's line.
pub const LINE: &str = "study_line";

/// What there is of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LineState {
    /// Nothing.
    #[default]
    Missing,
    /// An experiment that holds the results.
    Completed(String),
    /// An experiment whose loss ceased to be a number: it would again.
    Diverged(String),
    /// An experiment that did not end well, with its ID and state.
    Unfinished(String, Status),
    /// A process trains it, as far as this machine sees.
    Running(String),
}

impl LineState {
    /// Whether training again would give nothing new.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Diverged(_))
    }

    /// Which of two experiments of one run counts: the higher one.
    fn rank(&self) -> u8 {
        match self {
            Self::Missing => 0,
            Self::Unfinished(..) => 1,
            Self::Running(_) => 2,
            Self::Diverged(_) => 3,
            Self::Completed(_) => 4,
        }
    }

    fn of(entry: &Entry) -> Self {
        let id = entry.id.clone();
        let results = entry.metadata.results.as_ref();
        let mut diverged = results.is_some_and(|r| r.stopped_by == StoppedBy::Diverged.name());
        // Before the first epoch ended there are no results.
        let error = entry.metadata.error.as_ref();
        diverged |= error.is_some_and(|error| error.contains("the weights have diverged"));
        match entry.status {
            Some(Status::Completed) => Self::Completed(id),
            Some(Status::Failed) if diverged => Self::Diverged(id),
            Some(Status::Running) => Self::Running(id),
            status => Self::Unfinished(id, status.unwrap_or(Status::Unknown)),
        }
    }
}

/// The state of every line, by its number.
///
/// # Errors
/// [`TrainerError`] where the experiments directory cannot be read.
pub fn read(study: &Study) -> Result<Vec<LineState>, TrainerError> {
    let name = &study.settings.name;
    let store = ExperimentStore::new(&study.settings.experiments_dir);
    let (found, _) = store.scan(|entry| {
        let other = &entry.metadata.other;
        let line = other.get(LINE).and_then(Value::as_u64)?;
        let own = other.get(STUDY).and_then(Value::as_str) == Some(name);
        own.then(|| (line as usize, LineState::of(&entry)))
    })?;
    let mut states = vec![LineState::Missing; study.lines.len()];
    // Oldest first: of two of one kind the newer counts.
    for (line, state) in found {
        if let Some(own) = states.get_mut(line)
            && state.rank() >= own.rank()
        {
            *own = state;
        }
    }
    Ok(states)
}

/// Whether experiments of a study of this name exist.
///
/// # Errors
/// As [`read`].
pub fn exists(store: &ExperimentStore, name: &str) -> Result<bool, TrainerError> {
    let (found, _) = store.scan(|entry| {
        let own = entry.metadata.other.get(STUDY).and_then(Value::as_str) == Some(name);
        own.then_some(())
    })?;
    Ok(!found.is_empty())
}
