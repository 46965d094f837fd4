//! What an import read, what it left out and why: `import_report.json`, and the same to read, `import_report.txt`.
//!
//! Both depend on the list and the recordings alone: two imports of one list write the same bytes.

mod notes;
mod text;

use serde::Serialize;

use super::SPLITS;
use super::config::RecordingsConfig;
use super::cut::{Counts, Interval};
use super::recording::Recording;
use crate::recording::format_time;

/// Labels that are named where many are meant.
pub(super) const EXAMPLES: usize = 3;

/// What was read of one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChannelReport {
    /// As the list names it.
    pub channel: String,
    /// Sampling rates of its files, in Hz, ascending.
    pub rates: Vec<f64>,
    /// Samples read.
    pub samples: usize,
    /// Samples that are not measurements: not finite, fill values, too large. They are read as gaps.
    pub no_measurement: usize,
    /// Which they are, and the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_measurement_note: Option<String>,
    /// Samples that were there twice.
    pub repeated: usize,
    /// How many of them differ.
    pub disagreeing: usize,
    /// Whether all samples are one value.
    pub constant: bool,
    /// Samples that may not be measurements, though they are kept as such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspect: Vec<String>,
}

/// What became of the labels of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub class: String,
    /// Labels.
    pub labels: usize,
    /// Labels that lie where nothing was recorded.
    pub labels_without_data: usize,
    /// Windows that are of one value, or far quieter than the usual one of their recording.
    pub silent: usize,
    /// Recordings, or traces, of which all windows of the class are silent.
    #[serde(skip)]
    pub all_silent: usize,
    /// Windows and what did not become one.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What was read of one recording, or of the traces of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RecordingReport {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: Vec<String>,
    /// Traces, where the file is a collection of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<usize>,
    /// Samples per second that the list gives, in Hz.
    pub rate_given: Option<f64>,
    /// Interruptions of channels.
    pub gaps: usize,
    /// Traces, or recordings, that have no stretch as long as a window.
    pub too_short: usize,
    /// Some of the labels that lie where nothing was recorded.
    pub labels_without_data: Vec<String>,
    /// Times of its first and last samples; not of a collection of traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<[String; 2]>,
    /// Where its first label begins and its last one ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<[String; 2]>,
    /// Windows left out at the boundary of two splits.
    pub straddling: usize,
    /// Its channels.
    pub channels: Vec<ChannelReport>,
    /// Its classes.
    pub classes: Vec<ClassReport>,
}

/// What was written of one split.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SplitReport {
    /// `train`, `val` or `test`.
    pub split: &'static str,
    /// Groups.
    pub groups: usize,
    /// Windows of every class.
    pub windows: Vec<usize>,
}

/// All of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Version of this report's form.
    pub version: u32,
    /// Classes, in the order of their numbers.
    pub class_names: Vec<String>,
    /// Splits.
    pub splits: Vec<SplitReport>,
    /// Groups that were counted before those that share samples became one.
    pub groups_named: usize,
    /// Groups that became part of another, because their windows share samples.
    pub groups_united: usize,
    /// Windows left out because a later split has some of their samples.
    pub left_out_as_shared: usize,
    /// What deserves attention. With `--strict` each is an error.
    pub notes: Vec<String>,
    /// What is worth knowing and leaves no doubt.
    pub information: Vec<String>,
    /// Recordings.
    pub recordings: Vec<RecordingReport>,
}

impl RecordingReport {
    /// Of a recording of which nothing was read yet.
    pub(super) fn new(config: &RecordingsConfig, own: &Recording) -> Self {
        let channels = own.channels.as_ref().unwrap_or(&config.channels).iter();
        let channel = |channel: &String| ChannelReport {
            channel: channel.clone(),
            ..Default::default()
        };
        let class = |class: &String| ClassReport {
            class: class.clone(),
            ..Default::default()
        };
        Self {
            name: own.name(),
            files: own
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect(),
            rate_given: own.sampling_rate,
            channels: channels.map(channel).collect(),
            classes: config.class_names.iter().map(class).collect(),
            ..Default::default()
        }
    }

    /// Notes when samples were recorded, from the first to after the last, and what times `labels` have.
    pub(super) fn add_times(&mut self, span: Option<(i64, i64)>, labels: &[Interval]) {
        let texts = |(from, to)| [format_time(from), format_time(to)];
        self.recorded = span.map(texts);
        let starts = labels.iter().map(|label| label.start).min();
        let ends = labels.iter().map(|label| label.end).max();
        self.labelled = starts.zip(ends).map(texts);
    }

    /// Takes what was read of a trace into the report of its file.
    pub(super) fn add(&mut self, other: Self) {
        self.traces = Some(self.traces.unwrap_or(0) + 1);
        self.gaps += other.gaps;
        self.too_short += other.too_short;
        self.labels_without_data.extend(other.labels_without_data);
        self.labels_without_data.truncate(EXAMPLES);
        self.straddling += other.straddling;
        for (own, other) in self.channels.iter_mut().zip(other.channels) {
            own.rates.extend(other.rates);
            own.tidy();
            own.samples += other.samples;
            own.no_measurement += other.no_measurement;
            let note = other.no_measurement_note;
            own.no_measurement_note = own.no_measurement_note.take().or(note);
            own.repeated += other.repeated;
            own.disagreeing += other.disagreeing;
            own.constant |= other.constant;
            own.suspect.extend(other.suspect);
            own.suspect.truncate(EXAMPLES);
        }
        for (own, other) in self.classes.iter_mut().zip(other.classes) {
            own.labels += other.labels;
            own.labels_without_data += other.labels_without_data;
            own.silent += other.silent;
            own.all_silent += other.all_silent;
            own.counts.add(&other.counts);
        }
    }
}

impl ChannelReport {
    /// Every rate once, ascending.
    pub(super) fn tidy(&mut self) {
        self.rates.sort_by(f64::total_cmp);
        self.rates.dedup();
    }
}

/// The names of splits beside what was written of them.
pub(super) fn splits(groups: [usize; 3], windows: &[Vec<usize>; 3]) -> Vec<SplitReport> {
    let own = SPLITS.iter().zip(groups).zip(windows);
    own.map(|((split, groups), windows)| SplitReport {
        split,
        groups,
        windows: windows.clone(),
    })
    .collect()
}
