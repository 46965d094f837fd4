//! Structure of the file: tasks are the sections with task keys.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};

use super::Task;
use crate::preprocessing::{Normalisation, SpectralConfig, Step};

/// Line (from 1) of `key` in top-level `section`, found by indentation; for messages only.
pub(super) fn line_of(text: &str, section: &str, key: &str) -> Option<usize> {
    let mut inside = false;
    let mut section_line = None;
    for (i, line) in text.lines().enumerate() {
        if !line.starts_with([' ', '\t', '#']) && !line.trim().is_empty() {
            inside = line.trim_end().trim_end_matches(':') == section
                || line.starts_with(&format!("{section}:"));
            if inside {
                section_line = Some(i + 1);
            }
        }
        if inside && line.trim_start().starts_with(&format!("{key}:")) {
            return Some(i + 1);
        }
    }
    section_line
}

/// Top-level sections that are tasks: mappings with a key only tasks have, in file order. If some are `templates` for
/// others, those without training data come last.
pub(super) fn task_names(text: &str, templates: bool) -> Result<Vec<String>, serde_yaml::Error> {
    let root: serde_yaml::Value = serde_yaml::from_str(text)?;
    let Some(root) = root.as_mapping() else {
        return Err(serde_yaml::Error::custom(
            "expected a mapping with a task and its index files",
        ));
    };
    let tasks = root.iter().filter(|(_, value)| is_task(value));
    let mut tasks: Vec<_> = tasks.collect();
    if templates {
        tasks.sort_by_key(|(_, section)| section.get("train_index_file").is_none());
    }
    Ok(tasks
        .into_iter()
        .filter_map(|(key, _)| key.as_str().map(str::to_owned))
        .collect())
}

/// Keys of which a task has one.
pub(super) const OF_TASKS: [&str; 3] = ["class_names", "num_classes", "train_index_file"];

/// Whether a section is a task.
pub(super) fn is_task(value: &serde_yaml::Value) -> bool {
    let section = value.as_mapping();
    section.is_some_and(|section| OF_TASKS.iter().any(|key| section.contains_key(*key)))
}

/// Whether the text is the input of `data import`.
pub(super) fn is_list_of_recordings(text: &str) -> bool {
    let keys = ["recordings:", "seisbench:"];
    text.lines()
        .any(|line| keys.iter().any(|key| line.starts_with(key)))
}

/// Keys beside the tasks.
pub(super) const TOP: [&str; 8] = [
    "location",
    "modality",
    "sampling_rate",
    "spectral_processing",
    "preprocessing",
    "normalisation",
    "recording_channels",
    "recording_preprocessing",
];

/// Typed contents of the file.
#[derive(Default)]
pub(super) struct RawFile {
    pub task: Task,
    pub location: Option<String>,
    pub modality: Option<String>,
    pub sampling_rate: Option<f64>,
    pub spectral: Option<SpectralConfig>,
    pub normalisation: Option<Normalisation>,
    pub preprocessing: Vec<Step>,
    pub recording_channels: Vec<String>,
    pub recording_preprocessing: Vec<Step>,
}

/// Parses the file in one pass, so that errors carry line and column. Only the section `task` is typed; other tasks
/// are skipped.
pub(super) struct FileSeed<'a> {
    pub task: &'a str,
    pub tasks: &'a [String],
}

impl<'de> DeserializeSeed<'de> for FileSeed<'_> {
    type Value = RawFile;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawFile, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FileSeed<'_> {
    type Value = RawFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping with a task and its index files")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<RawFile, M::Error> {
        let mut raw = RawFile::default();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                key if key == self.task => raw.task = map.next_value()?,
                "location" => raw.location = map.next_value()?,
                "modality" => raw.modality = map.next_value()?,
                "sampling_rate" => raw.sampling_rate = map.next_value()?,
                "spectral_processing" => raw.spectral = map.next_value()?,
                "preprocessing" => raw.preprocessing = map.next_value()?,
                "recording_channels" => raw.recording_channels = map.next_value()?,
                "recording_preprocessing" => raw.recording_preprocessing = map.next_value()?,
                "normalisation" | "normalization" => {
                    if raw.normalisation.is_some() {
                        return Err(M::Error::custom(
                            "`normalisation` and `normalization` mean the same: keep one of them",
                        ));
                    }
                    raw.normalisation = map.next_value()?;
                }
                key if self.tasks.iter().any(|t| t == key) => {
                    map.next_value::<serde_yaml::Value>()?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(raw)
    }
}
