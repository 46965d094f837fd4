//! `experiment summary`.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::text::{
    Colour, Terminal, bytes, count, cut, duration, number, painted_table, plain, sparkline,
};
use super::{Output, tensorboard};
use crate::error::ExperimentError;
use crate::fields::{Fields, size, status, text};
use crate::history::History;
use crate::metadata::Metadata;
use crate::store::{Entry, ExperimentStore};

/// Curves that are drawn, and their names.
pub(super) const CURVES: [(&str, &str); 5] = [
    ("loss", "training loss"),
    ("val_loss", "validation loss"),
    ("accuracy", "training accuracy"),
    ("val_accuracy", "validation accuracy"),
    ("val_f1_macro", "validation macro F1"),
];

pub(super) fn run(
    store: &ExperimentStore,
    id: &str,
    json: bool,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let entry = store.find(id)?;
    if json {
        let value = json!({"id": entry.id, "status": status(&entry), "directory": entry.directory.to_string_lossy(),
            "size": size(&entry.directory), "metadata": entry.metadata,
            "history": entry.history().epochs});
        return Ok(format!("{value:#}\n").into());
    }
    Ok(whole(&entry.with_logged_results(), terminal).into())
}

fn whole(entry: &Entry, terminal: &Terminal) -> String {
    let m = &entry.metadata;
    let fields = Fields::new(entry, terminal.now);
    let width = terminal.width.unwrap_or(160).max(40);
    let mut out = format!("{}\n", terminal.paint(&plain(&entry.id), Colour::Bold));
    let mut line = |name: &str, value: String| {
        let value = plain(&value);
        let limit = if terminal.width.is_some() {
            width - 16
        } else {
            usize::MAX
        };
        // Long ones go on below, as far as words allow.
        let mut rest = &value[..];
        let mut name = name;
        while !rest.is_empty() {
            let mut end = cut(rest, limit).trim_end_matches('…').len();
            if end < rest.len() {
                end = rest[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
            }
            let _ = writeln!(out, "  {name:<14}{}", rest[..end].trim());
            (rest, name) = (rest[end..].trim_start(), "");
        }
    };
    let known = |name: &str| match fields.get(name) {
        Value::Null => None,
        value => Some(text(&value)),
    };
    line("status", status(entry));
    if let Some(error) = &m.error {
        line("error", error.clone());
    }
    let span = m.duration_s.map(|s| format!(", {}", duration(Some(s))));
    line(
        "started",
        format!("{}{}", m.timestamp, span.unwrap_or_default()),
    );
    let shape: Vec<String> = m
        .model_info
        .input_shape
        .iter()
        .map(usize::to_string)
        .collect();
    if !m.model_info.kind.is_empty() {
        line(
            "model",
            format!(
                "{}, input {}, {} parameters ({} trainable)",
                m.model_info.kind,
                shape.join("x"),
                count(Some(m.model_info.total_params as f64)),
                count(Some(m.model_info.trainable_params as f64))
            ),
        );
    }
    let config = &m.training_config;
    if config.batch_size > 0 {
        let mut words = vec![
            format!("batch {}", config.batch_size),
            format!("at most {} epochs", config.epochs),
            format!("learning rate {}", config.learning_rate),
        ];
        for name in ["seed", "normalisation", "backend"] {
            words.extend(known(name).map(|value| format!("{name} {value}")));
        }
        line("training", words.join(", "));
    }
    if m.dataset_info.train_size > 0 {
        line("data", data(m, known("dataset")));
    }
    for (split, print) in &m.dataset_info.fingerprints {
        line("", format!("{split:<5} SHA-256 {print}"));
    }
    let names = [
        "host",
        "platform",
        "cpus",
        "device",
        "threads",
        "burn_version",
        "rust_version",
    ];
    let system = names.iter().filter_map(|name| {
        let value = known(&format!("system_info.{name}"))?;
        Some(format!("{} {value}", name.trim_end_matches("_version")))
    });
    let system: Vec<String> = system.collect();
    if !system.is_empty() {
        line("system", system.join(", "));
    }
    if let Some(commit) = known("git_commit") {
        let dirty = known("git_dirty").is_some_and(|dirty| dirty == "true");
        line(
            "git",
            format!("{commit}{}", if dirty { ", with changes" } else { "" }),
        );
    }
    if let Some(results) = &m.results {
        let stopped = match results.stopped_by.is_empty() {
            true => String::new(),
            false => format!(", stopped by {}", results.stopped_by),
        };
        line(
            "result",
            format!(
                "{} epochs, best {}{stopped}",
                results.epochs_run,
                results.best_epoch + 1
            ),
        );
        for (split, metrics) in [("validation", &results.validation), ("test", &results.test)] {
            if metrics.is_empty() {
                continue;
            }
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
    line("size", bytes(Some(size(&entry.directory) as f64)));
    line(
        "tensorboard",
        tensorboard::shell(&tensorboard::command(&entry.logs())),
    );
    if !m.tags.is_empty() {
        line("tags", m.tags.join(", "));
    }
    for note in m.notes.lines() {
        line("note", note.to_owned());
    }
    out.push_str(&curves(&entry.history(), width));
    if let Some(results) = &m.results {
        out.push_str(&per_class(m, &results.test, terminal));
    }
    out
}

fn data(m: &Metadata, name: Option<String>) -> String {
    let info = &m.dataset_info;
    let mut text = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let _ = write!(
        text,
        "{} training, {} validation, {} test windows, {} classes",
        count(Some(info.train_size as f64)),
        count(Some(info.val_size as f64)),
        count(Some(info.test_size as f64)),
        info.num_classes
    );
    text
}

/// Sparklines over the epochs, with first and last value and the best.
fn curves(history: &History, width: usize) -> String {
    let mut out = String::new();
    for (metric, name) in CURVES {
        let curve = history.curve(metric);
        let values: Vec<f64> = curve.iter().map(|(_, value)| *value).collect();
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            continue;
        };
        let best = match metric.contains("loss") {
            true => values.iter().copied().fold(f64::INFINITY, f64::min),
            false => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        let line = sparkline(&values, (width - 62).clamp(10, 60));
        let _ = writeln!(
            out,
            "  {name:<20}{line}  {} to {}, best {}",
            number(Some(*first)),
            number(Some(*last)),
            number(Some(best))
        );
    }
    match out.is_empty() {
        true => out,
        false => format!("\nCurves over {} epochs\n{out}", history.epochs.len()),
    }
}

/// Metrics and confusion matrix of the test split, class by class.
fn per_class(m: &Metadata, test: &Map<String, Value>, terminal: &Terminal) -> String {
    let values = |name: &str| test.get("per_class").and_then(|v| v.get(name)?.as_array());
    let Some(support) = values("support") else {
        return String::new();
    };
    let cell = |name: &str, i: usize| number(values(name).and_then(|v| v.get(i)?.as_f64()));
    let matrix = test.get("confusion_matrix").and_then(Value::as_array);
    let counts = |i: usize| matrix.and_then(|matrix| matrix.get(i)?.as_array());
    let limit = terminal.width.unwrap_or(usize::MAX);
    let mut header = vec!["class", "precision", "recall", "F1", "support"];
    let numbers: Vec<String> = (0..support.len()).map(|i| format!("as {i}")).collect();
    // A matrix that the terminal has no room for is left to the figures.
    let shown = 56 + 7 * support.len() <= limit;
    if shown {
        header.extend(numbers.iter().map(String::as_str));
    }
    let rows: Vec<Vec<String>> = (0..support.len())
        .map(|i| {
            let name = m.class_names.get(i).cloned().unwrap_or_default();
            let mut row = vec![
                cut(&format!("{i} {}", plain(&name)), 20),
                cell("precision", i),
                cell("recall", i),
                cell("f1", i),
                text(&support[i]),
            ];
            if shown {
                row.extend(
                    counts(i)
                        .into_iter()
                        .flatten()
                        .map(|value| plain(&text(value))),
                );
            }
            row.truncate(header.len());
            row.resize(header.len(), String::new());
            row
        })
        .collect();
    let right: Vec<usize> = (1..header.len()).collect();
    let paint = |i: usize, j: usize, cell: String| match j.checked_sub(5) {
        Some(j) if i == j => terminal.paint(&cell, Colour::Green),
        Some(_) if cell.trim() != "0" => terminal.paint(&cell, Colour::Red),
        _ => cell,
    };
    let table = painted_table(&header, &rows, &right, paint);
    format!("\nTest split, rows the true classes\n{table}")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{store, terminal};
    use super::*;

    #[test]
    fn the_whole_story() {
        let (folder, store) = store();
        let path = folder.path().display().to_string();
        for width in [80, 160] {
            let entry = store.find("00000001").unwrap();
            let mut terminal = terminal(Some(width));
            let text = whole(&entry.clone().with_logged_results(), &terminal);
            assert!(
                text.lines()
                    .all(|line| super::super::text::width(line) <= width),
                "{text}"
            );
            terminal.width = None;
            let text = whole(&entry, &terminal).replace(&path, "DIR");
            // Sizes of logs follow the host's name.
            let size = bytes(Some(size(&entry.directory) as f64));
            insta::assert_snapshot!("summary", text.replace(&size, "SIZE"));
        }
        let output = run(&store, "latest", true, &terminal(None)).unwrap();
        let json: Value = serde_json::from_str(&output.text).unwrap();
        assert_eq!(json["status"], "crashed");
    }
}
