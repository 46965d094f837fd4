//! The metrics of a run as scalars with known names, and values under the names that their users gave them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::run::TrackedRun;
use crate::catalogue::Split;
use crate::catalogue::tags::{Certainty, TagMeaning, meaning};
use crate::event_files::{Scalars, Steps};
use crate::json;

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
        curves.retain(|name, _| is_metric(name));
        let any_long = curves.values().any(|curve| curve.len() > 1);
        let names_training = curves.keys().any(|name| {
            let meaning = meaning("", name);
            matches!(meaning, TagMeaning::Metric(_, Split::Train, Certainty::Tag))
        });
        let mut known: BTreeMap<String, Steps> = BTreeMap::new();
        for (name, curve) in curves {
            let is_known = match meaning("", &name) {
                // Without a word for the split, it may be of the validation.
                TagMeaning::Metric(_, _, Certainty::Convention) => !names_training,
                TagMeaning::Metric(..) | TagMeaning::LearningRate => true,
                TagMeaning::Other | TagMeaning::Unknown => false,
            };
            // Logged once, after the training or without any: not a value of the first epoch.
            let is_single = curve.len() == 1 && (!any_long || curve.contains_key(&0));
            if is_known && !is_single {
                known.insert(name, curve);
            } else if let Some(value) = curve.values().next_back() {
                let value = json::from_number(*value);
                values.entry(name).or_insert(value);
            }
        }
        let scalars = Scalars {
            files: usize::from(!known.is_empty()),
            runs: BTreeMap::from([(PathBuf::new(), known)]),
            ..Default::default()
        };
        Self {
            scalars,
            values,
            notes: run.notes,
        }
    }
}
