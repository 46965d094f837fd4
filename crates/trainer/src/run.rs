//! One training from settings to a finished experiment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use chrono::Local;
use data::{Dataset, DatasetConfig, batch, demo};
use experiment::hash::config_hash;
use experiment::{
    CHECKPOINTS, DatasetInfo, Experiment, ExperimentStore, IdParts, Metadata, ModelInfo, Status,
    TrainingConfig,
};
use model::{AdamState, Architecture, InputShape, Plan};
use serde_json::{Map, Value, json};

use crate::compute::{self, Target};
use crate::error::TrainerError;
use crate::memory;
use crate::metrics::Evaluation;
use crate::progress::Progress;
use crate::recorder;
use crate::report;
use crate::resume::{self, Point};
use crate::settings::{DEFAULT_NORMALISATION, Settings};
use crate::system::system_info;
use crate::train::{Interrupt, Outcome, StoppedBy, train};

/// A finished run.
pub struct Finished {
    /// Last state of the metadata.
    pub metadata: Metadata,
    /// Where it is.
    pub directory: std::path::PathBuf,
    /// Metrics on the test split.
    pub test: Evaluation,
    /// How training ended.
    pub outcome: Outcome,
    /// Class names.
    pub class_names: Vec<String>,
    /// Whether the test split is the validation split.
    pub test_is_val: bool,
}

/// Registers Ctrl-C and SIGTERM: the first ends the training after the step, the second the process.
///
/// # Errors
/// Where the operating system refuses.
pub fn interrupt_on_signals() -> std::io::Result<Interrupt> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let interrupt: Interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registered first, so that it sees the flag of an earlier signal only.
        signal_hook::flag::register_conditional_shutdown(signal, 130, interrupt.clone())?;
        signal_hook::flag::register(signal, interrupt.clone())?;
    }
    Ok(interrupt)
}

