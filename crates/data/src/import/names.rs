//! Default names of recordings.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Component, Path, PathBuf};

use super::recording::Recording;

/// Names the recordings without a name after their first files. Where these have the same name, as much of the folder comes
/// before it as makes them differ: groups follow the names, and must not mix recordings. The order does not matter.
pub(super) fn complete(recordings: &mut [Recording], folder: &Path) {
    let mut taken: HashSet<String> = recordings
        .iter()
        .filter_map(|recording| recording.name.clone())
        .collect();
    let mut unnamed: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for recording in recordings
        .iter()
        .filter(|recording| recording.name.is_none())
    {
        let path = parts(recording, folder);
        unnamed.entry(recording.name()).or_default().insert(path);
    }
    let mut names: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for (stem, paths) in unnamed {
        let deepest = paths.iter().map(Vec::len).max().unwrap_or(1);
        // The ending tells apart files of one folder.
        let ways = [false, true].into_iter();
        let ways = ways.flat_map(|ending| (1..=deepest).map(move |depth| (ending, depth)));
        let mut last = Vec::new();
        for (ending, depth) in ways {
            let name = |path: &Vec<String>| name(path, &stem, (ending, depth));
            last = paths.iter().map(name).collect();
            let differ: HashSet<&String> = last.iter().collect();
            if differ.len() == last.len() && !last.iter().any(|name| taken.contains(name)) {
                break;
            }
        }
        taken.extend(last.iter().cloned());
        names.extend(paths.into_iter().zip(last));
    }
    for recording in recordings
        .iter_mut()
        .filter(|recording| recording.name.is_none())
    {
        recording.name = names.get(&parts(recording, folder)).cloned();
    }
}

/// The folders and the name of the first file, from `folder` on if it is below it.
fn parts(recording: &Recording, folder: &Path) -> Vec<String> {
    let path = recording
        .files
        .first()
        .cloned()
        .unwrap_or_else(PathBuf::new);
    let path = path.strip_prefix(folder).unwrap_or(&path);
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
        _ => None,
    });
    parts.collect()
}

/// The last `depth` parts of a path, whose last one is `stem`, or has its ending.
fn name(path: &[String], stem: &str, (ending, depth): (bool, usize)) -> String {
    let tail = &path[path.len().saturating_sub(depth)..];
    match tail.split_last() {
        Some((file, folders)) => {
            let file = if ending { file } else { stem };
            let folders = folders.iter().map(String::as_str);
            folders.chain([file]).collect::<Vec<_>>().join("/")
        }
        None => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[(&str, Option<&str>)]) -> Vec<String> {
        let recording = |(file, name): &(&str, Option<&str>)| Recording {
            name: name.map(str::to_owned),
            files: vec![Path::new("list").join(file)],
            ..Default::default()
        };
        let mut all: Vec<Recording> = files.iter().map(recording).collect();
        complete(&mut all, Path::new("list"));
        all.iter().map(Recording::name).collect()
    }

    #[test]
    fn repeated_names_have_folders() {
        let files = ["a/walk.csv", "b/walk.csv", "b/run.csv"].map(|file| (file, None));
        assert_eq!(names(&files), ["a/walk", "b/walk", "run"]);
        let files = ["x/s1/1.csv", "x/s2/1.csv", "y/s1/1.csv"].map(|file| (file, None));
        assert_eq!(names(&files), ["x/s1/1", "x/s2/1", "y/s1/1"]);
        let files = ["a.csv", "a.wav", "sub/a.csv"].map(|file| (file, None));
        assert_eq!(names(&files), ["a.csv", "a.wav", "sub/a.csv"]);
        // A name that is given stays, and no other is the same.
        let files = [("a/walk.csv", None), ("b/run.csv", Some("walk"))];
        assert_eq!(names(&files), ["a/walk", "walk"]);
        // Two entries of one file are of one group.
        let files = ["a/walk.csv", "a/walk.csv"].map(|file| (file, None));
        assert_eq!(names(&files), ["walk", "walk"]);
    }

    #[test]
    fn the_order_does_not_matter() {
        let mut files = ["a/1.csv", "b/1.csv", "b/2.csv", "1.wav"].map(|file| (file, None));
        let mut one = names(&files);
        files.reverse();
        one.reverse();
        assert_eq!(names(&files), one);
    }
}
