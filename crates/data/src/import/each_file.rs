//! Entries of a list whose files are recordings of their own: with `each_file`, or with placeholders in a pattern.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use support::words::first_few;

use super::SPLITS;
use super::fractions::SplitBy;
use super::named_start;
use super::placeholders::{Key, Template};
use super::recording::{Recording, expand};
use crate::error::{DataError, ImportError, in_file};

/// Values that a note names.
const NAMED: usize = 5;

/// The recordings of one entry.
pub(super) struct Expanded {
    pub recordings: Vec<Recording>,
    /// What was left out.
    pub note: Option<String>,
}

/// A file, and what its path tells.
type MatchedFile = (std::path::PathBuf, BTreeMap<Key, String>);

/// Turns an entry into a recording for each file, if it says so; otherwise it stays one recording.
///
/// # Errors
/// [`DataError`] with the pattern if nothing matches, or keys contradict its placeholders.
pub(super) fn recordings(
    entry: Recording,
    folder: &Path,
    (class_names, by): (&[String], SplitBy),
) -> Result<Expanded, DataError> {
    let mut keys: Option<BTreeSet<Key>> = None;
    let mut found: Vec<MatchedFile> = Vec::new();
    for file in &entry.files {
        let path = folder.join(file);
        let error = in_file::<ImportError>(&path);
        let template = if path.exists() {
            None
        } else {
            Template::parse(&path).map_err(&error)?
        };
        let file_keys = template.as_ref().map(Template::keys).unwrap_or_default();
        if *keys.get_or_insert_with(|| file_keys.clone()) != file_keys {
            return Err(error(ImportError::OtherPlaceholders));
        }
        if file_keys.is_empty() && !entry.each_file {
            continue;
        }
        check_keys(&entry, &file_keys).map_err(&error)?;
        if file_keys.contains(&Key::Split) && by != SplitBy::Given {
            return Err(error(ImportError::SplitNotGiven));
        }
        let Some(template) = template else {
            let files = expand(&path)?.into_iter();
            found.extend(files.map(|path| (path, BTreeMap::new())));
            continue;
        };
        for path in expand(&template.pattern)? {
            if let Some(values) = template.values(&path) {
                found.push((path, values));
            }
        }
    }
    if found.is_empty() {
        return Ok(Expanded {
            recordings: vec![entry],
            note: None,
        });
    }
    let mut seen = BTreeSet::new();
    found.retain(|(path, _)| seen.insert(path.clone()));
    each(&entry, found, class_names, folder)
}

/// Refuses keys that placeholders give, and those that only one recording can have.
fn check_keys(entry: &Recording, placeholders: &BTreeSet<Key>) -> Result<(), ImportError> {
    if entry.name.is_some() {
        return Err(ImportError::NameOfEachFile);
    }
    let has_labels = !entry.labels.is_empty();
    let given = [
        (Key::Class, "class", entry.class.is_some()),
        (Key::Class, "labels", has_labels),
        (Key::Class, "labels_file", entry.labels_file.is_some()),
        (Key::Class, "label_column", entry.label_column.is_some()),
        (Key::Group, "group", entry.group.is_some()),
        (Key::Group, "group_column", entry.group_column.is_some()),
        (Key::Split, "split", entry.split.is_some()),
        (Key::Start, "start", entry.start.is_some()),
    ];
    for (placeholder, key, is_given) in given {
        if is_given && placeholders.contains(&placeholder) {
            return Err(ImportError::PlaceholderAndKey {
                placeholder: placeholder.name(),
                key,
            });
        }
    }
    Ok(())
}

