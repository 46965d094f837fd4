//! `experiment compare`.

mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::text::{Colour, Terminal, cut, number, painted_table, plain, table, width};
use super::{Output, choice_notes, with_ids};
use crate::catalogue::layout::PER_CLASS;
use crate::catalogue::{ClassMetric, Direction, Metric, Split};
use crate::error::ExperimentError;
use crate::fields::{status, text};
use crate::figures::compared_curves;
use crate::files::write_atomically;
use crate::store::{Entry, ExperimentStore};

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// IDs of two or more experiments
    #[arg(required_unless_present = "group_by", num_args = 2..)]
    pub ids: Vec<String>,
    /// Compare groups of experiments that share these fields; runs are paired by seed and fold
    #[arg(
        long,
        value_name = "KEY,...",
        value_delimiter = ',',
        conflicts_with = "plot"
    )]
    pub group_by: Vec<String>,
    /// With --group-by: only experiments that match this filter, such as 'study=kernels'
    #[arg(long, value_name = "EXPR", requires = "group_by")]
    pub filter: Option<String>,
    /// With --group-by: fields to compare [default: test_f1,val_f1]
    #[arg(
        long,
        value_name = "KEY,...",
        value_delimiter = ',',
        requires = "group_by"
    )]
    pub score: Vec<String>,
    /// Plot all learning curves into this PNG file
    #[arg(long, value_name = "FILE.png")]
    pub plot: Option<PathBuf>,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// The compared values: headline validation metrics, all test metrics, and the duration.
fn compared_values() -> Vec<ComparedValue> {
    let headlines = Metric::HEADLINES.into_iter();
    let others = Metric::ALL
        .iter()
        .copied()
        .filter(|metric| metric.row().written.results && !Metric::HEADLINES.contains(metric));
    let validation = headlines
        .clone()
        .map(|metric| ComparedValue::Metric(Split::Validation, metric));
    let test = headlines
        .chain(others)
        .map(|metric| ComparedValue::Metric(Split::Test, metric));
    validation
        .chain(test)
        .chain([ComparedValue::Duration])
        .collect()
}

/// A compared value: one row of the table.
#[derive(Clone, Copy)]
enum ComparedValue {
    Metric(Split, Metric),
    /// In seconds.
    Duration,
}

impl ComparedValue {
    fn of(self, entry: &Entry) -> Option<f64> {
        match self {
            ComparedValue::Metric(split, metric) => entry.metadata.metric(split, metric.name()),
            ComparedValue::Duration => entry.metadata.duration_s,
        }
    }

    fn key(self) -> String {
        match self {
            ComparedValue::Metric(split, metric) => format!("{}.{}", split.name(), metric.name()),
            ComparedValue::Duration => "duration_s".into(),
        }
    }

    fn label(self) -> String {
        match self {
            ComparedValue::Metric(split, metric) => metric.label(split),
            ComparedValue::Duration => "duration, s".into(),
        }
    }

    fn direction(self) -> Direction {
        match self {
            ComparedValue::Metric(_, metric) => metric.direction(),
            ComparedValue::Duration => Direction::Lower,
        }
    }
}

/// Keys that always differ between two runs.
const ALWAYS: [&str; 9] = [
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

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    if !options.group_by.is_empty() {
        return groups::run(store, options, terminal.now);
    }
    let entries = with_ids(store, &options.ids)?;
    let differences = differences(&entries);
    let mut out = Output {
        warnings: choice_notes(&entries),
        ..Default::default()
    };
    let entries: Vec<_> = entries
        .into_iter()
        .map(Entry::with_logged_results)
        .collect();
    if let Some(path) = &options.plot {
        let named = entries.iter().enumerate().map(|(i, entry)| {
            let kind = &entry.metadata.model_info.kind;
            (format!("[{}] {}", i + 1, plain(kind)), entry.history())
        });
        let figure = compared_curves(&named.collect::<Vec<_>>())?;
        write_atomically(path, &figure.bytes)?;
    }
    if options.json {
        out.text = format!("{:#}\n", as_json(&entries, &differences));
        return Ok(out);
    }
    let names: Vec<String> = (0..entries.len()).map(|i| format!("[{}]", i + 1)).collect();
    for (name, entry) in names.iter().zip(&entries) {
        let line = format!("{name} {}  {}\n", plain(&entry.id), plain(&status(entry)));
        out.text.push_str(&line);
    }
    let data_differs = differences
        .keys()
        .any(|key| key.starts_with("dataset_info.fingerprints"));
    if data_differs {
        let line = "THE DATA DIFFERS: metrics of these experiments cannot be compared directly.";
        out.text
            .push_str(&format!("\n{}\n", terminal.paint(line, Colour::Red)));
    }
    if differences.is_empty() {
        out.text
            .push_str("\nConfiguration, data and environment are the same.\n");
    }
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
            out.text.push_str(&format!("\n{heading}\n"));
            out.text.push_str(&differing(&rows, &names, limit));
        }
    }
    out.text
        .push_str("\nMetrics (* the best; in brackets, difference from the first)\n");
    out.text.push_str(&metrics(&entries, &names, terminal));
    out.text.push_str(&per_class(&entries, &names));
    if let Some(path) = &options.plot {
        let path = plain(&path.display().to_string());
        out.text.push_str(&format!("\nCurves: {path}\n"));
    }
    Ok(out)
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

