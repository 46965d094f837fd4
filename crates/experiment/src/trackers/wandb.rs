//! Folders of Weights & Biases: `wandb/run-DATE_TIME-ID/` with `files/`.

use std::path::Path;

use serde_json::Value;

use super::documents::{numbers, of_json, of_yaml, text};
use super::run::{File, Files, Part, TrackedRun, of_utc};
use super::{Layout, wandb_log};

const SUMMARY: &str = "files/wandb-summary.json";

pub(super) const LAYOUT: Layout = Layout {
    name: "Weights & Biases",
    is_run,
    is_deleted: |_| false,
    about: &[
        Part {
            files: Files::All("", ".wandb"),
            read: wandb_log::about,
        },
        Part {
            files: Files::One("files/wandb-metadata.json"),
            read: about,
        },
        Part {
            files: Files::One("files/config.yaml"),
            read: config,
        },
        Part {
            files: Files::One(SUMMARY),
            read: duration,
        },
    ],
    metrics: &[
        Part {
            files: Files::All("", ".wandb"),
            read: wandb_log::metrics,
        },
        Part {
            files: Files::One(SUMMARY),
            read: summary,
        },
    ],
};

fn is_run(folder: &Path, names: &[String]) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_named = name.starts_with("run-") || name.starts_with("offline-run-");
    let has = |file: &str| folder.join("files").join(file).is_file();
    is_named
        && (names.iter().any(|file| file.ends_with(".wandb"))
            || ["wandb-summary.json", "wandb-metadata.json"]
                .iter()
                .any(|file| has(file)))
}

fn about(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_json(file.bytes)?;
    let facts = &mut run.facts;
    let start = text(&fields, "startedAt").as_deref().and_then(of_utc);
    facts.start = start.or(facts.start);
    facts.host = text(&fields, "host").or_else(|| facts.host.take());
    let git = fields.get("git").and_then(Value::as_object);
    facts.commit = git.and_then(|git| text(git, "commit"));
    Ok(())
}

/// Each setting is an object with its value.
fn config(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    for (key, field) in of_yaml(file.bytes)? {
        if key == "_wandb" || key == "wandb_version" {
            continue;
        }
        let value = match field {
            Value::Object(mut fields) if fields.contains_key("value") => {
                fields.shift_remove("value")
            }
            value => Some(value),
        };
        run.config.insert(key, value.unwrap_or_default());
    }
    Ok(())
}

/// How long the run took.
fn duration(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    // That the file is damaged is told with the metrics.
    let fields = of_json(file.bytes).unwrap_or_default();
    let seconds = fields.get("_runtime").and_then(Value::as_f64);
    run.facts.duration_s = run.facts.duration_s.or(seconds);
    Ok(())
}

/// The last value of every metric; that of metrics whose curves are known is not needed.
fn summary(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_json(file.bytes)?;
    if run.curves.is_empty() {
        run.note(format!(
            "`{SUMMARY}` has the last value of each score, not that of the best epoch"
        ));
    }
    for (name, value) in numbers(&fields, ".") {
        if !name.starts_with('_') && !run.curves.contains_key(&name) {
            run.values.insert(name, value);
        }
    }
    Ok(())
}
