//! A run as requested: the recipe, and where it computes and writes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use experiment::{Entry, ExperimentStore, IdTemplate};
use serde_json::{Map, Value};
use support::paths::not_replaced;

use crate::compute::Backend;
use crate::error::{MovedData, ResumeError, TrainerError, UsageError};
use crate::options::TrainingOptions;
use crate::recipe::{JobOptions, Preset, Recipe};

/// Everything that is decided before the data are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Everything that decides the result.
    pub recipe: Recipe,
    /// Where the run computes.
    pub compute: ComputeOptions,
    /// Where and how the run is recorded.
    pub tracking: Tracking,
    /// Whether the network is compared with simple baselines after training.
    pub baseline: bool,
    /// The experiment to resume.
    pub resume: Option<Entry>,
    /// Flash limit in KiB that the network must fit.
    pub budget_kb: Option<usize>,
}

/// Where a run computes. On CPUs none of this changes the result.
#[derive(Clone, Debug, PartialEq)]
pub struct ComputeOptions {
    /// Backend.
    pub backend: Backend,
    /// Device of the backend; `None` for the best.
    pub device: Option<usize>,
    /// Number of CPU threads; `None` for all.
    pub threads: Option<usize>,
    /// Whether inputs are read from their files for every batch.
    pub stream: bool,
}

/// Where and how a run is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracking {
    /// Directory of the experiments.
    pub experiments_dir: PathBuf,
    /// Directory for the embedded demo.
    pub datasets_dir: PathBuf,
    /// Template of experiment IDs.
    pub id_template: IdTemplate,
    /// Additional directories created in every experiment.
    pub extra_subdirectories: Vec<String>,
    /// Extra fields of `metadata.json`.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: String,
    /// Whether the run is not tracked.
    pub untracked: bool,
    /// Longest interval between two checkpoints.
    pub checkpoint_every: Duration,
}

/// Most threads that are started: more than any machine has, and few enough to start at once.
const MAX_THREADS: usize = 4096;

/// Parses the interval between checkpoints.
fn minutes(minutes: f64) -> Result<Duration, TrainerError> {
    let seconds = minutes * 60.0;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if seconds > 0.0 => Ok(time),
        _ => Err(UsageError::NotPositive {
            what: "--checkpoint-minutes",
            value: minutes,
        }
        .into()),
    }
}

/// The experiments directory given on the command line.
fn experiments_dir(args: &TrainingOptions) -> PathBuf {
    let given = args.experiments_dir.clone();
    given.unwrap_or_else(|| PathBuf::from("experiments"))
}

impl Job {
    /// Resolves the command line. Options override the preset (or a stored recipe), which overrides the defaults.
    ///
    /// # Errors
    /// [`TrainerError`] if a preset, recipe or experiment is unusable, or a value is invalid.
    pub fn new(args: &TrainingOptions) -> Result<Self, TrainerError> {
        if let Some(id) = &args.resume {
            return Self::resume(args, id);
        }
        let preset = match (&args.config, &args.recipe) {
            (Some(path), _) => Preset::load(path)?,
            (None, Some(recipe)) => Preset {
                recipe: stored_recipe(recipe, &experiments_dir(args))?,
                ..Preset::default()
            },
            (None, None) => Preset::default(),
        };
        Self::merge(args, preset)
    }

    fn merge(args: &TrainingOptions, preset: Preset) -> Result<Self, TrainerError> {
        let Preset { recipe, options } = preset;
        let recipe = recipe.with(&args.recipe_args)?;
        recipe.check()?;
        let job = Self {
            recipe,
            compute: ComputeOptions::new(args, &options)?,
            baseline: options.baseline && !args.no_baseline,
            tracking: Tracking::new(args, options)?,
            resume: None,
            budget_kb: args.budget_kb,
        };
        Ok(job)
    }

    /// Resumes the experiment named by `--resume` with its original recipe. Repeated options must have the same
    /// values. `--epochs` may change, `--dataset-config` may point to another copy of the data, and `--threads` and
    /// `--stream` do not affect the result.
    fn resume(args: &TrainingOptions, id: &str) -> Result<Self, TrainerError> {
        let new_runs_only = [
            ("--config", args.config.is_some()),
            ("--recipe", args.recipe.is_some()),
            ("--untracked", args.untracked),
            ("--meta", !args.meta.is_empty()),
            ("--tag", !args.tags.is_empty()),
            ("--notes", args.notes.is_some()),
        ];
        if let Some((option, _)) = new_runs_only.iter().find(|(_, given)| *given) {
            return Err(UsageError::NewRunsOnly { option }.into());
        }
        let entry = ExperimentStore::new(&experiments_dir(args)).find(id)?;
        let recipe = Recipe::of_experiment(&entry)?;
        recipe
            .check_unchanged(&args.recipe_args, &entry.id)
            .map_err(|error| with_moved_data(error, args, &recipe))?;
        if let Some(moved) = moved_data(args, &recipe) {
            let id = entry.id;
            return Err(UsageError::NotYetResumable { id, moved }.into());
        }
        let backend = backend_of(&entry)?;
        if let Some(given) = args.backend
            && given != backend
        {
            let changed = UsageError::Changed {
                option: "--backend".into(),
                id: entry.id,
                value: backend.name().to_owned(),
            };
            return Err(changed.into());
        }
        let preset = Preset {
            recipe,
            options: JobOptions {
                backend: Some(backend),
                ..JobOptions::default()
            },
        };
        Ok(Self {
            resume: Some(entry),
            ..Self::merge(args, preset)?
        })
    }
}

