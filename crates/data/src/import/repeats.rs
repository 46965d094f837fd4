//! Windows that are in a dataset more than once.

use std::collections::HashMap;

use support::words::counted;

use super::report::RecordingReport;
use crate::leaks::content_hash;
use crate::reader::Record;

/// The windows with the values of an earlier one.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// The first window with each content.
    known: HashMap<u64, u32>,
    /// Windows with the values of an earlier one, and that one.
    pairs: Vec<(u32, u32)>,
}

impl Repeats {
    /// Adds a window by its number.
    pub fn add(&mut self, record: &Record, number: usize) {
        let Some(content) = content_hash(record) else {
            return;
        };
        let number = number as u32;
        let first = *self.known.entry(content).or_insert(number);
        if first != number {
            self.pairs.push((number, first));
        }
    }

    /// A warning of the windows that are kept; `splits` has the split of each, `None` if it is left out.
    pub fn warning(
        &self,
        splits: &[Option<usize>],
        recordings: &[RecordingReport],
    ) -> Option<String> {
        let is_kept = |number: u32| splits[number as usize].is_some();
        let mut kept = self.pairs.iter();
        let (first, earlier) = kept.find(|(later, first)| is_kept(*later) && is_kept(*first))?;
        let count = 1 + kept
            .filter(|(later, first)| is_kept(*later) && is_kept(*first))
            .count();
        let name = |number: u32| {
            let recording = recordings
                .iter()
                .find(|recording| recording.windows.contains(&(number as usize)));
            recording.map(|recording| recording.name.as_str())
        };
        let places = match (name(*first), name(*earlier)) {
            (Some(one), Some(other)) if one == other => format!(" (the first in `{one}`)"),
            (Some(one), Some(other)) => format!(" (the first in `{one}`, as in `{other}`)"),
            _ => String::new(),
        };
        let (has, counts) = if count == 1 {
            ("has", "counts")
        } else {
            ("have", "count")
        };
        Some(format!(
            "{} {has} the values of an earlier one, to the bit, and {counts} twice{places}: give the samples once",
            counted(count, "window")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_two_recordings() {
        let record = |values: [f32; 3]| Record {
            record: 0,
            values: values.to_vec(),
            shape: vec![1, 3],
            label: 0,
            group: None,
        };
        let recording = |name: &str, windows| RecordingReport {
            name: name.into(),
            windows,
            ..Default::default()
        };
        let recordings = [recording("a", 0..2), recording("b", 2..5)];
        let mut repeats = Repeats::default();
        // A dead channel is the same everywhere.
        let windows = [
            [0.0; 3],
            [1.0, 2.0, 3.0],
            [0.0; 3],
            [1.0, 2.0, 3.0],
            [3.0, 2.0, 1.0],
        ];
        for (number, values) in windows.into_iter().enumerate() {
            repeats.add(&record(values), number);
        }
        let expected = "1 window has the values of an earlier one, to the bit, and counts twice (the first in `b`, as in `a`)";
        let said = |splits: [Option<usize>; 5]| repeats.warning(&splits, &recordings);
        assert!(said([Some(0); 5]).unwrap().starts_with(expected));
        assert_eq!(said([Some(0), None, Some(0), Some(0), Some(0)]), None);
        assert_eq!(said([Some(0), Some(0), Some(0), None, Some(0)]), None);
    }
}
