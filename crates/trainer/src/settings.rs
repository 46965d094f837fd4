//! What a training is asked to do: command line, then preset, then defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data::{Augmentation, Normalisation, Storage};
use experiment::{Entry, IdTemplate};
use model::ModelKind;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::balance::{Balance, ClassWeights, Sampling};
use crate::cli::Cli;
use crate::compute::Backend;
use crate::error::TrainerError;

/// A preset file: every key is optional, unknown ones are errors, because a mistyped key would
/// silently train something else. Relative paths are relative to the file.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preset {
    /// Network.
    pub model: Option<String>,
    /// Dataset configuration.
    pub dataset_config: Option<PathBuf>,
    /// Task.
    pub task: Option<String>,
    /// Most epochs.
    pub epochs: Option<usize>,
    /// Samples a batch.
    pub batch_size: Option<usize>,
    /// Learning rate at the start.
    pub learning_rate: Option<f64>,
    /// Seed.
    pub seed: Option<u64>,
    /// Scaling of inputs.
    pub normalisation: Option<Normalisation>,
    /// What computes.
    pub backend: Option<Backend>,
    /// Which of its devices.
    pub device: Option<usize>,
    /// CPU threads.
    pub threads: Option<usize>,
    /// Whether inputs are read anew for every batch.
    pub stream: bool,
    /// Share of the training labels.
    pub label_ratio: Option<f64>,
    /// How an epoch is drawn.
    pub sampling: Option<Sampling>,
    /// How much classes count.
    pub class_weights: ClassWeights,
    /// What happens to training windows.
    pub augmentation: AugmentationSettings,
    /// Early stopping.
    pub early_stopping: EarlyStoppingSettings,
    /// Learning-rate plateau.
    pub plateau: PlateauSettings,
    /// Where experiments are kept.
    pub experiments_dir: Option<PathBuf>,
    /// Minutes between checkpoints within an epoch.
    pub checkpoint_minutes: Option<f64>,
    /// How IDs are written.
    pub id_template: Option<String>,
    /// Directories made in every experiment beside the standard ones.
    pub extra_subdirectories: Vec<String>,
    /// Extra fields of `metadata.json`.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: String,
}

/// `augmentation:` of a preset: a name, or what may happen.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum AugmentationSettings {
    /// See [`Augmentation::preset`].
    Named(String),
    /// In full.
    Given(Augmentation),
}

impl Default for AugmentationSettings {
    fn default() -> Self {
        Self::Given(Augmentation::default())
    }
}

impl AugmentationSettings {
    fn resolve(self) -> Result<Augmentation, TrainerError> {
        match self {
            Self::Given(augmentation) => Ok(augmentation),
            Self::Named(name) => Augmentation::preset(&name).ok_or_else(|| {
                TrainerError::Usage(format!(
                    "unknown augmentation `{name}`: choose none, light or field"
                ))
            }),
        }
    }
}

/// When to stop because nothing improves.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStoppingSettings {
    /// Epochs without a lower validation loss.
    pub patience: usize,
}

impl Default for EarlyStoppingSettings {
    fn default() -> Self {
        Self { patience: 10 }
    }
}

/// When to lower the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, serde::Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauSettings {
    /// Epochs without improvement.
    pub patience: usize,
    /// Factor of the learning rate.
    pub factor: f64,
    /// Lowest learning rate.
    pub min_learning_rate: f64,
    /// A loss lower by less than this is no improvement.
    pub min_delta: f64,
}

impl Default for PlateauSettings {
    fn default() -> Self {
        Self {
            patience: 3,
            factor: 0.5,
            min_learning_rate: 1e-7,
            min_delta: 1e-4,
        }
    }
}

/// Everything decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Network.
    pub model: ModelKind,
    /// Dataset configuration; none for the embedded demo.
    pub dataset_config: Option<PathBuf>,
    /// Task; none for the first.
    pub task: Option<String>,
    /// Most epochs.
    pub epochs: usize,
    /// Samples a batch.
    pub batch_size: usize,
    /// Learning rate at the start.
    pub learning_rate: f64,
    /// Seed.
    pub seed: u64,
    /// Scaling of inputs, where the command line or the preset names one.
    pub normalisation: Option<Normalisation>,
    /// What computes.
    pub backend: Backend,
    /// Which of its devices; none for the best.
    pub device: Option<usize>,
    /// CPU threads; none for all.
    pub threads: Option<usize>,
    /// Where inputs come from.
    pub storage: Storage,
    /// Which samples count, how often and how much.
    pub balance: Balance,
    /// Early stopping.
    pub early_stopping: EarlyStoppingSettings,
    /// Learning-rate plateau.
    pub plateau: PlateauSettings,
    /// Where experiments are kept.
    pub experiments_dir: PathBuf,
    /// Where the embedded demo is written.
    pub datasets_dir: PathBuf,
    /// How IDs are written.
    pub id_template: IdTemplate,
    /// Directories made in every experiment beside the standard ones.
    pub extra_subdirectories: Vec<String>,
    /// Extra fields of `metadata.json`.
    pub meta: Map<String, Value>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: String,
    /// Whether nothing is tracked.
    pub untracked: bool,
    /// Longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// The experiment to go on with.
    pub resume: Option<Entry>,
}

