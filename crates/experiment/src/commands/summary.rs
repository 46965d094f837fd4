//! `experiment summary`.

mod tracked;

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::text::{
    Colour, Terminal, count, cut, duration, number, painted_table, plain, sparkline,
};
use super::{CURVES, Output, ids, tensorboard};
use crate::catalogue::layout::{CONFUSION_MATRIX, PER_CLASS};
use crate::catalogue::{ClassMetric, Metric, Split};
use crate::error::ExperimentError;
use crate::event_files;
use crate::fields::{Fields, is_baseline, model_title, size, status, text};
use crate::history::History;
use crate::metadata::Metadata;
use crate::store::{Entry, ExperimentStore};
use support::words::counted;

pub(super) fn run(
    store: &ExperimentStore,
    id: &str,
    json: bool,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    let (entry, warnings) = ids::one(store, id)?;
    if json {
        let entry = entry.with_logged_results();
        let history = entry.history();
        let notes = [history.notes, entry.metadata.doubts()].concat();
        let value = json!({"id": entry.id, "status": status(&entry), "directory": entry.directory.to_string_lossy(),
            "size": size(&entry.directory), "metadata": entry.metadata.known(),
            "history": history.epochs, "notes": notes});
        return Ok(Output {
            text: format!("{value:#}\n"),
            warnings,
            ..Default::default()
        });
    }
    Ok(Output {
        text: whole(&entry.with_logged_results(), terminal),
        warnings,
        ..Default::default()
    })
}

fn whole(entry: &Entry, terminal: &Terminal) -> String {
    let history = entry.history();
    let mut page = Page::new(entry, terminal);
    page.state();
    page.model_and_training();
    page.data_and_system();
    page.results();
    page.place(&history);
    let mut out = page.out;
    if !is_baseline(entry) {
        out.push_str(&curves(&history, page.width));
    }
    if let Some(results) = &entry.metadata.results {
        out.push_str(&per_class(&entry.metadata, &results.test, terminal));
    }
    out
}

/// The lines of a summary: names and values.
struct Page<'a> {
    out: String,
    entry: &'a Entry,
    fields: Fields<'a>,
    width: usize,
    /// Width of the value column.
    limit: usize,
}

impl<'a> Page<'a> {
    fn new(entry: &'a Entry, terminal: &Terminal) -> Self {
        let width = terminal.width.unwrap_or(160).max(40);
        Self {
            out: format!("{}\n", terminal.paint(&plain(&entry.id), Colour::Bold)),
            entry,
            fields: Fields::new(entry, terminal.now),
            width,
            limit: terminal.width.map_or(usize::MAX, |_| width - 16),
        }
    }