/// A recording for each file.
fn each(
    entry: &Recording,
    found: Vec<MatchedFile>,
    class_names: &[String],
    folder: &Path,
) -> Result<Expanded, DataError> {
    let pattern = folder.join(&entry.files[0]);
    let all = found.len();
    let mut recordings = Vec::new();
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for (path, mut values) in found {
        let mut recording = entry.clone();
        recording.each_file = false;
        if let Some(value) = values.remove(&Key::Class) {
            recording.classes.clear();
            let class = entry.classes.get(&value).unwrap_or(&value).trim();
            if !class_names.iter().any(|known| known.trim() == class) {
                *others.entry(value).or_default() += 1;
                continue;
            }
            recording.class = Some(class.to_owned());
        }
        if let Some(value) = values.remove(&Key::Split) {
            let Some(split) = split(&value) else {
                return Err(in_file(&path)(ImportError::UnknownSplit { value }));
            };
            recording.split = Some(split.to_owned());
        }
        if let Some(value) = values.remove(&Key::Start) {
            let Some(start) = named_start::parse(&value) else {
                return Err(in_file(&path)(ImportError::NoStart { value }));
            };
            recording.start = Some(start);
        }
        recording.group = values.remove(&Key::Group).or(recording.group);
        // The folder is joined again when patterns are expanded.
        recording.files = vec![
            path.strip_prefix(folder)
                .map_or(path.clone(), Path::to_owned),
        ];
        recordings.push(recording);
    }
    let names = others.iter();
    let names: Vec<String> = names
        .map(|(name, files)| format!("`{name}` ({files})"))
        .collect();
    let there = first_few(&names, NAMED);
    if recordings.is_empty() {
        return Err(in_file(&pattern)(ImportError::NoClassOfFiles {
            there,
            known: class_names.to_vec(),
        }));
    }
    let left_out = all - recordings.len();
    let note = (left_out > 0).then(|| {
        format!(
            "{}: {left_out} of {all} files have a `{{class}}` that is not in `class_names` and are left out: {there}",
            pattern.display()
        )
    });
    Ok(Expanded { recordings, note })
}

