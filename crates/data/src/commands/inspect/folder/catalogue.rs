//! Tables that name files and tell the class of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::entries::split_by;
use super::names::{is_group, is_label};
use super::plan::{Entry, File, Plan, joined, sorted};
use super::yaml;
use crate::import::split_named;
use support::words::letters_and_digits;

/// A table with a row for each file.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    /// Names of its columns of files and of classes.
    pub columns: [String; 2],
    pub rows: Vec<Row>,
}

/// What a catalogue tells of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub file: String,
    pub class: String,
    pub group: Option<String>,
    pub split: Option<String>,
}

/// Reads a catalogue; `None` if a file is another table.
pub(super) fn of(path: &Path) -> Option<Catalogue> {
    let text = crate::text::read(path).ok()?;
    let head = text.lines().find(|line| !line.trim().is_empty())?;
    let count = |own: &u8| head.bytes().filter(|byte| byte == own).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(count)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heads = reader.headers().ok()?.clone();
    let find = |is: &dyn Fn(&str) -> bool| heads.iter().position(is);
    let file = find(&names_files)?;
    find(&is_label)?;
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().ok()?;
    // A table of samples names its file in each row.
    let files: BTreeSet<&str> = rows.iter().map(|row| &row[file]).collect();
    if 2 * files.len() <= rows.len() {
        return None;
    }
    let is_text = |at: usize| rows.iter().any(|row| row[at].parse::<f64>().is_err());
    let mut labels = (0..heads.len()).filter(|at| is_label(&heads[*at]));
    // Often a number stands beside the name of the class.
    let class = labels.clone().find(|at| is_text(*at)).or(labels.next())?;
    let group = find(&is_group).filter(|at| *at != file);
    let split = find(&|head| {
        matches!(
            &*letters_and_digits(head),
            "split" | "set" | "subset" | "partition"
        )
    });
    let cell =
        |row: &csv::StringRecord, at: usize| Some(row[at].to_owned()).filter(|own| !own.is_empty());
    let row = |row: &csv::StringRecord| {
        Some(Row {
            file: cell(row, file)?,
            class: cell(row, class)?,
            group: group.and_then(|at| cell(row, at)),
            split: split
                .and_then(|at| split_named(&row[at]))
                .map(str::to_owned),
        })
    };
    Some(Catalogue {
        columns: [heads[file].to_owned(), heads[class].to_owned()],
        rows: rows.iter().filter_map(row).collect(),
    })
}

/// Whether a column of this name has the names of files.
fn names_files(head: &str) -> bool {
    let head = letters_and_digits(head);
    ["file", "path"].iter().any(|part| head.contains(part))
        || matches!(&*head, "fname" | "recording" | "audio" | "wav")
}

/// The only one of `files` that `value` names, with or without its folders and its ending.
pub(super) fn named(value: &str, files: &[File]) -> Option<usize> {
    let value = value.replace('\\', "/");
    let mut parts: Vec<&str> = value
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    let name = parts.pop()?;
    let fits = |i: &usize| {
        let Some((own, folders)) = files[*i].path.split_last() else {
            return false;
        };
        let stem = own.rsplit_once('.').map_or(own.as_str(), |(stem, _)| stem);
        let ends = folders
            .iter()
            .rev()
            .zip(parts.iter().rev())
            .all(|(one, other)| one == other);
        (own == name || stem == name) && ends && parts.len() <= folders.len()
    };
    let mut found = (0..files.len()).filter(fits);
    found.next().filter(|_| found.next().is_none())
}

/// The recordings that a catalogue at `path` names; `None` if it has no classes of at least half of `files`.
pub(super) fn plan(files: &[File], path: &[String], own: &Catalogue) -> Option<Plan> {
    let mut rows: BTreeMap<usize, &Row> = BTreeMap::new();
    for row in &own.rows {
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
    let [file, class] = &own.columns;
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
