//! Records by epoch or step.

use serde_json::{Map, Value};

use super::{MOST_DEEP, is_loss};
use crate::catalogue::Metric;
use crate::catalogue::tags::split_of_name;
use crate::json;
use crate::log_tables::csv::epoch;
use crate::log_tables::header::{Role, is_of_epochs, several_runs, tells_runs};
use crate::log_tables::table::{Row, Table};
use crate::log_tables::trainer_state;

/// Part of records that says nothing of their metrics: `{"epoch": 1, "metrics": {"loss": 0.5}}`.
const OF_METRICS: &str = "metrics";

/// Why records are those of several runs, in words.
pub(super) fn several_runs_of(all: &[&Map<String, Value>]) -> Option<String> {
    let fields = all.iter().flat_map(|record| record.iter());
    let fields = fields.filter(|(key, _)| tells_runs(key));
    several_runs(fields.map(|(key, value)| (&key[..], value.to_string())))
}

/// Whether objects are records of epochs or steps: they say of which, or have nothing but metrics.
pub(super) fn are_records(all: &[&Map<String, Value>]) -> bool {
    let is_counted =
        |record: &&&Map<String, Value>| record.keys().any(|key| Role::of(1, key) != Role::Value);
    if all.iter().filter(is_counted).count() * 2 > all.len() {
        return true;
    }
    all.iter().all(|record| {
        let names: Vec<&str> = record.keys().map(String::as_str).collect();
        let is_number = |value: &Value| value.is_null() || json::score(value).is_some();
        record.values().all(is_number)
            && names.iter().any(|name| is_loss(name))
            && is_of_epochs(&names)
    })
}

/// The table of records, each of which says its epoch or step; those of Hugging Face's trainer have parts of epochs.
pub(super) fn table(all: &[&Map<String, Value>]) -> Table {
    let mut keys = all.iter().flat_map(|record| record.keys());
    let is_counted = keys.any(|key| Role::of(1, key) != Role::Value);
    if all.iter().any(|record| is_of_hugging_face(record)) {
        return trainer_state::table(all.iter().copied());
    }
    let mut table = Table {
        tolerance: 1e-6,
        ..Default::default()
    };
    for (i, record) in all.iter().enumerate() {
        let mut row = Row::default();
        if !is_counted {
            row.epoch = Some(i as f64);
        }
        let mut cells = Vec::new();
        flatten(record, "", &mut cells);
        for (name, value) in cells {
            match Role::of(1, &name) {
                Role::Epoch => row.epoch = position(value),
                Role::Step => row.step = position(value).map(|step| step as i64),
                Role::Index | Role::Value => {
                    let Some(value) = Metric::read(&name, value) else {
                        continue;
                    };
                    let at = table.columns.iter().position(|column| *column == name);
                    let at = at.unwrap_or_else(|| {
                        table.columns.push(name);
                        table.columns.len() - 1
                    });
                    row.values.push((at, value));
                }
            }
        }
        table.rows.push(row);
    }
    table
}

/// Whether a record has a part of an epoch at a step, or measures of speed, as those of Hugging Face's trainer.
fn is_of_hugging_face(record: &Map<String, Value>) -> bool {
    let epoch = record.get("epoch").and_then(json::number);
    let has_part = epoch.is_some_and(|epoch| epoch.fract() != 0.0);
    has_part && record.contains_key("step")
        || record.contains_key("train_runtime")
        || record.contains_key("eval_runtime")
}

fn position(value: &Value) -> Option<f64> {
    json::number(value).or_else(|| epoch(value.as_str()?))
}

/// The values of a record, those of records within it by path. A word such as `"mode": "val"` tells the split of the others.
fn flatten<'a>(record: &'a Map<String, Value>, path: &str, cells: &mut Vec<(String, &'a Value)>) {
    let word = record.values().filter_map(Value::as_str);
    let split = word.into_iter().find(|word| split_of_name(word).is_some());
    let path = match split {
        Some(split) => format!("{path}{split}/"),
        None => path.to_owned(),
    };
    for (key, value) in record {
        match value {
            Value::Object(inner) if path.matches('/').count() < MOST_DEEP => {
                let inner_path = match &key[..] {
                    OF_METRICS => path.clone(),
                    key => format!("{path}{key}/"),
                };
                flatten(inner, &inner_path, cells);
            }
            _ if Role::of(1, key) != Role::Value => {
                let name = key.clone();
                cells.push((name, value));
            }
            _ => cells.push((format!("{path}{key}"), value)),
        }
    }
}
