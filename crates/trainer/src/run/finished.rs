//! The last stage: results and status are in the metadata.

use std::path::PathBuf;

use experiment::{Metadata, Status};
use serde_json::json;

use super::claimed::Claimed;
use super::trained::{Judgement, Trained};
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::report;
use crate::training::{Outcome, StoppedBy};

/// A finished run.
pub struct Finished {
    /// Last state of the metadata.
    pub metadata: Metadata,
    /// Where it is.
    pub directory: PathBuf,
    /// How good the model is.
    pub judgement: Judgement,
    /// How training ended.
    pub outcome: Outcome,
    /// Class names.
    pub class_names: Vec<String>,
    /// Whether the test split is the validation split.
    pub test_is_val: bool,
}

impl Trained {
    /// Writes results and status.
    ///
    /// # Errors
    /// [`TrainerError`] where they cannot be written, or [`TrainerError::Diverged`] where the loss ceased to be a
    /// number.
    pub fn finish(self, progress: &Progress) -> Result<Finished, TrainerError> {
        let Self {
            claimed,
            mut outcome,
            judgement,
            duration,
        } = self;
        let directory = claimed.experiment.directory().to_owned();
        let (go_on, resumable) = (claimed.how_to_go_on(), claimed.resumable());
        let Claimed {
            prepared,
            experiment,
            ..
        } = claimed;
        let dataset = prepared.dataset;
        let status = match outcome.stopped_by {
            StoppedBy::Interrupted => Status::Interrupted,
            StoppedBy::Diverged => Status::Failed,
            StoppedBy::Epochs | StoppedBy::EarlyStopping => Status::Completed,
        };
        let mut results = report::results(&outcome, &judgement.test, &dataset);
        let calibration = [
            ("calibration_error", judgement.calibration_error),
            ("temperature", judgement.temperature),
        ];
        for (name, value) in calibration {
            results.test.insert(name.into(), json!(value));
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
            progress.warn(&format!("the logs are not whole: {error}"));
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
            class_names: dataset.class_names,
            test_is_val: dataset.test_is_val,
        })
    }
}
