//! `experiment report`: one page that needs nothing beside it, no network and no script.

mod chart;

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::text::{bytes, count, duration, number, plain};
use super::{Output, with_ids};
use crate::error::ExperimentError;
use crate::fields::{Fields, size, status, text};
use crate::history::History;
use crate::run::write_atomically;
use crate::store::{Entry, ExperimentStore};
use chart::chart;

const STYLE: &str = include_str!("report.css");

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Experiments
    #[arg(required = true)]
    pub ids: Vec<String>,
    /// The page
    #[arg(short, long, value_name = "FILE.html", default_value = "report.html")]
    pub output: PathBuf,
}

/// Curves that are drawn: title, and metrics with the names of their lines.
const CHARTS: [(&str, &[(&str, &str)]); 3] = [
    ("Loss", &[("loss", "training"), ("val_loss", "validation")]),
    (
        "Accuracy",
        &[("accuracy", "training"), ("val_accuracy", "validation")],
    ),
    ("Macro F1", &[("val_f1_macro", "validation")]),
];

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    now: chrono::NaiveDateTime,
) -> Result<Output, ExperimentError> {
    let entries = with_ids(store, &options.ids)?;
    let entries: Vec<_> = entries
        .into_iter()
        .map(Entry::with_logged_results)
        .collect();
    let page = page(&entries, now);
    write_atomically(&options.output, page.as_bytes())?;
    let path = plain(&options.output.display().to_string());
    Ok(format!("{path}  {}\n", bytes(Some(page.len() as f64))).into())
}

/// Text of others as HTML shows it, whatever it holds.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn page(entries: &[Entry], now: chrono::NaiveDateTime) -> String {
    let title = match entries {
        [one] => escaped(&one.id),
        several => format!("{} experiments", several.len()),
    };
    let mut body = String::new();
    if entries.len() > 1 {
        body.push_str(&format!("<h1>{title}</h1>\n{}", together(entries)));
    }
    for (i, entry) in entries.iter().enumerate() {
        body.push_str(&section(entry, (entries.len() > 1).then_some(i + 1), now));
    }
    let made = now.format("%Y-%m-%d %H:%M");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <p class=\"soft\">Made {made} by <code>experiment report</code>.</p>\n</body>\n</html>\n"
    )
}

