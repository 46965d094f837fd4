//! What a file is, by its content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::super::super::seisbench;
use super::super::is_recording;
use super::super::recorded::recorded;
use super::catalogue::{self, Catalogue};
use super::names;
use crate::config::DatasetConfig;
use crate::error::{DataError, Problem, RecordingError, SampleError};
use crate::import::{Label, labels_of};
use crate::reader::{self, SourceSelection};
use crate::recording::{
    Excerpt, Hints, LabelColumn, NANOS, Trace, UNIX, beginning, has_no_samples,
};

/// Files up to this size are read whole.
pub(super) const WHOLE: u64 = 64 << 20;
/// Bytes of a larger file that are read.
pub(super) const BEGINNING: u64 = 1 << 20;
/// Size limit of label tables and configurations.
const TEXT: u64 = 4 << 20;
/// Rows of a table without times from which it may be a recording.
const FEWEST_ROWS: usize = 100;

/// A table with fewer rows at a lower sampling rate in Hz is a list of events.
const RAREST: f64 = 0.05;
const FEWEST_TIMES: f64 = 1000.0;

/// What a file is.
#[derive(Debug)]
pub(super) enum FileContent {
    Recording(Facts),
    /// Labels, and their files if a column tells them.
    Labels(Vec<Label>, Vec<String>),
    /// Classes of files.
    Catalogue(Catalogue),
    /// Part of a dataset: the folder or file that names it, and what to do with it.
    Dataset(Dataset),
    /// Samples of a format, with the shape of the first.
    Samples(String),
    /// What else it is, and what to do.
    Other(String, Option<String>),
    /// A file that ought to be readable, and why it is not.
    Unusable(String),
}

/// A dataset, or a list of recordings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Dataset {
    pub path: String,
    pub what: String,
    pub advice: String,
}

/// What a recording has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Facts {
    pub format: &'static str,
    /// Channels at the sampling rate that most have, in the order of the file.
    pub channels: Vec<String>,
    /// Other channels, with their sampling rates in Hz.
    pub others: Vec<(String, f64)>,
    /// Samples per second, if the file tells.
    pub rate: Option<f64>,
    /// Samples of the longest channel.
    pub samples: f64,
    /// Nanoseconds since 1970 of the first and last samples, if the file has dates.
    pub times: Option<(i64, i64)>,
    /// Columns that could tell labels or groups.
    pub columns: Vec<LabelColumn>,
    /// Fields of times that headers mark, such as `A` or `T0` of SAC, without repetition.
    pub picks: Vec<&'static str>,
    /// Whether only the beginning was read.
    pub is_estimate: bool,
}

impl Facts {
    /// Length in seconds.
    pub fn seconds(&self) -> Option<f64> {
        self.rate.map(|rate| self.samples / rate)
    }

    fn of(read: Excerpt, is_rate_known: bool) -> Self {
        let Excerpt {
            format,
            contents,
            times,
        } = read;
        let mut channels: Vec<(String, f64, f64)> = Vec::new();
        let mut at = BTreeMap::new();
        for trace in &contents.traces {
            let i = *at.entry(&trace.channel).or_insert_with(|| {
                channels.push((trace.channel.clone(), trace.rate, 0.0));
                channels.len() - 1
            });
            channels[i].2 += trace.samples.len() as f64;
        }
        let votes = |rate: f64| channels.iter().filter(|channel| channel.1 == rate).count();
        let rates = channels.iter().map(|channel| channel.1);
        let rate = rates.max_by(|one, other| {
            let order = votes(*one).cmp(&votes(*other));
            order.then(one.total_cmp(other))
        });
        let rate = rate.unwrap_or(1.0);
        let (main, others): (Vec<_>, Vec<_>) =
            channels.into_iter().partition(|channel| channel.1 == rate);
        let samples = main.iter().map(|channel| channel.2).fold(0.0, f64::max) * times;
        let picks: BTreeSet<&str> = contents.picks.iter().map(|pick| pick.field).collect();
        let first = contents.traces.iter().map(|trace| trace.start).min();
        let last = contents.traces.iter().map(Trace::end).max();
        let dated = |first: &i64| *first as f64 >= UNIX * NANOS;
        let first = first.filter(dated).filter(|_| is_rate_known);
        // The end of a file that was not read whole is where its samples would end.
        let last = last.map(|last| match first {
            Some(first) if times > 1.0 => first.saturating_add((samples / rate * NANOS) as i64),
            _ => last,
        });
        Self {
            format,
            channels: main.into_iter().map(|channel| channel.0).collect(),
            others: others
                .into_iter()
                .map(|channel| (channel.0, channel.1))
                .collect(),
            rate: is_rate_known.then_some(rate),
            samples,
            times: first.zip(last),
            columns: contents.label_columns,
            picks: picks.into_iter().collect(),
            is_estimate: times > 1.0,
        }
    }
}