/// The split that a folder or file is named after.
pub(crate) fn split(name: &str) -> Option<&'static str> {
    let number = match name.to_lowercase().as_str() {
        "train" | "training" => 0,
        "val" | "valid" | "validation" | "dev" => 1,
        "test" | "testing" => 2,
        _ => return None,
    };
    Some(SPLITS[number])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of an entry with their class, group and split.
    fn listed(entry: &str, files: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let entry: Recording = crate::config::parse_yaml(entry).map_err(|e| e.to_string())?;
        let classes = ["walk", "sit"].map(str::to_owned);
        let how = (&classes[..], SplitBy::Given);
        let expanded = recordings(entry, folder.path(), how).map_err(|e| e.to_string())?;
        let line = |recording: &Recording| {
            let parts = [&recording.class, &recording.group, &recording.split];
            let parts = parts.map(|part| part.as_deref().unwrap_or("-").to_owned());
            let files = recording.files.iter();
            let files =
                files.map(|file| file.strip_prefix(folder.path()).unwrap_or(file).display());
            let files: Vec<String> = files.map(|file| file.to_string()).collect();
            format!("{}: {}", files.join("+"), parts.join(" "))
        };
        let lines = expanded.recordings.iter().map(line);
        Ok(lines.chain(expanded.note).collect())
    }

    const FILES: [&str; 5] = [
        "data/train/walk/anna_b_1.csv",
        "data/train/sit/ben_1.csv",
        "data/Test/walk/carl_1.csv",
        "data/Test/run/carl_1.csv",
        "data/Test/walk/_1.csv",
    ];

    #[test]
    fn placeholders_give_class_group_and_split() {
        let found = listed("files: 'data/{split}/{class}/{group}_*.csv'", &FILES).unwrap();
        assert_eq!(
            found[..3],
            [
                "data/Test/walk/carl_1.csv: walk carl test",
                "data/train/sit/ben_1.csv: sit ben train",
                "data/train/walk/anna_b_1.csv: walk anna train",
            ]
        );
        assert!(found[3].ends_with(
            "1 of 4 files have a `{class}` that is not in `class_names` and are left out: `run` (1)"
        ));
        let entry = "{files: ['data/**/{class}/*.csv'], classes: {run: walk}, group: g}";
        let found = listed(entry, &FILES).unwrap();
        assert_eq!(found.len(), 5);
        assert_eq!(found[0], "data/Test/run/carl_1.csv: walk g -");
    }

    #[test]
    fn names_tell_when_recordings_start() {
        let files = ["a_20240131_123456.wav", "a_20240131_133456.wav", "b_x.wav"];
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let starts = |entry: &str| {
            let entry: Recording = crate::config::parse_yaml(entry).unwrap();
            let expanded = recordings(entry, folder.path(), (&[], SplitBy::Given));
            let found = expanded.map_err(|problem| problem.to_string())?.recordings;
            let times = found
                .iter()
                .map(|recording| recording.start.unwrap().nanos(0));
            Ok::<Vec<i64>, String>(times.collect())
        };
        let found = starts("files: '{group}_{start}.wav'");
        assert!(found.unwrap_err().contains("the {start} `x` is not a date"));
        let first = crate::recording::parse_time("2024-01-31T12:34:56Z").unwrap();
        let expected = vec![first, first + 3_600_000_000_000];
        assert_eq!(starts("files: 'a_{start}.wav'"), Ok(expected));
        let both = starts("{files: 'a_{start}.wav', start: 2024-01-31}");
        assert!(both.unwrap_err().contains("`{start}` and `start`"));
    }

    #[test]
    fn each_file_is_a_recording() {
        let entry = "{files: 'data/t*/*/*.csv', class: sit, each_file: true}";
        let found = listed(entry, &FILES).unwrap();
        let expected = [
            "data/train/sit/ben_1.csv: sit - -",
            "data/train/walk/anna_b_1.csv: sit - -",
        ];
        assert_eq!(found, expected);
        let one = listed("{files: 'data/t*/*/*.csv', class: sit}", &FILES).unwrap();
        assert_eq!(one.len(), 1);
    }

    /// Braces of an existing file or folder are literal, and so are those in brackets.
    #[test]
    fn braces_can_be_literal() {
        let files = ["a{class}/walk_{x}.csv", "b/walk_{x}.csv"];
        let found = listed("files: 'a{class}/{class}_*.csv'", &files).unwrap();
        assert_eq!(found, ["a{class}/walk_{x}.csv: walk - -"]);
        let found = listed("files: 'b/{class}_[{]x[}].csv'", &files).unwrap();
        assert_eq!(found, ["b/walk_{x}.csv: walk - -"]);
        let found = listed("{files: 'b/walk_{x}.csv', each_file: true}", &files).unwrap();
        assert_eq!(found, ["b/walk_{x}.csv: - - -"]);
    }

    #[test]
    fn mistakes_are_named() {
        for (entry, problem) in [
            (
                "files: 'data/{person}/*.csv'",
                "unknown placeholder `{person}`",
            ),
            ("files: 'data/{class/*.csv'", "unknown placeholder `{class/"),
            ("files: 'data/{group}*.csv'", "`{group}` touches"),
            ("files: 'data/{group}{class}.csv'", "`{class}` touches"),
            ("files: 'data/{class}/{class}_*.csv'", "`{class}` twice"),
            (
                "{files: 'data/*/{class}/*.csv', class: walk}",
                "`{class}` and `class`",
            ),
            (
                "{files: 'data/*/{class}/*.csv', label_column: x}",
                "`{class}` and `label_column`",
            ),
            (
                "{files: 'data/*/{group}/*.csv', group: x}",
                "`{group}` and `group`",
            ),
            (
                "{files: 'data/{split}/*/*.csv', split: val}",
                "`{split}` and `split`",
            ),
            (
                "{files: 'data/*/*/*.csv', each_file: true, name: x}",
                "leave out `name`",
            ),
            (
                "files: ['data/{split}/*/*.csv', 'data/*/{class}/*.csv']",
                "the same placeholders",
            ),
            ("files: 'data/{class}/*.wav'", "no file matches; the folder"),
            ("files: 'data/{class}/*.wav'", "has Test/, train/"),
            (
                "files: 'data/*/{split}/*.csv'",
                "`run` is not train, val or test",
            ),
        ] {
            let error = listed(entry, &FILES).err().unwrap_or_default();
            assert!(error.contains(problem), "{entry}: {error}");
        }
    }
}
