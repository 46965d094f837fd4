//! Reads `dataset_config.yaml`. No other module reads YAML.

pub(crate) mod class_names;
mod file;
mod finite;
mod front_end;
mod merge_keys;
mod places;
mod repeated;
mod unknown;
mod yaml;

use std::io::Error;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeSeed;

use crate::error::{DataError, SampleError, YamlError};
use crate::folds::FoldChoice;
use crate::index::{read_index, with_slashes};
use crate::preprocessing::{Normalisation, SpectralConfig, Step};
use crate::reader::SourceSelection;

use self::file::{FileSeed, is_list_of_recordings, task_names};
pub use self::finite::finite_json;
use self::merge_keys::merged;
use self::places::Lines;
pub use self::unknown::ConfigWarning;
use self::unknown::{part_of_a_task, rename};
use self::yaml::check;
pub use self::yaml::{parse_yaml, parse_yaml_noting_unknown, read_yaml};

/// Most classes: each takes memory for its name and its scores.
const MAX_CLASSES: usize = 65_536;

/// A dataset configuration. Paths are absolute or relative to the working directory.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetConfig {
    /// Path of the file.
    pub path: PathBuf,
    /// Name of the chosen task.
    pub task_name: String,
    /// The chosen task.
    pub task: Task,
    /// Location to read from nested samples.
    pub location: Option<String>,
    /// Modality (sensor) to read from nested samples.
    pub modality: Option<String>,
    /// Sampling rate of the windows in Hz, from `sampling_rate` or `spectral_processing`; `None` if neither gives it.
    pub sampling_rate: Option<f64>,
    /// The front end. Its sampling rate defaults to 512 Hz.
    pub spectral: SpectralConfig,
    /// Whether the configuration sets the front end; otherwise it is [`crate::DEFAULT_METHOD`].
    pub names_front_end: bool,
    /// Names of the channels in the recordings that `data import` cut the windows from, in order.
    pub recording_channels: Vec<String>,
    /// Steps that `data import` applied to whole recordings before it cut the windows.
    pub recording_steps: Vec<Step>,
    /// Preprocessing steps for whole windows, in order.
    pub steps: Vec<Step>,
    /// Scaling of inputs; `None` leaves the choice to the program.
    pub normalisation: Option<Normalisation>,
    /// Whether floors and units are absolute, as in older versions. Set when resuming a run whose stored
    /// [`crate::Preprocessing`] has no thresholds; not a key of the file.
    pub absolute_thresholds: bool,
    /// Fold of training and validation data to use instead of the splits; not a key of the file.
    pub fold: Option<FoldChoice>,
    /// Test groups of the fold, if they are given by name; not a key of the file.
    pub held_out: Vec<String>,
    /// The whole file as JSON, for the record.
    pub content: serde_json::Value,
    /// Unknown keys.
    pub warnings: Vec<ConfigWarning>,
}

/// One classification task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Task {
    /// Number of classes in the labels on disk.
    pub num_classes: Option<usize>,
    /// Class names of the labels on disk.
    #[serde(default, deserialize_with = "class_names::deserialize")]
    pub class_names: Option<Vec<String>>,
    /// Labels to keep, renumbered to 0, 1, 2, ... in ascending order.
    pub included_classes: Option<Vec<usize>>,
    /// Field to read if labels are dicts. The default follows from the task's name: `vehicle_type` for
    /// `vehicle_classification`, `speed` for `speed_classification`.
    pub label_field: Option<String>,
    /// Index file of the training split.
    pub train_index_file: Option<PathBuf>,
    /// Index file of the validation split.
    pub val_index_file: Option<PathBuf>,
    /// Index file of the test split; without it the validation split is used.
    pub test_index_file: Option<PathBuf>,
}

impl Task {
    /// A path without letters names no file.
    fn forget_empty_paths(&mut self) {
        for file in [
            &mut self.train_index_file,
            &mut self.val_index_file,
            &mut self.test_index_file,
        ] {
            file.take_if(|file| file.as_os_str().is_empty());
        }
    }
}

impl DatasetConfig {
    /// Reads a configuration and selects `task`, by default the first in the file.
    ///
    /// # Errors
    /// [`DataError`] with line and key if the file is malformed, the task is unknown, or a value is invalid.
    pub fn load(path: &Path, task: Option<&str>) -> Result<Self, DataError> {
        let text = read_yaml(path).map_err(|source| DataError::Read {
            what: "the dataset configuration",
            path: path.to_owned(),
            source: if path.is_dir() {
                Error::other("it is a folder: name the file in it, such as dataset_config.yaml")
            } else {
                source
            },
        })?;
        Self::parse(&text, path, task)
    }

