//! `experiment list`.

use clap::ValueEnum;
use serde_json::json;

use super::{Output, duration, number, plain, status, table};
use crate::error::ExperimentError;
use crate::store::{Entry, ExperimentStore};

/// Columns that `--sort` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    /// Start, oldest first
    Time,
    /// Network name
    Model,
    /// Status
    Status,
    /// Macro F1 on the validation split, worst first
    ValF1,
    /// Macro F1 on the test split, worst first
    TestF1,
    /// Number of parameters
    Params,
    /// Duration, shortest first
    Duration,
}

impl SortKey {
    fn compare(self, a: &Entry, b: &Entry) -> std::cmp::Ordering {
        let float = |value: fn(&Entry) -> Option<f64>| {
            let of = |entry| value(entry).unwrap_or(f64::NEG_INFINITY);
            of(a).total_cmp(&of(b))
        };
        match self {
            SortKey::Time => std::cmp::Ordering::Equal, // the store's order
            SortKey::Model => a.metadata.model_info.kind.cmp(&b.metadata.model_info.kind),
            SortKey::Status => status(a).cmp(&status(b)),
            SortKey::ValF1 => float(|e| e.metadata.metric("validation", "f1_macro")),
            SortKey::TestF1 => float(|e| e.metadata.metric("test", "f1_macro")),
            SortKey::Params => a
                .metadata
                .model_info
                .total_params
                .cmp(&b.metadata.model_info.total_params),
            SortKey::Duration => float(|e| e.metadata.duration_s),
        }
    }
}

pub(super) fn run(
    store: &ExperimentStore,
    sort: SortKey,
    limit: Option<usize>,
    json: bool,
) -> Result<Output, ExperimentError> {
    let mut found = store.list()?;
    found.entries.sort_by(|a, b| sort.compare(a, b));
    if let Some(limit) = limit {
        let surplus = found.entries.len().saturating_sub(limit);
        found.entries.drain(..surplus);
    }
    let warnings = found
        .broken
        .iter()
        .map(|e| format!("passed over: {}", plain(&e.to_string())));
    let warnings = warnings.collect();
    let text = if json {
        let rows: Vec<_> = found.entries.iter().map(as_json).collect();
        format!("{:#}\n", json!(rows))
    } else if found.entries.is_empty() {
        format!(
            "No experiments in {}. `cargo run -p trainer -- --model simple_cnn` makes one.\n",
            store.root().display()
        )
    } else {
        let header = [
            "ID", "STATUS", "EPOCHS", "VAL F1", "VAL ACC", "TEST F1", "TEST ACC", "TIME", "TAGS",
        ];
        let rows: Vec<_> = found.entries.iter().map(row).collect();
        table(&header, &rows, &[2, 3, 4, 5, 6, 7])
    };
    Ok(Output {
        text,
        warnings,
        handover: None,
    })
}

fn row(entry: &Entry) -> Vec<String> {
    let metadata = &entry.metadata;
    let epochs = metadata
        .results
        .as_ref()
        .map(|results| results.epochs_run.to_string());
    vec![
        plain(&entry.id),
        status(entry),
        epochs.unwrap_or_else(|| "-".into()),
        number(metadata.metric("validation", "f1_macro")),
        number(metadata.metric("validation", "accuracy")),
        number(metadata.metric("test", "f1_macro")),
        number(metadata.metric("test", "accuracy")),
        duration(metadata.duration_s),
        plain(&metadata.tags.join(",")),
    ]
}

fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "id": entry.id,
        "status": status(entry),
        "directory": entry.directory,
        "metadata": if entry.untracked { serde_json::Value::Null } else { json!(entry.metadata) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_and_json() {
        let (_folder, store) = super::super::tests::store();
        let output = run(&store, SortKey::TestF1, None, false).unwrap();
        insta::assert_snapshot!(output.text);
        let output = run(&store, SortKey::Time, Some(1), true).unwrap();
        let rows: serde_json::Value = serde_json::from_str(&output.text).unwrap();
        assert_eq!(rows[0]["status"], "crashed");
        assert_eq!(rows.as_array().unwrap().len(), 1);
    }
}
