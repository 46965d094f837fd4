//! Figure data of a study: scores over each varied parameter.

use serde_json::Value;

use super::{Study, StudyRun};
use crate::fields::{compare, text};
use crate::figures::ScorePanel;

/// Score columns and the names of their splits.
const SPLITS: [(&str, &str); 2] = [("val_f1", "validation"), ("test_f1", "test")];

/// Ratio of largest to smallest value above which an axis is logarithmic.
const LOGARITHMIC: f64 = 20.0;

impl Study {
    /// Macro F1 on the validation and test split over each varied parameter.
    pub fn panels(&self) -> Vec<ScorePanel> {
        let names = self.parameters();
        names.iter().map(|name| self.panel(name)).collect()
    }

    fn panel(&self, name: &str) -> ScorePanel {
        let runs = self.runs.iter();
        let runs: Vec<(&Value, &StudyRun)> = runs
            .filter_map(|run| Some((run.varied.get(name)?, run)))
            .collect();
        let mut values: Vec<&Value> = runs.iter().map(|(value, _)| *value).collect();
        values.sort_by(|a, b| compare(a, b));
        values.dedup();
        let numbers: Option<Vec<f64>> = values.iter().map(|value| value.as_f64()).collect();
        let logarithmic = numbers.as_ref().is_some_and(|numbers| {
            let (low, high) = (numbers[0], numbers[numbers.len() - 1]);
            low > 0.0 && high / low >= LOGARITHMIC
        });
        let place = |value: &Value| match (&numbers, value.as_f64()) {
            (Some(_), Some(number)) if logarithmic => number.log10(),
            (Some(_), Some(number)) => number,
            _ => values.iter().position(|known| *known == value).unwrap_or(0) as f64,
        };
        let series = SPLITS.iter().map(|(score, label)| {
            let point =
                |(value, run): &(&Value, &StudyRun)| Some((place(value), *run.scores.get(score)?));
            ((*label).to_owned(), runs.iter().filter_map(point).collect())
        });
        ScorePanel {
            name: name.to_owned(),
            logarithmic,
            series: series.collect(),
            names: match numbers {
                Some(_) => Vec::new(),
                None => values.iter().map(|value| text(value)).collect(),
            },
        }
    }
}
