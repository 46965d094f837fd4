//! Recordings that a list has twice: their windows would count twice.

use std::collections::HashMap;
use std::path::PathBuf;

use super::recording::Recording;

/// A recording that is there before, with the same files, labels, split and all else but its name and group.
pub(super) fn recording(recordings: &[Recording]) -> Option<&Recording> {
    let mut by_files: HashMap<&[PathBuf], Vec<Recording>> = HashMap::new();
    recordings.iter().find(|own| {
        let plain = Recording {
            name: None,
            group: None,
            ..(*own).clone()
        };
        let same = by_files.entry(&own.files).or_default();
        let is_there = same.contains(&plain);
        same.push(plain);
        is_there
    })
}

/// An item that is there before, and the same.
pub(super) fn item<T: PartialEq>(all: &[T]) -> Option<&T> {
    let mut numbered = all.iter().enumerate();
    let found = numbered.find(|(number, own)| all[..*number].contains(own));
    found.map(|(_, own)| own)
}
