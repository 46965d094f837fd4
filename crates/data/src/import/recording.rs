//! A recording in `recordings.yaml`: its files, labels and group.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use super::labels::{Label, Time, read_labels};
use crate::error::{DataError, ImportError, in_file};
use crate::index::{is_pattern, matches};
use crate::recording::{Hints, RowColumns};

/// A recording: files of one deployment that belong together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Name; default: that of its first file.
    pub name: Option<String>,
    /// Files, which may be patterns such as `site_a/*.mseed`.
    pub files: Vec<PathBuf>,
    /// Channels, if they differ from those of the list.
    pub channels: Option<Vec<String>>,
    /// Samples per second, for tables without times.
    pub sampling_rate: Option<f64>,
    /// Column of a table with the times, if its name does not say so: a name, or a number from 1.
    #[serde(default, deserialize_with = "name_or_number")]
    pub time_column: Option<String>,
    /// Time of the first sample, for formats without times.
    pub start: Option<Time>,
    /// Class of the whole recording.
    pub class: Option<String>,
    /// Labelled intervals.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The same as a CSV file with the columns `start`, `end`, `class` and optionally `event`.
    pub labels_file: Option<PathBuf>,
    /// Column of a table with the class of each row, instead of labels.
    #[serde(alias = "class_column")]
    pub label_column: Option<String>,
    /// Maps values of that column to class names; other values are names themselves.
    #[serde(default, deserialize_with = "by_text")]
    pub classes: BTreeMap<String, String>,
    /// Column of a table with the group of each row, such as a person.
    pub group_column: Option<String>,
    /// Group; all recordings of a group are in one split. Default: the recording's name.
    pub group: Option<String>,
    /// `train`, `val` or `test`, for `by: given`.
    pub split: Option<String>,
}

/// Removes spaces around a name.
pub(super) fn trim(name: &mut String) {
    *name = name.trim().to_owned();
}

/// A map whose keys may be numbers, which YAML does not read as texts.
fn by_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Key {
        Whole(i64),
        Flag(bool),
        Text(String),
    }
    let map = BTreeMap::<Key, String>::deserialize(deserializer)?;
    let text = |key: Key| match key {
        Key::Whole(number) => number.to_string(),
        Key::Flag(flag) => flag.to_string(),
        Key::Text(text) => text,
    };
    Ok(map
        .into_iter()
        .map(|(key, class)| (text(key), class))
        .collect())
}

/// A name, which may be a number.
fn name_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Name {
        Number(u64),
        Text(String),
    }
    let name = Option::<Name>::deserialize(deserializer)?;
    Ok(name.map(|name| match name {
        Name::Number(number) => number.to_string(),
        Name::Text(text) => text,
    }))
}

impl Recording {
    /// What a file may lack, and the columns that describe its rows.
    pub fn hints(&self) -> Hints {
        let labels = self.label_column.as_ref();
        Hints {
            sampling_rate: self.sampling_rate,
            time_column: self.time_column.clone(),
            expected_rate: None,
            start: self.start.map(|time| time.nanos(0)),
            labels: labels.map(|label| RowColumns {
                label: label.clone(),
                group: self.group_column.clone(),
            }),
            finds_labels: false,
        }
    }

    /// Keys that contradict or lack another, and what to do.
    pub(super) fn check_columns(&self) -> Result<(), &'static str> {
        if self.label_column.is_none() {
            return match (&self.group_column, self.classes.is_empty()) {
                (None, true) => Ok(()),
                (Some(_), _) => {
                    Err("`group_column` needs `label_column`; one group for all is `group`")
                }
                (None, false) => {
                    Err("`classes` are of the values in a `label_column`, which is missing")
                }
            };
        }
        if self.class.is_some() || !self.labels.is_empty() || self.labels_file.is_some() {
            return Err("has a `label_column` and other labels: keep one of them");
        }
        if self.group.is_some() && self.group_column.is_some() {
            return Err("has `group` and `group_column`: keep one of them");
        }
        Ok(())
    }

    /// The name, or the default.
    pub fn name(&self) -> String {
        let file = || {
            self.files.first().map(|path| {
                path.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into()
            })
        };
        self.name.clone().or_else(file).unwrap_or_default()
    }

    /// The group, or the default.
    pub fn group(&self) -> String {
        self.group.clone().unwrap_or_else(|| self.name())
    }

    /// Expands patterns to files, and reads the table of labels.
    pub(super) fn resolve(&mut self, folder: &Path) -> Result<(), DataError> {
        let mut files = Vec::new();
        for file in &self.files {
            let path = folder.join(file);
            if !is_pattern(&path.to_string_lossy()) || path.exists() {
                files.push(path);
                continue;
            }
            let error = in_file::<ImportError>(&path);
            let found = matches(&path).map_err(|problem| error(problem.into()))?;
            if found.is_empty() {
                return Err(error(ImportError::NoFile));
            }
            files.extend(found);
        }
        self.files = files;
        if let Some(own) = &self.labels_file {
            let labels = read_labels(&folder.join(own), self.files.len())?;
            self.labels.extend(labels);
        }
        self.class.iter_mut().for_each(trim);
        self.classes.values_mut().for_each(trim);
        let classes = self.labels.iter_mut().map(|label| &mut label.class);
        classes.for_each(trim);
        Ok(())
    }
}
