//! Going on with an experiment where its last checkpoint left it.

use std::path::Path;

use experiment::{
    CHECKPOINTS, Entry, Experiment, ExperimentError, ExperimentStore, Marks, Metadata,
    load_checkpoint,
};
use model::{Plan, TrainingState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::TrainerError;
use crate::job::Job;
use crate::progress::Progress;
use crate::training::LoopState;

/// Version of [`Note`]; another one is not read.
pub const VERSION: u32 = 1;

/// What a checkpoint holds beside [`TrainingState`], as JSON in its header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// [`VERSION`].
    pub version: u32,
    /// The loop over epochs.
    pub state: LoopState,
    /// How far logs and history had grown.
    pub marks: Marks,
    /// Seconds of training so far.
    pub elapsed_s: f64,
}

/// A checkpoint.
pub struct Point {
    /// Network and optimizer.
    pub training: TrainingState,
    /// Everything else.
    pub note: Note,
}

fn usage(problem: String) -> TrainerError {
    TrainerError::Usage(problem)
}

/// Takes up `entry` from its newest good checkpoint. `now` is what the metadata of a new run would be: its
/// data must be those the run was started with.
///
/// # Errors
/// [`TrainerError`] where the data differ, another process trains it, or no checkpoint is good.
pub fn take_up(
    job: &Job,
    entry: &Entry,
    now: &Metadata,
    plan: &Plan,
    progress: &Progress,
) -> Result<(Experiment, Point), TrainerError> {
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
    if then.other.get("preprocessing") != now.other.get("preprocessing") {
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
    // Logs that lost their end, as after a power cut: the marks of the checkpoint before may still hold. Where they
    // do not either, the network is worth more than its logs.
    for incomplete in [false, true] {
        for i in 0..points.len() {
            let (path, Point { note, training }) = &points[i];
            let state = &note.state;
            if state.epochs_run > recipe.epochs {
                return Err(usage(format!(
                    "--epochs {}: the run has {} already",
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

/// Reads a checkpoint of a training over `samples` samples of `classes` classes in batches of `batch`.
fn load(
    path: &Path,
    plan: &Plan,
    [samples, classes]: [usize; 2],
    batch: usize,
) -> Result<Point, String> {
    let bytes = load_checkpoint(path).map_err(|e| e.to_string())?;
    let damaged = |problem: String| format!("{}: {problem}", path.display());
    let (training, note) =
        TrainingState::from_bytes(plan, &bytes).map_err(|e| damaged(e.to_string()))?;
    let note: Note = serde_json::from_str(&note).map_err(|e| damaged(e.to_string()))?;
    if note.version != VERSION {
        return Err(damaged(format!("version {} is not known", note.version)));
    }
    // Whole batches, but for the last of an epoch; and whole samples.
    let logits = training.logits.len();
    let done = logits / classes;
    let steps = done.div_ceil(batch) as u64;
    let whole = logits % classes == 0 && (done % batch == 0 || done == samples);
    if !whole || done > samples || steps > training.adam.steps {
        return Err(damaged(format!("no epoch has {logits} logits")));
    }
    Ok(Point { training, note })
}
