//! Windows that are in a dataset more than once.

use std::collections::HashMap;

use support::words::counted;

use super::report::RecordingReport;
use crate::leaks::content_hash;
use crate::reader::Record;
use crate::shapes::{are_many, shape_hash};

/// The windows with the values of an earlier one.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// The first window with each content.
    known: HashMap<u64, u32>,
    /// Windows with the values of an earlier one, and that one.
    pairs: Vec<(u32, u32)>,
    /// The first window with each shape.
    shapes: HashMap<u64, u32>,
    /// Windows that are an earlier one with another gain or offset, and that one.
    scaled: Vec<(u32, u32)>,
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
            return;
        }
        if let Some(shape) = shape_hash(record) {
            let first = *self.shapes.entry(shape).or_insert(number);
            if first != number {
                self.scaled.push((number, first));
            }
        }
    }

    /// A warning of windows that are kept and are another one with another gain or offset.
    pub fn scaled(
        &self,
        splits: &[Option<usize>],
        recordings: &[RecordingReport],
    ) -> Option<String> {
        let kept: Vec<(u32, u32)> = kept(&self.scaled, splits).collect();
        if !are_many(kept.len(), splits.iter().flatten().count()) {
            return None;
        }
        let split = |number: u32| splits[number as usize];
        let divided = kept
            .iter()
            .filter(|(later, first)| split(*later) != split(*first));
        Some(format!(
            "{} are earlier ones with another gain or offset{}, {} of them in another split: one recording in two units or under two \
             names? Give its samples once",
            counted(kept.len(), "window"),
            places(kept[0], recordings),
            divided.count()
        ))
    }

    /// A warning of the windows that are kept; `splits` has the split of each, `None` if it is left out.
    pub fn warning(
        &self,
        splits: &[Option<usize>],
        recordings: &[RecordingReport],
    ) -> Option<String> {
        let mut kept = kept(&self.pairs, splits);
        let places = places(kept.next()?, recordings);
        let count = 1 + kept.count();
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

/// The pairs whose windows both have a split.
fn kept<'a>(
    pairs: &'a [(u32, u32)],
    splits: &'a [Option<usize>],
) -> impl Iterator<Item = (u32, u32)> + 'a {
    let is_kept = |number: u32| splits[number as usize].is_some();
    let both = move |(later, first): &(u32, u32)| is_kept(*later) && is_kept(*first);
    pairs.iter().copied().filter(both)
}

/// Where a window and an earlier one are, if that is known.
fn places((later, first): (u32, u32), recordings: &[RecordingReport]) -> String {
    let name = |number: u32| {
        let recording = recordings
            .iter()
            .find(|recording| recording.windows.contains(&(number as usize)));
        recording.map(|recording| recording.name.as_str())
    };
    match (name(later), name(first)) {
        (Some(one), Some(other)) if one == other => format!(" (the first in `{one}`)"),
        (Some(one), Some(other)) => format!(" (the first in `{one}`, as in `{other}`)"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(name: &str, windows: std::ops::Range<usize>) -> RecordingReport {
        RecordingReport {
            name: name.into(),
            windows,
            ..Default::default()
        }
    }

    #[test]
    fn windows_of_two_recordings() {
        let record = |values: [f32; 3]| Record {
            record: 0,
            values: values.to_vec(),
            shape: vec![1, 3],
            label: 0,
            group: None,
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

    #[test]
    fn windows_in_two_units() {
        let recordings = [recording("counts", 0..4), recording("volts", 4..8)];
        let mut repeats = Repeats::default();
        for number in 0..8 {
            let (from, gain) = (number % 4 * 300, [1.0, 0.25][usize::from(number > 3)]);
            let values = (from..from + 200).map(|i| gain * (i * i % 1009) as f32);
            let record = Record {
                record: number as usize,
                values: values.collect(),
                shape: vec![1, 200],
                label: 0,
                group: None,
            };
            repeats.add(&record, number as usize);
        }
        let said = |splits: [Option<usize>; 8]| repeats.scaled(&splits, &recordings);
        let mut splits = [Some(0); 8];
        splits[7] = Some(2);
        let expected = "4 windows are earlier ones with another gain or offset (the first in `volts`, as in `counts`), 1 of them in another \
                        split";
        let found = said(splits).unwrap();
        assert!(found.starts_with(expected), "{found}");
        splits[4..].fill(None);
        assert_eq!(said(splits), None);
        assert_eq!(repeats.warning(&[Some(0); 8], &recordings), None);
    }
}
