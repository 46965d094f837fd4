//! Test scores of a network with their uncertainty, compared with simple baselines on the same windows.

use baselines::evaluate::{PartScores, PredictedWindows, Scores};
use baselines::{Budget, Comparison, QuickOptions, Verdict};
use data::{SpectralMethod, Split};
use serde_json::{Map, Value, json};

use super::prepared::Prepared;
use super::trained::Judgement;
use crate::progress::Progress;

/// Seed of baselines and intervals. It is independent of the training seed, so that all runs are compared with the
/// same baselines.
pub const SEED: u64 = 0;

/// Test windows with the network's predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct TestWindows {
    /// True classes.
    pub labels: Vec<u32>,
    /// Groups; `None` if any window lacks one.
    pub groups: Option<Vec<String>>,
    /// Predicted classes.
    pub predicted: Vec<u32>,
    /// Class probabilities.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub probabilities: Vec<f64>,
}

impl TestWindows {
    pub(super) fn new(split: &Split, judgement: &Judgement) -> Self {
        let owned = |groups: Vec<&str>| groups.into_iter().map(str::to_owned).collect();
        Self {
            labels: split.y.clone(),
            groups: split.group_names().map(owned),
            predicted: judgement.predicted.clone(),
            probabilities: judgement.probabilities.clone(),
        }
    }

    /// Scores with intervals over groups, and scores by group; `None` without groups.
    pub fn scores(&self, classes: usize) -> Option<(Scores, Vec<PartScores>)> {
        let judged = PredictedWindows {
            labels: &self.labels,
            groups: self.groups.as_deref()?,
            predicted: &self.predicted,
            probabilities: Some(&self.probabilities),
            classes,
        };
        Some((judged.scores(SEED), judged.by_group()))
    }

    /// The form stored with the experiment.
    pub(super) fn to_json(&self) -> Value {
        json!({"label": self.labels, "group": self.groups, "predicted": self.predicted})
    }
}

impl Prepared {
    /// The data as quick baselines see them.
    pub(super) fn quick_options(&self) -> QuickOptions<'_> {
        let dataset = &self.dataset;
        let test_windows = if dataset.test_is_val {
            0
        } else {
            dataset.test.len()
        };
        QuickOptions {
            identity: &self.identity,
            windows: dataset.train.len() + dataset.val.len() + test_windows,
            learn_from: self.learned_from.as_deref(),
            budget: Budget::for_classes(dataset.class_names.len()),
            seed: SEED,
        }
    }
}

/// Comparison of a network with baselines.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineComparison {
    /// Scores of the baselines.
    pub comparison: Comparison,
    /// Verdict on the validation split.
    pub validation: Option<Verdict>,
    /// Verdict on the test split.
    pub test: Option<Verdict>,
    /// Whether the network's front end could have features in time, and they were not tried.
    lacks_time: bool,
}

impl BaselineComparison {
    /// Fits the quick baselines, or takes them from the cache. If the data do not allow it, prints the reason and
    /// returns `None`.
    pub(super) fn find(
        prepared: &Prepared,
        judgement: &Judgement,
        progress: &Progress,
    ) -> Option<Self> {
        let spectral = &prepared.config.spectral;
        let lacks_time = spectral.method == SpectralMethod::Bands
            && !spectral.bands.time
            && prepared.front_end_search.is_none()
            && prepared.job.resume.is_none()
            && prepared.job.budget_kb.is_none();
        match baselines::quick(&prepared.config, prepared.quick_options()) {
            Ok(comparison) => Some(Self {
                validation: comparison.verdict("validation", &judgement.predicted_validation),
                test: comparison.verdict("test", &judgement.predicted),
                comparison,
                lacks_time,
            }),
            Err(error) => {
                progress.say(&format!("not compared with simple baselines: {error}"));
                None
            }
        }
    }

    /// Fields of `results` in `metadata.json`: `baselines` (macro F1 and accuracy by split) and `verdict`.
    pub(super) fn to_json(&self) -> Map<String, Value> {
        let results = self.comparison.results.iter();
        let baselines = results.map(|result| {
            let mut fields = json!({
                "name": result.baseline.name(),
                "features": result.baseline.features(),
            });
            for judgement in &result.judgements {
                fields[&judgement.split] = json!({
                    "f1_macro": judgement.scores.macro_f1,
                    "accuracy": judgement.scores.accuracy,
                    "calibration_error": judgement.scores.calibration_error,
                });
            }
            fields
        });
        let verdict = |verdict: &Verdict| {
            let mut fields = json!(verdict);
            fields["words"] = verdict.words().into();
            fields["network_is_better"] = verdict.network_is_better().into();
            fields
        };
        let mut fields = Map::new();
        fields.insert("baselines".into(), baselines.collect());
        fields.insert(
            "verdict".into(),
            json!({
                "validation": self.validation.as_ref().map(verdict),
                "test": self.test.as_ref().map(verdict),
            }),
        );
        fields
    }

    /// Text for standard output.
    pub fn text(&self) -> String {
        let mut text = String::from("simple baselines, macro F1:\n");
        for result in &self.comparison.results {
            let scores: Vec<String> = result
                .judgements
                .iter()
                .map(|scored| format!("{} {:.3}", scored.split, scored.scores.macro_f1.score))
                .collect();
            text.push_str(&format!(
                "  {}: {}\n",
                result.baseline.title(),
                scores.join(", ")
            ));
        }
        let same = self.comparison.references.len() == 1;
        let verdicts = [("validation", &self.validation), ("test", &self.test)];
        for (split, verdict) in verdicts {
            if let Some(verdict) = verdict
                && !(same && split == "test")
            {
                text.push_str(&format!("{split}: {verdict}\n"));
            }
        }
        if self.comparison.ungrouped {
            text.push_str("some windows name no group, so these intervals are too narrow\n");
        }
        let by_time = |verdict: &Verdict| {
            !verdict.network_is_better() && verdict.baseline.features().ends_with("time")
        };
        if self.lacks_time && self.validation.as_ref().is_some_and(by_time) {
            text.push_str(
                "the best baseline uses features in time; the network has them with \
                 `spectral_processing: {method: bands, bands: {time: true}}` in the dataset configuration\n",
            );
        }
        text
    }
}