/// Looks at a file of `length` bytes, of which at most `most` are read if it is a recording.
pub(super) fn glance(path: &Path, length: u64, most: u64) -> FileContent {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if length == 0 {
        return FileContent::Other("empty files".into(), None);
    }
    if let Some(found) = of_collection(path, &name) {
        return found;
    }
    if let Some(what) = names::by_name(&name) {
        return FileContent::Other(what.into(), None);
    }
    if matches!(names::ending(&name).as_str(), "yaml" | "yml") {
        return of_yaml(path, length);
    }
    if length <= TEXT
        && let Some(labels) = labels_of(path)
    {
        return match labels {
            Ok((labels, files)) => FileContent::Labels(labels, files),
            Err(error) => FileContent::Unusable(problem_of(&error)),
        };
    }
    if length <= TEXT
        && matches!(names::ending(&name).as_str(), "csv" | "tsv" | "txt")
        && let Some(catalogue) = catalogue::of(path)
    {
        return FileContent::Catalogue(catalogue);
    }
    if length <= TEXT && is_index(path) {
        return FileContent::Other("index files of datasets".into(), None);
    }
    if reader::of(path).is_ok() && !is_recording(path) && !reader::is_other_gzip(path) {
        return of_samples(path, length);
    }
    of_recording(path, most)
}

/// A file of a SeisBench or M3N-VC dataset.
fn of_collection(path: &Path, name: &str) -> Option<FileContent> {
    let folder = path.parent()?;
    let shown = folder.display().to_string();
    if seisbench::folder(path).is_some() {
        return Some(FileContent::Dataset(Dataset {
            path: shown,
            what: "SeisBench dataset".into(),
            advice: "key `seisbench` of a list of recordings; `data inspect` of this folder tells its columns".into(),
        }));
    }
    let is_run = name == "run_ids.parquet" || name.starts_with("run") && name.ends_with(".parquet");
    (is_run && folder.join("run_ids.parquet").is_file()).then(|| {
        FileContent::Dataset(Dataset {
            path: shown,
            what: "M3N-VC dataset".into(),
            advice: "key `m3n_vc` of a list of recordings".into(),
        })
    })
}

