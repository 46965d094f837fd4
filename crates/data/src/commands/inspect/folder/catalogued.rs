//! Recordings whose classes are in a table of files.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::{Catalogue, Row};
use super::entries::split_by;
use super::plan::{Entry, File, Plan, joined, sorted};
use super::yaml;

/// The only one of `files` that `value` names, with or without its folders and its ending.
pub(super) fn named(value: &str, files: &[File]) -> Option<usize> {
    let value = value.replace('\\', "/");
    let mut parts: Vec<&str> = value
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let name = parts.pop()?;
    let fits = |i: &usize| {
        let Some((file, folders)) = files[*i].path.split_last() else {
            return false;
        };
        let stem = file
            .rsplit_once('.')
            .map_or(file.as_str(), |(stem, _)| stem);
        let ends = folders
            .iter()
            .rev()
            .zip(parts.iter().rev())
            .all(|(one, other)| one == other);
        (file == name || stem == name) && ends && parts.len() <= folders.len()
    };
    let mut found = (0..files.len()).filter(fits);
    found.next().filter(|_| found.next().is_none())
}

/// The recordings that a catalogue at `path` names; `None` if it has no classes of at least half of `files`.
pub(super) fn plan(files: &[File], path: &[String], catalogue: &Catalogue) -> Option<Plan> {
    let mut rows: BTreeMap<usize, &Row> = BTreeMap::new();
    for row in &catalogue.rows {
        let Some(file) = named(&row.file, files) else {
            continue;
        };
        // A file with several rows has several events, whose times this is no table of.
        if rows
            .insert(file, row)
            .is_some_and(|before| before.class != row.class)
        {
            return None;
        }
    }
    let classes: BTreeSet<&String> = rows.values().map(|row| &row.class).collect();
    if 2 * rows.len() < files.len() || classes.len() < 2 {
        return None;
    }
    let is_split = rows.values().all(|row| row.split.is_some());
    let mut entries: BTreeMap<Vec<(&'static str, String)>, Entry> = BTreeMap::new();
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, row) in &rows {
        let name = joined(&files[*file].path);
        let group = row.group.as_ref().unwrap_or(&name);
        groups
            .entry(row.class.clone())
            .or_default()
            .insert(group.clone());
        let keys = [
            ("class", Some(&row.class)),
            ("group", row.group.as_ref()),
            ("split", row.split.as_ref().filter(|_| is_split)),
        ];
        let keys: Vec<(&'static str, String)> = keys
            .into_iter()
            .filter_map(|(key, value)| Some((key, yaml::text(value?))))
            .collect();
        let entry = entries.entry(keys.clone()).or_insert_with(|| Entry {
            keys,
            ..Entry::default()
        });
        entry.files.push(name);
        entry.members.push(*file);
    }
    let mut entries: Vec<Entry> = entries.into_values().collect();
    for entry in entries.iter_mut().filter(|entry| entry.files.len() > 1) {
        entry.keys.push(("each_file", "true".into()));
    }
    let [file, class] = &catalogue.columns;
    let path = joined(path);
    let left = files.len() - rows.len();
    let left = (left > 0)
        .then(|| format!("{left} recording(s) of this kind are not in {path}, and are left out."));
    Some(Plan {
        entries,
        classes: sorted(classes.into_iter().cloned()),
        comment_of_classes: format!("guess: columns `{file}` and `{class}` of {path}; check"),
        split: if is_split {
            ("given", format!("from {path}"))
        } else {
            split_by(&groups)
        },
        remarks: left.into_iter().collect(),
        interval: None,
    })
}