    /// Like [`DatasetConfig::load`], from text. Relative paths are relative to the folder of `path`.
    ///
    /// # Errors
    /// [`DataError`] with line and key if the text is malformed, the task is unknown, or a value is invalid.
    pub fn parse(text: &str, path: &Path, task: Option<&str>) -> Result<Self, DataError> {
        let yaml_error = |problem: YamlError| DataError::Yaml {
            path: path.to_owned(),
            problem,
        };
        check(text).map_err(yaml_error)?;
        let merged = merged(text);
        // What others merge need not be a task.
        let is_template = matches!(merged, std::borrow::Cow::Owned(_));
        let lines = Lines::new(text, &merged);
        let text = &merged;
        let tasks = task_names(text, is_template).map_err(|error| yaml_error(error.into()))?;
        let name = match task {
            Some(name) if tasks.iter().any(|t| t == name) => name,
            Some(name) => {
                let known = if tasks.is_empty() {
                    "the file has no task".to_owned()
                } else {
                    format!("the file has {}", tasks.join(", "))
                };
                return Err(DataError::Config {
                    path: path.to_owned(),
                    line: None,
                    key: name.to_owned(),
                    problem: format!("unknown task; {known}"),
                });
            }
            None => match tasks.first() {
                Some(name) => name,
                None if is_list_of_recordings(text) => {
                    return Err(yaml_error(YamlError::ListOfRecordings));
                }
                None => {
                    let found = part_of_a_task(text);
                    return Err(yaml_error(YamlError::NoTask { found }));
                }
            },
        };
        let mut warnings = Vec::new();
        let mut ignored = |key: serde_ignored::Path<'_>| {
            warnings.push(ConfigWarning::new(&key.to_string(), name));
        };
        let deserializer = serde_yaml::Deserializer::from_str(text);
        let deserializer = serde_ignored::Deserializer::new(deserializer, &mut ignored);
        let seed = FileSeed {
            task: name,
            tasks: &tasks,
        };
        let raw = seed
            .deserialize(deserializer)
            .map_err(|error| yaml_error(lines.error(error)))?;
        let mut config = Self {
            path: path.to_owned(),
            task_name: name.to_owned(),
            task: raw.task,
            location: raw.location,
            modality: raw.modality,
            sampling_rate: raw.sampling_rate,
            names_front_end: raw.spectral.is_some(),
            spectral: raw.spectral.unwrap_or_default(),
            recording_channels: raw.recording_channels,
            recording_steps: raw.recording_preprocessing,
            steps: Vec::new(),
            normalisation: raw.normalisation,
            absolute_thresholds: false,
            fold: None,
            held_out: Vec::new(),
            content: serde_yaml::from_str(text).unwrap_or_default(),
            warnings,
        };
        config.take_rate(lines)?;
        config.take_steps(&raw.preprocessing, lines)?;
        config.check_recording_steps(lines)?;
        config.check(lines)?;
        config.resolve_paths();
        Ok(config)
    }

    /// Selects what to read from sources with several sensors or tasks.
    pub fn wanted(&self) -> SourceSelection {
        let task = self.task_name.trim_end_matches("_classification");
        let field = match task {
            "vehicle" => "vehicle_type",
            task => task,
        };
        SourceSelection {
            location: self.location.clone(),
            modality: self.modality.clone(),
            label: self
                .task
                .label_field
                .clone()
                .unwrap_or_else(|| field.to_owned()),
            given_label: self.task.label_field.clone(),
            class_names: self.task.class_names.clone().unwrap_or_default(),
            num_classes: self.task.num_classes,
            labels: self.task.included_classes.clone(),
            label_is_optional: false,
        }
    }

    /// Names of the included classes, in the order of their new labels.
    pub fn class_names(&self) -> Vec<String> {
        let all = self.all_class_names();
        match &self.task.included_classes {
            Some(included) => included.iter().map(|&label| all[label].clone()).collect(),
            None => all,
        }
    }

    /// Number of classes in the labels on disk.
    pub fn labels_on_disk(&self) -> usize {
        self.all_class_names().len()
    }

    /// New label for a label on disk; `None` if its class is not included.
    pub fn renumber(&self, label: usize) -> Option<u32> {
        match &self.task.included_classes {
            Some(included) => included.binary_search(&label).ok().map(|i| i as u32),
            None => Some(label as u32),
        }
    }

    /// Like [`DatasetConfig::renumber`], for a raw label.
    ///
    /// # Errors
    /// If the label is not a class.
    pub(crate) fn renumber_read(&self, label: i64) -> Result<Option<u32>, SampleError> {
        let classes = self.labels_on_disk();
        let class = usize::try_from(label).ok().filter(|label| *label < classes);
        class
            .map(|label| self.renumber(label))
            .ok_or_else(|| SampleError::UnknownClass {
                label,
                task: self.task_name.clone(),
                classes,
            })
    }

    /// Whether samples with this label on disk are included.
    pub(crate) fn includes(&self, label: i64) -> bool {
        usize::try_from(label).is_ok_and(|label| self.renumber(label).is_some())
    }

    /// Names of the labels on disk, if the configuration has them.
    pub(crate) fn named_labels(&self) -> impl Iterator<Item = (i64, String)> + '_ {
        let names = self.task.class_names.iter().flatten().enumerate();
        names.map(|(label, name)| (label as i64, name.clone()))
    }

    /// Sources listed in an index file, in order.
    ///
    /// # Errors
    /// [`DataError`] naming the line whose source does not exist.
    pub(crate) fn sources(&self, index: &Path) -> Result<Vec<PathBuf>, DataError> {
        read_index(index, self.path.parent().unwrap_or(Path::new("")))
    }

    fn all_class_names(&self) -> Vec<String> {
        let count = self.task.num_classes.unwrap_or(0);
        let generated = || (0..count).map(|i| format!("class_{i}")).collect();
        self.task.class_names.clone().unwrap_or_else(generated)
    }

    fn check(&mut self, lines: Lines<'_>) -> Result<(), DataError> {
        let (path, name) = (self.path.clone(), self.task_name.clone());
        let error = |section: &str, key: &str, problem: String| DataError::Config {
            path: path.clone(),
            line: lines.line_of(section, key),
            key: format!("{section}.{key}"),
            problem,
        };
        let task = &mut self.task;
        task.forget_empty_paths();
        match (&task.num_classes, &task.class_names) {
            (None, None) => {
                let rename = rename(&self.warnings, &["class_names", "num_classes"]);
                let problem = format!("missing: give `class_names` or `num_classes`{rename}");
                return Err(error(&name, "class_names", problem));
            }
            (Some(count), Some(names)) if *count != names.len() => {
                let problem = format!("is {count}, but `class_names` has {} names", names.len());
                return Err(error(&name, "num_classes", problem));
            }
            (Some(count), None) if *count > MAX_CLASSES => {
                let problem =
                    format!("is {count}: at most {MAX_CLASSES} classes can be told apart");
                return Err(error(&name, "num_classes", problem));
            }
            _ => {}
        }
        if let Some(names) = &mut task.class_names {
            class_names::tidy(names).map_err(|problem| error(&name, "class_names", problem))?;
        }
        let labels = task
            .class_names
            .as_ref()
            .map(Vec::len)
            .or(task.num_classes)
            .unwrap_or(0);
        if let Some(included) = &mut task.included_classes {
            included.sort_unstable();
            included.dedup();
            if let Some(label) = included.iter().find(|label| **label >= labels) {
                let problem = format!(
                    "{label} is not a class: labels are 0 to {}",
                    labels.max(1) - 1
                );
                return Err(error(&name, "included_classes", problem));
            }
        }
        let (classes, key) = match &task.included_classes {
            Some(included) => (included.len(), "included_classes"),
            None if task.class_names.is_some() => (labels, "class_names"),
            None => (labels, "num_classes"),
        };
        if classes < 2 {
            let problem = format!("a classifier needs at least 2 classes, not {classes}");
            return Err(error(&name, key, problem));
        }
        for (key, file) in [
            ("train_index_file", &task.train_index_file),
            ("val_index_file", &task.val_index_file),
        ] {
            if file.is_none() {
                let problem = format!("missing{}", rename(&self.warnings, &[key]));
                return Err(error(&name, key, problem));
            }
        }
        self.spectral
            .check()
            .map_err(|(key, problem)| error("spectral_processing", key, problem))
    }

    fn resolve_paths(&mut self) {
        let folder = self.path.parent().unwrap_or(Path::new("")).to_owned();
        let task = &mut self.task;
        let files = [
            &mut task.train_index_file,
            &mut task.val_index_file,
            &mut task.test_index_file,
        ];
        for file in files.into_iter().flatten() {
            *file = folder.join(with_slashes(&folder, file));
        }
    }
}

#[cfg(test)]
mod tests;
