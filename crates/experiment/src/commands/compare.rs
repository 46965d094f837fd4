//! `experiment compare`.

mod differences;
mod groups;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::Output;
use super::ids::{Chosen, ID_HELP, KEY_HELP};
use super::text::{Colour, Terminal, cut, number, painted_table, plain, table, width};
use crate::catalogue::layout::PER_CLASS;
use crate::catalogue::tags::words;
use crate::catalogue::{ClassMetric, Direction, Metric, Split};
use crate::error::ExperimentError;
use crate::fields::{model_title, status};
use crate::figures::compared_curves;
use crate::files::write_atomically;
use crate::store::{Entry, ExperimentStore};
use differences::{difference_tables, differences};

/// Options of the command.
#[derive(Debug, Default, clap::Args)]
#[command(
    override_usage = "experiment compare [OPTIONS] <ID> <ID>...\n       experiment compare [OPTIONS] --group-by <KEY,...>",
    after_help = format!("{ID_HELP}\n{KEY_HELP}")
)]
pub struct Options {
    /// Two or more experiments: settings that differ, and the metrics of each
    #[arg(
        value_name = "ID",
        required_unless_present = "group_by",
        num_args = 2..,
        conflicts_with = "group_by"
    )]
    pub ids: Vec<String>,
    /// Instead of IDs: put all completed experiments with the same values of these fields into one group, such as
    /// `model`, and compare the groups' mean scores; runs of the same seed and fold are paired
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
    /// With --group-by: scores to compare [default: test_f1,val_f1]
    #[arg(
        long,
        value_name = "KEY,...",
        value_delimiter = ',',
        requires = "group_by"
    )]
    pub score: Vec<String>,
    /// With IDs: plot their learning curves into this PNG file
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

/// The values of [`compared_values`], and scores of runs of trackers under names of their own.
fn all_compared_values(entries: &[Entry]) -> Vec<ComparedValue> {
    let scores = entries.iter().flat_map(|entry| entry.own_scores());
    // `val/iou` of one program is `val.iou` of another.
    let by_words: BTreeMap<Vec<String>, &str> =
        scores.map(|(name, _)| (words(name), name)).collect();
    let mut all = compared_values();
    let names = by_words.into_values().map(str::to_owned);
    all.extend(names.map(ComparedValue::Score));
    all
}

/// A compared value: one row of the table.
#[derive(Clone)]
enum ComparedValue {
    Metric(Split, Metric),
    /// A score of runs of trackers that nothing is known of but its name.
    Score(String),
    /// In seconds.
    Duration,
}

impl ComparedValue {
    fn of(&self, entry: &Entry) -> Option<f64> {
        match self {
            ComparedValue::Metric(split, metric) => entry.metadata.metric(*split, metric.name()),
            ComparedValue::Score(name) => {
                let scores = entry.own_scores();
                let value = scores.iter().find(|(key, _)| words(key) == words(name))?;
                Some(value.1)
            }
            ComparedValue::Duration => entry.metadata.duration_s,
        }
    }

    fn key(&self) -> String {
        match self {
            ComparedValue::Score(name) => name.clone(),
            ComparedValue::Metric(split, metric) => format!("{}.{}", split.name(), metric.name()),
            ComparedValue::Duration => "duration_s".into(),
        }
    }

    fn label(&self) -> String {
        match self {
            ComparedValue::Score(name) => plain(name),
            ComparedValue::Metric(split, metric) => metric.label(*split),
            ComparedValue::Duration => "duration, s".into(),
        }
    }

    /// Which values are better, if that is known.
    fn direction(&self) -> Option<Direction> {
        match self {
            ComparedValue::Metric(_, metric) => Some(metric.direction()),
            ComparedValue::Score(_) => None,
            ComparedValue::Duration => Some(Direction::Lower),
        }
    }
}

pub(super) fn run(
    store: &ExperimentStore,
    options: &Options,
    terminal: &Terminal,
) -> Result<Output, ExperimentError> {
    if !options.group_by.is_empty() {
        return groups::run(store, options, terminal.now);
    }
    let Chosen { entries, mut notes } = Chosen::of(store, &options.ids)?;
    for entry in &entries {
        let doubts = entry.metadata.doubts();
        notes.extend(
            doubts
                .iter()
                .map(|doubt| plain(&format!("{}: {doubt}", entry.id))),
        );
    }
    check_several(&entries)?;
    let differences = differences(&entries);
    let mut out = Output {
        warnings: notes,
        ..Default::default()
    };
    let entries: Vec<_> = entries
        .into_iter()
        .map(Entry::with_logged_results)
        .collect();
    if let Some(path) = &options.plot {
        let named = entries.iter().enumerate().map(|(i, entry)| {
            let title = plain(&model_title(entry));
            (format!("[{}] {title}", i + 1), entry.history())
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
        out.text.push_str(&heading(name, entry, terminal));
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
        out.text.push_str(
            if entries
                .iter()
                .any(|entry| entry.untracked && entry.program.is_none())
            {
                "\nConfiguration, data and environment are not known of runs without metadata.\n"
            } else {
                "\nConfiguration, data and environment are the same.\n"
            },
        );
    }
    out.text
        .push_str(&difference_tables(&differences, &names, terminal));
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

fn check_several(entries: &[Entry]) -> Result<(), ExperimentError> {
    match entries {
        [one] => Err(ExperimentError::Usage(format!(
            "the IDs name the same experiment, {}: name another one to compare it with",
            plain(&one.id)
        ))),
        _ => Ok(()),
    }
}

/// ID and status. What a baseline learns from is not in its ID.
fn heading(name: &str, entry: &Entry, terminal: &Terminal) -> String {
    let line = format!("{name} {}  {}", plain(&entry.id), plain(&status(entry)));
    let title = plain(&model_title(entry));
    if title == plain(&entry.metadata.model_info.kind) {
        return format!("{line}\n");
    }
    let fits = terminal
        .width
        .is_none_or(|limit| width(&line) + width(&title) + 2 <= limit);
    let gap = if fits { "  " } else { "\n    " };
    format!("{line}{gap}{title}\n")
}

fn metrics(entries: &[Entry], names: &[String], terminal: &Terminal) -> String {
    let mut rows = Vec::new();
    let mut best_cells = BTreeSet::new();
    for compared in all_compared_values(entries) {
        let values: Vec<Option<f64>> = entries.iter().map(|entry| compared.of(entry)).collect();
        let known = || values.iter().copied().flatten();
        if known().all(f64::is_nan) {
            continue;
        }
        let best = compared
            .direction()
            .and_then(|direction| direction.best(known()));
        let several = known().any(|value| Some(value) != best);
        let first = values[0];
        let cells = values.iter().enumerate().map(|(i, value)| {
            let is_best = several && value.is_some() && *value == best;
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
        crate::json::score(f1.get(i)?)
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
    let metrics: Map<String, Value> = all_compared_values(entries)
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

#[cfg(test)]
mod tests;