    fn line(&mut self, name: &str, value: String) {
        let value = plain(&value);
        // Long values continue on the next line, broken between words.
        let mut rest = &value[..];
        let mut name = name;
        while !rest.is_empty() {
            let mut end = cut(rest, self.limit).trim_end_matches('…').len();
            if end < rest.len() {
                end = rest[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
            }
            let _ = writeln!(self.out, "  {name:<14}{}", rest[..end].trim());
            (rest, name) = (rest[end..].trim_start(), "");
        }
    }

    /// A field as text, if it is known.
    fn known(&self, name: &str) -> Option<String> {
        match self.fields.get(name) {
            Value::Null => None,
            value => Some(text(&value)),
        }
    }

    fn state(&mut self) {
        let m = &self.entry.metadata;
        self.line("status", status(self.entry));
        self.line("tracked by", tracked::origin(self.entry));
        if let Some(error) = &m.error {
            self.line("error", error.clone());
        }
        let span = m.duration_s.map(|s| format!(", {}", duration(Some(s))));
        let started = format!("{}{}", m.timestamp, span.unwrap_or_default());
        self.line("started", started.trim_start_matches(", ").to_owned());
    }

    /// Experiments of other programs lack some numbers, which read as zero and are left out.
    fn model_and_training(&mut self) {
        let m = &self.entry.metadata;
        let info = &m.model_info;
        if !info.kind.is_empty() {
            let mut words = vec![model_title(self.entry)];
            let shape: Vec<String> = info.input_shape.iter().map(usize::to_string).collect();
            if !shape.is_empty() {
                words.push(format!("input {}", shape.join("x")));
            }
            if info.total_params > 0 {
                let total = count(Some(info.total_params as f64));
                let trainable = self
                    .known("model_info.trainable_params")
                    .and_then(|text| text.parse().ok())
                    .map(|n| format!(" ({} trainable)", count(Some(n))));
                words.push(format!(
                    "{total} parameters{}",
                    trainable.unwrap_or_default()
                ));
            }
            self.line("model", words.join(", "));
        }
        let config = &m.training_config;
        if config.batch_size > 0 {
            let mut words = vec![format!("batch {}", config.batch_size)];
            if config.epochs > 0 {
                words.push(format!("at most {} epochs", config.epochs));
            }
            if config.learning_rate != 0.0 {
                words.push(format!("learning rate {}", config.learning_rate));
            }
            for name in ["seed", "normalisation", "backend"] {
                words.extend(self.known(name).map(|value| format!("{name} {value}")));
            }
            self.line("training", words.join(", "));
        }
    }

    fn data_and_system(&mut self) {
        let m = &self.entry.metadata;
        if m.dataset_info.train_size > 0 {
            self.line("data", data(m, self.known("dataset")));
        }
        for (split, print) in &m.dataset_info.fingerprints {
            self.line("", format!("{split:<5} SHA-256 {print}"));
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
            let value = self.known(&format!("system_info.{name}"))?;
            Some(format!("{} {value}", name.trim_end_matches("_version")))
        });
        let system: Vec<String> = system.collect();
        if !system.is_empty() {
            self.line("system", system.join(", "));
        }
        if let Some(commit) = self.known("git_commit") {
            let dirty = self.known("git_dirty").is_some_and(|dirty| dirty == "true");
            let changes = if dirty { ", with changes" } else { "" };
            self.line("git", format!("{commit}{changes}"));
        }
    }

    fn results(&mut self) {
        let m = &self.entry.metadata;
        let Some(results) = &m.results else {
            return;
        };
        // Baselines have no epochs.
        let epochs = results.epochs_run.map(|run| counted(run, "epoch"));
        let best = results.best_epoch.map(|best| tracked::best_epoch(m, best));
        let stopped = match &results.stopped_by[..] {
            "" | "fitted" => None,
            reason => Some(format!("stopped by {reason}")),
        };
        let words: Vec<String> = [epochs, best, stopped].into_iter().flatten().collect();
        self.line("result", words.join(", "));
        for (split, metrics) in [
            (Split::Validation, &results.validation),
            (Split::Test, &results.test),
        ] {
            let values = Metric::HEADLINES.map(|metric| (metric, m.metric(split, metric.name())));
            if metrics.is_empty() && values.iter().all(|(_, value)| value.is_none()) {
                continue;
            }
            let shown =
                |(metric, value): (Metric, _)| format!("{} {}", metric.row().label, number(value));
            self.line(split.name(), values.map(shown).join(", "));
            if split == Split::Validation {
                self.line("", m.bests().unwrap_or_default());
            }
        }
        self.line("other scores", tracked::own_scores(self.entry));
    }

    /// Where it is stored, its notes and tags, and what could not be read.
    fn place(&mut self, history: &History) {
        let (entry, m) = (self.entry, &self.entry.metadata);
        self.line("directory", entry.directory.display().to_string());
        self.line("size", tracked::size_of(entry));
        // TensorBoard does not show tables of metrics.
        if !entry.untracked || !event_files::below(&entry.logs()).is_empty() {
            let command = tensorboard::command(&entry.logs());
            self.line("tensorboard", tensorboard::shell(&command));
        }
        if !m.tags.is_empty() {
            self.line("tags", m.tags.join(", "));
        }
        for note in m.notes.lines() {
            self.line("note", note.to_owned());
        }
        let misfits = m.misfits();
        if !misfits.is_empty() {
            let file = tracked::settings_file(entry);
            self.line("not read", format!("of {file}: {}", misfits.join(", ")));
        }
        for note in history.notes.iter().chain(&m.doubts()) {
            self.line("not read", note.clone());
        }
    }
}