/// Trains.
///
/// # Errors
/// [`TrainerError`]. Everything that can be wrong with the input is found before the experiment
/// exists; what fails later leaves an experiment marked `failed` with the error.
pub fn run(
    settings: &Settings,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> Result<Finished, TrainerError> {
    let choice = settings.backend.choose(settings.device)?;
    let mut settings = settings.clone();
    settings.backend = choice.backend;
    let (settings, target) = (&settings, &choice.target);
    for line in &choice.said {
        progress.say(line);
    }
    let threads = limit_threads(settings)?;
    let config_path = match &settings.dataset_config {
        Some(path) => path.clone(),
        None => {
            let path = demo::ensure(&settings.datasets_dir)?;
            progress.say(&format!(
                "no --dataset-config: training on the embedded demo, a simulation ({})",
                path.display()
            ));
            path
        }
    };
    let mut config = DatasetConfig::load(&config_path, settings.task.as_deref())?;
    if settings.normalisation.is_some() {
        config.normalisation = settings.normalisation;
    }
    memory::check_data(&config, settings)?;
    let read = Dataset::watch(
        &config,
        DEFAULT_NORMALISATION,
        settings.storage,
        &mut |loading| progress.reading(loading),
    );
    progress.end_steps();
    let mut dataset = read?;
    let balance = &settings.balance;
    if balance.label_ratio < 1.0 {
        let kept = batch::labelled(&dataset.train.y, balance.label_ratio, settings.seed);
        dataset.train = dataset.train.subset(&kept);
    }
    // Names that are no class are found before the experiment exists.
    balance.weights(&dataset.train, &dataset.class_names)?;
    balance.background(&dataset.class_names)?;
    if !balance.augmentation.is_none() {
        batch::check_augmentable(&dataset.train, &dataset.preprocessing)?;
    }
    for warning in &dataset.warnings {
        progress.warn(warning);
    }
    let classes = dataset.class_names.len();
    let architecture = Architecture::new(
        settings.model,
        InputShape::from(dataset.train.shape),
        classes,
    );
    let plan = Plan::new(&architecture)?;
    memory::check_batch(&architecture, &dataset, settings, target)?;

    let mut metadata = metadata(settings, &config, &dataset, &plan);
    metadata.system_info = system_info(settings.backend, target, threads);
    let parts = IdParts {
        time: Local::now(),
        model_type: settings.model.name().into(),
        num_classes: classes,
        batch_size: settings.batch_size,
        config_hash: config_hash(&hashed(&metadata)),
    };
    let store = ExperimentStore::new(&settings.experiments_dir);
    let started = Instant::now();
    let mut from = None;
    let mut experiment = if let Some(entry) = &settings.resume {
        let (experiment, point) = resume::take_up(settings, entry, &metadata, &plan, progress)?;
        from = Some(point);
        experiment
    } else if settings.untracked {
        store.claim_untracked(parts)?
    } else {
        store.claim(
            &settings.id_template,
            parts,
            metadata,
            &settings.extra_subdirectories,
        )?
    };
    progress.say(&format!(
        "{}: {} on {}, {} training, {} validation, {} test windows, {} classes",
        experiment.id(),
        settings.model,
        settings.backend.name(),
        dataset.train.len(),
        dataset.val.len(),
        dataset.test.len(),
        classes
    ));

    let before = from.as_ref().map_or(0.0, |point| point.note.elapsed_s);
    let worked = work(
        settings,
        target,
        &architecture,
        &plan,
        &dataset,
        interrupt,
        progress,
        &mut experiment,
        started,
        from,
    );
    let duration = before + started.elapsed().as_secs_f64();
    let directory = experiment.directory().to_owned();
    progress.end_steps();
    let elsewhere = match settings.experiments_dir == Path::new("experiments") {
        true => String::new(),
        false => format!(" --experiments-dir {}", settings.experiments_dir.display()),
    };
    let id = experiment.id();
    let go_on = format!("{id} can go on from its last checkpoint: --resume {id}{elsewhere}");
    let checkpoints = CHECKPOINTS.map(|name| directory.join(name));
    let resumable = checkpoints.iter().any(|path| path.exists());
    match worked {
        Ok((mut outcome, test)) => {
            let status = match outcome.stopped_by {
                StoppedBy::Interrupted => Status::Interrupted,
                StoppedBy::Diverged => Status::Failed,
                _ => Status::Completed,
            };
            let results = report::results(&outcome, &test, &dataset);
            let diverged = outcome.diverged.take();
            let finished = experiment.finish(status, |metadata| {
                metadata.duration_s = Some(duration);
                metadata.results = Some(results);
                metadata.error = diverged.as_ref().map(ToString::to_string);
                let timing = json!(outcome.timing);
                metadata.other.insert("timing_s".into(), timing);
            });
            let unwritten = |_: &_| progress.say(&go_on);
            let (metadata, incomplete) = finished.inspect_err(unwritten)?;
            if let Some(error) = incomplete {
                progress.warn(&format!("the logs are not whole: {error}"));
            }
            if let Some(error) = diverged {
                progress.say(&format!(
                    "the best weights so far, of epoch {}, are in {}",
                    outcome.best_epoch.map_or(0, |epoch| epoch + 1),
                    directory.join("model").display()
                ));
                return Err(error);
            }
            if status == Status::Interrupted && resumable {
                progress.say(&go_on);
            }
            Ok(Finished {
                metadata,
                directory,
                test,
                outcome,
                class_names: dataset.class_names,
                test_is_val: dataset.test_is_val,
            })
        }
        Err(error) => {
            let marked = experiment.finish(Status::Failed, |metadata| {
                metadata.duration_s = Some(duration);
                metadata.error = Some(error.to_string());
            });
            if let Err(second) = marked {
                progress.warn(&format!(
                    "the experiment could not be marked as failed: {second}"
                ));
            }
            if resumable && !matches!(error, TrainerError::Diverged { .. }) {
                progress.say(&go_on);
            }
            Err(error)
        }
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one run, used once
fn work(
    settings: &Settings,
    target: &Target,
    architecture: &Architecture,
    plan: &Plan,
    dataset: &Dataset,
    interrupt: &Interrupt,
    progress: &mut Progress,
    experiment: &mut Experiment,
    started: Instant,
    from: Option<Point>,
) -> Result<(Outcome, Evaluation), TrainerError> {
    if from.is_none() {
        report::record_start(experiment, settings, architecture, plan)?;
    }
    let before = from.as_ref().map_or(0.0, |point| point.note.elapsed_s);
    let resumed = from.is_some();
    let from = from.map(|point| (point.training, point.note.state));
    let mut outcome = recorder::with(
        experiment,
        &dataset.class_names,
        recorder::Run {
            checkpoints: !settings.untracked,
            resumed,
            started,
            before,
        },
        progress.voice(),
        |recorder| {
            train(
                settings,
                target,
                architecture,
                dataset,
                interrupt,
                progress,
                recorder,
                from,
            )
        },
    )?;
    // With no epoch finished there are no weights worth keeping.
    if outcome.best_epoch.is_none()
        && let Some(error) = outcome.diverged.take()
    {
        return Err(error);
    }
    let batch = settings.batch_size.min(dataset.train.len());
    let weights = &outcome.best_weights;
    let mut best = compute::engine(target, batch, architecture, weights, AdamState::default())?;
    let test = best.evaluate(&dataset.test, dataset)?;
    let weights = outcome.best_weights.clone();
    report::record_model(experiment, dataset, architecture, weights)?;
    // The model is there: what people look at beside it must not make a failure of it.
    if let Err(error) = report::record_end(experiment, dataset, &outcome, &test) {
        progress.warn(&error.to_string());
    }
    Ok((outcome, test))
}

/// Number of threads in use.
fn limit_threads(settings: &Settings) -> Result<usize, TrainerError> {
    if let Some(threads) = settings.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global()
            .map_err(|e| TrainerError::Usage(format!("--threads {threads}: {e}")))?;
    }
    Ok(rayon::current_num_threads())
}

fn metadata(
    settings: &Settings,
    config: &DatasetConfig,
    dataset: &Dataset,
    plan: &Plan,
) -> Metadata {
    let input_shape = dataset.train.shape.to_vec();
    let num_classes = dataset.class_names.len();
    let splits = [
        ("train", &dataset.train),
        ("val", &dataset.val),
        ("test", &dataset.test),
    ];
    let fingerprints = splits.map(|(name, split)| (name.to_owned(), split.fingerprint.clone()));
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    Metadata {
        model_info: ModelInfo {
            kind: settings.model.name().into(),
            name: settings.model.name().into(),
            input_shape: input_shape.clone(),
            num_classes,
            total_params: plan.total_parameters(),
            trainable_params: plan.trainable_parameters(),
            other: Map::new(),
        },
        training_config: TrainingConfig {
            batch_size: settings.batch_size,
            epochs: settings.epochs,
            learning_rate: settings.learning_rate,
            input_shape: input_shape.clone(),
            num_classes,
            model_type: settings.model.name().into(),
            dataset_config: config.content.clone(),
            other: object(json!({
                "dataset_config_path": config.path,
                "task": config.task_name,
                "normalisation": dataset.preprocessing.normalisation,
                "early_stopping": settings.early_stopping,
                "plateau": settings.plateau,
                "optimizer": {"name": "adam", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
            }))
            .into_iter()
            .chain(settings.balance.to_json())
            .collect(),
        },
        dataset_info: DatasetInfo {
            train_size: dataset.train.len(),
            val_size: dataset.val.len(),
            test_size: dataset.test.len(),
            input_shape,
            num_classes,
            fingerprints: BTreeMap::from(fingerprints),
            other: object(json!({
                "test_is_validation": dataset.test_is_val,
                "preprocessing": dataset.preprocessing,
                "class_counts": splits.map(|(_, split)| split.class_counts(num_classes)),
            })),
        },
        seed: Some(settings.seed),
        class_names: dataset.class_names.clone(),
        notes: settings.notes.clone(),
        tags: settings.tags.clone(),
        other: settings.meta.clone(),
        ..Default::default()
    }
}

/// What the configuration hash covers: the training configuration, the seed, the data and the
/// backend; not where the configuration lies.
fn hashed(metadata: &Metadata) -> Value {
    let mut config = json!(metadata.training_config);
    if let Some(config) = config.as_object_mut() {
        config.remove("dataset_config_path");
        config.insert("seed".into(), json!(metadata.seed));
        config.insert(
            "fingerprints".into(),
            json!(metadata.dataset_info.fingerprints),
        );
        let backend = metadata.system_info.other.get("backend");
        config.insert("backend".into(), json!(backend));
    }
    config
}