/// Fields of `metadata.json` that `--meta` must not replace.
const RESERVED: [&str; 18] = [
    "experiment_id",
    "timestamp",
    "schema_version",
    "status",
    "model_info",
    "training_config",
    "dataset_info",
    "system_info",
    "seed",
    "class_names",
    "end_time",
    "duration_s",
    "timing_s",
    "files",
    "resumed",
    "results",
    "notes",
    "tags",
];

/// Scaling where neither command line, preset nor dataset configuration name one: it validates best
/// on the recordings the project measures with (see README, "Normalisation").
pub const DEFAULT_NORMALISATION: Normalisation = Normalisation::Dataset;

/// A time that makes sense between two checkpoints.
fn minutes(minutes: f64) -> Result<Duration, TrainerError> {
    let seconds = minutes * 60.0;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if seconds > 0.0 => Ok(time),
        _ => Err(TrainerError::Usage(format!(
            "--checkpoint-minutes {minutes} is no time between two checkpoints"
        ))),
    }
}

impl Preset {
    /// Reads a file.
    ///
    /// # Errors
    /// [`TrainerError`] with the key, line and column where it is malformed.
    pub fn load(path: &Path) -> Result<Self, TrainerError> {
        let text = data::read_yaml(path).map_err(|source| TrainerError::ReadPreset {
            path: path.to_owned(),
            source,
        })?;
        // An empty file, or one of comments only, is a preset that sets nothing.
        let preset: Option<Self> =
            data::parse_yaml(&text).map_err(|message| TrainerError::Preset {
                path: path.to_owned(),
                message,
            })?;
        let mut preset = preset.unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(config) = &mut preset.dataset_config {
            *config = folder.join(&config);
        }
        Ok(preset)
    }
}

