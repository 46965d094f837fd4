//! The metrics of a run as scalars with known names, and values under the names that their users gave them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::run::TrackedRun;
use crate::catalogue::Split;
use crate::catalogue::tags::{Certainty, TagMeaning, meaning};
use crate::event_files::{ScalarSteps, Scalars, Steps};
use crate::json;
use support::words::{counted, first_few};

/// Most metrics that a sentence names.
const MAX_NAMED: usize = 4;

/// Names of positions and of measurements of the machine.
const NO_METRICS: [&str; 8] = [
    "epoch",
    "step",
    "global_step",
    "trainer/global_step",
    "iteration",
    "_step",
    "_timestamp",
    "_runtime",
];

/// Beginning of the names of MLflow's measurements of the machine.
const OF_SYSTEM: &str = "system/";

/// Metrics of a run.
#[derive(Debug, Default)]
pub(crate) struct TrackedMetrics {
    /// Curves with known names.
    pub scalars: Scalars,
    /// One value for each of the other names.
    pub values: Map<String, Value>,
    /// Sentences about what was not read.
    pub notes: Vec<String>,
}

impl TrackedMetrics {
    pub(super) fn of(run: TrackedRun) -> Self {
        let mut values = run.values;
        let is_metric = |name: &str| !NO_METRICS.contains(&name) && !name.starts_with(OF_SYSTEM);
        values.retain(|name, _| is_metric(name));
        let mut curves = run.curves;
        let epochs = take_epochs(&mut curves);
        curves.retain(|name, _| is_metric(name));
        let mut notes = run.notes;
        notes.extend(several_values(&mut curves, &mut values));
        let any_long = curves.values().any(|curve| curve.len() > 1);
        let names_training = curves.keys().any(|name| {
            let meaning = meaning("", name);
            matches!(meaning, TagMeaning::Metric(_, Split::Train, Certainty::Tag))
        });
        let mut scalars = Scalars::default();
        let mut known: BTreeMap<String, Steps> = BTreeMap::new();
        for (name, curve) in curves {
            let is_known = match meaning("", &name) {
                // Without a word for the split, it may be of the validation.
                TagMeaning::Metric(_, _, Certainty::Convention) => !names_training,
                TagMeaning::Metric(..) | TagMeaning::LearningRate => true,
                TagMeaning::Epoch | TagMeaning::Other | TagMeaning::Unknown => false,
            };
            // Logged once, after the training or without any: not a value of the first epoch.
            let is_single = curve.len() == 1 && (!any_long || curve.contains_key(&0));
            if is_known && !is_single {
                scalars.restarted |= curve.restarts() > 0;
                if !curve.repeated().is_empty() {
                    let place = (PathBuf::new(), name.clone());
                    scalars.repeated.insert(place, curve.repeated().clone());
                }
                known.insert(name, curve.into_steps());
            } else if let Some(value) = curve.values().next_back() {
                let value = json::from_number(*value);
                values.entry(name).or_insert(value);
            }
        }
        scalars.files = usize::from(!known.is_empty());
        known.extend(
            epochs
                .into_iter()
                .map(|(name, curve)| (name, curve.into_steps())),
        );
        scalars.runs = BTreeMap::from([(PathBuf::new(), known)]);
        Self {
            scalars,
            values,
            notes,
        }
    }
}

/// Takes the curves that tell the epochs of steps.
fn take_epochs(curves: &mut BTreeMap<String, ScalarSteps>) -> BTreeMap<String, ScalarSteps> {
    let is_epoch = |name: &String| meaning("", name) == TagMeaning::Epoch;
    curves.extract_if(.., |name, _| is_epoch(name)).collect()
}

/// Replaces curves that have several values for most steps, such as those of batches, by their last value, as the programs
/// show them. Returns a sentence about these.
fn several_values(
    curves: &mut BTreeMap<String, ScalarSteps>,
    values: &mut Map<String, Value>,
) -> Option<String> {
    let is_of_batches = |curve: &ScalarSteps| curve.repeated().len() * 2 > curve.len();
    let taken = curves.extract_if(.., |_, curve| is_of_batches(curve));
    let mut names = Vec::new();
    for (name, curve) in taken {
        if let Some(value) = curve.values().next_back() {
            values
                .entry(name.clone())
                .or_insert(json::from_number(*value));
        }
        names.push(name);
    }
    let first: Vec<&str> = names.iter().map(String::as_str).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} with several values for one step, of which the last is shown: {}",
            counted(names.len(), "metric"),
            first_few(&first, MAX_NAMED)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(points: &[(&str, i64, f64)]) -> TrackedMetrics {
        let mut run = TrackedRun::default();
        points
            .iter()
            .for_each(|(name, step, value)| run.put(name, *step, *value));
        TrackedMetrics::of(run)
    }

    #[test]
    fn several_values_for_a_step_are_told() {
        let metrics = run(&[
            ("val_loss", 0, 1.0),
            ("val_loss", 0, 0.5),
            ("val_loss", 0, 0.7),
        ]);
        assert_eq!(metrics.values["val_loss"], 0.7);
        let expected =
            "1 metric with several values for one step, of which the last is shown: val_loss";
        assert_eq!(metrics.notes, [expected]);
        let points: Vec<_> = (0..9).map(|i| ("val_loss", i / 3, i as f64)).collect();
        assert_eq!(run(&points).notes, [expected]);
        // A few are told with the curve.
        let points: Vec<_> = (0..9).map(|i| ("val_loss", i.min(7), i as f64)).collect();
        let metrics = run(&points);
        assert_eq!(
            (metrics.notes.len(), metrics.scalars.repeated.len()),
            (0, 1)
        );
    }

    /// Two calls of the logger for each epoch, as in W&B.
    #[test]
    fn the_epoch_beside_each_call_is_kept() {
        let metrics = run(&[
            ("epoch", 0, 0.0),
            ("train_loss", 0, 1.0),
            ("epoch", 1, 0.0),
            ("val_loss", 1, 0.5),
        ]);
        let tags = &metrics.scalars.runs[&PathBuf::new()];
        assert_eq!(tags["epoch"], Steps::from([(0, 0.0), (1, 0.0)]));
        assert!(!metrics.values.contains_key("epoch"));
    }
}
