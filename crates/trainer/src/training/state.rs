//! What a training is made of, where it stands, and what comes of it.

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
    /// Over the validation split, with the weights that are judged.
    pub validation: Evaluation,
    /// The weights that were judged: the epoch's last, or their moving average.
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
    /// The epoch whose weights are kept, none where none was finished.
    pub best_epoch: Option<usize>,
    /// Weights of that epoch; the first weights where none was finished.
    pub best_weights: Weights,
    /// Its validation metrics.
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
    /// Learning rate of the next, before warm-up and cosine.
    pub learning_rate: f64,
    /// Its policy.
    pub early_stopping: EarlyStopping,
    /// Its policy.
    pub plateau: Plateau,
    /// The epoch whose weights are kept so far.
    pub best_epoch: Option<usize>,
    /// Its validation metrics.
    pub best_validation: Option<Evaluation>,
    /// Whether early stopping has ended the training.
    pub stopped: bool,
}

impl LoopState {
    /// Before the first step.
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

/// What a training is made of.
#[derive(Clone, Copy)]
pub struct TrainingInput<'a> {
    /// What decides its result.
    pub recipe: &'a Recipe,
    /// Longest time between two checkpoints.
    pub checkpoint_every: Duration,
    /// What computes.
    pub target: &'a Target,
    /// The network.
    pub architecture: &'a Architecture,
    /// The data.
    pub dataset: &'a Dataset,
    /// Weights to begin with; none for random ones.
    pub initial: Option<&'a Weights>,
    /// Ends it.
    pub interrupt: &'a Interrupt,
}
