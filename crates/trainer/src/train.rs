//! The loop over epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Dataset, Split, batch};
use model::{Adam, AdamConfig, Architecture, Mode, Network, Weights, cross_entropy};

use crate::error::TrainerError;
use crate::metrics::Evaluation;
use crate::policy::{EarlyStopping, Plateau, Verdict};
use crate::progress::Progress;
use crate::settings::Settings;

/// Set by Ctrl-C and SIGTERM: the step ends, then the training.
pub type Interrupt = Arc<AtomicBool>;

/// Windows classified at once while evaluating: large enough for speed, small enough for a node's
/// memory.
const EVALUATION_BATCH: usize = 256;

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
/// What `record` returns, or [`TrainerError::Diverged`].
pub fn train(
    settings: &Settings,
    architecture: &Architecture,
    dataset: &Dataset,
    device: &Device,
    interrupt: &Interrupt,
    progress: &mut Progress,
    mut record: impl FnMut(EpochResult<'_>, &mut Progress) -> Result<(), TrainerError>,
) -> Result<Outcome, TrainerError> {
    let plan = model::Plan::new(architecture)?;
    let initial = Weights::init(&plan, settings.seed);
    let mut network = Network::new(architecture, &initial, &device.clone().autodiff())?;
    let mut adam = Adam::new(AdamConfig::default());
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
            network: &mut network,
            adam: &mut adam,
        };
        let Some(training) = pass.run(epoch, interrupt, progress)? else {
            outcome.stopped_by = StoppedBy::Interrupted;
            break;
        };
        let train_seconds = started.elapsed().as_secs_f64();
        let validation = evaluate(&network.without_autodiff(), &dataset.val, dataset);
        let verdict = early_stopping.step(validation.loss);
        let weights = network.weights();
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
    network: &'a mut Network,
    adam: &'a mut Adam,
}

impl TrainingPass<'_> {
    /// Metrics over the epoch, or none where it was interrupted. Logits stay on the device until the
    /// epoch ends: no step waits for the host.
    fn run(
        &mut self,
        epoch: usize,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Option<Evaluation>, TrainerError> {
        let split = &self.dataset.train;
        let order = batch::shuffled(split.len(), self.settings.seed, epoch as u64);
        let device = self.network.device().clone();
        let first_step = self.adam.steps();
        let mut logits = Vec::new();
        let mut labels = Vec::with_capacity(order.len());
        for indices in order.chunks(self.settings.batch_size) {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let batch = batch::gather(split, indices, &self.dataset.preprocessing);
            let [a, b, c] = split.shape;
            let x = TensorData::new(batch.x, [indices.len(), a, b, c]);
            let x = Tensor::<4>::from_data(x, &device);
            let targets: Vec<i64> = batch.y.iter().map(|&y| y.into()).collect();
            let targets = TensorData::new(targets, [indices.len()]);
            let targets = Tensor::<1, Int>::from_data(targets, &device);
            let mode = Mode::Training {
                dropout: true,
                seed: self.settings.seed,
                step: self.adam.steps(),
            };
            let forward = self.network.forward(x, mode);
            let loss = cross_entropy(forward.logits.clone(), targets);
            self.adam
                .step(self.network, loss.backward(), self.learning_rate);
            self.network.update_running_statistics(&forward);
            logits.push(forward.logits.inner());
            labels.extend(batch.y);
            progress.step(indices.len());
        }
        let logits = host(Tensor::cat(logits, 0));
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

/// Loss and confusion matrix of `network` over `split`.
pub fn evaluate(network: &Network, split: &Split, dataset: &Dataset) -> Evaluation {
    let device = network.device();
    let [a, b, c] = split.shape;
    let indices: Vec<usize> = (0..split.len()).collect();
    let logits = indices.chunks(EVALUATION_BATCH).map(|indices| {
        let batch = batch::gather(split, indices, &dataset.preprocessing);
        let x = TensorData::new(batch.x, [indices.len(), a, b, c]);
        network
            .forward(Tensor::<4>::from_data(x, device), Mode::Inference)
            .logits
    });
    let logits = host(Tensor::cat(logits.collect(), 0));
    Evaluation::new(&logits, &split.y, dataset.class_names.len())
}

fn host(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data_as::<f32>();
    data.try_into_vec().expect("the data was converted to f32")
}
