//! Reads the experiments that a list shows.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use super::super::text::plain;
use super::{DEFAULT_ORDER, Options, Row};
use crate::error::ExperimentError;
use crate::field_names::FieldNames;
use crate::fields::{Fields, status};
use crate::filter::Filter;
use crate::metadata::Status;
use crate::store::{Entry, ExperimentStore, SkippedEntries};

/// Result of reading all experiments.
pub(super) struct Gathered {
    /// Experiments that match the filter.
    pub rows: Vec<Row>,
    /// IDs of all experiments.
    pub ids: Vec<String>,
    /// Experiments and logs that cannot be read.
    pub warnings: Vec<String>,
}

/// The fields to read of every experiment, and facts collected over all of them.
struct ListQuery<'a> {
    filter: Option<Filter>,
    /// Fields that the options name.
    given: FieldNames,
    names: &'a [&'a str],
    options: &'a Options,
    now: NaiveDateTime,
    ids: Mutex<Vec<String>>,
    directories: Mutex<BTreeSet<PathBuf>>,
    notes: Mutex<Vec<String>>,
}

/// Reads all experiments on several threads.
///
/// # Errors
/// [`ExperimentError`] if the filter is malformed, no experiment has a field that the options name, or the directory
/// cannot be read.
pub(super) fn gather(
    store: &ExperimentStore,
    options: &Options,
    names: &[&str],
    now: NaiveDateTime,
) -> Result<Gathered, ExperimentError> {
    let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
    let filtered = filter.as_ref().map(Filter::fields).unwrap_or_default();
    let question = ListQuery {
        given: FieldNames::default()
            .with("--sort", [options.order().0])
            .with("--filter", filtered)
            .with("--columns", options.columns.iter().map(String::as_str))
            .with("--group-by", options.group_by.iter().map(String::as_str)),
        filter,
        names,
        options,
        now,
        ids: Mutex::default(),
        directories: Mutex::default(),
        notes: Mutex::default(),
    };
    let row = |entry| question.row(entry);
    let (rows, broken) = if options.asks_for_fields() {
        store.scan_for_lists(row)?
    } else {
        store.scan(row)?
    };
    question.given.check(store, now)?;
    // Broken experiments come first, like all that have no start time.
    let broken_rows = broken
        .iter()
        .filter_map(|broken| question.row(broken.entry()));
    let rows: Vec<Row> = broken_rows.chain(rows).collect();
    let ids = question
        .ids
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let notes = question
        .notes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let broken = broken
        .iter()
        .map(|broken| format!("broken: {}", plain(&broken.to_string())));
    let directories = question
        .directories
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let left_out = store.left_out(&directories)?;
    let warnings = broken.chain(first_notes(notes)).chain(told(&left_out));
    let warnings = warnings.collect();
    Ok(Gathered {
        rows,
        ids,
        warnings,
    })
}

impl ListQuery<'_> {
    /// The requested fields of an experiment; `None` if it does not match the filter.
    fn row(&self, entry: Entry) -> Option<Row> {
        let id = plain(&entry.id);
        let entry = entry.with_logged_results();
        if !entry.notes.is_empty() && entry.status != Some(Status::Broken) {
            let note = format!("{id}: {}", plain(&entry.notes.join("; ")));
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.push(note);
        }
        let directories = self.directories.lock();
        let mut directories = directories.unwrap_or_else(PoisonError::into_inner);
        directories.insert(entry.directory.clone());
        drop(directories);
        let ids = self.ids.lock();
        let mut ids = ids.unwrap_or_else(PoisonError::into_inner);
        ids.push(id.clone());
        drop(ids);
        let fields = Fields::new(&entry, self.now);
        self.given.see(&fields);
        let filter = self.filter.as_ref();
        if filter.is_some_and(|filter| !filter.matches(&fields)) {
            return None;
        }
        let value = |name: &str| match name {
            // Measured later, for the shown experiments only.
            "size" if self.options.group_by.is_empty() => Value::Null,
            name => fields.get(name),
        };
        let table = self.options.asks_for_fields();
        Some(Row {
            id,
            status: status(&entry),
            sort: match self.options.order() {
                // The order of the store.
                (DEFAULT_ORDER, _) => Value::Null,
                (name, _) => fields.get(name),
            },
            values: self
                .names
                .iter()
                .filter(|_| table)
                .map(|name| value(name))
                .collect(),
            json: (!table).then(|| as_json(&entry).to_string()),
            directory: entry.directory.clone(),
        })
    }
}

/// Upper bound for notes about logs in one list.
const MAX_NOTES: usize = 5;

/// The first notes about unreadable logs, and the number of further ones.
fn first_notes(mut notes: Vec<String>) -> Vec<String> {
    notes.sort();
    let more = notes.len().saturating_sub(MAX_NOTES);
    notes.truncate(MAX_NOTES);
    if more > 0 {
        notes.push(format!(
            "and {more} more like these: `experiment summary ID` tells of each"
        ));
    }
    notes
}

/// Most folders whose reasons are told.
const MAX_LEFT_OUT: usize = 10;

/// That folders are not listed, and why: a line for each of the first.
fn told(left_out: &[SkippedEntries]) -> Vec<String> {
    let lines = left_out.iter().take(MAX_LEFT_OUT);
    let mut lines: Vec<String> = lines
        .map(|omitted| format!("not listed: {}", plain(&omitted.to_string())))
        .collect();
    let more = left_out.len().saturating_sub(MAX_LEFT_OUT);
    if more > 0 {
        let names = left_out.iter().skip(MAX_LEFT_OUT);
        let names: Vec<String> = names.map(|omitted| plain(&omitted.name)).collect();
        lines.push(format!("not listed, and {more} more: {}", names.join(", ")));
    }
    lines
}

fn as_json(entry: &Entry) -> Value {
    let known = entry.metadata.known();
    let is_any = known.as_object().is_some_and(|fields| !fields.is_empty());
    let mut value = json!({
        "id": entry.id,
        "status": status(entry),
        "directory": entry.directory.to_string_lossy(),
        "metadata": if is_any { known } else { Value::Null },
    });
    if !entry.notes.is_empty() {
        value["notes"] = json!(entry.notes);
    }
    value
}
