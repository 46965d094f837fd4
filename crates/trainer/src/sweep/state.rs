//! Determines which runs of a study are done, from the experiments.

use experiment::{Entry, ExperimentStore, Status};
use serde_json::Value;

use super::plan::Study;
use crate::error::TrainerError;
use crate::training::StoppedBy;

/// Metadata field with the name of the study.
pub const STUDY: &str = "study";

/// Metadata field with the line number in the plan.
pub const LINE: &str = "study_line";

/// State of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LineState {
    /// No experiment exists.
    #[default]
    Missing,
    /// An experiment has the results.
    Completed(String),
    /// Its loss became non-finite, as it would again.
    Diverged(String),
    /// Its experiment did not end well; ID and status.
    Unfinished(String, Status),
    /// A process trains it, as far as this machine can tell.
    Running(String),
}

impl LineState {
    /// Whether training again would give nothing new.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Diverged(_))
    }

    /// Of two experiments of one run, the one with the higher rank counts.
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
        // Before the first epoch ends there are no results.
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

/// State of every line, in plan order.
///
/// # Errors
/// [`TrainerError`] if the experiments directory cannot be read.
pub fn read(study: &Study) -> Result<Vec<LineState>, TrainerError> {
    let name = &study.settings.name;
    let store = ExperimentStore::new(&study.settings.experiments_dir);
    let (found, _) = store.scan(|entry| {
        let other = &entry.metadata.other;
        let line = other.get(LINE).and_then(Value::as_u64)?;
        let belongs = other.get(STUDY).and_then(Value::as_str) == Some(name);
        belongs.then(|| (line as usize, LineState::of(&entry)))
    })?;
    let mut states = vec![LineState::Missing; study.lines.len()];
    // Oldest first, so that of two with the same rank the newer one counts.
    for (line, state) in found {
        if let Some(current) = states.get_mut(line)
            && state.rank() >= current.rank()
        {
            *current = state;
        }
    }
    Ok(states)
}

/// Whether any experiment belongs to a study of this name.
///
/// # Errors
/// [`TrainerError`] if the experiments directory cannot be read.
pub fn exists(store: &ExperimentStore, name: &str) -> Result<bool, TrainerError> {
    let (found, _) = store.scan(|entry| {
        let belongs = entry.metadata.other.get(STUDY).and_then(Value::as_str) == Some(name);
        belongs.then_some(())
    })?;
    Ok(!found.is_empty())
}