/// Several experiments side by side.
fn together(entries: &[Entry]) -> String {
    let metrics = [
        ("validation", "f1_macro"),
        ("validation", "accuracy"),
        ("validation", "loss"),
        ("test", "f1_macro"),
        ("test", "accuracy"),
        ("test", "loss"),
    ];
    let mut out = String::from("<div class=\"wide\"><table><thead><tr><th>experiment</th>");
    for (split, name) in metrics {
        let _ = write!(out, "<th>{split} {name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
    for (i, entry) in entries.iter().enumerate() {
        let _ = write!(
            out,
            "<tr><td class=\"text\">[{}] {}</td>",
            i + 1,
            escaped(&entry.id)
        );
        for (split, name) in metrics {
            let value = entry.metadata.metric(split, name);
            let all = entries
                .iter()
                .filter_map(|e| e.metadata.metric(split, name));
            let best = match name {
                "loss" => all.fold(f64::INFINITY, f64::min),
                _ => all.fold(f64::NEG_INFINITY, f64::max),
            };
            let class = if value == Some(best) {
                " class=\"best\""
            } else {
                ""
            };
            let _ = write!(out, "<td{class}>{}</td>", number(value));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    let prints = |entry: &Entry| entry.metadata.dataset_info.fingerprints.clone();
    if entries
        .iter()
        .any(|entry| prints(entry) != prints(&entries[0]))
    {
        out.push_str(
            "<p class=\"bad\">The data differ: these metrics cannot be compared directly.</p>\n",
        );
    }
    let histories: Vec<History> = entries.iter().map(Entry::history).collect();
    out.push_str("<h2>Validation curves</h2>\n<div class=\"charts\">\n");
    for (title, metric) in [("Loss", "val_loss"), ("Macro F1", "val_f1_macro")] {
        let named = histories.iter().enumerate().map(|(i, history)| {
            let name = format!("[{}] {}", i + 1, entries[i].metadata.model_info.kind);
            (name, history.curve(metric))
        });
        out.push_str(&chart(title, &named.collect::<Vec<_>>(), None));
    }
    out.push_str("</div>\n");
    out
}

fn section(entry: &Entry, ordinal: Option<usize>, now: chrono::NaiveDateTime) -> String {
    let m = &entry.metadata;
    let mut out = match ordinal {
        Some(n) => format!("<h2>[{n}] {}</h2>\n", escaped(&entry.id)),
        None => format!("<h1>{}</h1>\n", escaped(&entry.id)),
    };
    let started = escaped(
        &m.timestamp
            .chars()
            .take(19)
            .collect::<String>()
            .replace('T', " "),
    );
    let _ = writeln!(
        out,
        "<p class=\"soft\">{}, started {started}</p>",
        escaped(&status(entry))
    );
    if let Some(error) = &m.error {
        let _ = writeln!(out, "<p class=\"bad\">{}</p>", escaped(error));
    }
    for note in m.notes.lines() {
        let _ = writeln!(out, "<p>{}</p>", escaped(note));
    }
    out.push_str(&tiles(entry));
    let history = entry.history();
    if !history.epochs.is_empty() {
        out.push_str("<h2>Curves</h2>\n<div class=\"charts\">\n");
        let best = m.results.as_ref().map(|results| results.best_epoch);
        for (title, lines) in CHARTS {
            let lines = lines
                .iter()
                .map(|(metric, name)| (name.to_string(), history.curve(metric)));
            let lines: Vec<_> = lines.filter(|(_, points)| !points.is_empty()).collect();
            if !lines.is_empty() {
                out.push_str(&chart(title, &lines, best));
            }
        }
        out.push_str("</div>\n");
    }
    if let Some(results) = &m.results {
        out.push_str(&classes(&m.class_names, &results.test));
        for (split, metrics) in [("Test", &results.test), ("Validation", &results.validation)] {
            out.push_str(&matrix(split, &m.class_names, metrics));
        }
    }
    out.push_str(&configuration(entry, now));
    out
}

fn tiles(entry: &Entry) -> String {
    let m = &entry.metadata;
    let mut tiles: Vec<(&str, String)> = Vec::new();
    for (name, split, metric) in [
        ("test macro F1", "test", "f1_macro"),
        ("test accuracy", "test", "accuracy"),
        ("validation macro F1", "validation", "f1_macro"),
        ("validation accuracy", "validation", "accuracy"),
    ] {
        let value = m.metric(split, metric);
        tiles.extend(value.map(|value| (name, number(Some(value)))));
    }
    if let Some(results) = &m.results {
        let text = format!("{} of {}", results.best_epoch + 1, results.epochs_run);
        tiles.push(("best epoch", text));
    }
    if m.model_info.total_params > 0 {
        tiles.push(("parameters", count(Some(m.model_info.total_params as f64))));
    }
    tiles.extend(
        m.duration_s
            .map(|seconds| ("duration", duration(Some(seconds)))),
    );
    tiles.push(("on disk", bytes(Some(size(&entry.directory) as f64))));
    let tile = |(name, value): (&str, String)| {
        format!("<div class=\"tile\"><span class=\"soft\">{name}</span><b>{value}</b></div>\n")
    };
    let tiles: String = tiles.into_iter().map(tile).collect();
    format!("<div class=\"tiles\">\n{tiles}</div>\n")
}

fn classes(names: &[String], test: &Map<String, Value>) -> String {
    let values = |name: &str| test.get("per_class").and_then(|v| v.get(name)?.as_array());
    let Some(support) = values("support") else {
        return String::new();
    };
    let mut out = String::from(
        "<h2>Classes, test split</h2>\n<div class=\"wide\"><table><thead><tr><th>class</th><th>precision</th>\
         <th>recall</th><th>F1</th><th>support</th></tr></thead><tbody>\n",
    );
    for (i, support) in support.iter().enumerate() {
        let name = names
            .get(i)
            .map_or_else(|| i.to_string(), |name| escaped(name));
        let _ = write!(out, "<tr><td class=\"text\">{name}</td>");
        for metric in ["precision", "recall", "f1"] {
            let value = values(metric).and_then(|v| v.get(i)?.as_f64());
            let _ = write!(out, "<td>{}</td>", number(value));
        }
        let _ = writeln!(out, "<td>{}</td></tr>", escaped(&text(support)));
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// A confusion matrix; a cell is as dark as its share of the row.
fn matrix(split: &str, names: &[String], metrics: &Map<String, Value>) -> String {
    let rows = metrics.get("confusion_matrix").and_then(Value::as_array);
    let rows: Vec<Vec<f64>> = rows
        .into_iter()
        .flatten()
        .map(|row| {
            row.as_array()
                .into_iter()
                .flatten()
                .map(|v| v.as_f64().unwrap_or(0.0))
                .collect()
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let name = |i: usize| {
        names
            .get(i)
            .map_or_else(|| i.to_string(), |name| escaped(name))
    };
    let mut out = format!(
        "<h2>Confusion matrix, {} split</h2>\n<p class=\"soft\">Rows are the true classes, columns the \
         predicted ones.</p>\n<div class=\"wide\"><table class=\"matrix\"><thead><tr><th></th>",
        split.to_lowercase()
    );
    (0..rows.len()).for_each(|i| out.push_str(&format!("<th>{}</th>", name(i))));
    out.push_str("</tr></thead><tbody>\n");
    for (i, row) in rows.iter().enumerate() {
        let total: f64 = row.iter().sum();
        let _ = write!(out, "<tr><th>{}</th>", name(i));
        for value in row {
            let share = if total > 0.0 { value / total } else { 0.0 };
            let ink = if share > 0.55 {
                "; color: var(--heat-ink)"
            } else {
                ""
            };
            let _ = write!(
                out,
                "<td style=\"background: rgba(var(--heat), {share:.2}){ink}\" title=\"{:.1} %\">{value:.0}</td>",
                100.0 * share
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn configuration(entry: &Entry, now: chrono::NaiveDateTime) -> String {
    let m = &entry.metadata;
    let fields = Fields::new(entry, now);
    let mut out = String::new();
    for (heading, value) in [
        ("Training", json!(m.training_config)),
        ("Data", json!(m.dataset_info)),
        ("System", json!(m.system_info)),
    ] {
        let rows = value.as_object().into_iter().flatten();
        let rows = rows.filter(|(_, value)| !value.is_null());
        let rows: String = rows
            .map(|(key, value)| {
                let shown = match value {
                    Value::Object(_) => value.to_string(),
                    value => text(value),
                };
                format!("<dt>{}</dt><dd>{}</dd>\n", escaped(key), escaped(&shown))
            })
            .collect();
        let _ = write!(
            out,
            "<h2>{heading}</h2>\n<dl class=\"config\">\n{rows}</dl>\n"
        );
    }
    let tags = text(&fields.get("tags"));
    if tags != "-" {
        let _ = writeln!(out, "<p class=\"soft\">Tags: {}</p>", escaped(&tags));
    }
    out
}

#[cfg(test)]
mod tests;
