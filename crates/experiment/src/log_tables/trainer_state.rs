//! `trainer_state.json` of Hugging Face's `Trainer`: it repeats the metrics so far in every checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::table::{Row, Table};
use crate::catalogue::tags::is_metric;
use crate::files::read_regular;
use crate::json;

/// Name of the file.
pub(super) const NAME: &str = "trainer_state.json";

/// Size limit of a file in bytes.
const MAX_SIZE: u64 = 64 << 20;

/// Entries with one of these sum up the training, and their `train_loss` is a mean over all of it.
const SUMMARY: [&str; 2] = ["train_runtime", "total_flos"];

/// How far from a whole number of epochs the last step of an epoch may be: batches that do not fill a step are dropped.
pub(super) const TOLERANCE: f64 = 0.05;

/// The state with the most steps of every training: those of a folder and its checkpoints are of one.
pub(super) fn newest(mut paths: Vec<PathBuf>) -> Vec<(PathBuf, Table)> {
    // Of equals, the one in the folder itself, which sorts behind those of `checkpoint-500` and the like.
    paths.sort();
    let mut newest: BTreeMap<PathBuf, (u64, PathBuf, Table)> = BTreeMap::new();
    for path in paths {
        let Some((steps, table)) = read(&path) else {
            continue;
        };
        let folder = training_of(&path);
        if newest.get(&folder).is_none_or(|known| known.0 <= steps) {
            newest.insert(folder, (steps, path, table));
        }
    }
    newest
        .into_values()
        .map(|(_, path, table)| (path, table))
        .collect()
}

/// The folder of the training that wrote a state.
fn training_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let checkpoint = name.starts_with("checkpoint-");
    let folder = folder.parent().filter(|_| checkpoint).unwrap_or(folder);
    folder.to_owned()
}

/// Why a file has no metrics, in words; `None` if it has some.
pub(super) fn problem(path: &Path) -> Option<String> {
    if read(path).is_some() {
        return None;
    }
    Some(match read_regular(path, MAX_SIZE) {
        Err(error) => format!("which cannot be read: {error}"),
        Ok(bytes) => match json::parse(&bytes) {
            Err(_) if bytes.is_empty() => "which is empty".into(),
            Err(error) => format!("which is no complete JSON ({error})"),
            Ok(_) => "which has no metrics".into(),
        },
    })
}

/// The number of steps and the metrics of a file; `None` if it has none.
pub(super) fn read(path: &Path) -> Option<(u64, Table)> {
    let bytes = read_regular(path, MAX_SIZE).ok()?;
    let state = json::plain(json::parse(&bytes).ok()?);
    let steps = state.get("global_step").and_then(Value::as_u64);
    let entries = state.get("log_history")?.as_array()?;
    let table = table(entries.iter().filter_map(Value::as_object));
    let any = table.columns.iter().any(|name| is_metric(name));
    any.then_some((steps.unwrap_or_default(), table))
}

/// The table of entries of a `log_history`.
pub(super) fn table<'a>(entries: impl Iterator<Item = &'a Map<String, Value>>) -> Table {
    let mut table = Table {
        tolerance: TOLERANCE,
        // Epochs are counted when they end.
        first_epoch: Some(1),
        ..Default::default()
    };
    let mut known = BTreeSet::new();
    let mut repeated = 0;
    for entry in entries {
        let before = entry.get("epoch").and_then(json::number) == Some(0.0);
        if before || SUMMARY.iter().any(|key| entry.contains_key(*key)) {
            continue;
        }
        repeated += add(entry, &mut table, &mut known);
    }
    if repeated > 0 {
        let note =
            "evaluated again at the same step, as after the training: the first values count";
        table.notes.push(note.into());
    }
    table
}

/// Adds an entry. Returns how many of its values are there already, from another evaluation at the step.
fn add(
    entry: &Map<String, Value>,
    table: &mut Table,
    known: &mut BTreeSet<(usize, Option<i64>)>,
) -> usize {
    let number = |key| entry.get(key).and_then(json::number);
    let mut row = Row {
        epoch: number("epoch"),
        step: entry.get("step").and_then(Value::as_i64),
        values: Vec::new(),
    };
    let mut repeated = 0;
    for (name, value) in entry {
        let Some(value) = json::number(value).filter(|_| !is_of_speed(name)) else {
            continue;
        };
        let columns = &mut table.columns;
        let column = columns.iter().position(|column| column == name);
        let column = column.unwrap_or_else(|| {
            columns.push(name.clone());
            columns.len() - 1
        });
        if row.step.is_none() || known.insert((column, row.step)) {
            row.values.push((column, value));
        } else {
            repeated += 1;
        }
    }
    table.rows.push(row);
    repeated
}

/// Whether a value is a position, or says how fast it went.
fn is_of_speed(name: &str) -> bool {
    let ends = ["_runtime", "_per_second", "grad_norm", "_seen"];
    name == "epoch" || name == "step" || ends.iter().any(|end| name.ends_with(end))
}
