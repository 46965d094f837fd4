//! Keras Tuner: `PROJECT/oracle.json`, and `PROJECT/trial_ID/trial.json` for each trial.

use serde_json::{Map, Value};

use super::Layout;
use super::documents::{of_json, text};
use super::run::{File, Files, Part, TrackedRun, of_local};
use crate::catalogue::Direction;
use crate::json;

const TRIAL: &str = "trial.json";

pub(super) const LAYOUT: Layout = Layout {
    name: "Keras Tuner",
    is_run: |folder, names| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("trial_") && names.iter().any(|file| file == TRIAL)
    },
    is_deleted: |_| false,
    about: &[
        Part {
            files: Files::One(TRIAL),
            read: about,
        },
        Part {
            files: Files::One("../oracle.json"),
            read: oracle,
        },
    ],
    metrics: &[Part {
        files: Files::One(TRIAL),
        read: metrics,
    }],
};

fn about(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let mut fields = of_json(file.bytes)?;
    let facts = &mut run.facts;
    facts.status = text(&fields, "status").map(|status| status.to_lowercase());
    let trace = text(&fields, "message");
    facts.error = trace.and_then(|trace| trace.lines().last().map(str::to_owned));
    let project = file.folder.parent().and_then(|folder| folder.file_name());
    facts.group = project.map(|project| project.to_string_lossy().into_owned());
    let chosen = fields
        .get_mut("hyperparameters")
        .and_then(|parameters| parameters.get_mut("values"));
    if let Some(Value::Object(values)) = chosen {
        run.config = std::mem::take(values);
    }
    Ok(())
}

/// When the trial started, and how long it ran.
fn oracle(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    let fields = of_json(file.bytes)?;
    let name = file
        .folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let id = name.trim_start_matches("trial_");
    let start = fields
        .get("display")
        .and_then(|display| display.get("trial_start")?.get(id)?.as_str());
    let span = fields.get("run_times").and_then(|times| times.get(id));
    run.facts.start = start.and_then(of_local);
    run.facts.duration_s = span.and_then(json::number);
    Ok(())
}

/// A metric has observations, usually that of the best epoch; each has the values of all executions.
fn metrics(run: &mut TrackedRun, file: &File<'_>) -> Result<(), String> {
    // That the file is damaged was told with what it says of the run.
    let Ok(fields) = of_json(file.bytes) else {
        return Ok(());
    };
    let best_step = fields.get("best_step").and_then(Value::as_i64);
    let metrics = fields
        .get("metrics")
        .and_then(|metrics| metrics.get("metrics"));
    for (name, metric) in metrics.and_then(Value::as_object).into_iter().flatten() {
        let best = metric
            .as_object()
            .and_then(|metric| best(metric, best_step));
        run.values
            .extend(best.map(|value| (name.clone(), json::from_number(value))));
    }
    if let Some(score) = fields.get("score").filter(|score| score.is_number()) {
        run.values.insert("score".into(), score.clone());
    }
    Ok(())
}

/// The mean over executions at the best step of the trial; without that, the best of the means.
fn best(metric: &Map<String, Value>, best_step: Option<i64>) -> Option<f64> {
    let direction = match metric.get("direction")?.as_str()? {
        "max" => Direction::Higher,
        _ => Direction::Lower,
    };
    let observations = metric.get("observations")?.as_array()?;
    let mean = |observation: &Value| {
        let values = observation.get("value")?.as_array()?;
        let values: Option<Vec<f64>> = values.iter().map(json::number).collect();
        let values = values.filter(|values| !values.is_empty())?;
        Some(values.iter().sum::<f64>() / values.len() as f64)
    };
    let is_best =
        |observation: &&Value| observation.get("step").and_then(Value::as_i64) == best_step;
    let at_best = observations
        .iter()
        .find(is_best)
        .filter(|_| best_step.is_some());
    if let Some(mean) = at_best.and_then(mean) {
        return Some(mean);
    }
    let means: Vec<f64> = observations.iter().filter_map(mean).collect();
    direction
        .best(means.iter().copied())
        .or(means.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn means_of_executions() {
        let best = |direction: &str, observations: Value| {
            let metric = json!({"direction": direction, "observations": observations});
            super::best(metric.as_object()?, None)
        };
        let two = json!([{"value": [0.5, 0.7], "step": 1}, {"value": [0.2], "step": 2}]);
        assert_eq!(best("max", two.clone()), Some(0.6));
        assert_eq!(best("min", two), Some(0.2));
        assert_eq!(
            best("min", json!([{"value": ["NaN"]}, {"value": [1]}])),
            Some(1.0)
        );
        // All metrics are those of one epoch.
        let metric = json!({"direction": "max", "observations": [{"value": [0.9], "step": 1}, {"value": [0.6], "step": 2}]});
        assert_eq!(super::best(metric.as_object().unwrap(), Some(2)), Some(0.6));
        assert_eq!(super::best(metric.as_object().unwrap(), Some(7)), Some(0.9));
        assert_eq!(best("min", json!([])), None);
        assert_eq!(best("min", json!([{"value": []}, {}, 3])), None);
    }
}
