//! First stage: the input is read and checked; nothing is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use data::{Augmentation, DataError, Dataset, DatasetConfig, Storage, batch, demo};
use experiment::{DatasetInfo, Entry, Metadata, ModelInfo};
use model::{Architecture, InputShape, Plan, Weights};
use serde_json::{Map, Value, json};

use super::augmentation_search::AugmentationSearch;
use super::distillation_search::Teacher;
use super::front_end_search::FrontEndSearch;
use super::front_end_source::set_front_end;
use crate::budget::NodeCost;
use crate::compute::Target;
use crate::error::TrainerError;
use crate::initial;
use crate::job::Job;
use crate::memory;
use crate::progress::Progress;
use crate::recipe::{DEFAULT_NORMALISATION, DataIdentity, background_label};
use crate::system::{limit_threads, system_info};

/// A run with valid input.
pub struct Prepared {
    /// The job, with its recipe completed by properties of the data.
    pub job: Job,
    /// Device to compute on.
    pub target: Target,
    /// Number of CPU threads in use.
    pub threads: usize,
    /// Dataset configuration.
    pub config: DatasetConfig,
    /// Dataset.
    pub dataset: Dataset,
    /// Positions of the training samples in use within the split on disk; `None` for all of them.
    pub learned_from: Option<Vec<usize>>,
    /// Identity of windows and groups on disk, see [`baselines::identity`].
    pub identity: String,
    /// Network architecture.
    pub architecture: Architecture,
    /// Execution plan of the network.
    pub plan: Plan,
    /// Initial weights; `None` if they are random or come from a checkpoint.
    pub initial: Option<Weights>,
    /// How the augmentation was chosen, for the metadata; `None` if the recipe fixes it.
    pub augmentation_search: Option<AugmentationSearch>,
    /// Whether neither the dataset configuration nor the recipe names the front end.
    pub leaves_front_end_open: bool,
    /// How the front end was chosen, for the metadata; `None` if it was given or could not be tried.
    pub front_end_search: Option<FrontEndSearch>,
    /// What the network learns from besides labels.
    pub teacher: Teacher,
}

impl Prepared {
    /// Selects the device, reads the data and checks that everything fits.
    ///
    /// # Errors
    /// [`TrainerError`] describing what is wrong with the input.
    pub fn new(mut job: Job, progress: &mut Progress) -> Result<Self, TrainerError> {
        let choice = job.compute.backend.choose(job.compute.device)?;
        job.compute.backend = choice.backend;
        for line in &choice.messages {
            progress.say(line);
        }
        let threads = limit_threads(job.compute.threads)?;
        let mut config = dataset_config(&job, progress)?;
        if job.recipe.normalisation.is_some() {
            config.normalisation = job.recipe.normalisation;
        }
        let named = [config.names_front_end, !config.steps.is_empty()];
        let of_source = set_front_end(&mut config, &job, progress)?;
        let leaves_front_end_open = !config.names_front_end;
        config.absolute_thresholds = job.resume.as_ref().is_some_and(has_absolute_thresholds);
        config.fold = job.recipe.fold;
        config.held_out = job.recipe.held_out.clone();
        let Input {
            dataset,
            learned_from,
            identity,
        } = read(&config, &mut job, progress)?;
        warn_of_other_data(&job, &dataset, progress);
        if let Some(key) = of_source.and_then(|front| front.difference(&dataset.preprocessing)) {
            progress.warn(&format!(
                "the weights of --init-from were trained with another `{key}` (see its model.json): they expect other inputs"
            ));
        }
        complete(&mut job, &config, &dataset, named);
        let recipe = &job.recipe;
        let (architecture, plan) = network(&job, &dataset)?;
        memory::check_batch(&architecture, &dataset, recipe.batch_size, &choice.target)?;
        let initial = match &recipe.init_from {
            Some(source) if job.resume.is_none() => {
                let classes = &dataset.class_names;
                let root = &job.tracking.experiments_dir;
                let read = initial::read(source, root, &plan)?;
                let (weights, lines) = read.weights_for(&plan, recipe.seed, classes)?;
                lines.iter().for_each(|line| progress.say(line));
                Some(weights)
            }
            _ => None,
        };
        if recipe.freeze >= plan.layers().len() {
            let problem = format!(
                "the network has {} layers, and at least one must be trained",
                plan.layers().len()
            );
            let option = format!("--freeze {}", recipe.freeze);
            return Err(TrainerError::option(option, problem));
        }
        let prepared = Self {
            initial,
            augmentation_search: None,
            leaves_front_end_open,
            front_end_search: None,
            teacher: Teacher::default(),
            job,
            target: choice.target,
            threads,
            config,
            dataset,
            learned_from,
            identity,
            architecture,
            plan,
        };
        prepared.fit_to_budget(progress)
    }

