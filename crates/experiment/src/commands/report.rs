//! `experiment report`: one self-contained HTML page, without network access or scripts.

mod chart;

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Output;
use super::ids::Chosen;
use super::text::{bytes, count, duration, number, plain};
use crate::catalogue::layout::{CONFUSION_MATRIX, PER_CLASS};
use crate::catalogue::{ClassMetric, Metric, Split};
use crate::error::ExperimentError;
use crate::fields::{Fields, model_title, size, status, text};
use crate::files::write_atomically;
use crate::history::History;
use crate::store::{Entry, ExperimentStore};
use chart::chart;

const STYLE: &str = include_str!("report.css");

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
pub struct Options {
    /// Experiments
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// The HTML file to write
    #[arg(short, long, value_name = "FILE.html", default_value = "report.html")]
    pub output: PathBuf,
}

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    now: chrono::NaiveDateTime,
) -> Result<Output, ExperimentError> {
    let Chosen { entries, notes } = Chosen::of(store, &options.ids)?;
    let entries: Vec<_> = entries
        .into_iter()
        .map(Entry::with_logged_results)
        .collect();
    let page = page(&entries, now);
    write_atomically(&options.output, page.as_bytes())?;
    let path = plain(&options.output.display().to_string());
    Ok(Output {
        text: format!("{path}  {}\n", bytes(Some(page.len() as f64))),
        warnings: notes,
        ..Default::default()
    })
}

/// Escapes text for HTML.
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

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// The comparison of several experiments.
fn together(entries: &[Entry]) -> String {
    let splits = [Split::Validation, Split::Test];
    let metrics: Vec<(Split, Metric)> = splits
        .into_iter()
        .flat_map(|split| Metric::HEADLINES.map(|metric| (split, metric)))
        .collect();
    let mut out = String::from("<div class=\"wide\"><table><thead><tr><th>experiment</th>");
    for (split, metric) in &metrics {
        let _ = write!(out, "<th>{}</th>", metric.label(*split));
    }
    out.push_str("</tr></thead><tbody>\n");
    for (i, entry) in entries.iter().enumerate() {
        let _ = write!(
            out,
            "<tr><td class=\"text\">[{}] {}<br>{}</td>",
            i + 1,
            escaped(&entry.id),
            escaped(&model_title(entry))
        );
        for (split, metric) in &metrics {
            let of = |entry: &Entry| entry.metadata.metric(*split, metric.name());
            let (value, best) = (
                of(entry),
                metric.direction().best(entries.iter().filter_map(of)),
            );
            let is_best = value.is_some() && value == best;
            let class = if is_best { " class=\"best\"" } else { "" };
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
    for metric in [Metric::Loss, Metric::F1Macro] {
        let key = metric.history_key(Split::Validation);
        let named = histories.iter().enumerate().map(|(i, history)| {
            let name = format!("[{}] {}", i + 1, model_title(&entries[i]));
            (name, history.curve(&key))
        });
        let title = capitalised(metric.row().label);
        out.push_str(&chart(&title, &named.collect::<Vec<_>>(), None));
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
        "<p class=\"soft\">{}, {}, started {started}</p>",
        escaped(&model_title(entry)),
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
    for note in &history.notes {
        let _ = writeln!(out, "<p class=\"bad\">{}</p>", escaped(note));
    }
    if !history.epochs.is_empty() {
        out.push_str("<h2>Curves</h2>\n<div class=\"charts\">\n");
        let best = m.results.as_ref().and_then(|results| results.best_epoch);
        for metric in Metric::HEADLINES.into_iter().rev() {
            let lines = [Split::Train, Split::Validation].map(|split| {
                (
                    split.name().to_owned(),
                    history.curve(&metric.history_key(split)),
                )
            });
            let lines = lines.into_iter().filter(|(_, points)| !points.is_empty());
            let lines: Vec<_> = lines.collect();
            if !lines.is_empty() {
                out.push_str(&chart(&capitalised(metric.row().label), &lines, best));
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
    let mut tiles: Vec<(String, String)> = Vec::new();
    for split in [Split::Test, Split::Validation] {
        for metric in [Metric::F1Macro, Metric::Accuracy] {
            let value = m.metric(split, metric.name());
            tiles.extend(value.map(|value| (metric.label(split), number(Some(value)))));
        }
    }
    let results = m.results.as_ref();
    if let Some((best, run)) =
        results.and_then(|results| results.best_epoch.zip(results.epochs_run))
    {
        tiles.push(("best epoch".into(), format!("{} of {run}", best + 1)));
    }
    if m.model_info.total_params > 0 {
        let total = count(Some(m.model_info.total_params as f64));
        tiles.push(("parameters".into(), total));
    }
    tiles.extend(
        m.duration_s
            .map(|seconds| ("duration".into(), duration(Some(seconds)))),
    );
    tiles.push(("on disk".into(), bytes(Some(size(&entry.directory) as f64))));
    let tile = |(name, value): (String, String)| {
        format!("<div class=\"tile\"><span class=\"soft\">{name}</span><b>{value}</b></div>\n")
    };
    let tiles: String = tiles.into_iter().map(tile).collect();
    format!("<div class=\"tiles\">\n{tiles}</div>\n")
}

fn classes(names: &[String], test: &Map<String, Value>) -> String {
    let values = |metric: ClassMetric| {
        let all = test.get(PER_CLASS);
        all.and_then(|all| all.get(metric.name())?.as_array())
    };
    let Some(support) = values(ClassMetric::Support) else {
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
        for metric in [ClassMetric::Precision, ClassMetric::Recall, ClassMetric::F1] {
            let value = values(metric).and_then(|values| crate::json::score(values.get(i)?));
            let _ = write!(out, "<td>{}</td>", number(value));
        }
        let _ = writeln!(out, "<td>{}</td></tr>", escaped(&text(support)));
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// A confusion matrix; the shade of a cell is its fraction of the row.
fn matrix(split: &str, names: &[String], metrics: &Map<String, Value>) -> String {
    let rows = metrics.get(CONFUSION_MATRIX).and_then(Value::as_array);
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
    let fields = Fields::new(entry, now);
    let mut out = String::new();
    let known = entry.metadata.known();
    for (heading, section) in [
        ("Training", "training_config"),
        ("Data", "dataset_info"),
        ("System", "system_info"),
    ] {
        let rows = known
            .get(section)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null());
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
