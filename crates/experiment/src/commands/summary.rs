//! `experiment summary`.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{Output, duration, number, plain, status, table};
use crate::error::ExperimentError;
use crate::metadata::Metadata;
use crate::store::{Entry, ExperimentStore};

pub(super) fn run(
    store: &ExperimentStore,
    id: &str,
    json: bool,
) -> Result<Output, ExperimentError> {
    let entry = store.find(id)?;
    if json {
        let value = json!({"status": status(&entry), "metadata": entry.metadata,
            "history": entry.history().epochs});
        return Ok(format!("{value:#}\n").into());
    }
    Ok(text(&entry).into())
}

fn text(entry: &Entry) -> String {
    let m = &entry.metadata;
    let mut out = format!("{}\n", plain(&entry.id));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<14}{}", plain(&value));
    };
    line("status", status(entry));
    if let Some(error) = &m.error {
        line("error", error.clone());
    }
    line("started", m.timestamp.clone());
    line("duration", duration(m.duration_s));
    let shape: Vec<String> = m
        .model_info
        .input_shape
        .iter()
        .map(usize::to_string)
        .collect();
    line(
        "model",
        format!(
            "{}, input {}, {} parameters ({} trainable)",
            m.model_info.kind,
            shape.join("x"),
            m.model_info.total_params,
            m.model_info.trainable_params
        ),
    );
    line("data", data(m));
    let config = &m.training_config;
    line(
        "training",
        format!(
            "batch {}, at most {} epochs, learning rate {}{}",
            config.batch_size,
            config.epochs,
            config.learning_rate,
            m.seed
                .map(|seed| format!(", seed {seed}"))
                .unwrap_or_default()
        ),
    );
    if let Some(results) = &m.results {
        line(
            "result",
            format!(
                "{} epochs, best {}, stopped by {}",
                results.epochs_run, results.best_epoch, results.stopped_by
            ),
        );
        for (split, metrics) in [("validation", &results.validation), ("test", &results.test)] {
            let value = |name: &str| number(metrics.get(name).and_then(Value::as_f64));
            line(
                split,
                format!(
                    "macro F1 {}, accuracy {}, loss {}",
                    value("f1_macro"),
                    value("accuracy"),
                    value("loss")
                ),
            );
        }
    }
    line("directory", entry.directory.display().to_string());
    line(
        "tensorboard",
        super::tensorboard::command(&entry.directory.join("logs")).join(" "),
    );
    if !m.notes.is_empty() {
        line("notes", m.notes.clone());
    }
    if let Some(results) = &m.results {
        out.push_str(&per_class(m, &results.test));
    }
    out
}

fn data(m: &Metadata) -> String {
    let info = &m.dataset_info;
    let prints = info.fingerprints.iter().map(|(split, print)| {
        let start: String = print.chars().take(12).collect();
        format!("{split} {start}")
    });
    let prints = prints.collect::<Vec<_>>().join(", ");
    let sizes = format!(
        "{} training, {} validation, {} test windows, {} classes",
        info.train_size, info.val_size, info.test_size, info.num_classes
    );
    if prints.is_empty() {
        sizes
    } else {
        format!("{sizes} ({prints})")
    }
}

/// Metrics and confusion matrix of the test split, class by class.
fn per_class(m: &Metadata, test: &Map<String, Value>) -> String {
    let values = |name: &str| test.get("per_class").and_then(|v| v.get(name)?.as_array());
    let Some(support) = values("support") else {
        return String::new();
    };
    let cell = |name: &str, i: usize| number(values(name).and_then(|v| v.get(i)?.as_f64()));
    let matrix = test.get("confusion_matrix").and_then(Value::as_array);
    let mut header = vec!["class", "precision", "recall", "F1", "support"];
    let numbers: Vec<String> = (0..support.len()).map(|i| format!("as {i}")).collect();
    header.extend(numbers.iter().map(String::as_str));
    let rows: Vec<Vec<String>> = (0..support.len())
        .map(|i| {
            let name = m.class_names.get(i).cloned().unwrap_or_default();
            let mut row = vec![
                format!("{i} {}", plain(&name)),
                cell("precision", i),
                cell("recall", i),
                cell("f1", i),
                support[i].to_string(),
            ];
            let counts = matrix.and_then(|matrix| matrix.get(i)?.as_array());
            row.extend(counts.into_iter().flatten().map(Value::to_string));
            row.truncate(header.len());
            row
        })
        .collect();
    let right: Vec<usize> = (1..header.len()).collect();
    format!(
        "\nTest split, rows the true classes\n{}",
        table(&header, &rows, &right)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_story() {
        let (folder, store) = super::super::tests::store();
        let output = run(&store, "00000001", false).unwrap();
        let path = folder.path().display().to_string();
        insta::assert_snapshot!(output.text.replace(&path, "DIR"));
        let output = run(&store, "latest", true).unwrap();
        let json: Value = serde_json::from_str(&output.text).unwrap();
        assert_eq!(json["status"], "crashed");
    }
}