/// A dataset configuration, a list of recordings, or another YAML file.
fn of_yaml(path: &Path, length: u64) -> FileContent {
    let other = || FileContent::Other("settings (YAML)".into(), None);
    if length > TEXT {
        return other();
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let has = |key: &str| text.lines().any(|line| line.trim_start().starts_with(key));
    let shown = path.display().to_string();
    if has("train_index_file:") {
        return match DatasetConfig::load(path, None) {
            Ok(_) => FileContent::Dataset(Dataset {
                advice: format!(
                    "`data inspect {shown}` describes it, and `trainer --dataset-config {shown}` trains on it"
                ),
                what: "dataset of windows".into(),
                path: shown,
            }),
            Err(error) => FileContent::Unusable(problem_of(&error)),
        };
    }
    if has("class_names:")
        && ["recordings:", "m3n_vc:", "seisbench:"]
            .into_iter()
            .any(has)
    {
        return FileContent::Dataset(Dataset {
            advice: format!("`data import {shown} --out DIR`"),
            what: "list of recordings".into(),
            path: shown,
        });
    }
    other()
}

/// Whether every line of a file names a file.
fn is_index(path: &Path) -> bool {
    if names::ending(&path.to_string_lossy()) != "txt" {
        return false;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = crate::text::read(path).unwrap_or_default();
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let names_file = |line: &str| {
        folder.join(line).is_file()
            || folder
                .parent()
                .is_some_and(|above| above.join(line).is_file())
    };
    lines.next().is_some_and(names_file) && lines.all(|line| !line.contains(','))
}

/// A source of samples: its first one is read.
fn of_samples(path: &Path, length: u64) -> FileContent {
    let format = reader::of(path).map_or("samples", reader::Reader::name);
    if length > WHOLE {
        return FileContent::Samples(format!("{format}, larger than is read here"));
    }
    let wanted = SourceSelection {
        label: "vehicle_type".into(),
        ..Default::default()
    };
    let mut shape = None;
    let read = reader::read(path, &wanted, &mut |record| {
        let sizes: Vec<String> = record.shape.iter().map(usize::to_string).collect();
        shape = Some(sizes.join(" x "));
        Err(DataError::Stopped)
    });
    match (shape, read) {
        (Some(shape), _) => FileContent::Samples(format!("{format}, windows of {shape}")),
        (None, Ok(())) => FileContent::Other(format!("{format} without samples"), None),
        (None, Err(DataError::Source { problem, .. }))
            if matches!(*problem, Problem::Sample(SampleError::OtherFormat { .. })) =>
        {
            FileContent::Unusable(problem.to_string())
        }
        (None, Err(_)) => FileContent::Other(
            format!("{format} that are no windows with labels"),
            Some("`data inspect FILE` tells what is missing".into()),
        ),
    }
}

fn of_recording(path: &Path, most: u64) -> FileContent {
    let read = recorded(|hints: &Hints| beginning(path, hints, most));
    let problem = match read {
        Ok(read) => {
            let is_known = read.no_rate.is_none();
            let facts = Facts::of(read.contents, is_known);
            let is_small = !is_known && facts.samples < FEWEST_ROWS as f64;
            if is_small {
                return FileContent::Other("small tables without times".into(), None);
            }
            if facts.format == "table"
                && facts.rate.is_some_and(|rate| rate < RAREST)
                && facts.samples < FEWEST_TIMES
            {
                return FileContent::Other("lists of rare times, such as of events".into(), None);
            }
            return FileContent::Recording(facts);
        }
        Err(DataError::Source { problem, .. }) => problem,
        Err(error) => return FileContent::Unusable(problem_of(&error)),
    };
    match &*problem {
        Problem::Recording(RecordingError::OtherFormat(other)) => {
            let what = format!("files of other formats: {}", other.what);
            FileContent::Other(what, Some(other.advice.into()))
        }
        Problem::Recording(RecordingError::TooLarge { .. }) => FileContent::Other(
            "files too large to be read here".into(),
            Some("`data inspect FILE` describes one".into()),
        ),
        Problem::Recording(RecordingError::UnknownFormat | RecordingError::NotTable(_)) => {
            FileContent::Other("files of unknown formats".into(), None)
        }
        problem if has_no_samples(problem) => {
            FileContent::Other("files without samples".into(), None)
        }
        Problem::Recording(RecordingError::Text(_) | RecordingError::Table(_))
            if names::ending(&path.to_string_lossy()) == "txt" =>
        {
            FileContent::Other("texts that are no recordings".into(), None)
        }
        problem => FileContent::Unusable(problem.to_string()),
    }
}

/// What is wrong, without the file's name.
fn problem_of(error: &DataError) -> String {
    match error {
        DataError::Source { problem, .. } => problem.to_string(),
        DataError::Read { source, .. } => source.to_string(),
        other => other.to_string(),
    }
}
