//! Detects windows that occur in two splits.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::path::PathBuf;

use crate::error::DataError;
use crate::reader::Record;

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

/// Windows of a split: source and record by [`content_hash`].
#[derive(Debug, Default)]
pub(crate) struct Contents {
    windows: HashMap<u64, (u32, u32)>,
    split: &'static str,
    sources: Vec<PathBuf>,
}

impl Contents {
    /// Adds a window by index of its source and record.
    pub fn add(&mut self, content: u64, source: usize, record: usize) {
        let place = (source as u32, record as u32);
        self.windows.entry(content).or_insert(place);
    }

    /// Sets the name of the split and its sources.
    pub fn name(&mut self, split: &'static str, sources: Vec<PathBuf>) {
        (self.split, self.sources) = (split, sources);
    }

    fn place(&self, (source, record): (u32, u32)) -> String {
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
