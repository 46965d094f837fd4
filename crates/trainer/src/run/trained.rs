//! The third stage: training has ended, and model and logs are written.

use experiment::Status;
use model::AdamState;

use super::claimed::Claimed;
use super::prepared::Prepared;
use crate::engine::Engine;
use crate::error::TrainerError;
use crate::metrics::Evaluation;
use crate::progress::Progress;
use crate::recorder;
use crate::report;
use crate::train::{Interrupt, Outcome, TrainingInput, train};

/// A run whose model is written.
pub struct Trained {
    /// The run.
    pub claimed: Claimed,
    /// How training ended.
    pub outcome: Outcome,
    /// Metrics on the test split.
    pub test: Evaluation,
    /// Seconds of training, those of earlier processes included.
    pub duration: f64,
}

impl Claimed {
    /// Trains, judges the best weights on the test split, and writes the model.
    ///
    /// # Errors
    /// [`TrainerError`]; the experiment is marked `failed` with it.
    pub fn train(
        mut self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Trained, TrainerError> {
        let worked = self.work(interrupt, progress);
        progress.end_steps();
        let duration = self.before + self.started.elapsed().as_secs_f64();
        match worked {
            Ok((outcome, test)) => Ok(Trained {
                claimed: self,
                outcome,
                test,
                duration,
            }),
            Err(error) => {
                let resumable = self.resumable();
                let go_on = self.how_to_go_on();
                let marked = self.experiment.finish(Status::Failed, |metadata| {
                    metadata.duration_s = Some(duration);
                    metadata.error = Some(error.to_string());
                });
                if let Err(second) = marked {
                    progress.warn(&format!(
                        "the experiment could not be marked as failed: {second}"
                    ));
                }
                if resumable && !matches!(error, TrainerError::Diverged { .. }) {
                    progress.say(&go_on);
                }
                Err(error)
            }
        }
    }

    fn work(
        &mut self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<(Outcome, Evaluation), TrainerError> {
        let Prepared {
            job,
            place,
            dataset,
            architecture,
            plan,
            ..
        } = &self.prepared;
        let experiment = &mut self.experiment;
        let from = self.from.take();
        if from.is_none() {
            report::record_start(experiment, &job.recipe, architecture, plan)?;
        }
        let input = TrainingInput {
            recipe: &job.recipe,
            checkpoint_every: job.tracking.checkpoint_every,
            place,
            architecture,
            dataset,
            interrupt,
        };
        let run = recorder::Run {
            checkpoints: !job.tracking.untracked,
            resumed: from.is_some(),
            started: self.started,
            before: self.before,
        };
        let from = from.map(|point| (point.training, point.note.state));
        let (names, voice) = (&dataset.class_names, progress.voice());
        let mut outcome = recorder::with(experiment, names, run, voice, |recorder| {
            train(&input, progress, recorder, from)
        })?;
        // With no epoch finished there are no weights worth keeping.
        if outcome.best_epoch.is_none()
            && let Some(error) = outcome.diverged.take()
        {
            return Err(error);
        }
        let batch = job.recipe.batch_size.min(dataset.train.len());
        let weights = &outcome.best_weights;
        let mut best = Engine::new(place, batch, architecture, weights, AdamState::default())?;
        let test = best.evaluate(&dataset.test, dataset)?;
        let weights = outcome.best_weights.clone();
        report::record_model(experiment, dataset, architecture, weights)?;
        // The model is there: what people look at beside it must not make a failure of it.
        if let Err(error) = report::record_end(experiment, dataset, &outcome, &test) {
            progress.warn(&error.to_string());
        }
        Ok((outcome, test))
    }
}
