//! Third stage: training has ended; model and logs are written.

use super::claimed::Claimed;
use super::prepared::Prepared;
use crate::compute::{self, Start};
use crate::error::TrainerError;
use crate::metrics::{Evaluation, predictions, probabilities};
use crate::progress::Progress;
use crate::projector::{Judged, record_features};
use crate::recorder;
use crate::report;
use crate::training::calibration::{calibration_error, likely_temperature};
use crate::training::{Interrupt, Outcome, TrainingInput, train};
use experiment::{Experiment, LogRun, Status};

/// Evaluation of the trained model.
pub struct Judgement {
    /// Test metrics.
    pub test: Evaluation,
    /// Predicted class of each test window.
    pub predicted: Vec<u32>,
    /// Class probabilities of the test windows at that temperature.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub probabilities: Vec<f64>,
    /// Predicted class of each validation window.
    pub predicted_validation: Vec<u32>,
    /// Class probabilities of the validation windows at that temperature.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub probabilities_validation: Vec<f64>,
    /// Divisor of the logits before the softmax.
    pub temperature: f64,
    /// Expected calibration error at that temperature, between 0 and 1.
    pub calibration_error: f64,
}

/// A run with its model written.
pub struct Trained {
    /// The run.
    pub claimed: Claimed,
    /// How training ended.
    pub outcome: Outcome,
    /// Evaluation of the model.
    pub judgement: Judgement,
    /// Seconds of training, including earlier processes.
    pub duration: f64,
}

/// Records output for people: figures, test metrics, curves, features. Returns the problems; everything else is
/// recorded.
fn show(
    experiment: &mut Experiment,
    prepared: &Prepared,
    outcome: &Outcome,
    judgement: &Judgement,
) -> Vec<String> {
    let dataset = &prepared.dataset;
    let names = &dataset.class_names;
    let end = report::record_end(experiment, dataset, outcome, &judgement.test);
    let best_epoch = outcome.best_epoch.unwrap_or(0) as i64;
    let splits = [
        (
            LogRun::Detailed,
            best_epoch,
            &dataset.val,
            &judgement.probabilities_validation,
        ),
        (LogRun::Test, 0, &dataset.test, &judgement.probabilities),
    ];
    let curves = splits.map(|(run, step, split, probabilities)| {
        report::record_pr_curves(experiment, (run, step), names, &split.y, probabilities)
    });
    let judged = Judged {
        predicted: &judgement.predicted_validation,
        probabilities: &judgement.probabilities_validation,
    };
    let (architecture, weights) = (&prepared.architecture, &outcome.best_weights);
    let features = record_features(experiment, dataset, architecture, weights, &judged);
    let recorded = [end].into_iter().chain(curves);
    let mut problems: Vec<String> = recorded
        .filter_map(Result::err)
        .map(|e| e.to_string())
        .collect();
    problems.extend(features.err().map(|error| error.to_string()));
    // A full disk is reported once.
    problems.dedup();
    problems
}

impl Claimed {
    /// Trains, evaluates the kept weights on the test split, and writes the model.
    ///
    /// # Errors
    /// [`TrainerError`]; the experiment is marked `failed` and stores it.
    pub fn train(
        mut self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Trained, TrainerError> {
        let worked = self.work(interrupt, progress);
        progress.end_steps();
        let duration = self.before + self.started.elapsed().as_secs_f64();
        match worked {
            Ok((outcome, judgement)) => Ok(Trained {
                claimed: self,
                outcome,
                judgement,
                duration,
            }),
            Err(error) => {
                let resumable = self.resumable();
                let go_on = self.resume_hint();
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
    ) -> Result<(Outcome, Judgement), TrainerError> {
        let Prepared {
            job,
            target,
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
            target,
            architecture,
            dataset,
            initial: self.prepared.initial.as_ref(),
            teacher: self.prepared.teacher.probabilities.as_deref(),
            interrupt,
        };
        let run = recorder::RunInfo {
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
        // Without a finished epoch there are no weights worth keeping.
        if outcome.best_epoch.is_none()
            && let Some(error) = outcome.diverged.take()
        {
            return Err(error);
        }
        let judgement = self.judge(&outcome)?;
        // The model is written: problems with figures must not turn the run into a failure.
        for problem in show(&mut self.experiment, &self.prepared, &outcome, &judgement) {
            progress.warn(&problem);
        }
        Ok((outcome, judgement))
    }

    /// Evaluates the kept weights, fits the temperature and writes the model.
    fn judge(&mut self, outcome: &Outcome) -> Result<Judgement, TrainerError> {
        let Prepared {
            job,
            target,
            dataset,
            architecture,
            ..
        } = &self.prepared;
        let batch = job.recipe.batch_size.min(dataset.train.len());
        let weights = &outcome.best_weights;
        let mut best =
            compute::engine(target, batch, architecture, Start::for_evaluation(weights))?;
        let classes = dataset.class_names.len();
        let logits = best.classify(&dataset.test, dataset)?;
        let test = Evaluation::new(&logits, &dataset.test.y, classes);
        let validation = best.classify(&dataset.val, dataset)?;
        let mut temperature = 1.0;
        if job.recipe.calibrate {
            temperature = likely_temperature(&validation, &dataset.val.y);
        }
        let error = calibration_error(&logits, &dataset.test.y, temperature);
        let bundle = report::bundle(dataset, architecture, weights).with_temperature(temperature);
        report::record_model(&mut self.experiment, architecture, &bundle)?;
        Ok(Judgement {
            test,
            predicted: predictions(&logits, classes),
            probabilities: probabilities(&logits, classes, temperature),
            predicted_validation: predictions(&validation, classes),
            probabilities_validation: probabilities(&validation, classes, temperature),
            temperature,
            calibration_error: error,
        })
    }
}
