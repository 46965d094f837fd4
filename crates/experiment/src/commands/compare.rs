//! `experiment compare`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Output, number, plain, table};
use crate::error::ExperimentError;
use crate::store::{Entry, ExperimentStore};

/// Metrics side by side; the flag says whether more is better.
const METRICS: [(&str, &str, bool); 6] = [
    ("validation", "f1_macro", true),
    ("validation", "accuracy", true),
    ("validation", "loss", false),
    ("test", "f1_macro", true),
    ("test", "accuracy", true),
    ("test", "loss", false),
];

pub(super) fn run(
    store: &ExperimentStore,
    ids: &[String],
    json: bool,
) -> Result<Output, ExperimentError> {
    let entries = ids
        .iter()
        .map(|id| store.find(id))
        .collect::<Result<Vec<_>, _>>()?;
    let differences = differences(&entries);
    if json {
        let metrics = METRICS.map(|(split, name, _)| {
            let values: Vec<_> = entries
                .iter()
                .map(|e| e.metadata.metric(split, name))
                .collect();
            (format!("{split}.{name}"), json!(values))
        });
        let value = json!({
            "ids": entries.iter().map(|e| &e.id).collect::<Vec<_>>(),
            "differences": differences,
            "metrics": metrics.into_iter().collect::<serde_json::Map<_, _>>(),
        });
        return Ok(format!("{value:#}\n").into());
    }
    let names: Vec<String> = (0..entries.len()).map(|i| format!("[{}]", i + 1)).collect();
    let mut text = String::new();
    for (name, entry) in names.iter().zip(&entries) {
        text.push_str(&format!("{name} {}\n", plain(&entry.id)));
    }
    let data_differs = differences
        .keys()
        .any(|key| key.starts_with("dataset_info.fingerprints"));
    if data_differs {
        text.push_str(
            "\nTHE DATA DIFFERS: metrics of these experiments cannot be compared directly.\n",
        );
    }
    let mut header = vec![""];
    header.extend(names.iter().map(String::as_str));
    if differences.is_empty() {
        text.push_str("\nConfiguration, data and environment are the same.\n");
    } else {
        let rows: Vec<Vec<String>> = differences
            .iter()
            .map(|(key, values)| {
                let values = values.iter().map(|value| match value {
                    Value::Null => "-".into(),
                    Value::String(text) => shortened(&plain(text)),
                    other => shortened(&plain(&other.to_string())),
                });
                std::iter::once(plain(key)).chain(values).collect()
            })
            .collect();
        text.push_str(&format!("\nDifferences\n{}", table(&header, &rows, &[])));
    }
    text.push_str(&format!(
        "\nMetrics (* the best)\n{}",
        metrics(&entries, &header)
    ));
    Ok(text.into())
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.into();
    }
    format!("{}…", text.chars().take(39).collect::<String>())
}

fn metrics(entries: &[Entry], header: &[&str]) -> String {
    let mut rows = Vec::new();
    for (split, name, more_is_better) in METRICS {
        let values: Vec<Option<f64>> = entries
            .iter()
            .map(|e| e.metadata.metric(split, name))
            .collect();
        let known = || values.iter().copied().flatten();
        let best = if more_is_better {
            known().fold(f64::NEG_INFINITY, f64::max)
        } else {
            known().fold(f64::INFINITY, f64::min)
        };
        let first = values[0];
        let cells = values.iter().enumerate().map(|(i, value)| {
            let mark = if *value == Some(best) { "*" } else { " " };
            let difference = match (i, value, first) {
                (1.., Some(value), Some(first)) => format!(" ({:+.4})", value - first),
                _ => String::new(),
            };
            format!("{}{mark}{difference}", number(*value))
        });
        let row = std::iter::once(format!("{split} {name}")).chain(cells);
        rows.push(row.collect());
    }
    table(header, &rows, &[])
}

/// Dotted keys of the metadata whose values are not all equal, without what always differs.
fn differences(entries: &[Entry]) -> BTreeMap<String, Vec<Value>> {
    let always = [
        "experiment_id",
        "timestamp",
        "end_time",
        "duration_s",
        "results",
        "status",
    ];
    let flat: Vec<BTreeMap<String, Value>> = entries
        .iter()
        .map(|entry| {
            let mut keys = BTreeMap::new();
            flatten("", &json!(entry.metadata), &mut keys);
            keys
        })
        .collect();
    let keys: std::collections::BTreeSet<&String> = flat.iter().flat_map(|f| f.keys()).collect();
    let mut differences = BTreeMap::new();
    for key in keys {
        let top = key.split('.').next().unwrap_or(key);
        let values: Vec<Value> = flat
            .iter()
            .map(|f| f.get(key).cloned().unwrap_or(Value::Null))
            .collect();
        if !always.contains(&top) && values.iter().any(|value| *value != values[0]) {
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
mod tests {
    use super::*;

    #[test]
    fn only_what_differs() {
        let (_folder, store) = super::super::tests::store();
        let ids = ["00000000".to_owned(), "00000001".to_owned()];
        let output = run(&store, &ids, false).unwrap();
        insta::assert_snapshot!(output.text);
        let json = run(&store, &ids, true).unwrap();
        let json: Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(
            json["differences"]["training_config.learning_rate"],
            json!([0.001, 0.01])
        );
    }
}
