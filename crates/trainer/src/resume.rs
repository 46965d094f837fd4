//! Going on with an experiment where its last checkpoint left it.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use data::{Augmentation, Storage};
use experiment::{
    CHECKPOINTS, Entry, Experiment, ExperimentError, ExperimentStore, Marks, Metadata,
    load_checkpoint,
};
use model::{Plan, TrainingState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::balance::{Balance, ClassWeights};
use crate::cli::Cli;
use crate::compute::Backend;
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

fn incomplete(entry: &Entry, key: &str) -> TrainerError {
    usage(format!(
        "{} cannot be resumed: its metadata.json has no {key}",
        entry.id
    ))
}

/// A setting as the experiment's metadata have it.
fn stored<T: DeserializeOwned>(
    entry: &Entry,
    (key, value): (&str, Option<&Value>),
) -> Result<T, TrainerError> {
    let value = value.cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|_| incomplete(entry, key))
}

/// Refuses options that differ from what an experiment was started with.
struct Unchanged<'a>(&'a Entry);

impl Unchanged<'_> {
    fn check<T: PartialEq>(
        &self,
        option: &str,
        given: &Option<T>,
        own: &T,
        shown: impl Display,
    ) -> Result<(), TrainerError> {
        match given {
            Some(given) if given != own => Err(usage(format!(
                "{option} cannot change when a run is resumed: {} was started with {shown}",
                self.0.id
            ))),
            _ => Ok(()),
        }
    }
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
    let other = |key: &'static str| (key, config.other.get(key));
    let backend = entry.metadata.system_info.other.get("backend");
    let backend: Backend = stored(&entry, ("backend", backend))?;
    let path: PathBuf = stored(&entry, other("dataset_config_path"))?;
    let normalisation: String = stored(&entry, other("normalisation"))?;
    let task: String = stored(&entry, other("task"))?;
    let seed = entry.metadata.seed;
    let seed = seed.ok_or_else(|| incomplete(&entry, "seed"))?;

    let same = Unchanged(&entry);
    same.check(
        "--model",
        &cli.model,
        &config.model_type,
        &config.model_type,
    )?;
    same.check(
        "--dataset-config",
        &cli.dataset_config,
        &path,
        path.display(),
    )?;
    same.check("--task", &cli.task, &task, &task)?;
    same.check(
        "--batch-size",
        &cli.batch_size,
        &config.batch_size,
        config.batch_size,
    )?;
    same.check(
        "--learning-rate",
        &cli.learning_rate,
        &config.learning_rate,
        config.learning_rate,
    )?;
    same.check("--seed", &cli.seed, &seed, seed)?;
    same.check(
        "--normalisation",
        &cli.normalisation,
        &normalisation,
        &normalisation,
    )?;
    let balance =
        Balance::from_json(&config.other).ok_or_else(|| incomplete(&entry, "augmentation"))?;
    same.check(
        "--label-ratio",
        &cli.label_ratio,
        &balance.label_ratio,
        balance.label_ratio,
    )?;
    let shown = |key: &str| {
        balance
            .to_json()
            .get(key)
            .map_or("the default".to_owned(), ToString::to_string)
    };
    same.check(
        "--sampling",
        &cli.sampling,
        &balance.sampling,
        shown("sampling"),
    )?;
    let weights = cli.class_weights.map(ClassWeights::from);
    same.check(
        "--class-weights",
        &weights,
        &balance.class_weights,
        shown("class_weights"),
    )?;
    let augmentation = cli.augment.as_deref().and_then(Augmentation::preset);
    if cli.augment.is_some() && augmentation.is_none() {
        return Err(usage("--augment: choose none, light or field".to_owned()));
    }
    same.check(
        "--augment",
        &augmentation,
        &balance.augmentation,
        shown("augmentation"),
    )?;
    // What `auto` finds now may be another than then: results come of the same one.
    let asked = cli.backend.filter(|asked| *asked != Backend::Auto);
    same.check("--backend", &asked, &backend, backend.name())?;
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
        device: cli.device,
        threads: cli.threads,
        checkpoint_minutes: cli.checkpoint_minutes,
        experiments_dir: Some(root),
        datasets_dir: cli.datasets_dir.clone(),
        ..Default::default()
    })?;
    settings.early_stopping = stored(&entry, other("early_stopping"))?;
    settings.plateau = stored(&entry, other("plateau"))?;
    settings.storage = balance.storage(settings.storage == Storage::Streamed);
    settings.balance = balance;
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
    let (samples, classes) = (now.train_size, now.num_classes);
    let mut points = Vec::new();
    for name in CHECKPOINTS {
        let path = entry.directory.join(name);
        if !path.exists() {
            continue;
        }
        match load(&path, plan, [samples, classes], settings.batch_size) {
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
            if state.epochs_run > settings.epochs {
                return Err(usage(format!(
                    "--epochs {}: the run has {} already",
                    settings.epochs, state.epochs_run
                )));
            }
            let change =
                |metadata: &mut Metadata| metadata.training_config.epochs = settings.epochs;
            match store.resume(entry, change, &note.marks, incomplete) {
                Ok(experiment) => {
                    let within = match training.logits.len() / classes {
                        0 => String::new(),
                        done => format!(" and {done} of {samples} samples of the next"),
                    };
                    progress.say(&format!(
                        "resuming after {} of {} epochs{within} ({})",
                        state.epochs_run,
                        settings.epochs,
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