fn data(m: &Metadata, name: Option<String>) -> String {
    let info = &m.dataset_info;
    let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
    let sizes = [
        ("training", info.train_size),
        ("validation", info.val_size),
        ("test", info.test_size),
    ];
    let known = sizes.iter().filter(|(_, size)| *size > 0);
    let sizes: Vec<String> = known
        .map(|(split, size)| format!("{} {split}", count(Some(*size as f64))))
        .collect();
    let classes = match info.num_classes {
        0 => String::new(),
        classes => format!(", {classes} classes"),
    };
    format!("{name}{} windows{classes}", sizes.join(", "))
}

/// Sparklines over the epochs, with the first, last and best values.
fn curves(history: &History, width: usize) -> String {
    let mut out = String::new();
    for (metric, split) in CURVES {
        let name = metric.label(split);
        let curve = history.curve(&metric.history_key(split));
        let values: Vec<f64> = curve.iter().map(|(_, value)| *value).collect();
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            continue;
        };
        let best = metric.direction().best(values.iter().copied());
        let line = sparkline(&values, (width - 62).clamp(10, 60));
        let _ = writeln!(
            out,
            "  {name:<20}{line}  {} to {}, best {}",
            number(Some(*first)),
            number(Some(*last)),
            number(best)
        );
    }
    let step = if history.steps_are_epochs {
        "epoch"
    } else {
        "step"
    };
    if out.is_empty() {
        return out;
    }
    let steps = counted(history.epochs.len(), step);
    format!("\nCurves over {steps}\n{out}")
}

/// Test metrics by class, and the confusion matrix.
fn per_class(m: &Metadata, test: &Map<String, Value>, terminal: &Terminal) -> String {
    let values = |metric: ClassMetric| {
        let all = test.get(PER_CLASS);
        all.and_then(|all| all.get(metric.name())?.as_array())
    };
    let Some(support) = values(ClassMetric::Support) else {
        return String::new();
    };
    let cell =
        |metric, i: usize| number(values(metric).and_then(|v| crate::json::score(v.get(i)?)));
    let matrix = test.get(CONFUSION_MATRIX).and_then(Value::as_array);
    let counts = |i: usize| matrix.and_then(|matrix| matrix.get(i)?.as_array());
    let limit = terminal.width.unwrap_or(usize::MAX);
    let mut header = vec!["class", "precision", "recall", "F1", "support"];
    let numbers: Vec<String> = (0..support.len()).map(|i| format!("as {i}")).collect();
    // A matrix too wide for the terminal is left to the figures.
    let shown = 56 + 7 * support.len() <= limit;
    if shown {
        header.extend(numbers.iter().map(String::as_str));
    }
    let rows: Vec<Vec<String>> = (0..support.len())
        .map(|i| {
            let name = m.class_names.get(i).cloned().unwrap_or_default();
            let mut row = vec![
                cut(&format!("{i} {}", plain(&name)), 20),
                cell(ClassMetric::Precision, i),
                cell(ClassMetric::Recall, i),
                cell(ClassMetric::F1, i),
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
    format!("\nTest split, rows are true classes\n{table}")
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
            // Log sizes depend on the length of the host's name.
            let size = super::super::text::bytes(Some(size(&entry.directory) as f64));
            insta::assert_snapshot!("summary", text.replace(&size, "SIZE"));
        }
        let output = run(&store, "latest", true, &terminal(None)).unwrap();
        let json: Value = serde_json::from_str(&output.text).unwrap();
        assert_eq!(json["status"], "crashed");
    }

    #[test]
    fn a_baseline_has_features_and_no_epochs() {
        let (_folder, store) = crate::test_store::baselines();
        let text = run(&store, "00000003", false, &terminal(None))
            .unwrap()
            .text;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let model = "model         baseline_random_forest on mean bands and time";
        assert!(lines.contains(&model), "{text}");
        assert!(!text.contains("epochs"), "{text}");
    }
}
