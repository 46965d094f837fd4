//! What differs between experiments.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::text::{Terminal, cut, plain, table, width};
use crate::fields::{flatten, text};
use crate::store::Entry;

/// Keys that always differ between two runs.
const ALWAYS: [&str; 10] = [
    "tracker",
    "experiment_id",
    "timestamp",
    "end_time",
    "duration_s",
    "results",
    "status",
    "timing_s",
    "files",
    "system_info.command",
];

/// Headings of the differences, with the key prefixes under each.
const HEADINGS: [(&str, &[&str]); 4] = [
    ("Configuration", &["training_config", "model_info", "seed"]),
    ("Data", &["dataset_info", "class_names"]),
    ("Code and environment", &["system_info", "schema_version"]),
    ("Other", &[""]),
];

/// Tables of the differences below their headings.
pub(super) fn difference_tables(
    differences: &BTreeMap<String, Vec<Value>>,
    names: &[String],
    terminal: &Terminal,
) -> String {
    let mut out = String::new();
    let limit = terminal.width.unwrap_or(usize::MAX);
    let mut left: BTreeMap<&String, &Vec<Value>> = differences.iter().collect();
    for (heading, beginnings) in HEADINGS {
        let belongs = |key: &str| {
            beginnings
                .iter()
                .any(|beginning| key.starts_with(beginning))
        };
        let rows: Vec<(String, Vec<String>)> = left
            .iter()
            .filter(|(key, _)| belongs(key))
            .map(|(key, values)| {
                let values = values.iter().map(|value| plain(&text(value))).collect();
                (plain(key), values)
            })
            .collect();
        left.retain(|key, _| !belongs(key));
        if !rows.is_empty() {
            out.push_str(&format!("\n{heading}\n"));
            out.push_str(&differing(&rows, names, limit));
        }
    }
    out
}

/// A table if it fits, otherwise one value per line.
fn differing(rows: &[(String, Vec<String>)], names: &[String], limit: usize) -> String {
    let mut header = vec![""];
    header.extend(names.iter().map(String::as_str));
    let short = |value: &String| cut(value, 40);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(key, values)| {
            std::iter::once(key.clone())
                .chain(values.iter().map(short))
                .collect()
        })
        .collect();
    let fitting = table(&header, &cells, &[]);
    if fitting.lines().all(|line| width(line) <= limit) {
        return fitting;
    }
    let mut out = String::new();
    for (key, values) in rows {
        out.push_str(&format!("{key}\n"));
        for (name, value) in names.iter().zip(values) {
            let room = limit.saturating_sub(width(name) + 3).max(10);
            out.push_str(&format!("  {name} {}\n", cut(value, room)));
        }
    }
    out
}

/// Dotted metadata keys whose values differ, except keys that always differ.
pub(super) fn differences(entries: &[Entry]) -> BTreeMap<String, Vec<Value>> {
    let flat: Vec<BTreeMap<String, Value>> = entries
        .iter()
        .map(|entry| {
            let mut keys = BTreeMap::new();
            flatten("", &entry.metadata.known(), &mut keys);
            if entry.metadata.schema_version.is_none() {
                // Missing fields read as null.
                keys.retain(|_, value| {
                    let empty = *value == json!("") || *value == json!([]) || value.is_null();
                    !empty && value.as_f64() != Some(0.0)
                });
            }
            keys
        })
        .collect();
    let keys: BTreeSet<&String> = flat.iter().flat_map(|f| f.keys()).collect();
    let mut differences = BTreeMap::new();
    for key in keys {
        let always = |name: &&str| key == *name || key.starts_with(&format!("{name}."));
        let values: Vec<Value> = flat
            .iter()
            .map(|f| f.get(key).cloned().unwrap_or(Value::Null))
            .collect();
        if !ALWAYS.iter().any(always) && values.iter().any(|v| *v != values[0]) {
            differences.insert(key.clone(), values);
        }
    }
    differences
}