fn metrics(entries: &[Entry], names: &[String], terminal: &Terminal) -> String {
    let mut rows = Vec::new();
    let mut best_cells = BTreeSet::new();
    for compared in compared_values() {
        let values: Vec<Option<f64>> = entries.iter().map(|entry| compared.of(entry)).collect();
        let known = || values.iter().copied().flatten();
        let Some(best) = compared.direction().best(known()) else {
            continue;
        };
        let several = known().any(|value| value != best);
        let first = values[0];
        let cells = values.iter().enumerate().map(|(i, value)| {
            let is_best = several && *value == Some(best);
            if is_best {
                best_cells.insert((rows.len(), i + 1));
            }
            let mark = if is_best { "*" } else { " " };
            let difference = match (i, value, first) {
                (1.., Some(value), Some(first)) => format!(" ({:+.4})", value - first),
                _ => String::new(),
            };
            format!("{}{mark}{difference}", number(*value))
        });
        let cells: Vec<String> = cells.collect();
        rows.push(std::iter::once(compared.label()).chain(cells).collect());
    }
    if rows.is_empty() {
        return "none of them has results\n".into();
    }
    let mut header = vec![""];
    header.extend(names.iter().map(String::as_str));
    painted_table(&header, &rows, &[], |i, j, cell| {
        if best_cells.contains(&(i, j)) {
            terminal.paint(&cell, Colour::Green)
        } else {
            cell
        }
    })
}

/// F1 by class on the test split, if all experiments have the same classes.
fn per_class(entries: &[Entry], names: &[String]) -> String {
    let classes = &entries[0].metadata.class_names;
    let same = entries
        .iter()
        .all(|entry| entry.metadata.class_names == *classes);
    let f1 = |entry: &Entry, i: usize| {
        let test = &entry.metadata.results.as_ref()?.test;
        let f1 = test.get(PER_CLASS)?.get(ClassMetric::F1.name())?;
        crate::json::number(f1.get(i)?)
    };
    let rows: Vec<Vec<String>> = classes
        .iter()
        .enumerate()
        .map(|(i, class)| {
            let cells = entries.iter().map(|entry| number(f1(entry, i)));
            std::iter::once(cut(&plain(class), 24))
                .chain(cells)
                .collect()
        })
        .collect();
    let known = rows.iter().flatten().skip(1).any(|cell| cell.contains('.'));
    if !same || !known {
        return String::new();
    }
    let mut header = vec!["class"];
    header.extend(names.iter().map(String::as_str));
    let right: Vec<usize> = (1..header.len()).collect();
    format!(
        "\nF1 by class, test split\n{}",
        table(&header, &rows, &right)
    )
}

fn as_json(entries: &[Entry], differences: &BTreeMap<String, Vec<Value>>) -> Value {
    let metrics: Map<String, Value> = compared_values()
        .into_iter()
        .map(|compared| {
            let values = entries.iter().map(|entry| compared.of(entry));
            (compared.key(), json!(values.collect::<Vec<_>>()))
        })
        .collect();
    let per_class = entries.iter().map(|entry| {
        let results = entry.metadata.results.as_ref();
        results.and_then(|results| results.test.get(PER_CLASS).cloned())
    });
    json!({
        "ids": entries.iter().map(|e| &e.id).collect::<Vec<_>>(),
        "differences": differences,
        "metrics": metrics,
        "class_names": entries.iter().map(|e| &e.metadata.class_names).collect::<Vec<_>>(),
        "test_per_class": per_class.collect::<Vec<_>>(),
    })
}

/// Dotted metadata keys whose values differ, except keys that always differ.
fn differences(entries: &[Entry]) -> BTreeMap<String, Vec<Value>> {
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

fn flatten(prefix: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{key}"), value, out);
            }
        }
        leaf => {
            out.insert(prefix.to_owned(), leaf.clone());
        }
    }
}

#[cfg(test)]
mod tests;
