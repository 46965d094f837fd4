//! `recordings.yaml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::labels::{Label, Time, read_labels};
use super::m3n_vc::M3nVc;
use crate::config::{parse_yaml, read_yaml};
use crate::error::DataError;
use crate::index::{is_pattern, matches};
use crate::preprocessing::{Step, segment};

/// What was recorded, what happened when, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingsConfig {
    /// Samples a second of the windows; recordings are resampled to it.
    pub sampling_rate: f64,
    /// Length of a window in seconds.
    pub window: f64,
    /// Seconds from one window to the next; by default the length of a window.
    pub hop: Option<f64>,
    /// Sensor channels, in the order of the network's input.
    pub channels: Vec<String>,
    /// Classes; a label's number is its place.
    pub class_names: Vec<String>,
    /// Name of the task in the configuration that is written.
    #[serde(default = "task")]
    pub task: String,
    /// Steps over whole recordings, after resampling.
    #[serde(default)]
    pub preprocessing: Vec<Step>,
    /// Whether a labelled interval shorter than a window becomes one window around its middle.
    #[serde(default = "yes")]
    pub centre_short_events: bool,
    /// The recordings.
    #[serde(default)]
    pub recordings: Vec<Recording>,
    /// Folders of the M3N-VC data set.
    #[serde(default)]
    pub m3n_vc: Vec<M3nVc>,
    /// Folders of SeisBench datasets.
    #[serde(default)]
    pub seisbench: Vec<SeisBenchFolder>,
    /// How windows are shared out.
    #[serde(default)]
    pub split: SplitSettings,
}

fn task() -> String {
    "events".into()
}

fn yes() -> bool {
    true
}

/// A recording: files of one deployment that belong together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Its name; by default that of its first file.
    pub name: Option<String>,
    /// Files, also as patterns such as `site_a/*.mseed`.
    pub files: Vec<PathBuf>,
    /// Other channels than those of the whole.
    pub channels: Option<Vec<String>>,
    /// For tables without times.
    pub sampling_rate: Option<f64>,
    /// Time of the first sample, for formats that know none.
    pub start: Option<Time>,
    /// What all of it is.
    pub class: Option<String>,
    /// What happened when.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The same as CSV with the columns `start`, `end`, `class` and, where there are, `event`.
    pub labels_file: Option<PathBuf>,
    /// Recordings with one group are on one side; by default its name.
    pub group: Option<String>,
    /// `train`, `val` or `test`, for `by: given`.
    pub split: Option<String>,
}

/// A SeisBench dataset: every trace is a recording whose class a column of the metadata tells.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeisBenchFolder {
    /// With `metadata.csv` and `waveforms.hdf5`.
    pub folder: PathBuf,
    /// Column that tells the class, such as `source_type` or `trace_category`.
    pub class_column: String,
    /// Values of that column that mean a class of another name. Traces of other values are left out.
    #[serde(default)]
    pub classes: std::collections::BTreeMap<String, String>,
    /// Column whose values stay together.
    #[serde(default = "source")]
    pub group_column: String,
    /// Column with a sample's number, such as `trace_P_arrival_sample`: windows are cut around it alone.
    pub around: Option<String>,
    /// Seconds before it.
    #[serde(default)]
    pub before: f64,
    /// Seconds after it; by default a window's length.
    pub after: Option<f64>,
    /// Samples a second, where neither file says.
    pub sampling_rate: Option<f64>,
    /// Components in the order of the channels, such as `ZNE`, where neither file says.
    pub component_order: Option<String>,
    /// `CW` or `WC`, where the file does not say and the shapes of the arrays do not tell.
    pub dimension_order: Option<String>,
}

fn source() -> String {
    "source_id".into()
}

/// What stays together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// Recordings of a group.
    #[default]
    Recording,
    /// Labelled intervals of an event.
    Event,
    /// The first part of every recording trains, the last tests.
    Time,
    /// What the recordings say; without any for validation, the last part of those that train.
    Given,
}

/// How windows are shared out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSettings {
    /// What stays together.
    pub by: SplitBy,
    /// Shares.
    pub train: f64,
    /// Validation.
    pub val: f64,
    /// Test; 0 for none.
    pub test: f64,
    /// Of the order in which groups are shared out.
    pub seed: u64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self {
            by: SplitBy::Recording,
            train: 0.7,
            val: 0.15,
            test: 0.15,
            seed: 42,
        }
    }
}

impl SplitSettings {
    /// Train, validation, test; together 1.
    pub fn shares(&self) -> [f64; 3] {
        let all = [self.train, self.val, self.test];
        let sum: f64 = all.iter().sum();
        all.map(|share| share / sum)
    }
}

/// Spaces around a name are nobody's class.
fn trim(name: &mut String) {
    *name = name.trim().to_owned();
}

