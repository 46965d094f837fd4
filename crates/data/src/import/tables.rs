//! Tables of labels: which rows belong to which recording of a list.

mod stations;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use support::words::{counted, first_few};

use super::classes::class_of;
use super::labels::{FileColumn, Label, LabelRow, LabelRows, LabelsFile, Time, read};
use super::recording::{Recording, trim};
use crate::error::import::LabelTableError;
use crate::error::{DataError, ImportError, in_file};

/// Values of a column that a message names.
const NAMED: usize = 3;

/// Reads the tables of labels of `recordings`, each once, and gives every recording its rows. Returns information on how
/// they were read and on the rows that none of them has, and warnings.
///
/// # Errors
/// [`DataError`] with the table if it is malformed, or its recordings are uncertain.
pub(super) fn add_labels(
    recordings: &mut [Recording],
    (channels, class_names): (&[String], &[String]),
    folder: &Path,
) -> Result<(Vec<String>, Vec<String>), DataError> {
    let mut tables: BTreeMap<PathBuf, Vec<(LabelsFile, Vec<usize>)>> = BTreeMap::new();
    for (number, recording) in recordings.iter().enumerate() {
        let Some(table) = &recording.labels_file else {
            continue;
        };
        let same = tables.entry(folder.join(&table.file)).or_default();
        match same.iter_mut().find(|(known, _)| known == table) {
            Some((_, users)) => users.push(number),
            None => same.push((table.clone(), vec![number])),
        }
    }
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    for (path, uses) in tables {
        for (table, users) in uses {
            let mut rows = read(&path, &table)?;
            let read = std::mem::take(&mut rows.notes);
            let unread = std::mem::take(&mut rows.unused);
            let doubts = std::mem::take(&mut rows.warnings).into_iter();
            warnings.extend(doubts.map(|note| format!("{}: {note}", path.display())));
            let sharing: Vec<&Recording> = users.iter().map(|user| &recordings[*user]).collect();
            let shared = share(&sharing, rows);
            let mut shared =
                shared.map_err(|problem| in_file(&path)(ImportError::from(problem)))?;
            let others = stations::leave_out(&sharing, channels, &mut shared.rows);
            let unused = stations::unused(&sharing, channels, &unread);
            let doubts = shared.warning.into_iter().chain(others.warning);
            let doubts = doubts.chain(unused);
            warnings.extend(doubts.map(|note| format!("{}: {note}", path.display())));
            for (user, rows) in users.into_iter().zip(shared.rows) {
                let classes = &recordings[user].classes;
                let labels = rows.into_iter().map(|row| {
                    let mut label = row.label;
                    trim(&mut label.class);
                    label.event.iter_mut().for_each(trim);
                    label.class = class_of(classes, class_names, &label.class).to_owned();
                    label
                });
                let labels: Vec<Label> = labels.collect();
                recordings[user].labels.extend(labels);
            }
            let said = read.into_iter().chain(shared.left_out).chain(others.notes);
            notes.extend(said.map(|note| format!("{}: {note}", path.display())));
        }
    }
    Ok((notes, warnings))
}

/// The rows of each recording.
struct AssignedRows {
    rows: Vec<Vec<LabelRow>>,
    left_out: Option<String>,
    warning: Option<String>,
}

/// Gives each of `recordings` all rows.
///
/// # Errors
/// If there are several, and the rows tell no day.
fn all(recordings: &[&Recording], rows: Vec<LabelRow>) -> Result<AssignedRows, LabelTableError> {
    let is_clock = |row: &&LabelRow| matches!(row.label.start, Time::Clock(_));
    if let (Some(row), [_, _, ..]) = (rows.iter().find(is_clock), recordings) {
        return Err(LabelTableError::SharedClocks {
            recordings: recordings.len(),
            class: row.label.class.clone(),
        });
    }
    Ok(AssignedRows {
        rows: vec![rows; recordings.len()],
        left_out: None,
        warning: None,
    })
}

