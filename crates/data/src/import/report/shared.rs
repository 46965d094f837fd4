//! Labels of a table that several recordings share: those for which one recording has no data are mostly another's.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::{EXAMPLES, RecordingReport};
use crate::recording::format_time;

/// Start, end and class of a label.
pub(in crate::import) type LabelKey = (i64, i64, usize);

/// Labels of a recording, by whether it has data at their times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::import) struct Recorded {
    /// The table of labels, if it gives all times as dates.
    pub table: Option<PathBuf>,
    pub with: Vec<LabelKey>,
    pub without: Vec<LabelKey>,
}

/// Removes labels without data of each recording that are labels with data of another one with the same table.
pub(in crate::import) fn leave_to_others(recordings: &mut [RecordingReport]) {
    let mut with: HashMap<PathBuf, HashSet<LabelKey>> = HashMap::new();
    for labels in recordings
        .iter()
        .map(|recording| &recording.recorded_labels)
    {
        if let Some(table) = &labels.table {
            with.entry(table.clone()).or_default().extend(&labels.with);
        }
    }
    for labels in recordings
        .iter_mut()
        .map(|recording| &mut recording.recorded_labels)
    {
        if let Some(others) = labels.table.as_ref().and_then(|table| with.get(table)) {
            labels.without.retain(|label| !others.contains(label));
        }
    }
}

impl RecordingReport {
    /// Labels without data in this recording or another with the same table: their number, and the first of them.
    pub(super) fn without_data(&self) -> (usize, String) {
        let all = &self.recorded_labels.without;
        let examples = all.iter().take(EXAMPLES).map(|key| self.shown_label(*key));
        let examples: Vec<String> = examples.collect();
        (all.len(), examples.join("; "))
    }

    /// Class and times of a label, as messages show them.
    pub(in crate::import) fn shown_label(&self, (start, end, class): LabelKey) -> String {
        let (start, end) = (format_time(start), format_time(end));
        format!("`{}` from {start} to {end}", self.classes[class].class)
    }
}
