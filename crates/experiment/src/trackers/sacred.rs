//! Sacred's `FileStorageObserver`: a numbered folder for each run, with `run.json`, `config.json` and `metrics.json`.

use serde_json::{Map, Value};

use super::Layout;
use super::documents::{numbers, of_json, text};
use super::run::{File, Files, Part, TrackedRun, of_utc};
use crate::json;
use support::words::counted;

pub(super) const LAYOUT: Layout = Layout {
    name: "Sacred",
    is_run: |_, names| {
        let has = |name: &str| names.iter().any(|file| file == name);
        has("run.json") && has("config.json")
    },
    is_deleted: |_| false,
    about: &[
        Part {
            files: Files::One("config.json"),
            read: |run, file| {
                run.config = of_json(file.bytes)?;
                Ok(())
            },
        },
        Part {
            files: Files::One("run.json"),
            read: about,
        },
    ],
    metrics: &[
        Part {
            files: Files::One("metrics.json"),
            read: metrics,
        },
        Part {
            files: Files::One("info.json"),
            read: |run, file| {
                let fields = of_json(file.bytes)?;
                run.values.extend(numbers(&fields, "."));
                Ok(())
            },
        },
        Part {
            files: Files::One("run.json"),
            read: result,
        },
    ],
};

fn about(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_json(file.bytes)?;
    let within = |key: &str, name: &str| text(fields.get(key)?.as_object()?, name);
    let facts = &mut run.facts;
    facts.group = within("experiment", "name");
    facts.host = within("host", "hostname");
    facts.status = text(&fields, "status").map(|status| status.to_lowercase());
    facts.start = text(&fields, "start_time").as_deref().and_then(of_utc);
    facts.end = text(&fields, "stop_time").as_deref().and_then(of_utc);
    let trace = fields.get("fail_trace").and_then(Value::as_array);
    let last = trace.and_then(|trace| trace.last()).and_then(Value::as_str);
    facts.error = last.map(|line| line.trim().to_owned());
    Ok(())
}

/// What the main function returned: a number, or an object of numbers.
fn result(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    // That the file is damaged was told with what it says of the run.
    let Ok(mut fields) = of_json(file.bytes) else {
        return Ok(());
    };
    match fields.shift_remove("result") {
        Some(Value::Object(results)) => run.values.extend(numbers(&results, ".")),
        Some(value @ Value::Number(_)) => drop(run.values.insert("result".into(), value)),
        _ => {}
    }
    Ok(())
}

/// For every metric, its steps and values.
fn metrics(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_json(file.bytes)?;
    let mut misfits = 0;
    for (name, metric) in &fields {
        let list = |key: &str| metric.get(key).and_then(Value::as_array);
        let (Some(steps), Some(values)) = (list("steps"), list("values")) else {
            misfits += 1;
            continue;
        };
        if steps.len() != values.len() {
            misfits += 1;
            continue;
        }
        for (step, value) in steps.iter().zip(values) {
            match whole(step).zip(number(value)) {
                Some((step, value)) => run.put(name, step, value),
                None => misfits += 1,
            }
        }
    }
    if misfits > 0 {
        let values = counted(misfits, "value");
        return Err(format!(
            "has {values} without a whole step and a number, left out"
        ));
    }
    Ok(())
}

fn whole(step: &Value) -> Option<i64> {
    let number = json::number(step)?;
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A number; those of NumPy are objects with their value.
fn number(value: &Value) -> Option<f64> {
    let inner = value
        .as_object()
        .and_then(|fields: &Map<_, _>| fields.get("value"));
    json::number(inner.unwrap_or(value))
}