    /// Metadata at the start of the run.
    pub fn metadata(&self) -> Metadata {
        let (recipe, dataset) = (&self.job.recipe, &self.dataset);
        let training_config = recipe.training_config();
        let input_shape = training_config.input_shape.clone();
        let num_classes = training_config.num_classes;
        let splits = [
            ("train", &dataset.train),
            ("val", &dataset.val),
            ("test", &dataset.test),
        ];
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        Metadata {
            model_info: ModelInfo {
                kind: recipe.model.name().into(),
                name: recipe.model.name().into(),
                input_shape: input_shape.clone(),
                num_classes,
                total_params: self.plan.total_parameters(),
                trainable_params: self.plan.trainable_parameters(),
                other: NodeCost::fields(&self.architecture, &dataset.preprocessing),
            },
            training_config,
            dataset_info: DatasetInfo {
                train_size: dataset.train.len(),
                val_size: dataset.val.len(),
                test_size: dataset.test.len(),
                input_shape,
                num_classes,
                fingerprints: fingerprints(dataset),
                other: object(json!({
                    "test_is_validation": dataset.test_is_val,
                    "preprocessing": dataset.preprocessing,
                    "class_counts": splits.map(|(_, split)| split.class_counts(num_classes)),
                })),
            },
            system_info: system_info(self.job.compute.backend, &self.target, self.threads),
            seed: Some(recipe.seed),
            class_names: dataset.class_names.clone(),
            notes: self.job.tracking.notes.clone(),
            tags: self.job.tracking.tags.clone(),
            other: self.other_fields(),
            ..Default::default()
        }
    }
}

impl Prepared {
    /// Fields added by the user, the fold, and how the augmentation and the front end were chosen.
    fn other_fields(&self) -> Map<String, Value> {
        let mut fields = self.job.tracking.meta.clone();
        if let Some(fold) = self.job.recipe.fold {
            fields.insert("fold".into(), fold.index.into());
        }
        if let Some(search) = &self.augmentation_search {
            fields.insert("augmentation_choice".into(), json!(search));
        }
        if let Some(search) = &self.front_end_search {
            fields.insert("front_end_choice".into(), json!(search));
        }
        if let Some(search) = &self.teacher.search {
            fields.insert("distillation_choice".into(), json!(search));
        }
        fields
    }
}

/// The dataset configuration, by default that of the embedded demo.
fn dataset_config(job: &Job, progress: &Progress) -> Result<DatasetConfig, TrainerError> {
    let path: PathBuf = match &job.recipe.dataset_config {
        Some(path) => path.clone(),
        None => {
            let path = demo::ensure(&job.tracking.datasets_dir)?;
            progress.say(&format!(
                "no --dataset-config: training on the embedded demo, a simulation ({})",
                path.display()
            ));
            path
        }
    };
    Ok(DatasetConfig::load(&path, job.recipe.task.as_deref())?)
}

/// The data as read.
struct Input {
    dataset: Dataset,
    learned_from: Option<Vec<usize>>,
    identity: String,
}

/// Fingerprints and groups of the splits on disk.
pub(super) fn identity(dataset: &Dataset) -> String {
    let mut splits = vec![&dataset.train, &dataset.val];
    if !dataset.test_is_val {
        splits.push(&dataset.test);
    }
    let fingerprints: Vec<String> = splits
        .iter()
        .map(|split| split.fingerprint.clone())
        .collect();
    let groups = splits.iter().flat_map(|split| &split.group_of);
    baselines::identity(&fingerprints, groups.map(Option::as_deref))
}

/// Reads the splits as they are on disk.
pub(super) fn load(
    config: &DatasetConfig,
    storage: Storage,
    progress: &mut Progress,
) -> Result<Dataset, DataError> {
    let read = Dataset::watch(config, DEFAULT_NORMALISATION, storage, &mut |loading| {
        progress.reading(loading);
    });
    progress.end_steps();
    read
}

