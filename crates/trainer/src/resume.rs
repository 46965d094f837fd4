//! Going on with an experiment where its last checkpoint left it.

use std::path::PathBuf;

use experiment::{
    CHECKPOINTS, Entry, Experiment, ExperimentError, ExperimentStore, Marks, Metadata,
    load_checkpoint,
};
use model::{Plan, TrainingState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::Backend;
use crate::cli::Cli;
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::settings::Settings;
use crate::train::LoopState;

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

/// Settings of the experiment that `--resume` names: those it was started with. Options beside it may repeat
/// them; `--epochs` may be another number, and `--threads` and `--stream` change no result.
///
/// # Errors
/// [`TrainerError`] where there is no such experiment, it cannot be resumed, or an option differs.
pub fn settings(cli: &Cli, id: &str) -> Result<Settings, TrainerError> {
    let new_runs_only = [
        ("--config", cli.config.is_some()),
        ("--untracked", cli.untracked),
        ("--meta", !cli.meta.is_empty()),
        ("--tag", !cli.tags.is_empty()),
        ("--notes", cli.notes.is_some()),
    ];
    if let Some((option, _)) = new_runs_only.iter().find(|(_, given)| *given) {
        return Err(usage(format!(
            "{option} is for new runs: leave it out with --resume"
        )));
    }
    let root = cli.experiments_dir.clone();
    let root = root.unwrap_or_else(|| PathBuf::from("experiments"));
    let entry = ExperimentStore::new(&root).find(id)?;
    let config = &entry.metadata.training_config;
    let other = |key: &str| config.other.get(key).cloned().unwrap_or(Value::Null);
    let incomplete = |what: &str| {
        usage(format!(
            "{} cannot be resumed: its metadata.json has no {what}",
            entry.id
        ))
    };
    fn read<T: DeserializeOwned>(value: Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }
    let backend = entry.metadata.system_info.other.get("backend");
    let backend: Backend = backend
        .cloned()
        .and_then(read)
        .ok_or_else(|| incomplete("backend"))?;
    let path: PathBuf =
        read(other("dataset_config_path")).ok_or_else(|| incomplete("dataset_config_path"))?;
    let normalisation: String =
        read(other("normalisation")).ok_or_else(|| incomplete("normalisation"))?;
    let task: String = read(other("task")).ok_or_else(|| incomplete("task"))?;
    let seed = entry.metadata.seed.ok_or_else(|| incomplete("seed"))?;

    let differs = [
        (
            "--model",
            cli.model.as_ref().is_some_and(|m| *m != config.model_type),
            config.model_type.clone(),
        ),
        (
            "--dataset-config",
            cli.dataset_config.as_ref().is_some_and(|p| *p != path),
            path.display().to_string(),
        ),
        (
            "--task",
            cli.task.as_ref().is_some_and(|t| *t != task),
            task.clone(),
        ),
        (
            "--batch-size",
            cli.batch_size.is_some_and(|n| n != config.batch_size),
            config.batch_size.to_string(),
        ),
        (
            "--learning-rate",
            cli.learning_rate.is_some_and(|x| x != config.learning_rate),
            config.learning_rate.to_string(),
        ),
        (
            "--seed",
            cli.seed.is_some_and(|s| s != seed),
            seed.to_string(),
        ),
        (
            "--normalisation",
            cli.normalisation
                .as_ref()
                .is_some_and(|n| *n != normalisation),
            normalisation.clone(),
        ),
        (
            "--backend",
            cli.backend.is_some_and(|b| b != backend),
            backend.name().to_owned(),
        ),
    ];
    if let Some((option, _, own)) = differs.iter().find(|(_, differs, _)| *differs) {
        return Err(usage(format!(
            "{option} cannot change when a run is resumed: {} was started with {own}",
            entry.id
        )));
    }
    let mut settings = Settings::new(&Cli {
        model: Some(config.model_type.clone()),
        dataset_config: Some(path),
        task: Some(task),
        epochs: cli.epochs.or(Some(config.epochs)),
        batch_size: Some(config.batch_size),
        learning_rate: Some(config.learning_rate),
        seed: Some(seed),
        normalisation: Some(normalisation),
        stream: cli.stream,
        backend: Some(backend),
        threads: cli.threads,
        experiments_dir: Some(root),
        datasets_dir: cli.datasets_dir.clone(),
        ..Default::default()
    })?;
    settings.early_stopping =
        read(other("early_stopping")).ok_or_else(|| incomplete("early_stopping"))?;
    settings.plateau = read(other("plateau")).ok_or_else(|| incomplete("plateau"))?;
    settings.resume = Some(entry);
    Ok(settings)
}

/// Takes up `entry` from its newest good checkpoint. `now` is what the metadata of a new run would be: its
/// data must be those the run was started with.
///
/// # Errors
/// [`TrainerError`] where the data differ, another process trains it, or no checkpoint is good.
pub fn take_up(
    settings: &Settings,
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
    let store = ExperimentStore::new(&settings.experiments_dir);
    for name in CHECKPOINTS {
        let path = entry.directory.join(name);
        if !path.exists() {
            continue;
        }
        let point = match load(&path, plan) {
            Ok(point) => point,
            Err(problem) => {
                progress.warn(&format!("{problem}; trying the checkpoint before it"));
                continue;
            }
        };
        if point.note.state.epochs_run > settings.epochs {
            return Err(usage(format!(
                "--epochs {}: the run has {} already",
                settings.epochs, point.note.state.epochs_run
            )));
        }
        let change = |metadata: &mut Metadata| metadata.training_config.epochs = settings.epochs;
        match store.resume(entry, change, &point.note.marks) {
            Ok(experiment) => {
                progress.say(&format!(
                    "resuming after {} of {} epochs ({})",
                    point.note.state.epochs_run,
                    settings.epochs,
                    path.display()
                ));
                return Ok((experiment, point));
            }
            // Logs that lost their end, as after a power cut: the earlier marks may still hold.
            Err(error @ ExperimentError::Write { .. }) => {
                progress.warn(&format!("{error}; trying the checkpoint before it"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(usage(format!(
        "{} cannot be resumed: it has no usable checkpoint in {}; start a new run",
        entry.id,
        entry.directory.join("checkpoints").display()
    )))
}

fn load(path: &std::path::Path, plan: &Plan) -> Result<Point, String> {
    let bytes = load_checkpoint(path).map_err(|e| e.to_string())?;
    let damaged = |problem: String| format!("{}: {problem}", path.display());
    let (training, note) =
        TrainingState::from_bytes(plan, &bytes).map_err(|e| damaged(e.to_string()))?;
    let note: Note = serde_json::from_str(&note).map_err(|e| damaged(e.to_string()))?;
    match note.version {
        VERSION => Ok(Point { training, note }),
        other => Err(damaged(format!("version {other} is not known"))),
    }
}
