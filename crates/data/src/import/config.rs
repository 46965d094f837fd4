//! `recordings.yaml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::classes::twins;
use super::fractions::{SplitBy, SplitSettings};
use super::m3n_vc::M3nVc;
use super::recording::{Recording, trim};
use super::{each_file, names, tables, twice};
use crate::config::{parse_yaml, read_yaml};
use crate::error::{DataError, ImportError};
use crate::index::with_slashes;
use crate::preprocessing::{BandLayout, BandsConfig, Step, check_recording_steps};
use crate::segments::segment;

/// An import: the recordings, their labels, and how to turn them into a dataset.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingsConfig {
    /// Samples per second of the windows; recordings are resampled to it.
    pub sampling_rate: f64,
    /// Length of a window, in seconds.
    pub window: f64,
    /// Seconds from one window to the next; default: the length of a window.
    pub hop: Option<f64>,
    /// Sensor channels, in the order of the network's input.
    pub channels: Vec<String>,
    /// Names of the classes; a label is the index of its class.
    pub class_names: Vec<String>,
    /// Name of the task in the generated configuration.
    #[serde(default = "task")]
    pub task: String,
    /// Steps over whole recordings, after resampling.
    #[serde(default)]
    pub preprocessing: Vec<Step>,
    /// Whether a labelled interval shorter than a window gives one window around its middle.
    #[serde(default = "yes")]
    pub centre_short_events: bool,
    /// The recordings.
    #[serde(default)]
    pub recordings: Vec<Recording>,
    /// Folders of the M3N-VC dataset.
    #[serde(default)]
    pub m3n_vc: Vec<M3nVc>,
    /// Folders of SeisBench datasets.
    #[serde(default)]
    pub seisbench: Vec<SeisBenchFolder>,
    /// How windows are split.
    #[serde(default)]
    pub split: SplitSettings,
    /// Notes on values that were read differently from how they were written.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// Warnings about files that were left out, and tables of labels.
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// Information on rows of tables of labels that no recording has.
    #[serde(skip)]
    pub information: Vec<String>,
}

/// Most samples of a window.
const LONGEST_WINDOW: usize = 1 << 20;

fn task() -> String {
    "events".into()
}

fn yes() -> bool {
    true
}

/// A SeisBench dataset: every trace is a recording, whose class is in a column of the metadata.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeisBenchFolder {
    /// Folder with `metadata.csv` and `waveforms.hdf5`.
    pub folder: PathBuf,
    /// Column with the class, such as `source_type` or `trace_category`.
    pub class_column: String,
    /// Maps values of that column to class names. Traces with other values are left out.
    #[serde(default, deserialize_with = "super::recording::by_text")]
    pub classes: std::collections::BTreeMap<String, String>,
    /// Column whose values define groups that stay in one split.
    #[serde(default = "source")]
    pub group_column: String,
    /// Column with a sample number, such as `trace_P_arrival_sample`; windows are cut only around it.
    pub around: Option<String>,
    /// Seconds before that sample.
    #[serde(default)]
    pub before: f64,
    /// Seconds after that sample; default: the length of a window.
    pub after: Option<f64>,
    /// Samples per second, if neither file gives it.
    pub sampling_rate: Option<f64>,
    /// Components in the order of the channels, such as `ZNE`, if neither file gives it.
    pub component_order: Option<String>,
    /// `CW` or `WC`, if neither the file nor the shapes of the arrays determine it.
    pub dimension_order: Option<String>,
}

fn source() -> String {
    "source_id".into()
}

/// A key with an invalid value, and what is wrong with it.
type Invalid = (String, String);

fn invalid(key: &str, problem: String) -> Result<(), Invalid> {
    Err((key.to_owned(), problem))
}

