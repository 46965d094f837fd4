//! DVCLive: `dvclive/` with `metrics.json`, `params.yaml` and `plots/metrics/NAME.tsv`.

use std::path::Path;

use super::Layout;
use super::documents::{numbers, of_json, of_yaml};
use super::run::{File, Files, Part, TrackedRun};
use crate::files::{below, read_regular};
use crate::json;
use support::words::counted;

const METRICS: &str = "metrics.json";

/// Folder of the curves.
const PLOTS: &str = "plots/metrics";

/// Size limit of `metrics.json` in bytes, to tell whether it is one of DVCLive.
const MAX_METRICS: u64 = 1 << 20;

pub(super) const LAYOUT: Layout = Layout {
    name: "DVCLive",
    is_run,
    is_deleted: |_| false,
    about: &[Part {
        files: Files::One("params.yaml"),
        read: |run, file| {
            run.config = of_yaml(file.bytes)?;
            Ok(())
        },
    }],
    metrics: &[
        Part {
            files: Files::All(PLOTS, ".tsv"),
            read: plot,
        },
        Part {
            files: Files::One(METRICS),
            read: metrics,
        },
    ],
};

/// Other programs write a `metrics.json`, too: that of DVCLive counts steps, or has its plots next to it.
fn is_run(folder: &Path, names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|file| file == name);
    let plots = || !below(&folder.join(PLOTS), |name| name.ends_with(".tsv")).is_empty();
    if !has(METRICS) {
        return has("plots") && plots();
    }
    let counts = || {
        let bytes = read_regular(&folder.join(METRICS), MAX_METRICS).ok()?;
        of_json(&bytes).ok()?.get("step")?.as_i64()
    };
    let is_named = folder.file_name().is_some_and(|name| name == "dvclive");
    is_named || plots() || counts().is_some()
}

/// The values of a metric by step.
fn plot(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let text = json::text(file.bytes);
    let name = file.name.trim_end_matches(".tsv");
    let mut lines = text.split_inclusive('\n');
    let head = lines.next().unwrap_or_default();
    let columns: Vec<&str> = head.trim_end().split('\t').collect();
    let last = name.rsplit('/').next().unwrap_or(name);
    let at = |name: &str| columns.iter().position(|column| *column == name);
    let Some((step, value)) = at("step").zip(at(last)) else {
        return Err(format!("has no columns `step` and `{last}`"));
    };
    let mut misfits = 0;
    for line in lines {
        let cells: Vec<&str> = line.trim_end_matches(['\r', '\n']).split('\t').collect();
        let point = || Some((cells[step].parse().ok()?, cells[value].parse().ok()?));
        let whole = line.ends_with('\n') && cells.len() == columns.len();
        match whole.then(point).flatten() {
            Some((step, value)) => run.put(name, step, value),
            None => misfits += 1,
        }
    }
    if misfits > 0 {
        let lines = counted(misfits, "line");
        return Err(format!("has {lines} without a step and a number, left out"));
    }
    Ok(())
}

/// The last value of every metric; also of those without a plot.
fn metrics(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let mut fields = of_json(file.bytes)?;
    fields.shift_remove("step");
    let found = numbers(&fields, "/");
    // The last value is not that of the best epoch, also if its plot is damaged.
    let plots = file.folder.join(PLOTS);
    let has_plot = |name: &str| plots.join(format!("{name}.tsv")).exists();
    let without = found.into_iter().filter(|(name, _)| !has_plot(name));
    run.values.extend(without);
    Ok(())
}
