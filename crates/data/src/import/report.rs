//! Report of what an import read, and what it left out and why: `import_report.json`, and the same as text in
//! `import_report.txt`.
//!
//! Both depend only on the list and the recordings: importing a list twice writes the same bytes.

mod notes;
mod shared;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use super::SPLITS;
use super::config::RecordingsConfig;
use super::cut::{Counts, Interval};
use super::recording::Recording;
use crate::recording::{DAY, NANOS, format_time};
pub(super) use shared::leave_to_others;

/// Name of the report as JSON.
pub(super) const REPORT_FILE: &str = "import_report.json";

/// Maximum number of labels named as examples.
pub(super) const EXAMPLES: usize = 3;

/// Report on one channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChannelReport {
    /// Name of the channel in the list.
    pub channel: String,
    /// Sampling rates of its files in Hz, ascending.
    pub rates: Vec<f64>,
    /// Samples read.
    pub samples: usize,
    /// Samples that are not measurements: not finite, fill values, or too large. They are read as gaps.
    pub no_measurement: usize,
    /// Description of these samples, and the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_measurement_note: Option<String>,
    /// Number of duplicate samples.
    pub repeated: usize,
    /// Number of duplicate samples whose values differ.
    pub disagreeing: usize,
    /// Whether all samples are equal.
    pub constant: bool,
    /// Samples that were kept but may not be measurements.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suspect: Vec<String>,
}

/// Report on the labels of one class.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub class: String,
    /// Number of labels.
    pub labels: usize,
    /// Labels at times without data.
    pub labels_without_data: usize,
    /// Windows that are constant, or far quieter than the usual window of their recording.
    pub silent: usize,
    /// Recordings or traces whose windows of this class are all silent.
    #[serde(skip)]
    pub all_silent: usize,
    /// Numbers of windows and of those not cut.
    #[serde(flatten)]
    pub counts: Counts,
}

/// Report on one recording, or on the traces of one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RecordingReport {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: Vec<String>,
    /// Its group, if it is one of several in its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Number of traces, if the file is a collection of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traces: Option<usize>,
    /// Sampling rate given in the list, in Hz.
    pub rate_given: Option<f64>,
    /// Number of gaps in channels.
    pub gaps: usize,
    /// Traces or recordings without a stretch as long as a window.
    pub too_short: usize,
    /// Labels left out since another has the same times and class.
    pub repeated_labels: usize,
    /// Labels with times of day without a date, which are taken for those of the recording's day.
    #[serde(skip)]
    pub(super) undated_labels: usize,
    /// Examples of labels at times without data.
    pub labels_without_data: Vec<String>,
    /// Labels by whether there are data at their times.
    #[serde(skip)]
    pub(super) recorded_labels: shared::Recorded,
    /// Times of the first and last samples; omitted for a collection of traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<[String; 2]>,
    /// Start of the first label and end of the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labelled: Option<[String; 2]>,
    /// Seconds from the first sample to the end of the last label, and to the last sample.
    #[serde(skip)]
    pub(super) labelled_of: Option<[f64; 2]>,
    /// Hours by which all labels with dates are later than a time at which the recording has samples for them.
    #[serde(skip)]
    pub(super) hours_late: Option<f64>,
    /// Windows left out at the boundary of two splits.
    pub straddling: usize,
    /// Its channels.
    pub channels: Vec<ChannelReport>,
    /// Its classes.
    pub classes: Vec<ClassReport>,
    /// Number of windows in every split that has any.
    pub splits: BTreeMap<&'static str, usize>,
    /// Its windows, in the order in which they were cut.
    #[serde(skip)]
    pub(super) windows: Range<usize>,
}

/// Report on one split.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SplitReport {
    /// `train`, `val` or `test`.
    pub split: &'static str,
    /// Groups.
    pub groups: usize,
    /// Windows of every class.
    pub windows: Vec<usize>,
}

/// The complete report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Version of the report's format.
    pub version: u32,
    /// Classes, in the order of their numbers.
    pub class_names: Vec<String>,
    /// Splits.
    pub splits: Vec<SplitReport>,
    /// Number of groups before those that share samples were merged.
    pub groups_named: usize,
    /// Groups merged into others because their windows share samples.
    pub groups_united: usize,
    /// Windows left out because a later split contains some of their samples.
    pub left_out_as_shared: usize,
    /// Warnings, which are errors with `--strict`.
    pub notes: Vec<String>,
    /// Other notes.
    pub information: Vec<String>,
    /// The warnings as text; those that say the same of several recordings are one.
    #[serde(skip)]
    pub(super) grouped_notes: Vec<String>,
    /// The other notes, in the same way.
    #[serde(skip)]
    pub(super) grouped_information: Vec<String>,
    /// Recordings.
    pub recordings: Vec<RecordingReport>,
}

