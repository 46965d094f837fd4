//! Detects windows that occur in two splits, or several times in one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use crate::error::DataError;
use crate::reader::Record;
use support::words::counted;

/// Hash of a window's values. Between two splits of a hundred thousand windows, a chance collision occurs once in two
/// billion datasets. `None` for constant windows: those of dead sensors are the same everywhere.
pub(crate) fn content_hash(record: &Record) -> Option<u64> {
    let first = record.values.first()?;
    if record.values.iter().all(|value| value == first) {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    for pair in record.values.chunks(2) {
        let bits = |value: Option<&f32>| u64::from(value.map_or(0, |value| value.to_bits()));
        hasher.write_u64(bits(pair.first()) << 32 | bits(pair.get(1)));
    }
    Some(hasher.finish())
}

/// Source and record of a window.
type Place = (u32, u32);

/// Windows of a split: source and record by [`content_hash`].
#[derive(Debug, Default)]
pub(crate) struct Contents {
    windows: HashMap<u64, Place>,
    /// Number of windows with the values of an earlier one, and the first with the earlier one.
    repeats: usize,
    repeat: Option<[Place; 2]>,
    split: &'static str,
    sources: Vec<PathBuf>,
}

impl Contents {
    /// Adds a window by index of its source and record.
    pub fn add(&mut self, content: u64, source: usize, record: usize) {
        let place = (source as u32, record as u32);
        match self.windows.entry(content) {
            Entry::Vacant(free) => drop(free.insert(place)),
            Entry::Occupied(earlier) => {
                self.repeats += 1;
                self.repeat.get_or_insert([*earlier.get(), place]);
            }
        }
    }

    /// Sets the name of the split and its sources.
    pub fn name(&mut self, split: &'static str, sources: Vec<PathBuf>) {
        (self.split, self.sources) = (split, sources);
    }

    /// A warning of windows that are there more than once, as if a file is listed twice or under two names.
    pub fn repeats(&self) -> Option<String> {
        let [a, b] = self.repeat?.map(|place| self.place(place));
        let verb = if self.repeats == 1 { "has" } else { "have" };
        Some(format!(
            "{} of the {} split {verb} the values of an earlier one, to the bit, and count twice: {b} is {a}; list each \
             file and window once",
            counted(self.repeats, "window"),
            self.split
        ))
    }

    fn place(&self, (source, record): Place) -> String {
        format!(
            "{}, record {record}",
            self.sources[source as usize].display()
        )
    }

    /// Refuses two splits that share windows.
    ///
    /// # Errors
    /// [`DataError::SharedWindows`] with the positions of some of them.
    pub fn refuse_shared(&self, other: &Contents) -> Result<(), DataError> {
        let mut shared: Vec<_> = self
            .windows
            .iter()
            .filter_map(|(content, place)| Some((*place, *other.windows.get(content)?)))
            .collect();
        if shared.is_empty() {
            return Ok(());
        }
        shared.sort_unstable();
        let example = |(a, b): &(_, _)| format!("{} and {}", self.place(*a), other.place(*b));
        Err(DataError::SharedWindows {
            first: self.split,
            second: other.split,
            count: shared.len(),
            examples: shared.iter().take(3).map(example).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_are_there_twice() {
        let mut contents = Contents::default();
        contents.add(1, 0, 0);
        contents.add(2, 0, 1);
        contents.name("training", vec!["a.npz".into(), "b.npz".into()]);
        assert_eq!(contents.repeats(), None);
        contents.add(2, 1, 0);
        let warning = contents.repeats().unwrap();
        assert!(
            warning.starts_with("1 window of the training split has the values of an earlier one")
                && warning.contains("b.npz, record 0 is a.npz, record 1"),
            "{warning}"
        );
    }
}
