//! The labelled intervals of a recording, and which of them lie at times without data.

use std::collections::HashSet;

use super::super::config::RecordingsConfig;
use super::super::cut::Interval;
use super::super::events::group_of;
use super::super::fractions::SplitBy;
use super::super::recording::Recording;
use super::super::report::{EXAMPLES, RecordingReport};
use crate::error::ImportError;
use crate::recording::{Merged, Stretch, format_time};

/// The labelled intervals of a recording from `start` to `end`. Seconds count from `start`, or from the first sample of the
/// label's file; `starts` has those of the files.
///
/// # Errors
/// If a label ends before it begins, or its file has no samples.
pub(super) fn intervals(
    config: &RecordingsConfig,
    recording: &Recording,
    (start, end): (i64, i64),
    starts: &[Option<i64>],
) -> Result<Vec<Interval>, ImportError> {
    let class = |name: &str| {
        let found = config.class_names.iter().position(|class| class == name);
        found.ok_or_else(|| ImportError::UnknownClass {
            class: name.into(),
            known: config.class_names.clone(),
        })
    };
    let group = recording.group();
    let mut intervals = Vec::new();
    if let Some(name) = &recording.class {
        intervals.push(Interval {
            start,
            end,
            label: class(name)?,
            group: group.clone(),
        });
    }
    for (number, label) in recording.labels.iter().enumerate() {
        let (from, to) = recording.times_of(label, (start, end), starts)?;
        if from > to {
            return Err(ImportError::Backwards {
                number: number + 1,
                class: label.class.clone(),
                start: format_time(from),
                end: format_time(to),
            });
        }
        let event = match (config.split.by, &label.event) {
            (SplitBy::Event, Some(event)) => group_of(&group, event),
            (SplitBy::Event, None) => format!("{group}/{}-{}", label.class, number + 1),
            _ => group.clone(),
        };
        intervals.push(Interval {
            start: from,
            end: to,
            label: class(&label.class)?,
            group: event,
        });
    }
    Ok(intervals)
}

/// The labelled intervals of a recording as the import has them, each once: see [`RecordingsConfig`]. `span` is that of the
/// recording, and `starts` those of its files whose channels are used, in nanoseconds.
///
/// # Errors
/// If a label ends before it begins, or its file has no samples.
pub fn labelled_intervals(
    config: &RecordingsConfig,
    recording: &Recording,
    span: (i64, i64),
    starts: &[Option<i64>],
) -> Result<Vec<Interval>, ImportError> {
    let mut intervals = intervals(config, recording, span, starts)?;
    remove_repeated(&mut intervals);
    Ok(intervals)
}

/// Removes intervals that repeat another's times and class, and returns their number. Raven lists a selection once for
/// each view.
pub(super) fn remove_repeated(intervals: &mut Vec<Interval>) -> usize {
    let all = intervals.len();
    let mut seen = HashSet::new();
    intervals.retain(|interval| seen.insert((interval.start, interval.end, interval.label)));
    all - intervals.len()
}

/// Counts labels by class, and labels at times without data.
pub(super) fn count_labels(intervals: &[Interval], merged: &Merged, report: &mut RecordingReport) {
    for interval in intervals {
        report.classes[interval.label].labels += 1;
        // An instant lies in the stretch that has a sample at that time.
        let end = interval.end.max(interval.start.saturating_add(1));
        let recorded = |stretch: &Stretch| stretch.start < end && stretch.end() > interval.start;
        let key = (interval.start, interval.end, interval.label);
        if merged.stretches.iter().any(recorded) {
            report.recorded_labels.with.push(key);
            continue;
        }
        report.recorded_labels.without.push(key);
        report.classes[interval.label].labels_without_data += 1;
        if report.labels_without_data.len() < EXAMPLES {
            let example = report.shown_label(key);
            report.labels_without_data.push(example);
        }
    }
}