/// Reports it if the data are no longer where they were when the run began, and no new place is given.
fn moved_data(args: &TrainingOptions, recipe: &Recipe) -> Option<MovedData> {
    let given = args.recipe_args.dataset_config.is_some();
    let path = recipe.dataset_config.as_ref().filter(|_| !given)?;
    (!path.exists()).then(|| MovedData { path: path.clone() })
}

/// Combines an error about options with the one about moved data that would follow it.
fn with_moved_data(error: TrainerError, args: &TrainingOptions, recipe: &Recipe) -> TrainerError {
    match (error, moved_data(args, recipe)) {
        (TrainerError::Usage(problem), Some(moved)) => {
            let problem = Box::new(problem);
            UsageError::Also { problem, moved }.into()
        }
        (error, _) => error,
    }
}

/// The backend of an experiment.
fn backend_of(entry: &Entry) -> Result<Backend, TrainerError> {
    let stored = entry.metadata.system_info.other.get("backend");
    let backend = serde_json::from_value(stored.cloned().unwrap_or_default());
    backend.map_err(|_| {
        let (id, problem) = (entry.id.clone(), ResumeError::NoBackend);
        UsageError::NotResumable { id, problem }.into()
    })
}

/// Reads a recipe from a file or an experiment.
fn stored_recipe(named: &str, experiments: &Path) -> Result<Recipe, TrainerError> {
    let path = Path::new(named);
    if path.is_file() {
        let text = data::read_yaml(path).map_err(|source| TrainerError::ReadRecipe {
            path: path.to_owned(),
            source,
        })?;
        return Recipe::parse(&text).map_err(|problem| TrainerError::RecipeFile {
            place: named.to_owned(),
            problem,
        });
    }
    Recipe::of_experiment(&ExperimentStore::new(experiments).find(named)?)
}

impl ComputeOptions {
    fn new(args: &TrainingOptions, preset: &JobOptions) -> Result<Self, TrainerError> {
        let options = Self {
            backend: args.backend.or(preset.backend).unwrap_or(Backend::Native),
            device: args.device.or(preset.device),
            threads: args.threads.or(preset.threads),
            stream: args.stream || preset.stream,
        };
        if options.threads == Some(0) {
            let what = "the number of threads";
            return Err(UsageError::Zero { what }.into());
        }
        if let Some(threads) = options.threads.filter(|threads| *threads > MAX_THREADS) {
            let problem = format!("at most {MAX_THREADS} threads can be used");
            return Err(TrainerError::option(format!("threads {threads}"), problem));
        }
        Ok(options)
    }
}

impl Tracking {
    fn new(args: &TrainingOptions, preset: JobOptions) -> Result<Self, TrainerError> {
        let template = preset.id_template.as_deref().map(IdTemplate::new);
        let mut meta = preset.meta;
        for pair in &args.meta {
            let (key, value) = pair.split_once('=').ok_or_else(|| {
                TrainerError::option(format!("--meta {pair}"), "expected KEY=VALUE")
            })?;
            meta.insert(key.to_owned(), value.into());
        }
        let mut tags = preset.tags;
        tags.extend(args.tags.iter().cloned());
        let folder = |given: &Option<PathBuf>, default: &str| {
            given.clone().unwrap_or_else(|| PathBuf::from(default))
        };
        let given = args.experiments_dir.as_ref();
        let given = given.or(preset.experiments_dir.as_ref()).cloned();
        let experiments_dir = folder(&given, "experiments");
        // Nobody wants a folder called `~`.
        if let Some(problem) = not_replaced(&experiments_dir).filter(|_| !experiments_dir.exists())
        {
            let key = if args.experiments_dir.is_some() {
                "--experiments-dir"
            } else {
                "experiments_dir"
            };
            let option = format!("{key} {}", experiments_dir.display());
            return Err(TrainerError::option(option, problem));
        }
        let every = args.checkpoint_minutes.or(preset.checkpoint_minutes);
        let tracking = Self {
            experiments_dir,
            datasets_dir: folder(&args.datasets_dir, "datasets"),
            id_template: template.transpose()?.unwrap_or_default(),
            extra_subdirectories: preset.extra_subdirectories,
            meta,
            tags,
            notes: args.notes.clone().unwrap_or(preset.notes),
            untracked: args.untracked,
            checkpoint_every: minutes(every.unwrap_or(10.0))?,
        };
        tracking.check()?;
        Ok(tracking)
    }

    fn check(&self) -> Result<(), TrainerError> {
        let reserved = self
            .meta
            .keys()
            .find(|key| experiment::METADATA_FIELDS.contains(&key.as_str()));
        if let Some(key) = reserved {
            let option = format!("--meta {key}");
            return Err(TrainerError::option(option, "the field is reserved"));
        }
        for name in &self.extra_subdirectories {
            let inside = Path::new(name)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside || name.is_empty() {
                let name = name.clone();
                return Err(UsageError::OutsideExperiment { name }.into());
            }
        }
        Ok(())
    }
}
