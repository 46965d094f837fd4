//! The loop over epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use data::{Dataset, batch};
use model::{Architecture, TrainingState, Weights};
use serde::{Deserialize, Serialize};

use crate::engine::{Engine, Samples};
use crate::error::TrainerError;
use crate::metrics::{Evaluation, cross_entropy};
use crate::policy::{EarlyStopping, Plateau, Verdict};
use crate::progress::Progress;
use crate::settings::Settings;

/// Set by Ctrl-C and SIGTERM: the step ends, then the training.
pub type Interrupt = Arc<AtomicBool>;

/// What an epoch gave, for whoever records it.
pub struct EpochResult {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Learning rate in force.
    pub learning_rate: f64,
    /// Over the training split, while the weights changed, dropout on: as Keras reports it.
    pub train: Evaluation,
    /// Over the validation split, with the epoch's last weights.
    pub validation: Evaluation,
    /// The epoch's last weights.
    pub weights: Weights,
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
    /// A loss that is no number.
    Diverged,
}

impl StoppedBy {
    /// Name in `metadata.json`.
    pub fn name(self) -> &'static str {
        match self {
            StoppedBy::Epochs => "epochs",
            StoppedBy::EarlyStopping => "early_stopping",
            StoppedBy::Interrupted => "interrupted",
            StoppedBy::Diverged => "diverged",
        }
    }
}

/// Where the seconds went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// Training steps.
    pub training: f64,
    /// Evaluation after every epoch.
    pub validation: f64,
    /// Logs, images, history.
    pub recording: f64,
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
    /// Where the time went.
    pub timing: Timing,
    /// [`TrainerError::Diverged`], where the loss ceased to be a number.
    pub diverged: Option<TrainerError>,
}

/// Where a training stands between two epochs, beside weights and optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopState {
    /// Epochs run whole.
    pub epochs_run: usize,
    /// Learning rate of the next.
    pub learning_rate: f64,
    /// Its policy.
    pub early_stopping: EarlyStopping,
    /// Its policy.
    pub plateau: Plateau,
    /// The best epoch so far.
    pub best_epoch: Option<usize>,
    /// Its validation metrics.
    pub best_validation: Option<Evaluation>,
    /// Whether early stopping has ended the training.
    pub stopped: bool,
}

impl LoopState {
    fn new(settings: &Settings) -> Self {
        Self {
            epochs_run: 0,
            learning_rate: settings.learning_rate,
            early_stopping: EarlyStopping::new(settings.early_stopping),
            plateau: Plateau::new(settings.plateau),
            best_epoch: None,
            best_validation: None,
            stopped: false,
        }
    }
}

/// Whoever keeps what a training gives.
pub trait Recorder {
    /// An epoch ended.
    ///
    /// # Errors
    /// Where it cannot be kept; the training ends.
    fn epoch(&mut self, result: EpochResult, progress: &mut Progress) -> Result<(), TrainerError>;

    /// The training stands between two epochs; `training` makes what network and optimizer need to go on from
    /// here.
    ///
    /// # Errors
    /// As above.
    fn checkpoint(
        &mut self,
        state: &LoopState,
        training: &dyn Fn() -> TrainingState,
    ) -> Result<(), TrainerError>;
}

