//! MLflow's store of files: `mlruns/EXPERIMENT/RUN/` with `meta.yaml`, `params/`, `metrics/` and `tags/`.

use std::path::Path;

use serde_json::Value;

use super::Layout;
use super::documents::{of_yaml, text};
use super::run::{File, Files, Part, TrackedRun, of_milliseconds};
use crate::files::read_regular;
use crate::json;
use support::words::counted;

const META: &str = "meta.yaml";

/// Size limit of `meta.yaml` in bytes.
const MAX_META: u64 = 1 << 20;

pub(super) const LAYOUT: Layout = Layout {
    name: "MLflow",
    is_run,
    is_deleted,
    about: &[
        Part {
            files: Files::One(META),
            read: meta,
        },
        Part {
            files: Files::One("../meta.yaml"),
            read: experiment,
        },
        Part {
            files: Files::All("params", ""),
            read: parameter,
        },
        Part {
            files: Files::One("tags/mlflow.note.content"),
            read: |run, file| {
                run.facts.notes = Some(json::text(file.bytes).into_owned());
                Ok(())
            },
        },
        Part {
            files: Files::One("tags/mlflow.source.git.commit"),
            read: |run, file| {
                run.facts.commit = Some(json::text(file.bytes).trim().to_owned());
                Ok(())
            },
        },
    ],
    metrics: &[Part {
        files: Files::All("metrics", ""),
        read: metric,
    }],
};

/// Experiments and models have a `meta.yaml`, too; only that of a run has its ID.
fn is_run(folder: &Path, names: &[String]) -> bool {
    let has = |name: &str| names.iter().any(|file| file == name);
    if !has(META)
        || !["metrics", "params", "tags", "artifacts"]
            .iter()
            .any(|name| has(name))
    {
        return false;
    }
    match read_regular(&folder.join(META), MAX_META) {
        Ok(bytes) => {
            let text = json::text(&bytes);
            let begins = |key: &str| text.lines().any(|line| line.starts_with(key));
            let other = begins("model_id:") || begins("artifact_location:");
            // One that was not yet written has no ID.
            let unwritten = has("metrics") && has("params") && text.trim().is_empty();
            !other && (begins("run_id:") || begins("run_uuid:") || unwritten)
        }
        Err(_) => has("metrics") && has("params"),
    }
}

fn is_deleted(folder: &Path) -> bool {
    let Ok(bytes) = read_regular(&folder.join(META), MAX_META) else {
        return false;
    };
    let deleted = |line: &str| line.trim_end() == "lifecycle_stage: deleted";
    json::text(&bytes).lines().any(deleted)
}

fn meta(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_yaml(file.bytes)?;
    let time = |key: &str| of_milliseconds(fields.get(key).and_then(json::number)?);
    let facts = &mut run.facts;
    facts.name = text(&fields, "run_name").or_else(|| text(&fields, "name"));
    facts.start = time("start_time");
    facts.end = time("end_time");
    let words = ["running", "scheduled", "finished", "failed", "killed"];
    facts.status = fields.get("status").and_then(|status| match status {
        Value::String(text) => Some(text.to_lowercase()),
        number => {
            let at = (number.as_u64()? as usize).checked_sub(1)?;
            words.get(at).map(|word| (*word).to_owned())
        }
    });
    Ok(())
}

/// The experiment that the run belongs to.
fn experiment(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_yaml(file.bytes)?;
    if fields.contains_key("artifact_location") {
        run.facts.group = text(&fields, "name");
    }
    Ok(())
}

fn parameter(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let text = json::text(file.bytes);
    let value = typed(text.trim_end_matches('\n'));
    run.config.insert(file.name.to_owned(), value);
    Ok(())
}

/// MLflow stores parameters as Python's texts.
pub(super) fn typed(text: &str) -> Value {
    match text {
        "True" => true.into(),
        "False" => false.into(),
        "None" => Value::Null,
        text => match serde_json::from_str(text) {
            Ok(number @ Value::Number(_)) => number,
            _ => text.into(),
        },
    }
}

/// Lines of time, value and step. Versions before 1.0 wrote no step.
fn metric(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    if file.bytes.is_empty() {
        return Err("is empty".into());
    }
    let text = json::text(file.bytes);
    let (whole, torn) = match text.rfind('\n') {
        Some(end) => text.split_at(end + 1),
        None => ("", &text[..]),
    };
    let mut misfits = 0;
    for line in whole.lines().filter(|line| !line.trim().is_empty()) {
        match point(line) {
            Some((step, value)) => run.put(file.name, step, value),
            None => misfits += 1,
        }
    }
    match (misfits, torn.trim().is_empty()) {
        (0, true) => Ok(()),
        (0, false) => Err("ends within a line, which is left out".into()),
        (count, _) => {
            let lines = counted(count, "line");
            Err(format!(
                "has {lines} without time, value and step, left out"
            ))
        }
    }
}

fn point(line: &str) -> Option<(i64, f64)> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<f64>().ok()?;
    let value = words.next()?.parse().ok()?;
    let step = words.next().map_or(Some(0), |word| word.parse().ok())?;
    Some((step, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_python_writes_them() {
        for (text, expected) in [
            ("32", Value::from(32)),
            ("1e-3", Value::from(0.001)),
            ("True", true.into()),
            ("None", Value::Null),
            ("adam", "adam".into()),
            ("007", "007".into()),
            ("[1, 2]", "[1, 2]".into()),
            ("", "".into()),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_of_a_metric() {
        assert_eq!(point("1795947481531 0.7 12"), Some((12, 0.7)));
        assert_eq!(point("1795947481531 0.7"), Some((0, 0.7)));
        assert_eq!(point("1 0.5 3 data 12ab"), Some((3, 0.5)));
        assert!(point("1 nan 0").unwrap().1.is_nan());
        for line in ["1", "1 x 0", "1 0.5 x", "<<<<<<< HEAD"] {
            assert_eq!(point(line), None, "{line}");
        }
    }
}