impl RecordingsConfig {
    /// Reads a file; relative paths are relative to its folder.
    ///
    /// # Errors
    /// [`DataError`] with line and key if it is malformed or invalid.
    pub fn load(path: &Path) -> Result<Self, DataError> {
        let text = read_yaml(path).map_err(|source| DataError::Read {
            what: "the list of recordings",
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    /// Like [`RecordingsConfig::load`], from the `text` of the file, which need not exist yet.
    ///
    /// # Errors
    /// As for [`RecordingsConfig::load`].
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, DataError> {
        let malformed = |problem| DataError::Yaml {
            path: path.to_owned(),
            problem,
        };
        let mut config: Self = parse_yaml(text).map_err(malformed)?;
        let wrong = |(key, problem): Invalid| DataError::Config {
            path: path.to_owned(),
            line: None,
            key,
            problem,
        };
        config.check_given_splits().map_err(wrong)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for m3n_vc in std::mem::take(&mut config.m3n_vc) {
            config.recordings.extend(m3n_vc.recordings(folder)?);
        }
        config.class_names.iter_mut().for_each(trim);
        for mut entry in std::mem::take(&mut config.recordings) {
            entry.with_slashes(folder);
            let expanded =
                each_file::recordings(entry, folder, (&config.class_names, config.split.by))?;
            config.recordings.extend(expanded.recordings);
            config.warnings.extend(expanded.note);
        }
        for recording in &mut config.recordings {
            recording.resolve(folder)?;
            if let Some(split) = recording.split.as_deref().and_then(each_file::split) {
                recording.split = Some(split.to_owned());
            }
        }
        names::complete(&mut config.recordings, folder);
        let names = (&*config.channels, &*config.class_names);
        let (information, warnings) = tables::add_labels(&mut config.recordings, names, folder)?;
        config.information = information;
        config.warnings.extend(warnings);
        for seisbench in &mut config.seisbench {
            seisbench.folder = folder.join(with_slashes(folder, &seisbench.folder));
        }
        config.note_window();
        config.warnings.extend(twins(&config.class_names));
        config.check().map_err(wrong)?;
        Ok(config)
    }

    /// Notes a window length that not all front ends take.
    fn note_window(&mut self) {
        let samples = self.samples();
        if segment(samples).is_some() {
            return;
        }
        let fitting = samples / 8 * 8;
        self.notes.push(format!(
            "`window`: {} s at {} Hz are {samples} samples, which the front end `bands` takes; `fft` and `welch` need a \
             multiple of 8, such as {fitting} samples, {:.6} s",
            self.window,
            self.sampling_rate,
            fitting as f64 / self.sampling_rate
        ));
    }

    /// Number of samples in a window.
    pub fn samples(&self) -> usize {
        (self.window * self.sampling_rate).round() as usize
    }

    /// Seconds from one window to the next.
    pub fn hop(&self) -> f64 {
        self.hop.unwrap_or(self.window)
    }

    /// Refuses recordings with a split that does not count.
    fn check_given_splits(&self) -> Result<(), Invalid> {
        let mut entries = self.recordings.iter();
        let given =
            entries.find_map(|recording| Some((recording.name(), recording.split.as_deref()?)));
        match given.filter(|_| self.split.by != SplitBy::Given) {
            Some((name, split)) => invalid(
                &format!("recordings: {name}"),
                format!(
                    "has `split: {split}`, which counts only if the list says `split: {{by: given}}`: write that, or leave out \
                     the splits of recordings"
                ),
            ),
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        self.check_windows()?;
        self.check_classes()?;
        if self.channels.is_empty() {
            return invalid("channels", "is empty".into());
        }
        once("channels", &self.channels)?;
        if let Err(problem) = check_recording_steps(&self.preprocessing) {
            return invalid("preprocessing", problem.to_string());
        }
        if self.recordings.is_empty() && self.seisbench.is_empty() {
            return invalid("recordings", "is empty".into());
        }
        self.seisbench
            .iter()
            .try_for_each(|folder| self.check_seisbench(folder))?;
        self.recordings
            .iter()
            .try_for_each(|recording| self.check_recording(recording))?;
        let recording = twice::recording(&self.recordings).map(Recording::name);
        let folder =
            twice::item(&self.seisbench).map(|seisbench| seisbench.folder.display().to_string());
        let twice = [("recordings", recording), ("seisbench", folder)];
        match twice.into_iter().find_map(|(key, name)| Some((key, name?))) {
            Some((key, name)) => invalid(
                &format!("{key}: {name}"),
                "is there twice, with the same labels, so that its windows would count twice: keep one of them".into(),
            ),
            None => Ok(()),
        }
    }

    fn check_windows(&self) -> Result<(), Invalid> {
        if !(self.sampling_rate.is_finite() && self.sampling_rate > 0.0) {
            let problem = format!("{} is not a sampling rate in Hz", self.sampling_rate);
            return invalid("sampling_rate", problem);
        }
        let samples = self.samples();
        if self.window.is_nan() || self.window <= 0.0 || samples > LONGEST_WINDOW {
            let problem = format!(
                "{} s at {} Hz are {samples} samples: a window has 1 to {LONGEST_WINDOW}",
                self.window, self.sampling_rate
            );
            return invalid("window", problem);
        }
        // The front end that the dataset is written for.
        let bands = BandLayout::new(&BandsConfig::default(), samples);
        if let (Err(problem), None) = (bands, segment(samples)) {
            let fitting = (samples / 8 * 8).max(8);
            let problem = format!(
                "{} s at {} Hz are {samples} samples: {problem}; the front ends `fft` and `welch` need a multiple of 8, such \
                 as {fitting} samples, {:.6} s",
                self.window,
                self.sampling_rate,
                fitting as f64 / self.sampling_rate
            );
            return invalid("window", problem);
        }
        if !(self.hop() > 0.0 && self.hop().is_finite()) {
            let problem = format!("{} s: expected a number above 0", self.hop());
            return invalid("hop", problem);
        }
        let step = self.hop() * self.sampling_rate;
        // A hundredth is left to hops that were rounded.
        if step < 0.99 {
            let problem = format!(
                "{} s at {} Hz are {step:.6} samples: windows would repeat; give seconds, one sample ({:.6} s) or more",
                self.hop(),
                self.sampling_rate,
                1.0 / self.sampling_rate
            );
            return invalid("hop", problem);
        }
        Ok(())
    }

    fn check_classes(&self) -> Result<(), Invalid> {
        if self.class_names.len() < 2 {
            let problem = "a classifier needs at least 2 classes".into();
            return invalid("class_names", problem);
        }
        once("class_names", &self.class_names)
    }

    fn check_seisbench(&self, folder: &SeisBenchFolder) -> Result<(), Invalid> {
        let mut classes = folder.classes.values();
        if let Some(class) = classes.find(|class| !self.class_names.contains(class)) {
            return invalid("seisbench.classes", self.unknown_class(class));
        }
        if !(folder.before >= 0.0 && folder.after.is_none_or(|after| after >= 0.0)) {
            let problem = "`before` and `after` are seconds, 0 or more".into();
            return invalid("seisbench", problem);
        }
        Ok(())
    }

    fn check_recording(&self, recording: &Recording) -> Result<(), Invalid> {
        let key = format!("recordings: {}", recording.name());
        if recording.files.is_empty() {
            let problem = "`files` is empty: name the files of the recording".into();
            return invalid(&key, problem);
        }
        if let Err(problem) = recording.check_columns() {
            return invalid(&key, problem.into());
        }
        let labels = recording.labels.iter().map(|label| &label.class);
        let mut classes = labels
            .chain(&recording.class)
            .chain(recording.classes.values());
        if let Some(class) = classes.find(|class| !self.class_names.contains(class)) {
            let problem = self.unknown_class(class);
            return match &recording.labels_file {
                Some(table) if class.is_empty() => invalid(
                    &format!("{key}: labels of {}", table.file.display()),
                    format!(
                        "a row has no class, that of label {}: write one, or remove the row",
                        recording.first_without_class()
                    ),
                ),
                Some(table) => invalid(
                    &format!("{key}: labels of {}", table.file.display()),
                    format!("{problem}; add it, or map it with `classes: {{{class}: CLASS}}`"),
                ),
                None => invalid(&key, problem),
            };
        }
        let channels = recording.channels.as_ref();
        if channels.is_some_and(|given| given.len() != self.channels.len()) {
            let problem = format!(
                "has another number of channels than `channels`, which has {}",
                self.channels.len()
            );
            return invalid(&key, problem);
        }
        once(
            &format!("{key}: channels"),
            channels.map_or(&[], |given| given),
        )?;
        match recording.split.as_deref() {
            Some(split) if !super::SPLITS.contains(&split) => {
                invalid(&key, format!("`{split}` is not train, val or test"))
            }
            _ => Ok(()),
        }
    }

    fn unknown_class(&self, class: &str) -> String {
        let known = self.class_names.clone();
        let class = class.to_owned();
        ImportError::UnknownClass { class, known }.to_string()
    }
}

/// Checks that no name is in a list twice.
fn once(key: &str, names: &[String]) -> Result<(), Invalid> {
    let mut all = names.iter().enumerate();
    match all.find(|(i, name)| names[..*i].contains(name)) {
        Some((_, twice)) => invalid(key, format!("`{twice}` appears twice")),
        None => Ok(()),
    }
}
