//! The loop over epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use data::Dataset;
use model::{Architecture, TrainingState, Weights};
use serde::{Deserialize, Serialize};

use crate::compute::{self, Target};
use crate::epoch::Training;
use crate::error::TrainerError;
use crate::metrics::Evaluation;
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
    /// Samples of the epoch that this process trained.
    pub trained: usize,
    /// Seconds it spent in training steps.
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

/// Where a training stands, beside weights and optimizer. Within an epoch, all but the position in it is as
/// when the epoch began; the position is told by the logits of [`TrainingState`].
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
    /// Before the first step.
    pub fn new(settings: &Settings) -> Self {
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

    /// The training stands between two steps; `training` is what network and optimizer need to go on from here.
    ///
    /// # Errors
    /// As above.
    fn checkpoint(
        &mut self,
        state: &LoopState,
        training: impl FnOnce() -> Result<TrainingState, TrainerError>,
    ) -> Result<(), TrainerError>;
}

/// Trains `architecture` on `dataset`, from the start or from a checkpoint, telling `recorder` of every epoch.
/// What comes of a training does not depend on where it was taken up.
///
/// # Errors
/// What `recorder` returns, or [`TrainerError::Stream`].
#[allow(clippy::too_many_arguments)] // the parts of one run, used once
pub fn train(
    settings: &Settings,
    target: &Target,
    architecture: &Architecture,
    dataset: &Dataset,
    interrupt: &Interrupt,
    progress: &mut Progress,
    recorder: &mut impl Recorder,
    from: Option<(TrainingState, LoopState)>,
) -> Result<Outcome, TrainerError> {
    let resumed = from.is_some();
    let (start, state) = match from {
        Some(from) => from,
        None => {
            let weights = Weights::init(&model::Plan::new(architecture)?, settings.seed);
            let start = TrainingState {
                best: weights.clone(),
                weights,
                adam: Default::default(),
                logits: Vec::new(),
            };
            (start, LoopState::new(settings))
        }
    };
    let batch = settings.batch_size.min(dataset.train.len());
    let mut engine = compute::engine(target, batch, architecture, &start.weights, start.adam)?;
    if let Some(weights) = settings
        .balance
        .weights(&dataset.train, &dataset.class_names)?
    {
        engine.set_class_weights(weights)?;
    }
    let mut training = Training {
        settings,
        dataset,
        interrupt,
        recorder,
        engine,
        state,
        best: start.best,
        earlier: start.logits,
        saved: Instant::now(),
    };
    let mut timing = Timing::default();
    let mut diverged = None;
    let mut stopped_by = match training.state.stopped {
        true => StoppedBy::EarlyStopping,
        false => StoppedBy::Epochs,
    };
    if !resumed {
        training.checkpoint(&start.weights)?;
    }
    while training.state.epochs_run < settings.epochs && !training.state.stopped {
        let epoch = training.state.epochs_run;
        let learning_rate = training.state.learning_rate;
        let trained = dataset.train.len() - training.position();
        let started = Instant::now();
        let train = match training.epoch(progress) {
            Ok(Some(train)) => train,
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
        let validation = training.engine.evaluate(&dataset.val, dataset)?;
        timing.validation += started.elapsed().as_secs_f64();
        let started = Instant::now();
        let state = &mut training.state;
        let verdict = state.early_stopping.step(validation.loss);
        let weights = training.engine.weights()?;
        let best = verdict == Verdict::Best;
        let result = EpochResult {
            epoch,
            learning_rate,
            train,
            validation: validation.clone(),
            weights: weights.clone(),
            best,
            trained,
            train_seconds,
        };
        training.recorder.epoch(result, progress)?;
        state.epochs_run = epoch + 1;
        state.learning_rate = state.plateau.step(validation.loss, learning_rate);
        if best {
            state.best_epoch = Some(epoch);
            state.best_validation = Some(validation);
            training.best = weights.clone();
        }
        // In the last epoch there is nothing left to stop.
        state.stopped = verdict == Verdict::Stop && state.epochs_run < settings.epochs;
        training.checkpoint(&weights)?;
        timing.recording += started.elapsed().as_secs_f64();
        if training.state.stopped {
            stopped_by = StoppedBy::EarlyStopping;
        } else if interrupt.load(Ordering::Relaxed) {
            stopped_by = StoppedBy::Interrupted;
            break;
        }
    }
    let state = training.state;
    Ok(Outcome {
        stopped_by,
        epochs_run: state.epochs_run,
        best_epoch: state.best_epoch,
        best_weights: training.best,
        best_validation: state.best_validation,
        timing,
        diverged,
    })
}
