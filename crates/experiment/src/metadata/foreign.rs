//! Scores that other programs wrote under their own names: `results.test_accuracy`, `metrics.val.acc`, `eval_loss`.

use serde_json::{Map, Value};

use super::Metadata;
use crate::catalogue::tags::{Certainty, TagMeaning, is_percent, is_split, meaning, words};
use crate::catalogue::{Metric, Split};

/// Sections within sections that are looked into.
const MOST_DEEP: usize = 3;

/// Words of the names of sections with scores. Others may be those of a class, a fold or a model, or of settings.
const SECTIONS: [&str; 12] = [
    "results",
    "result",
    "metrics",
    "metric",
    "scores",
    "score",
    "performance",
    "evaluation",
    "history",
    "final",
    "summary",
    "overall",
];

/// The value of the metric `name` on `split` that another program gave under a name of its own; none if there are several that
/// differ.
pub(super) fn metric(metadata: &Metadata, split: Split, name: &str) -> Option<f64> {
    // Programs of this project have one name for each.
    if metadata.schema_version.is_some() || split == Split::Train {
        return None;
    }
    let metric = *Metric::ALL.iter().find(|own| own.name() == name)?;
    let mut search = Search {
        metric,
        split,
        found: Vec::new(),
    };
    if let Some(results) = &metadata.results {
        search.section("results/validation", &results.validation, 1);
        search.section("results/test", &results.test, 1);
        search.section("results", &results.other, 1);
    }
    search.section("", &metadata.other, 0);
    let first = search.found.first().copied()?;
    search
        .found
        .iter()
        .all(|own| *own == first)
        .then_some(first)
}

struct Search {
    metric: Metric,
    split: Split,
    found: Vec<f64>,
}

impl Search {
    /// Looks into the section with this path; its names are separated by slashes.
    fn section(&mut self, path: &str, fields: &Map<String, Value>, depth: usize) {
        for (key, value) in fields {
            match value {
                Value::Object(fields) if depth < MOST_DEEP && has_scores(key) => {
                    self.section(&format!("{path}/{key}"), fields, depth + 1);
                }
                Value::Number(_) | Value::String(_) => {
                    self.found.extend(self.value(path, key, value));
                }
                _ => {}
            }
        }
    }

    fn value(&self, path: &str, key: &str, value: &Value) -> Option<f64> {
        let TagMeaning::Metric(metric, split, certainty) = meaning(path, key) else {
            return None;
        };
        // Without the name of a split, a score may be that of any.
        if (metric, split) != (self.metric, self.split) || certainty == Certainty::Convention {
            return None;
        }
        let value = Metric::read(metric.name(), value)?;
        if metric == Metric::Loss {
            return Some(value);
        }
        let value = if is_percent(key) {
            value / 100.0
        } else {
            value
        };
        // Otherwise, it is not known whether it is a percentage.
        (0.0..=1.0).contains(&value).then_some(value)
    }
}

/// Whether a section's name says that it has scores of a split, or of all.
fn has_scores(name: &str) -> bool {
    let words = words(name);
    let is_known = |word: &String| SECTIONS.contains(&&**word) || is_split(word);
    !words.is_empty() && words.iter().all(is_known)
}
