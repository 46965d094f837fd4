//! Recordings that a list has twice: their windows would count twice.

use std::collections::HashMap;
use std::path::PathBuf;

use super::recording::Recording;

/// A recording that is there before, with the same files, labels, split and all else but its name and group. Links and
/// different spellings of a path are the same file.
pub(super) fn recording(recordings: &[Recording]) -> Option<&Recording> {
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let mut by_files: HashMap<Vec<PathBuf>, Vec<Recording>> = HashMap::new();
    recordings.iter().find(|recording| {
        let files: Vec<PathBuf> = recording.files.iter().map(real).collect();
        let plain = Recording {
            name: None,
            group: None,
            files: files.clone(),
            ..(*recording).clone()
        };
        let same = by_files.entry(files).or_default();
        let is_there = same.contains(&plain);
        same.push(plain);
        is_there
    })
}

/// An item that is there before, and the same.
pub(super) fn item<T: PartialEq>(all: &[T]) -> Option<&T> {
    let mut numbered = all.iter().enumerate();
    let found = numbered.find(|(number, item)| all[..*number].contains(item));
    found.map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_and_other_spellings_are_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        std::fs::write(at("a.mseed"), "a").unwrap();
        std::fs::write(at("b.mseed"), "a").unwrap();
        std::os::unix::fs::symlink("a.mseed", at("link.mseed")).unwrap();
        let of = |name: &str, class: &str| Recording {
            name: Some(name.to_owned()),
            files: vec![at(name)],
            class: Some(class.to_owned()),
            ..Default::default()
        };
        for (other, class, is_twice) in [
            ("link.mseed", "car", true),
            ("sub/../a.mseed", "car", true),
            ("link.mseed", "walk", false),
            ("b.mseed", "car", false),
            ("none.mseed", "car", false),
        ] {
            let all = [of("a.mseed", "car"), of(other, class)];
            assert_eq!(recording(&all).is_some(), is_twice, "{other}, {class}");
        }
    }
}