impl RecordingReport {
    /// The report of a recording that has not been read yet.
    pub(super) fn new(config: &RecordingsConfig, recording: &Recording) -> Self {
        let channels = recording
            .channels
            .as_ref()
            .unwrap_or(&config.channels)
            .iter();
        let channel = |channel: &String| ChannelReport {
            channel: channel.clone(),
            ..Default::default()
        };
        let class = |class: &String| ClassReport {
            class: class.clone(),
            ..Default::default()
        };
        Self {
            name: recording.name(),
            files: recording
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect(),
            rate_given: recording.sampling_rate,
            recorded_labels: shared::Recorded {
                table: recording.table_of_dates(),
                ..Default::default()
            },
            channels: channels.map(channel).collect(),
            classes: config.class_names.iter().map(class).collect(),
            ..Default::default()
        }
    }

    /// Counts the windows by split; `splits` has the split of every window, `None` for those left out.
    pub(super) fn count_splits(&mut self, splits: &[Option<usize>]) {
        for split in splits[self.windows.clone()].iter().flatten() {
            *self.splits.entry(SPLITS[*split]).or_default() += 1;
        }
    }

    /// Records the time span of the samples and the times of `labels`.
    pub(super) fn add_times(
        &mut self,
        span: Option<(i64, i64)>,
        labels: &[Interval],
        are_dated: bool,
    ) {
        let texts = |(from, to)| [format_time(from), format_time(to)];
        self.recorded = span.map(texts);
        let starts = labels.iter().map(|label| label.start).min();
        let ends = labels.iter().map(|label| label.end).max();
        let labelled = starts.zip(ends);
        self.labelled_of = span.zip(ends).map(|((from, to), end)| {
            let seconds = |time: i64| (time - from) as f64 / NANOS;
            [seconds(end), seconds(to)]
        });
        self.hours_late = span
            .zip(labelled.filter(|_| are_dated))
            .and_then(hours_late);
        self.labelled = labelled.map(texts);
    }

    /// Adds the report of a trace to that of its file.
    pub(super) fn add(&mut self, other: Self) {
        self.traces = Some(self.traces.unwrap_or(0) + 1);
        self.gaps += other.gaps;
        self.too_short += other.too_short;
        self.repeated_labels += other.repeated_labels;
        self.labels_without_data.extend(other.labels_without_data);
        self.labels_without_data.truncate(EXAMPLES);
        let without = other.recorded_labels.without;
        self.recorded_labels.without.extend(without);
        self.straddling += other.straddling;
        for (channel, other) in self.channels.iter_mut().zip(other.channels) {
            channel.rates.extend(other.rates);
            channel.tidy();
            channel.samples += other.samples;
            channel.no_measurement += other.no_measurement;
            let note = other.no_measurement_note;
            channel.no_measurement_note = channel.no_measurement_note.take().or(note);
            channel.repeated += other.repeated;
            channel.disagreeing += other.disagreeing;
            channel.constant |= other.constant;
            channel.suspect.extend(other.suspect);
            channel.suspect.truncate(EXAMPLES);
        }
        for (class, other) in self.classes.iter_mut().zip(other.classes) {
            class.labels += other.labels;
            class.labels_without_data += other.labels_without_data;
            class.silent += other.silent;
            class.all_silent += other.all_silent;
            class.counts.add(&other.counts);
        }
    }
}

impl ChannelReport {
    /// Sorts the rates and removes duplicates.
    pub(super) fn tidy(&mut self) {
        self.rates.sort_by(f64::total_cmp);
        self.rates.dedup();
    }
}

/// Combines the names of splits with their counts.
pub(super) fn splits(groups: [usize; 3], windows: &[Vec<usize>; 3]) -> Vec<SplitReport> {
    let all = SPLITS.iter().zip(groups).zip(windows);
    all.map(|((split, groups), windows)| SplitReport {
        split,
        groups,
        windows: windows.clone(),
    })
    .collect()
}

/// Offsets of time zones in half hours, at most.
const FURTHEST: i64 = 28;

/// Hours by which `labels` are later than a time at which all are within `span`, if they are wholly outside, as those of another
/// time zone.
fn hours_late((span, labels): ((i64, i64), (i64, i64))) -> Option<f64> {
    if labels.0 < span.1 && labels.1 > span.0 {
        return None;
    }
    let is_inside = |half_hours: &i64| {
        let offset = half_hours * DAY / 48;
        labels.0.saturating_sub(offset) >= span.0 && labels.1.saturating_sub(offset) <= span.1
    };
    // Most zones are whole hours from UTC.
    let (whole, half) = ((2..=FURTHEST).step_by(2), (1..FURTHEST).step_by(2));
    let mut all = whole
        .chain(half)
        .flat_map(|half_hours| [half_hours, -half_hours]);
    all.find(is_inside)
        .map(|half_hours| half_hours as f64 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_another_zone() {
        let hour = DAY / 24;
        let span = (10 * hour, 11 * hour);
        let of = |from: i64, to: i64| hours_late((span, (from, to)));
        assert_eq!(of(12 * hour, 12 * hour + hour / 2), Some(2.0));
        assert_eq!(of(4 * hour + hour / 2, 5 * hour + hour / 2), Some(-5.5));
        for (from, to) in [(10, 11), (10, 12), (9, 13), (12, 14), (40, 40)] {
            assert_eq!(of(from * hour, to * hour), None, "{from} {to}");
        }
    }
}