/// Gives each of `recordings` the rows of a table that are its own: all, or those that a column says.
fn share(recordings: &[&Recording], table: LabelRows) -> Result<AssignedRows, LabelTableError> {
    let Some(column) = table.files else {
        return all(recordings, table.rows);
    };
    let is_relative = table.rows.iter().any(|row| row.label.start.is_relative());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in &table.rows {
        *counts
            .entry(row.file.clone().unwrap_or_default())
            .or_default() += 1;
    }
    let named: Vec<&str> = counts
        .keys()
        .map(String::as_str)
        .filter(|name| !name.is_empty())
        .collect();
    if let ([one, other, ..], true, true) = (&named[..], column.is_sequence, is_relative) {
        if recordings.iter().all(|recording| recording.files.len() > 1) {
            return all(recordings, table.rows);
        }
        return Err(LabelTableError::Sequence {
            column: column.name,
            files: named.len(),
            one: (*one).to_owned(),
            other: (*other).to_owned(),
        });
    }
    let known = RecordingIndex::of(recordings);
    let (owners, warning) = owners_of(&known, &column, &named, is_relative)?;
    if owners.values().all(Vec::is_empty) {
        // A copy of the file, in another format, may be the only one.
        let is_certain = named.len() < 2 && recordings.len() < 2 || !is_relative;
        if is_certain && !column.is_given {
            let warning = unmatched(&column.name, &named, &known);
            let shared = all(recordings, table.rows)?;
            return Ok(AssignedRows { warning, ..shared });
        }
        return Err(LabelTableError::NoRowOfRecordings {
            column: column.name,
            files: counted(named.len(), "file"),
            examples: quoted(named.iter().map(|name| (*name).to_owned())),
            there: known.examples(),
        });
    }
    let mut rows = vec![Vec::new(); recordings.len()];
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &table.rows {
        let value = row.file.as_deref().unwrap_or_default();
        let owners = owners.get(value).map_or(&[][..], Vec::as_slice);
        for owner in owners {
            let mut row = row.clone();
            let has_several = recordings[owner.recording].files.len() > 1;
            row.label.file = owner.file.filter(|_| has_several && !column.is_sequence);
            rows[owner.recording].push(row);
        }
        if owners.is_empty() {
            *left_out.entry(value).or_default() += 1;
        }
    }
    let left_out = said(&column.name, &left_out, table.rows.len());
    Ok(AssignedRows {
        rows,
        left_out,
        warning,
    })
}

/// The recordings that each of the files `named` means, and a warning if they are found by the ends of their paths.
///
/// # Errors
/// If a name may be one of several files.
fn owners_of<'a>(
    known: &RecordingIndex,
    column: &FileColumn,
    named: &[&'a str],
    is_relative: bool,
) -> Result<(Owners<'a>, Option<String>), LabelTableError> {
    let behind = |folders: usize| {
        let mut owners = HashMap::new();
        for value in named {
            let found = known.owners(&value[folders..], is_relative);
            let found = found.map_err(|files| LabelTableError::Ambiguous {
                column: column.name.clone(),
                value: (*value).to_owned(),
                files,
            })?;
            owners.insert(*value, found);
        }
        Ok::<_, LabelTableError>(owners)
    };
    let owners: Owners<'a> = behind(0)?;
    let is_none_found = owners.values().all(Vec::is_empty);
    let Some(folders) = shared_folders(named).filter(|_| is_none_found) else {
        return Ok((owners, None));
    };
    // One file can only be that of one recording.
    let has_several = named.len() > 1 || known.recordings.len() > 1;
    let warning = has_several.then(|| {
        format!(
            "column `{}` has paths of another place, such as `{}`: files are found by what is behind `{folders}`",
            column.name, named[0]
        )
    });
    Ok((behind(folders.len())?, warning))
}

/// A warning of rows that count for all recordings, as the files of none of them are `named`.
fn unmatched(column: &str, named: &[&str], known: &RecordingIndex) -> Option<String> {
    let recordings = known.recordings.len();
    (named.len() > 1 && recordings > 1).then(|| {
        format!(
            "column `{column}` names {}, such as {}, and no recording with this table is called so or has such files: each row \
             counts for all {recordings} recordings; there are {}",
            counted(named.len(), "file"),
            quoted(named.iter().map(|name| (*name).to_owned())),
            known.examples()
        )
    })
}

/// Information on rows that no recording has.
fn said(column: &str, left_out: &BTreeMap<&str, usize>, all: usize) -> Option<String> {
    let rows: usize = left_out.values().sum();
    let names = left_out.iter().map(|(name, rows)| match *name {
        "" => format!("no name ({rows})"),
        name => format!("`{name}` ({rows})"),
    });
    let names: Vec<String> = names.collect();
    (rows > 0).then(|| {
        format!(
            "column `{column}`: {rows} of {all} rows are of files or recordings that the list does not have with this table, \
             and are left out: {}",
            first_few(&names, NAMED)
        )
    })
}

fn quoted(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    first_few(&names, NAMED)
}

/// A name with its ending in small letters: programs differ in `a.WAV` and `a.wav`.
fn small_ending(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{}", ending.to_ascii_lowercase()),
        None => name.to_owned(),
    }
}