impl RecordingsConfig {
    /// Reads a file; relative paths are relative to its folder.
    ///
    /// # Errors
    /// [`DataError`] with line and key where it is malformed or makes no sense.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let text = read_yaml(path).map_err(|source| DataError::Read {
            what: "the list of recordings",
            path: path.to_owned(),
            source,
        })?;
        let malformed = |message: String| DataError::Yaml {
            path: path.to_owned(),
            message,
        };
        let mut config: Self = parse_yaml(&text).map_err(malformed)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for m3n_vc in std::mem::take(&mut config.m3n_vc) {
            config.recordings.extend(m3n_vc.recordings(folder)?);
        }
        config.class_names.iter_mut().for_each(trim);
        for recording in &mut config.recordings {
            recording.resolve(folder)?;
        }
        for own in &mut config.seisbench {
            own.folder = folder.join(&own.folder);
        }
        config.check().map_err(|(key, problem)| DataError::Config {
            path: path.to_owned(),
            line: None,
            key,
            problem,
        })?;
        Ok(config)
    }

    /// Samples of a window.
    pub fn samples(&self) -> usize {
        (self.window * self.sampling_rate).round() as usize
    }

    /// Seconds from window to window.
    pub fn hop(&self) -> f64 {
        self.hop.unwrap_or(self.window)
    }

    fn check(&self) -> Result<(), (String, String)> {
        let error = |key: &str, problem: String| Err((key.to_owned(), problem));
        if !(self.sampling_rate.is_finite() && self.sampling_rate > 0.0) {
            return error(
                "sampling_rate",
                format!("{} is no rate in Hz", self.sampling_rate),
            );
        }
        let samples = self.samples();
        if self.window.is_nan()
            || self.window <= 0.0
            || segment(samples).is_none()
            || samples > 1 << 20
        {
            let problem = format!(
                "{} s at {} Hz are {samples} samples: a window needs a multiple of 8, up to {}",
                self.window,
                self.sampling_rate,
                1 << 20
            );
            return error("window", problem);
        }
        if !(self.hop() > 0.0 && self.hop().is_finite()) {
            return error(
                "hop",
                format!("{} s are no way from one window to the next", self.hop()),
            );
        }
        if self.class_names.len() < 2 {
            return error(
                "class_names",
                "a classifier needs at least 2 classes".into(),
            );
        }
        let mut names = self.class_names.iter().enumerate();
        if let Some((_, twice)) = names.find(|(i, name)| self.class_names[..*i].contains(name)) {
            return error("class_names", format!("`{twice}` appears twice"));
        }
        if self.channels.is_empty() {
            return error("channels", "is empty".into());
        }
        if let Some(step) = self.preprocessing.iter().find(|step| !step.is_of_samples()) {
            let problem = format!(
                "`{}` is of windows: it belongs into dataset_config.yaml",
                step.name()
            );
            return error("preprocessing", problem);
        }
        let shares = [self.split.train, self.split.val, self.split.test];
        if shares
            .iter()
            .any(|share| !share.is_finite() || *share < 0.0)
            || shares[0] == 0.0
            || shares[1] == 0.0
        {
            return error(
                "split",
                format!("{shares:?} are no shares: training and validation need one above 0"),
            );
        }
        for own in &self.seisbench {
            if let Some(class) = own
                .classes
                .values()
                .find(|class| !self.class_names.contains(class))
            {
                let problem = format!(
                    "`{class}` is no class: `class_names` has {}",
                    self.class_names.join(", ")
                );
                return error("seisbench.classes", problem);
            }
            if !(own.before >= 0.0 && own.after.is_none_or(|after| after >= 0.0)) {
                return error(
                    "seisbench",
                    "`before` and `after` are seconds, 0 or more".into(),
                );
            }
        }
        if self.recordings.is_empty() && self.seisbench.is_empty() {
            return error("recordings", "is empty".into());
        }
        for recording in &self.recordings {
            let name = recording.name();
            let classes = recording
                .labels
                .iter()
                .map(|label| &label.class)
                .chain(&recording.class);
            for class in classes {
                if !self.class_names.contains(class) {
                    let problem = format!(
                        "`{class}` is no class: `class_names` has {}",
                        self.class_names.join(", ")
                    );
                    return error(&format!("recordings: {name}"), problem);
                }
            }
            if recording
                .channels
                .as_ref()
                .is_some_and(|own| own.len() != self.channels.len())
            {
                return error(
                    &format!("recordings: {name}"),
                    "has another number of channels than all".into(),
                );
            }
            if let Some(split) = recording
                .split
                .as_deref()
                .filter(|split| !super::SPLITS.contains(split))
            {
                return error(
                    &format!("recordings: {name}"),
                    format!("`{split}` is not train, val or test"),
                );
            }
        }
        Ok(())
    }
}

impl Recording {
    /// Its name.
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

    /// What it shares a side with.
    pub fn group(&self) -> String {
        self.group.clone().unwrap_or_else(|| self.name())
    }

    /// Finds the files of patterns and reads the table of labels.
    fn resolve(&mut self, folder: &Path) -> Result<(), DataError> {
        let mut files = Vec::new();
        for file in &self.files {
            let path = folder.join(file);
            let error = |problem: String| DataError::Source {
                path: path.clone(),
                problem,
            };
            if !is_pattern(&path.to_string_lossy()) || path.exists() {
                files.push(path);
                continue;
            }
            let found = matches(&path).map_err(|problem| error(problem.to_string()))?;
            if found.is_empty() {
                return Err(error("no file is named so".into()));
            }
            files.extend(found);
        }
        self.files = files;
        if let Some(own) = &self.labels_file {
            self.labels.extend(read_labels(&folder.join(own))?);
        }
        self.class.iter_mut().for_each(trim);
        let classes = self.labels.iter_mut().map(|label| &mut label.class);
        classes.for_each(trim);
        Ok(())
    }
}