impl Settings {
    /// Merges command line, preset and defaults.
    ///
    /// # Errors
    /// [`TrainerError`] where the preset is unusable or a value makes no sense.
    pub fn new(cli: &Cli) -> Result<Self, TrainerError> {
        let preset = match &cli.config {
            Some(path) => Preset::load(path)?,
            None => Preset::default(),
        };
        let model = cli.model.clone().or(preset.model);
        let model = model.map_or(Ok(ModelKind::Simple), |name| name.parse())?;
        let named = cli.normalisation.as_deref().map(str::parse).transpose();
        let normalisation = named.map_err(TrainerError::Usage)?.or(preset.normalisation);
        let template = preset
            .id_template
            .as_deref()
            .map(IdTemplate::new)
            .transpose()?;
        let mut meta = preset.meta;
        for pair in &cli.meta {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| TrainerError::Usage(format!("--meta {pair}: expected KEY=VALUE")))?;
            meta.insert(key.to_owned(), value.into());
        }
        let mut tags = preset.tags;
        tags.extend(cli.tags.iter().cloned());
        let augmentation = match &cli.augment {
            Some(name) => AugmentationSettings::Named(name.clone()),
            None => preset.augmentation,
        };
        let balance = Balance {
            label_ratio: cli.label_ratio.or(preset.label_ratio).unwrap_or(1.0),
            sampling: cli.sampling.or(preset.sampling).unwrap_or_default(),
            class_weights: cli
                .class_weights
                .map_or(preset.class_weights, ClassWeights::from)
                .normal(),
            augmentation: augmentation.resolve()?,
        };
        let settings = Self {
            model,
            dataset_config: cli.dataset_config.clone().or(preset.dataset_config),
            task: cli.task.clone().or(preset.task),
            epochs: cli.epochs.or(preset.epochs).unwrap_or(50),
            batch_size: cli.batch_size.or(preset.batch_size).unwrap_or(32),
            learning_rate: cli.learning_rate.or(preset.learning_rate).unwrap_or(1e-3),
            seed: cli.seed.or(preset.seed).unwrap_or(42),
            normalisation,
            backend: cli.backend.or(preset.backend).unwrap_or(Backend::Native),
            device: cli.device.or(preset.device),
            threads: cli.threads.or(preset.threads),
            storage: balance.storage(cli.stream || preset.stream),
            balance,
            early_stopping: preset.early_stopping,
            plateau: preset.plateau,
            experiments_dir: cli
                .experiments_dir
                .clone()
                .or(preset.experiments_dir)
                .unwrap_or_else(|| "experiments".into()),
            datasets_dir: cli
                .datasets_dir
                .clone()
                .unwrap_or_else(|| "datasets".into()),
            id_template: template.unwrap_or_default(),
            extra_subdirectories: preset.extra_subdirectories,
            meta,
            tags,
            notes: cli.notes.clone().unwrap_or(preset.notes),
            untracked: cli.untracked,
            checkpoint_every: minutes(
                cli.checkpoint_minutes
                    .or(preset.checkpoint_minutes)
                    .unwrap_or(10.0),
            )?,
            resume: None,
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), TrainerError> {
        self.balance.check()?;
        let usage = |problem: String| Err(TrainerError::Usage(problem));
        let counts = [
            ("epochs", self.epochs),
            ("batch size", self.batch_size),
            ("number of threads", self.threads.unwrap_or(1)),
            ("patience of early stopping", self.early_stopping.patience),
            ("patience of the plateau", self.plateau.patience),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, count)| *count == 0) {
            return usage(format!("the {name} must be at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return usage(format!(
                "the learning rate {} is not positive",
                self.learning_rate
            ));
        }
        if !(self.plateau.factor > 0.0 && self.plateau.factor < 1.0) {
            return usage(format!(
                "the plateau's factor {} is not in (0, 1)",
                self.plateau.factor
            ));
        }
        if let Some(key) = self
            .meta
            .keys()
            .find(|key| RESERVED.contains(&key.as_str()))
        {
            return usage(format!("--meta {key}: the field belongs to the program"));
        }
        for name in &self.extra_subdirectories {
            let inside = Path::new(name)
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !inside || name.is_empty() {
                return usage(format!("extra subdirectory `{name}` leaves the experiment"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_preset(text: &str, cli: Cli) -> Result<Settings, TrainerError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preset.yaml");
        std::fs::write(&path, text).unwrap();
        Settings::new(&Cli {
            config: Some(path),
            ..cli
        })
    }

    #[test]
    fn command_line_beats_preset_beats_defaults() {
        let preset = "epochs: 7\nbatch_size: 64\nearly_stopping: {patience: 4}\nmeta: {site: A}\n";
        let cli = Cli {
            epochs: Some(3),
            meta: vec!["operator=x=y".into()],
            ..Default::default()
        };
        let settings = with_preset(preset, cli).unwrap();
        assert_eq!(
            (settings.epochs, settings.batch_size, settings.seed),
            (3, 64, 42)
        );
        assert_eq!(settings.early_stopping.patience, 4);
        assert_eq!(settings.meta["site"], "A");
        assert_eq!(settings.meta["operator"], "x=y");
        assert_eq!(
            with_preset("# nothing\n", Cli::default()).unwrap().epochs,
            50
        );
    }

    #[test]
    fn bad_settings_are_named() {
        for (preset, expected) in [
            ("epochs: 0", "epochs must be at least 1"),
            ("epoch: 3", "unknown field `epoch`"),
            ("learning_rate: -1", "is not positive"),
            (
                "model: vgg",
                "unknown model `vgg`: choose one of ultra_lightweight_cnn",
            ),
            ("checkpoint_minutes: 0", "no time between two checkpoints"),
            (
                "checkpoint_minutes: .nan",
                "no time between two checkpoints",
            ),
            ("label_ratio: 0", "label ratio 0 is not above 0"),
            (
                "augmentation: wild",
                "unknown augmentation `wild`: choose none, light or field",
            ),
            (
                "augmentation: {time_shift: 3}",
                "`augmentation.time_shift` is 3: expected 0 to 1",
            ),
            (
                "class_weights: {car: -1}",
                "the weight of class `car`, -1, is not 0 or more",
            ),
            ("meta: {status: x}", "belongs to the program"),
            ("extra_subdirectories: [../x]", "leaves the experiment"),
            ("id_template: '{model_type}'", "`{timestamp}` is missing"),
        ] {
            let error = with_preset(preset, Cli::default()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
