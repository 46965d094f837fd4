//! The loop over epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use data::{Dataset, batch};
use model::{Architecture, Weights};

use crate::engine::{Engine, Samples};
use crate::error::TrainerError;
use crate::metrics::Evaluation;
use crate::policy::{EarlyStopping, Plateau, Verdict};
use crate::progress::Progress;
use crate::settings::Settings;

/// Set by Ctrl-C and SIGTERM: the step ends, then the training.
pub type Interrupt = Arc<AtomicBool>;

/// What an epoch gave, for whoever records it.
pub struct EpochResult<'a> {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Learning rate in force.
    pub learning_rate: f64,
    /// Over the training split, while the weights changed, dropout on: as Keras reports it.
    pub train: Evaluation,
    /// Over the validation split, with the epoch's last weights.
    pub validation: Evaluation,
    /// The epoch's last weights.
    pub weights: &'a Weights,
    /// Whether they are the best so far.
    pub best: bool,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppedBy {
    /// All epochs were run.
    Epochs,
    /// The validation loss did not improve.
    EarlyStopping,
    /// The user.
    Interrupted,
}

impl StoppedBy {
    /// Name in `metadata.json`.
    pub fn name(self) -> &'static str {
        match self {
            StoppedBy::Epochs => "epochs",
            StoppedBy::EarlyStopping => "early_stopping",
            StoppedBy::Interrupted => "interrupted",
        }
    }
}

/// How a training ended.
pub struct Outcome {
    /// Why.
    pub stopped_by: StoppedBy,
    /// Epochs run whole.
    pub epochs_run: usize,
    /// The best epoch, none where none was finished.
    pub best_epoch: Option<usize>,
    /// Weights of the best epoch; the first weights where none was finished.
    pub best_weights: Weights,
    /// Validation metrics of the best epoch.
    pub best_validation: Option<Evaluation>,
}

/// Trains `architecture` on `dataset`, telling `record` of every epoch.
///
/// # Errors
/// What `record` returns, [`TrainerError::Diverged`], or [`TrainerError::Stream`].
pub fn train(
    settings: &Settings,
    architecture: &Architecture,
    dataset: &Dataset,
    interrupt: &Interrupt,
    progress: &mut Progress,
    mut record: impl FnMut(EpochResult<'_>, &mut Progress) -> Result<(), TrainerError>,
) -> Result<Outcome, TrainerError> {
    let plan = model::Plan::new(architecture)?;
    let initial = Weights::init(&plan, settings.seed);
    let mut engine = Engine::new(settings.backend, architecture, &initial)?;
    let mut early_stopping = EarlyStopping::new(settings.early_stopping);
    let mut plateau = Plateau::new(settings.plateau);
    let mut learning_rate = settings.learning_rate;
    let mut outcome = Outcome {
        stopped_by: StoppedBy::Epochs,
        epochs_run: 0,
        best_epoch: None,
        best_weights: initial,
        best_validation: None,
    };
    for epoch in 0..settings.epochs {
        progress.begin_epoch(epoch, dataset.train.len());
        let started = Instant::now();
        let mut pass = TrainingPass {
            settings,
            dataset,
            learning_rate,
            engine: &mut engine,
        };
        let Some(training) = pass.run(epoch, interrupt, progress)? else {
            outcome.stopped_by = StoppedBy::Interrupted;
            break;
        };
        let train_seconds = started.elapsed().as_secs_f64();
        let validation = engine.evaluate(&dataset.val, dataset)?;
        let verdict = early_stopping.step(validation.loss);
        let weights = engine.weights();
        let best = verdict == Verdict::Best;
        let result = EpochResult {
            epoch,
            learning_rate,
            train: training,
            validation: validation.clone(),
            weights: &weights,
            best,
            train_seconds,
        };
        record(result, progress)?;
        outcome.epochs_run = epoch + 1;
        learning_rate = plateau.step(validation.loss, learning_rate);
        if best {
            outcome.best_epoch = Some(epoch);
            outcome.best_weights = weights;
            outcome.best_validation = Some(validation);
        }
        if verdict == Verdict::Stop && epoch + 1 < settings.epochs {
            outcome.stopped_by = StoppedBy::EarlyStopping;
            break;
        }
        if interrupt.load(Ordering::Relaxed) {
            outcome.stopped_by = StoppedBy::Interrupted;
            break;
        }
    }
    Ok(outcome)
}

/// One epoch of steps.
struct TrainingPass<'a> {
    settings: &'a Settings,
    dataset: &'a Dataset,
    learning_rate: f64,
    engine: &'a mut Engine,
}

impl TrainingPass<'_> {
    /// Metrics over the epoch, or none where it was interrupted.
    fn run(
        &mut self,
        epoch: usize,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Option<Evaluation>, TrainerError> {
        let split = &self.dataset.train;
        let order = batch::shuffled(split.len(), self.settings.seed, epoch as u64);
        let first_step = self.engine.steps();
        let mut labels = Vec::with_capacity(order.len());
        let mut interrupted = false;
        let preprocessing = &self.dataset.preprocessing;
        let (rate, seed) = (self.learning_rate, self.settings.seed);
        let mut lists = order.chunks(self.settings.batch_size);
        if let Some(x) = self.engine.direct(split, preprocessing) {
            for indices in lists {
                interrupted = interrupt.load(Ordering::Relaxed);
                if interrupted {
                    break;
                }
                let first = labels.len();
                labels.extend(indices.iter().map(|&i| split.y[i]));
                let y = &labels[first..];
                let samples = Samples::Of { x, indices, y };
                self.engine.step(samples, rate, seed);
                progress.step(indices.len());
            }
        } else {
            batch::for_each(split, preprocessing, &mut lists, |batch| {
                interrupted = interrupt.load(Ordering::Relaxed);
                if !interrupted {
                    labels.extend_from_slice(&batch.y);
                    let samples = batch.y.len();
                    self.engine.step(Samples::Batch(batch), rate, seed);
                    progress.step(samples);
                }
                !interrupted
            })
            .map_err(TrainerError::Stream)?;
        }
        if interrupted {
            return Ok(None);
        }
        let logits = self.engine.take_logits();
        let classes = self.dataset.class_names.len();
        let evaluation = Evaluation::new(&logits, &labels, classes);
        if !evaluation.loss.is_finite() {
            let rows = logits.chunks_exact(classes);
            let bad = rows
                .into_iter()
                .position(|row| row.iter().any(|v| !v.is_finite()));
            return Err(TrainerError::Diverged {
                epoch,
                step: first_step as usize + bad.unwrap_or(0) / self.settings.batch_size,
                loss: evaluation.loss,
                learning_rate: self.learning_rate,
            });
        }
        Ok(Some(evaluation))
    }
}