/// The folders, with a slash behind them, that all of these absolute paths share; `None` if one is not absolute.
fn shared_folders(paths: &[&str]) -> Option<String> {
    let is_absolute = |path: &&str| {
        let drive = path.as_bytes();
        let has_drive = drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':';
        path.starts_with(['/', '\\']) || has_drive || path.contains("://")
    };
    if paths.is_empty() || !paths.iter().all(is_absolute) {
        return None;
    }
    let folders = |path: &&str| {
        let path = path.replace('\\', "/");
        path.rfind('/')
            .map_or(String::new(), |end| path[..=end].to_owned())
    };
    let shared = |one: String, other: String| {
        let both = one.split_inclusive('/').zip(other.split_inclusive('/'));
        both.take_while(|(one, other)| one == other)
            .map(|(one, _)| one)
            .collect()
    };
    paths.iter().map(folders).reduce(shared)
}

/// A recording that a value of the column of files means.
#[derive(Clone, Debug, PartialEq)]
struct Owner {
    recording: usize,
    /// Number of the file among those of the recording; `None` if it is the recording that is named.
    file: Option<usize>,
}

/// The recordings that the values of the column mean.
type Owners<'a> = HashMap<&'a str, Vec<Owner>>;

/// The files and names of recordings.
struct RecordingIndex<'a> {
    recordings: &'a [&'a Recording],
    /// Files by their names, by these with an ending in small letters, and by these without endings.
    files: [HashMap<String, Vec<Owner>>; 3],
}

impl<'a> RecordingIndex<'a> {
    fn of(recordings: &'a [&'a Recording]) -> Self {
        let mut files: [HashMap<String, Vec<Owner>>; 3] = Default::default();
        for (recording, entry) in recordings.iter().enumerate() {
            for (number, path) in entry.files.iter().enumerate() {
                let owner = Owner {
                    recording,
                    file: Some(number),
                };
                let text = |part: Option<&std::ffi::OsStr>| {
                    part.unwrap_or_default().to_string_lossy().into_owned()
                };
                let name = text(path.file_name());
                let mut stem = text(path.file_stem());
                if name.to_lowercase().ends_with(".gz") {
                    files[2]
                        .entry(stem.clone())
                        .or_default()
                        .push(owner.clone());
                    stem = text(Path::new(&stem).file_stem());
                }
                files[1]
                    .entry(small_ending(&name))
                    .or_default()
                    .push(owner.clone());
                files[0].entry(name).or_default().push(owner.clone());
                files[2].entry(stem).or_default().push(owner);
            }
        }
        Self { recordings, files }
    }

    fn path(&self, owner: &Owner) -> PathBuf {
        let files = &self.recordings[owner.recording].files;
        let path = owner.file.map(|file| &files[file]);
        let path = path.cloned().unwrap_or_default();
        std::path::absolute(&path).unwrap_or(path)
    }

    /// The recordings that have a file with the name `value`, with or without folders and ending, or else are called so.
    ///
    /// # Errors
    /// Two of the files that it may be, if times count from the start of one.
    fn owners(&self, value: &str, is_relative: bool) -> Result<Vec<Owner>, [String; 2]> {
        let plain = value.replace('\\', "/");
        let parts: Vec<&str> = plain
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let Some((name, folders)) = parts.split_last() else {
            return Ok(Vec::new());
        };
        let folded = small_ending(name);
        for (files, name) in self.files.iter().zip([*name, &folded, *name]) {
            let all = files.get(name).map_or(&[][..], Vec::as_slice);
            let is_inside = |owner: &&Owner| {
                let path = self.path(owner);
                let folder = path.parent().unwrap_or(Path::new(""));
                folder.ends_with(folders.join("/"))
            };
            let found: Vec<Owner> = all.iter().filter(is_inside).cloned().collect();
            let Some(first) = found.first() else { continue };
            let path = self.path(first);
            let is_other = |owner: &&Owner| {
                (is_relative || owner.recording != first.recording) && self.path(owner) != path
            };
            return match found.iter().find(is_other) {
                Some(other) => {
                    Err([first, other].map(|owner| self.path(owner).display().to_string()))
                }
                None => Ok(found),
            };
        }
        let called = |(_, recording): &(usize, &&Recording)| recording.name() == value;
        let named = self.recordings.iter().enumerate().filter(called);
        let owner = |recording| Owner {
            recording,
            file: None,
        };
        Ok(named.map(|(recording, _)| owner(recording)).collect())
    }

    /// Some of the files.
    fn examples(&self) -> String {
        let files = self
            .recordings
            .iter()
            .flat_map(|recording| &recording.files);
        let names = files.filter_map(|path| path.file_name());
        quoted(names.map(|name| name.to_string_lossy().into_owned()))
    }
}

#[cfg(test)]
mod tests;
