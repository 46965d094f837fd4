//! Resumes an experiment from its last checkpoint.

use std::path::{Path, PathBuf};

use data::Preprocessing;
use experiment::{
    CHECKPOINTS, DatasetInfo, Entry, Experiment, ExperimentError, ExperimentStore, LogPositions,
    Metadata, load_checkpoint,
};
use model::{Plan, TrainingState, WeightsError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{ResumeError, TrainerError, UsageError};
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

/// A checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
enum CheckpointError {
    /// It cannot be read, or its checksum differs.
    #[error(transparent)]
    Read(#[from] ExperimentError),
    /// Its tensors are damaged or those of another network.
    #[error("{path}: {problem}")]
    Tensors {
        path: PathBuf,
        problem: WeightsError,
    },
    /// Its header is damaged.
    #[error("{path}: {problem}")]
    Header {
        path: PathBuf,
        problem: serde_json::Error,
    },
    /// Another version of this program wrote it.
    #[error("{path}: unknown version {version}")]
    Version { path: PathBuf, version: u32 },
    /// The checkpoint is at a position where no step of this run ends.
    #[error("{path}: no epoch has {logits} logits")]
    Logits { path: PathBuf, logits: usize },
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
    let data = &now.dataset_info;
    check_same_data(entry, data)?;
    let mut points = checkpoints(job, entry, data, plan, progress);
    // A power cut may have truncated the logs. The positions in the previous checkpoint may still be valid; otherwise
    // the run is resumed with incomplete logs, since the network matters more.
    for incomplete in [false, true] {
        for i in 0..points.len() {
            let (path, point) = &points[i];
            let Some(experiment) = open(job, entry, point, incomplete, progress)? else {
                continue;
            };
            let within = match point.training.logits.len() / data.num_classes {
                0 => String::new(),
                done => format!(" and {done} of {} samples of the next", data.train_size),
            };
            progress.say(&format!(
                "resuming after {} of {} epochs{within} ({})",
                point.note.state.epochs_run,
                job.recipe.epochs,
                path.display()
            ));
            return Ok((experiment, points.swap_remove(i).1));
        }
    }
    let folder = entry.directory.join("checkpoints");
    Err(not_resumable(entry, ResumeError::NoCheckpoint { folder }))
}

fn not_resumable(entry: &Entry, problem: ResumeError) -> TrainerError {
    let id = entry.id.clone();
    UsageError::NotResumable { id, problem }.into()
}

/// Refuses data or preprocessing other than those the experiment was started with.
fn check_same_data(entry: &Entry, now: &DatasetInfo) -> Result<(), TrainerError> {
    let then = &entry.metadata.dataset_info;
    for (split, fingerprint) in &then.fingerprints {
        if now.fingerprints.get(split) != Some(fingerprint) {
            let now = now.fingerprints.get(split).map_or("none", String::as_str);
            let changed = ResumeError::Split {
                split: split.clone(),
                then: fingerprint.clone(),
                now: now.to_owned(),
            };
            return Err(not_resumable(entry, changed));
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
    if same {
        return Ok(());
    }
    Err(not_resumable(entry, ResumeError::Preprocessing))
}

/// The usable checkpoints of an experiment, newest first; warns of the others.
fn checkpoints(
    job: &Job,
    entry: &Entry,
    data: &DatasetInfo,
    plan: &Plan,
    progress: &Progress,
) -> Vec<(PathBuf, ResumePoint)> {
    let sizes = [data.train_size, data.num_classes];
    let mut points = Vec::new();
    for name in CHECKPOINTS {
        let path = entry.directory.join(name);
        if !path.exists() {
            continue;
        }
        match load(&path, plan, sizes, job.recipe.batch_size) {
            Ok(point) => points.push((path, point)),
            Err(problem) => progress.warn(&format!("{problem}; trying the checkpoint before it")),
        }
    }
    points
}

/// Opens the experiment at `point`; `None`, with a warning, if its logs do not reach that far.
fn open(
    job: &Job,
    entry: &Entry,
    point: &ResumePoint,
    incomplete: bool,
    progress: &Progress,
) -> Result<Option<Experiment>, TrainerError> {
    let recipe = &job.recipe;
    let done = point.note.state.epochs_run;
    if done > recipe.epochs {
        let problem = format!("the run has already completed {done}");
        let option = format!("--epochs {}", recipe.epochs);
        return Err(TrainerError::option(option, problem));
    }
    let change = |metadata: &mut Metadata| {
        let config = &mut metadata.training_config;
        config.epochs = recipe.epochs;
        config
            .other
            .insert("dataset_config_path".into(), json!(recipe.dataset_config));
    };
    let store = ExperimentStore::new(&job.tracking.experiments_dir);
    match store.resume(entry, change, &point.note.marks, incomplete) {
        Ok(experiment) => Ok(Some(experiment)),
        Err(error @ ExperimentError::Write { .. }) => {
            progress.warn(&format!("{error}; trying the checkpoint before it"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Reads a checkpoint of a training on `samples` samples of `classes` classes with batch size `batch`.
fn load(
    path: &Path,
    plan: &Plan,
    [samples, classes]: [usize; 2],
    batch: usize,
) -> Result<ResumePoint, CheckpointError> {
    let bytes = load_checkpoint(path)?;
    let path = || path.to_owned();
    let (training, note) =
        TrainingState::from_bytes(plan, &bytes).map_err(|problem| CheckpointError::Tensors {
            path: path(),
            problem,
        })?;
    let note: CheckpointHeader =
        serde_json::from_str(&note).map_err(|problem| CheckpointError::Header {
            path: path(),
            problem,
        })?;
    if note.version != VERSION {
        return Err(CheckpointError::Version {
            path: path(),
            version: note.version,
        });
    }
    // Logits must cover whole batches, except at the end of an epoch, and whole samples.
    let logits = training.logits.len();
    let done = logits / classes;
    let steps = done.div_ceil(batch) as u64;
    let whole = logits % classes == 0 && (done % batch == 0 || done == samples);
    if !whole || done > samples || steps > training.adam.steps {
        return Err(CheckpointError::Logits {
            path: path(),
            logits,
        });
    }
    Ok(ResumePoint { training, note })
}
