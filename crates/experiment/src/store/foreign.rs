//! Runs of other programs below the experiments directory, such as those of Lightning and Keras.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::entry::Entry;
use crate::catalogue::layout::{EVENT_FILE_MARK, LOCK_FILE, METADATA};
use crate::catalogue::settings::own_name;
use crate::catalogue::{Split, tags};
use crate::event_files;
use crate::files::{name_of, read_regular};
use crate::log_tables;
use crate::metadata::Metadata;
use crate::trackers::{self, ReadScope, Run};

/// Settings of a run of Lightning.
const SETTINGS: &str = "hparams.yaml";

/// Size limit of the settings in bytes.
const MAX_SIZE: u64 = 1 << 20;

/// The runs of other programs in `root`, of which `directories` are the folders without metadata: runs of trackers in and
/// below them, and those that have event files or tables of metrics below them. Their names, logs and settings are all that
/// is known. A directory with a lock is an experiment that is just being created, and may have its metadata by now.
pub(super) fn foreign_runs(root: &Path, directories: Vec<PathBuf>) -> Vec<Entry> {
    // The folder of one run was given instead of that of many.
    if let Some(program) = trackers::program_of(root) {
        let path = root.to_owned();
        let run = Run {
            path,
            program,
            stored: None,
        };
        return vec![tracked(root, run)];
    }
    if is_one_run(root) {
        let id = fs::canonicalize(root).map_or_else(|_| name_of(root), |path| name_of(&path));
        return vec![untracked(id, root.to_owned())];
    }
    let databases = trackers::in_databases(root, ReadScope::Values)
        .runs
        .into_iter();
    let mut runs: Vec<Entry> = databases.map(|run| tracked(root, run)).collect();
    for directory in directories {
        let has = |name| fs::symlink_metadata(directory.join(name)).is_ok();
        if has(METADATA) || has(LOCK_FILE) {
            continue;
        }
        let found = trackers::below(&directory, ReadScope::Values).runs;
        if is_run(&directory, &found) {
            runs.push(untracked(name_of(&directory), directory));
        }
        runs.extend(found.into_iter().map(|run| tracked(root, run)));
    }
    runs
}

/// Whether `root` is the folder of a single run: the only one with event files or tables of metrics, or with none but the
/// folders of its splits, training and validation among them, as Keras writes them.
pub(super) fn is_one_run(root: &Path) -> bool {
    let listing = fs::read_dir(root).into_iter().flatten();
    let paths = listing.filter_map(Result::ok).map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = paths.partition(|path| path.is_dir());
    let split = |path: &PathBuf| tags::split_of_name(&name_of(path));
    let has = |wanted| folders.iter().any(|path| split(path) == Some(wanted));
    let is_of_splits = has(Split::Train) && has(Split::Validation);
    if !is_of_splits && !files.iter().any(|file| has_metrics(file)) {
        return false;
    }
    let is_tracked = |path: &Path| !trackers::below(path, ReadScope::Runs).runs.is_empty();
    if !trackers::in_databases(root, ReadScope::Runs)
        .runs
        .is_empty()
    {
        return false;
    }
    let is_run =
        |path: &&PathBuf| path.join(METADATA).exists() || is_run(path, &[]) || is_tracked(path);
    let mut others = folders.iter().filter(is_run).peekable();
    if !is_of_splits {
        return others.peek().is_none();
    }
    let any = others.peek().is_some() || files.iter().any(|file| has_metrics(file));
    any && others.all(|path| split(path).is_some() && !path.join(METADATA).exists())
}

/// Whether a file is an event file or a table of metrics.
pub(super) fn has_metrics(file: &Path) -> bool {
    name_of(file).contains(EVENT_FILE_MARK) || log_tables::has_metrics(file)
}

fn untracked(id: String, directory: PathBuf) -> Entry {
    Entry {
        id,
        metadata: metadata(&directory),
        directory,
        status: None,
        untracked: true,
        program: None,
        stored: None,
        notes: Vec::new(),
    }
}

/// Whether a folder has event files or tables of metrics outside the `tracked` runs in it.
fn is_run(directory: &Path, tracked: &[Run]) -> bool {
    let is_own = |path: &Path| !tracked.iter().any(|run| path.starts_with(&run.path));
    let events = event_files::below(directory);
    events.iter().any(|path| is_own(path)) || log_tables::is_below(directory, is_own)
}

/// A run of a tracker. Its ID is the path below the experiments directory.
fn tracked(root: &Path, run: Run) -> Entry {
    let Run {
        path: directory,
        program,
        stored,
    } = run;
    let relative = directory.strip_prefix(root).unwrap_or(&directory);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    let id = if parts.is_empty() {
        fs::canonicalize(&directory).map_or_else(|_| name_of(&directory), |path| name_of(&path))
    } else {
        parts.join("/")
    };
    Entry {
        id,
        metadata: match &stored {
            Some(stored) => stored.metadata(program.name()),
            None => program.metadata(&directory),
        },
        directory,
        status: None,
        untracked: true,
        program: Some(program),
        stored,
        notes: Vec::new(),
    }
}

/// The settings of a run, if it has any.
fn metadata(directory: &Path) -> Metadata {
    let Ok(bytes) = read_regular(&directory.join(SETTINGS), MAX_SIZE) else {
        return Metadata::default();
    };
    let settings = flat_settings(&String::from_utf8_lossy(&bytes));
    Metadata::of_fields(json!({ "training_config": settings }))
}

/// The settings that have one value; lists and nested settings are left out.
fn flat_settings(yaml: &str) -> Map<String, Value> {
    let line = |line: &str| {
        let (key, value) = line.split_once(':')?;
        let plain = |c: char| c.is_alphanumeric() || "_-./".contains(c);
        let is_key = !key.is_empty() && key.chars().all(plain) && !key.starts_with('-');
        // Without a space, it is no setting.
        let value = value.strip_prefix(' ').filter(|_| is_key)?;
        Some((own_name(key).to_owned(), scalar(value.trim())?))
    };
    let mut settings = Map::new();
    for (key, value) in yaml.lines().filter_map(line) {
        // Of `lr` and `learning_rate`, the first.
        settings.entry(key).or_insert(value);
    }
    settings
}

/// A value on one line; `None` for all else.
fn scalar(text: &str) -> Option<Value> {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            let inner = inner.strip_suffix(quote)?;
            return Some(inner.into());
        }
    }
    let text = text.split(" #").next().unwrap_or_default().trim_end();
    match text {
        "null" | "~" | "" => None,
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        _ if text.starts_with(['!', '&', '*', '{', '[', '|', '>', '#', '%', '@']) => None,
        _ => Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_one_value() {
        let yaml = "batch_size: 32\nlr: 0.001\noptim: !!python/object:x\n  a: 1\nlayers:\n- 1\nname: 'a b'  \n\
                    flag: true\nweight_decay: 1e-4 # small\nnothing: null\nhttp://x: 1\n";
        let expected = json!({"batch_size": 32, "learning_rate": 0.001, "name": "a b", "flag": true, "weight_decay": 1e-4});
        assert_eq!(Value::from(flat_settings(yaml)), expected);
    }
}
