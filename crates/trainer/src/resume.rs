//! Resumes an experiment from its last checkpoint.

use std::path::Path;

use data::Preprocessing;
use experiment::{
    CHECKPOINTS, DatasetInfo, Entry, Experiment, ExperimentError, ExperimentStore, LogPositions,
    Metadata, load_checkpoint,
};
use model::{Plan, TrainingState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::TrainerError;
use crate::job::Job;
use crate::progress::Progress;
use crate::training::LoopState;

/// Version of [`CheckpointHeader`]; other versions are refused.
pub const VERSION: u32 = 1;

/// Data of a checkpoint besides [`TrainingState`], stored as JSON in its header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointHeader {
    /// [`VERSION`].
    pub version: u32,
    /// State of the loop over epochs.
    pub state: LoopState,
    /// Lengths of logs and history at the checkpoint.
    pub marks: LogPositions,
    /// Seconds trained so far.
    pub elapsed_s: f64,
}

/// A checkpoint.
pub struct ResumePoint {
    /// State of network and optimiser.
    pub training: TrainingState,
    /// State of everything else.
    pub note: CheckpointHeader,
}

fn usage(problem: String) -> TrainerError {
    TrainerError::Usage(problem)
}

/// Resumes `entry` from its newest good checkpoint. `now` holds the metadata that a new run would have; it must
/// describe the same data.
///
/// # Errors
/// [`TrainerError`] if the data differ, another process trains the experiment, or no checkpoint is good.
pub fn resume(
    job: &Job,
    entry: &Entry,
    now: &Metadata,
    plan: &Plan,
    progress: &Progress,
) -> Result<(Experiment, ResumePoint), TrainerError> {
    let (then, now) = (&entry.metadata.dataset_info, &now.dataset_info);
    for (split, fingerprint) in &then.fingerprints {
        if now.fingerprints.get(split) != Some(fingerprint) {
            return Err(usage(format!(
                "{} cannot be resumed: its {split} split has changed since (SHA-256 {fingerprint} then, {} \
                 now)",
                entry.id,
                now.fingerprints.get(split).map_or("none", String::as_str)
            )));
        }
    }
    let stored = |info: &DatasetInfo| {
        let stored = info.other.get("preprocessing").cloned();
        serde_json::from_value::<Preprocessing>(stored.unwrap_or_default()).ok()
    };
    let same = match (stored(then), stored(now)) {
        (Some(then), Some(now)) => now.makes_inputs_of(&then),
        _ => then.other.get("preprocessing") == now.other.get("preprocessing"),
    };
    if !same {
        return Err(usage(format!(
            "{} cannot be resumed: its preprocessing has changed since",
            entry.id
        )));
    }
    let recipe = &job.recipe;
    let store = ExperimentStore::new(&job.tracking.experiments_dir);
    let (samples, classes) = (now.train_size, now.num_classes);
    let mut points = Vec::new();
    for name in CHECKPOINTS {
        let path = entry.directory.join(name);
        if !path.exists() {
            continue;
        }
        match load(&path, plan, [samples, classes], recipe.batch_size) {
            Ok(point) => points.push((path, point)),
            Err(problem) => progress.warn(&format!("{problem}; trying the checkpoint before it")),
        }
    }
    // A power cut may have truncated the logs; the positions of the previous checkpoint may still be valid. If not,
    // resume with incomplete logs: the network is worth more.
    for incomplete in [false, true] {
        for i in 0..points.len() {
            let (path, ResumePoint { note, training }) = &points[i];
            let state = &note.state;
            if state.epochs_run > recipe.epochs {
                return Err(usage(format!(
                    "--epochs {}: the run has already completed {}",
                    recipe.epochs, state.epochs_run
                )));
            }
            let change = |metadata: &mut Metadata| {
                let config = &mut metadata.training_config;
                config.epochs = recipe.epochs;
                config
                    .other
                    .insert("dataset_config_path".into(), json!(recipe.dataset_config));
            };
            match store.resume(entry, change, &note.marks, incomplete) {
                Ok(experiment) => {
                    let within = match training.logits.len() / classes {
                        0 => String::new(),
                        done => format!(" and {done} of {samples} samples of the next"),
                    };
                    progress.say(&format!(
                        "resuming after {} of {} epochs{within} ({})",
                        state.epochs_run,
                        recipe.epochs,
                        path.display()
                    ));
                    return Ok((experiment, points.swap_remove(i).1));
                }
                Err(error @ ExperimentError::Write { .. }) => {
                    progress.warn(&format!("{error}; trying the checkpoint before it"));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Err(usage(format!(
        "{} cannot be resumed: it has no usable checkpoint in {}; start a new run",
        entry.id,
        entry.directory.join("checkpoints").display()
    )))
}

/// Reads a checkpoint of a training on `samples` samples of `classes` classes with batch size `batch`.
fn load(
    path: &Path,
    plan: &Plan,
    [samples, classes]: [usize; 2],
    batch: usize,
) -> Result<ResumePoint, String> {
    let bytes = load_checkpoint(path).map_err(|e| e.to_string())?;
    let damaged = |problem: String| format!("{}: {problem}", path.display());
    let (training, note) =
        TrainingState::from_bytes(plan, &bytes).map_err(|e| damaged(e.to_string()))?;
    let note: CheckpointHeader = serde_json::from_str(&note).map_err(|e| damaged(e.to_string()))?;
    if note.version != VERSION {
        return Err(damaged(format!("unknown version {}", note.version)));
    }
    // Logits must cover whole batches, except at the end of an epoch, and whole samples.
    let logits = training.logits.len();
    let done = logits / classes;
    let steps = done.div_ceil(batch) as u64;
    let whole = logits % classes == 0 && (done % batch == 0 || done == samples);
    if !whole || done > samples || steps > training.adam.steps {
        return Err(damaged(format!("no epoch has {logits} logits")));
    }
    Ok(ResumePoint { training, note })
}
