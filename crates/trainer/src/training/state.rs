//! Inputs, state and outcome of a training.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use data::Dataset;
use model::{Architecture, TrainingState, Weights};
use serde::{Deserialize, Serialize};

use super::policy::{EarlyStopping, Plateau};
use crate::compute::Target;
use crate::error::TrainerError;
use crate::metrics::Evaluation;
use crate::progress::Progress;
use crate::recipe::Recipe;

/// Set by Ctrl-C and SIGTERM: training stops after the current step.
pub type Interrupt = Arc<AtomicBool>;

/// Result of an epoch, for the recorder.
pub struct EpochResult {
    /// Epoch, counted from 0.
    pub epoch: usize,
    /// Learning rate of the epoch.
    pub learning_rate: f64,
    /// Training metrics, accumulated while the weights change and with dropout on, as Keras reports them.
    pub train: Evaluation,
    /// Validation metrics of the evaluated weights.
    pub validation: Evaluation,
    /// The evaluated weights: those after the epoch, or their moving average.
    pub weights: Weights,
    /// Whether they are the best so far.
    pub best: bool,
    /// Number of samples of the epoch trained by this process.
    pub trained: usize,
    /// Seconds spent in training steps.
    pub train_seconds: f64,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoppedBy {
    /// All epochs were completed.
    Epochs,
    /// Early stopping: the validation loss did not improve.
    EarlyStopping,
    /// The user interrupted it.
    Interrupted,
    /// The loss became non-finite.
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

/// Seconds spent by phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// Training steps.
    pub training: f64,
    /// Evaluation after every epoch.
    pub validation: f64,
    /// Logs, images, history.
    pub recording: f64,
}

/// Outcome of a training.
pub struct Outcome {
    /// Why it ended.
    pub stopped_by: StoppedBy,
    /// Number of completed epochs.
    pub epochs_run: usize,
    /// Epoch whose weights are kept; `None` if no epoch was completed.
    pub best_epoch: Option<usize>,
    /// Weights of that epoch; the initial weights if no epoch was completed.
    pub best_weights: Weights,
    /// Validation metrics of that epoch.
    pub best_validation: Option<Evaluation>,
    /// Seconds spent by phase.
    pub timing: Timing,
    /// [`TrainerError::Diverged`] if the loss became non-finite.
    pub diverged: Option<TrainerError>,
}

/// State of a training besides weights and optimiser. Within an epoch, everything is as at its start; the logits in
/// [`TrainingState`] give the position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoopState {
    /// Number of completed epochs.
    pub epochs_run: usize,
    /// Learning rate of the next epoch, before warm-up and cosine.
    pub learning_rate: f64,
    /// Early stopping policy.
    pub early_stopping: EarlyStopping,
    /// Plateau policy.
    pub plateau: Plateau,
    /// Epoch whose weights are kept so far.
    pub best_epoch: Option<usize>,
    /// Validation metrics of that epoch.
    pub best_validation: Option<Evaluation>,
    /// Whether early stopping has ended the training.
    pub stopped: bool,
}

impl LoopState {
    /// State before the first step.
    pub fn new(recipe: &Recipe) -> Self {
        Self {
            epochs_run: 0,
            learning_rate: recipe.learning_rate,
            early_stopping: EarlyStopping::new(recipe.early_stopping),
            plateau: Plateau::new(recipe.plateau),
            best_epoch: None,
            best_validation: None,
            stopped: false,
        }
    }
}

/// Receives the results of a training.
pub trait Recorder {
    /// Called after every epoch.
    ///
    /// # Errors
    /// If the epoch cannot be recorded; training ends.
    fn epoch(&mut self, result: EpochResult, progress: &mut Progress) -> Result<(), TrainerError>;

    /// Called between two steps; `training` is the network and optimiser state to resume from.
    ///
    /// # Errors
    /// If the checkpoint cannot be saved; training ends.
    fn checkpoint(
        &mut self,
        state: &LoopState,
        training: impl FnOnce() -> Result<TrainingState, TrainerError>,
    ) -> Result<(), TrainerError>;
}

/// Inputs of a training.
#[derive(Clone, Copy)]
pub struct TrainingInput<'a> {
    /// Everything that decides the result.
    pub recipe: &'a Recipe,
    /// Longest interval between two checkpoints.
    pub checkpoint_every: Duration,
    /// Device to compute on.
    pub target: &'a Target,
    /// Network architecture.
    pub architecture: &'a Architecture,
    /// Dataset.
    pub dataset: &'a Dataset,
    /// Initial weights; `None` for random ones.
    pub initial: Option<&'a Weights>,
    /// Class probabilities of the training windows from a teacher, for [`Recipe::distillation`].
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub teacher: Option<&'a [f32]>,
    /// Stops the training when set.
    pub interrupt: &'a Interrupt,
}