/// Trains `architecture` on `dataset`, from the start or from a checkpoint, telling `recorder` of every epoch.
/// What comes of a training does not depend on where it was taken up.
///
/// # Errors
/// What `recorder` returns, or [`TrainerError::Stream`].
pub fn train(
    settings: &Settings,
    architecture: &Architecture,
    dataset: &Dataset,
    interrupt: &Interrupt,
    progress: &mut Progress,
    recorder: &mut impl Recorder,
    from: Option<(TrainingState, LoopState)>,
) -> Result<Outcome, TrainerError> {
    let resumed = from.is_some();
    let (start, mut state) = match from {
        Some(from) => from,
        None => {
            let weights = Weights::init(&model::Plan::new(architecture)?, settings.seed);
            let start = TrainingState {
                best: weights.clone(),
                weights,
                adam: Default::default(),
            };
            (start, LoopState::new(settings))
        }
    };
    let (weights, adam) = (start.weights, start.adam);
    let mut engine = Engine::restore(settings.backend, architecture, &weights, adam)?;
    let mut best_weights = start.best;
    let mut timing = Timing::default();
    let mut diverged = None;
    let mut stopped_by = match state.stopped {
        true => StoppedBy::EarlyStopping,
        false => StoppedBy::Epochs,
    };
    // The weights are given, since an epoch has read them from the device already.
    let checkpoint =
        |recorder: &mut _, state: &_, engine: &Engine, weights: &Weights, best: &Weights| {
            Recorder::checkpoint(recorder, state, &|| TrainingState {
                weights: weights.clone(),
                best: best.clone(),
                adam: engine.adam_state(),
            })
        };
    if !resumed {
        checkpoint(recorder, &state, &engine, &weights, &best_weights)?;
    }
    while state.epochs_run < settings.epochs && !state.stopped {
        let epoch = state.epochs_run;
        progress.begin_epoch(epoch, dataset.train.len());
        let started = Instant::now();
        let mut pass = TrainingPass {
            settings,
            dataset,
            learning_rate: state.learning_rate,
            engine: &mut engine,
        };
        let training = match pass.run(epoch, interrupt, progress) {
            Ok(Some(training)) => training,
            Ok(None) => {
                stopped_by = StoppedBy::Interrupted;
                break;
            }
            Err(error @ TrainerError::Diverged { .. }) => {
                stopped_by = StoppedBy::Diverged;
                diverged = Some(error);
                break;
            }
            Err(error) => return Err(error),
        };
        let train_seconds = started.elapsed().as_secs_f64();
        timing.training += train_seconds;
        let started = Instant::now();
        let validation = engine.evaluate(&dataset.val, dataset)?;
        timing.validation += started.elapsed().as_secs_f64();
        let started = Instant::now();
        let verdict = state.early_stopping.step(validation.loss);
        let weights = engine.weights();
        let best = verdict == Verdict::Best;
        let result = EpochResult {
            epoch,
            learning_rate: state.learning_rate,
            train: training,
            validation: validation.clone(),
            weights: weights.clone(),
            best,
            train_seconds,
        };
        recorder.epoch(result, progress)?;
        state.epochs_run = epoch + 1;
        state.learning_rate = state.plateau.step(validation.loss, state.learning_rate);
        if best {
            state.best_epoch = Some(epoch);
            state.best_validation = Some(validation);
            best_weights = weights.clone();
        }
        // In the last epoch there is nothing left to stop.
        state.stopped = verdict == Verdict::Stop && state.epochs_run < settings.epochs;
        checkpoint(recorder, &state, &engine, &weights, &best_weights)?;
        timing.recording += started.elapsed().as_secs_f64();
        if state.stopped {
            stopped_by = StoppedBy::EarlyStopping;
        } else if interrupt.load(Ordering::Relaxed) {
            stopped_by = StoppedBy::Interrupted;
            break;
        }
    }
    Ok(Outcome {
        stopped_by,
        epochs_run: state.epochs_run,
        best_epoch: state.best_epoch,
        best_weights,
        best_validation: state.best_validation,
        timing,
        diverged,
    })
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
        let labels: Vec<u32> = order.iter().map(|&i| split.y[i]).collect();
        let (mut interrupted, mut finite) = (false, true);
        let preprocessing = &self.dataset.preprocessing;
        let (rate, seed) = (self.learning_rate, self.settings.seed);
        let lists = order.chunks(self.settings.batch_size);
        let direct = self.engine.direct(split, preprocessing);
        // Says whether to go on.
        let mut step = |samples: Samples<'_>| {
            interrupted = interrupt.load(Ordering::Relaxed);
            if !interrupted {
                let count = samples.count();
                finite = self.engine.step(samples, rate, seed);
                progress.step(count);
            }
            !interrupted && finite
        };
        if let Some(x) = direct {
            let mut batches = lists.zip(labels.chunks(self.settings.batch_size));
            batches.all(|(indices, y)| step(Samples::Of { x, indices, y }));
        } else {
            batch::for_each(split, preprocessing, lists, |batch| {
                step(Samples::Batch(batch))
            })
            .map_err(TrainerError::Stream)?;
        }
        if interrupted {
            return Ok(None);
        }
        let logits = self.engine.take_logits();
        let classes = self.dataset.class_names.len();
        // A training that diverged has ended before its last labels.
        let labels = &labels[..logits.len() / classes];
        let evaluation = Evaluation::new(&logits, labels, classes);
        if !finite || !evaluation.loss.is_finite() {
            let mut rows = logits.chunks_exact(classes).zip(labels);
            let bad = rows.position(|(row, y)| !cross_entropy(row, *y as usize).is_finite());
            let batch = bad.unwrap_or(labels.len() - 1) / self.settings.batch_size;
            let samples = order.chunks(self.settings.batch_size).nth(batch);
            return Err(TrainerError::Diverged {
                epoch: epoch + 1,
                step: first_step as usize + batch,
                loss: evaluation.loss,
                learning_rate: self.learning_rate,
                samples: samples.unwrap_or_default().to_vec(),
            });
        }
        Ok(Some(evaluation))
    }
}