/// Reads the splits and checks that the recipe can be applied to them.
fn read(
    config: &DatasetConfig,
    job: &mut Job,
    progress: &mut Progress,
) -> Result<Input, TrainerError> {
    let recipe = &mut job.recipe;
    recipe.fill_in_defaults_of_network();
    let storage = recipe.storage(job.compute.stream);
    memory::check_data(config, storage)?;
    let mut dataset = load(config, storage, progress)?;
    let identity = identity(&dataset);
    let mut learned_from = None;
    if recipe.label_ratio < 1.0 {
        let kept = batch::labelled(&dataset.train.y, recipe.label_ratio, recipe.seed);
        dataset.train = dataset.train.subset(&kept);
        learned_from = Some(kept);
    }
    // Class names are checked before the experiment is created.
    recipe
        .class_weights
        .resolve(&dataset.train, &dataset.class_names)?;
    let mut augmentation = recipe.augmentation.settings();
    background_label(&augmentation, &dataset.class_names)?;
    if augmentation.changes_windows() {
        let can = batch::check_augmentable(&dataset.train, &dataset.preprocessing);
        if can.is_err() && augmentation == Augmentation::standard() {
            progress.say("the samples are not raw windows, so time shifts are not applied");
            augmentation.time_shift = 0.0;
            recipe.augmentation = augmentation.into();
        } else {
            can?;
        }
    }
    for warning in &dataset.warnings {
        progress.warn(warning);
    }
    Ok(Input {
        dataset,
        learned_from,
        identity,
    })
}

fn fingerprints(dataset: &Dataset) -> BTreeMap<String, String> {
    let splits = [
        ("train", &dataset.train),
        ("val", &dataset.val),
        ("test", &dataset.test),
    ];
    splits
        .map(|(name, split)| (name.to_owned(), split.fingerprint.clone()))
        .into()
}

/// The network that the recipe names; when an experiment is resumed, in the version with which the experiment began.
pub(super) fn network(job: &Job, dataset: &Dataset) -> Result<(Architecture, Plan), TrainerError> {
    let architecture = Architecture::new(
        job.recipe.model,
        InputShape::from(dataset.train.shape),
        dataset.class_names.len(),
    );
    if let (Some(entry), Some(earlier)) = (&job.resume, architecture.earlier()) {
        let plan = Plan::new(&earlier)?;
        if plan.total_parameters() == entry.metadata.model_info.total_params {
            return Ok((earlier, plan));
        }
    }
    let plan = Plan::new(&architecture)?;
    Ok((architecture, plan))
}

/// Warns if a stored recipe runs on other data than the first time. (Resuming refuses this.)
fn warn_of_other_data(job: &Job, dataset: &Dataset, progress: &Progress) {
    let (Some(then), None) = (&job.recipe.data, &job.resume) else {
        return;
    };
    let now = fingerprints(dataset);
    let changed = then.fingerprints.iter();
    let changed: Vec<&str> = changed
        .filter(|(split, fingerprint)| now.get(*split) != Some(fingerprint))
        .map(|(split, _)| split.as_str())
        .collect();
    if !changed.is_empty() {
        progress.warn(&format!(
            "the data differ from those of the recipe's first run: the {} split differs",
            changed.join(" and the ")
        ));
    }
}

/// Whether an experiment predates thresholds relative to the training split.
fn has_absolute_thresholds(entry: &Entry) -> bool {
    let stored = entry.metadata.dataset_info.other.get("preprocessing");
    stored.is_some_and(|stored| stored.get("thresholds").is_none_or(Value::is_null))
}

/// Fills in fields that the recipe leaves to the data. `named` is whether the dataset configuration sets a front end
/// and preprocessing steps.
fn complete(job: &mut Job, config: &DatasetConfig, dataset: &Dataset, named: [bool; 2]) {
    let recipe = &mut job.recipe;
    let [front_end, steps] = named;
    recipe.spectral_processing = (!front_end).then(|| dataset.preprocessing.spectral.clone());
    if steps {
        recipe.preprocessing = None;
    }
    recipe.dataset_config = Some(config.path.clone());
    recipe.task = Some(config.task_name.clone());
    recipe.normalisation = Some(dataset.preprocessing.normalisation);
    recipe.data = Some(DataIdentity {
        configuration: config.content.clone(),
        fingerprints: fingerprints(dataset),
        input_shape: dataset.train.shape.to_vec(),
        class_names: dataset.class_names.clone(),
    });
}
