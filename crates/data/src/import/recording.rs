//! A recording in `recordings.yaml`: its files, labels and group.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::labels::{Label, Time, read_labels};
use crate::error::{DataError, ImportError, in_file};
use crate::index::{is_pattern, matches};

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
    /// Time of the first sample, for formats without times.
    pub start: Option<Time>,
    /// Class of the whole recording.
    pub class: Option<String>,
    /// Labelled intervals.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The same as a CSV file with the columns `start`, `end`, `class` and optionally `event`.
    pub labels_file: Option<PathBuf>,
    /// Group; all recordings of a group are in one split. Default: the recording's name.
    pub group: Option<String>,
    /// `train`, `val` or `test`, for `by: given`.
    pub split: Option<String>,
}

/// Removes spaces around a name.
pub(super) fn trim(name: &mut String) {
    *name = name.trim().to_owned();
}

impl Recording {
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
        let classes = self.labels.iter_mut().map(|label| &mut label.class);
        classes.for_each(trim);
        Ok(())
    }
}
