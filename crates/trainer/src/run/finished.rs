//! Last stage: results and status are in the metadata.

use std::path::PathBuf;

use baselines::evaluate::Scores;
use experiment::{Metadata, Results, Status};
use serde_json::json;

use super::baseline_comparison::{BaselineComparison, TestWindows};
use super::claimed::Claimed;
use super::trained::{Judgement, Trained};
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::report;
use crate::training::{Outcome, StoppedBy};

/// File with label, group and predicted class of each test window, written for the folds of a cross-validation.
pub const TEST_PREDICTIONS: &str = "test_predictions.json";

/// A finished run.
pub struct Finished {
    /// Final metadata.
    pub metadata: Metadata,
    /// Directory of the experiment.
    pub directory: PathBuf,
    /// Evaluation of the model.
    pub judgement: Judgement,
    /// How training ended.
    pub outcome: Outcome,
    /// Test windows and predictions.
    pub tested: TestWindows,
    /// Test scores with intervals; `None` if windows have no groups.
    pub scores: Option<Scores>,
    /// Comparison with simple baselines, if it was made.
    pub baselines: Option<BaselineComparison>,
    /// Class names.
    pub class_names: Vec<String>,
    /// Whether the validation split stands in for a test split.
    pub test_is_val: bool,
}

impl Trained {
    /// Writes results and status.
    ///
    /// # Errors
    /// [`TrainerError`] if they cannot be written, or [`TrainerError::Diverged`] if the loss became non-finite.
    pub fn finish(self, progress: &Progress) -> Result<Finished, TrainerError> {
        let Self {
            claimed,
            mut outcome,
            judgement,
            duration,
        } = self;
        let directory = claimed.experiment.directory().to_owned();
        let (go_on, resumable) = (claimed.resume_hint(), claimed.resumable());
        let Claimed {
            prepared,
            mut experiment,
            ..
        } = claimed;
        let status = match outcome.stopped_by {
            StoppedBy::Interrupted => Status::Interrupted,
            StoppedBy::Diverged => Status::Failed,
            StoppedBy::Epochs | StoppedBy::EarlyStopping => Status::Completed,
        };
        let baselines = (prepared.job.baseline && status == Status::Completed)
            .then(|| BaselineComparison::find(&prepared, &judgement, progress))
            .flatten();
        let dataset = prepared.dataset;
        let tested = TestWindows::new(&dataset.test, &judgement);
        let scores = tested
            .scores(dataset.class_names.len())
            .map(|(scores, _)| scores);
        if prepared.job.recipe.fold.is_some() {
            let predictions = tested.to_json().to_string();
            experiment.save(TEST_PREDICTIONS, predictions.as_bytes())?;
        }
        let mut results = report::results(&outcome, &judgement.test, &dataset);
        add_scores(&mut results, &judgement, scores.as_ref());
        if let Some(baselines) = &baselines {
            results.other.extend(baselines.to_json());
        }
        let diverged = outcome.diverged.take();
        let finished = experiment.finish(status, |metadata| {
            metadata.duration_s = Some(duration);
            metadata.results = Some(results);
            metadata.error = diverged.as_ref().map(ToString::to_string);
            let timing = json!(outcome.timing);
            metadata.other.insert("timing_s".into(), timing);
        });
        let (metadata, incomplete) = finished.inspect_err(|_| progress.say(&go_on))?;
        if let Some(error) = incomplete {
            progress.warn(&format!("the logs are incomplete: {error}"));
        }
        if let Some(error) = diverged {
            progress.say(&format!(
                "the best weights so far, of epoch {}, are in {}",
                outcome.best_epoch.map_or(0, |epoch| epoch + 1),
                directory.join("model").display()
            ));
            return Err(error);
        }
        if status == Status::Interrupted && resumable {
            progress.say(&go_on);
        }
        Ok(Finished {
            metadata,
            directory,
            judgement,
            outcome,
            tested,
            scores,
            baselines,
            class_names: dataset.class_names,
            test_is_val: dataset.test_is_val,
        })
    }
}

/// Adds intervals and calibration to the results of the test split.
fn add_scores(results: &mut Results, judgement: &Judgement, scores: Option<&Scores>) {
    if let Some(scores) = scores {
        let intervals = json!({"f1_macro": scores.macro_f1, "accuracy": scores.accuracy});
        results.test.insert("intervals".into(), intervals);
        results.test.insert("groups".into(), scores.groups.into());
    }
    let calibration = [
        ("calibration_error", judgement.calibration_error),
        ("temperature", judgement.temperature),
    ];
    for (name, value) in calibration {
        results.test.insert(name.into(), json!(value));
    }
}
