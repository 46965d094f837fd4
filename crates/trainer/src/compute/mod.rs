//! What computes a training: the native CPU path, or Burn on a CPU or a GPU. All hold network and optimizer and give the
//! same results within rounding (`crates/model/tests/conformance.rs`).
//!
//! - `backend`: the backends by name, and which target each opens;
//! - [`devices`]: the devices of this machine; `device`: one of them;
//! - `native`, `burn_cpu`, `accelerator`: one [`Engine`] each;
//! - `guard`: a GPU's failures as errors;
//! - `logits`: the logits of many steps on a device.
//!
//! Without cargo's feature `burn`, `native` is all there is.

#[cfg(feature = "burn")]
mod accelerator;
mod backend;
#[cfg(feature = "burn")]
mod burn_cpu;
#[cfg(feature = "burn")]
mod device;
pub mod devices;
#[cfg(feature = "burn")]
mod guard;
#[cfg(feature = "burn")]
mod logits;
mod native;
#[cfg(all(test, feature = "flex"))]
mod tests;

use data::{Dataset, Preprocessing, Split, batch};
use model::{AdamConfig, AdamState, Architecture, Weights};

use crate::error::TrainerError;
use crate::metrics::Evaluation;
pub use backend::{Backend, Choice, MemoryPool, Target};
#[cfg(feature = "burn")]
pub use device::Accelerator;

/// Windows classified at once while evaluating: enough for speed, little enough for a small machine.
pub(crate) const EVALUATION_BATCH: usize = 256;

/// An [`Engine`] of whichever kind was chosen.
pub type BoxedEngine<'d> = Box<dyn Engine<'d> + 'd>;

/// The samples of a step.
pub enum Samples<'d, 'i> {
    /// Assembled.
    Batch(batch::Batch),
    /// Those at `indices` of inputs that lie end to end, with their labels.
    Indexed {
        /// All inputs, where [`Engine::direct`] gives them.
        x: &'d [f32],
        /// Which of them.
        indices: &'i [usize],
        /// Their labels.
        y: &'i [u32],
        /// Where they begin in the order that [`Engine::begin_epoch`] was given.
        first: usize,
    },
}

impl Samples<'_, '_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Samples::Batch(batch) => batch.y.len(),
            Samples::Indexed { y, .. } => y.len(),
        }
    }
}

/// A network that is being trained, with its optimizer, on samples that outlive it.
///
/// # Errors
/// Every method that computes or copies returns [`TrainerError::Device`] where a GPU fails. The engine is of no use then.
pub trait Engine<'d> {
    /// Weights the loss of every sample by its class, as Keras' `class_weight` does.
    fn set_class_weights(&mut self, weights: Vec<f32>) -> Result<(), TrainerError>;

    /// Optimizer steps taken.
    fn steps(&self) -> u64;

    /// The inputs of `split`, where steps and evaluations can take them as they lie.
    fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]>;

    /// Sets the sample order and labels of the epoch whose steps come.
    fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) -> Result<(), TrainerError>;

    /// Takes one step. Returns whether the loss was a finite number, or true where that is only known later.
    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError>;

    /// Copies the logits of all steps since they were taken, in their order.
    fn logits(&mut self) -> Result<Vec<f32>, TrainerError>;

    /// Takes the logits of all steps since the last call, in their order.
    fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError>;

    /// Copies the weights.
    fn weights(&mut self) -> Result<Weights, TrainerError>;

    /// Copies the moving average of the weights, where one is kept.
    fn average(&mut self) -> Result<Option<Weights>, TrainerError>;

    /// Copies the optimizer's state.
    fn adam_state(&mut self) -> Result<AdamState, TrainerError>;

    /// Logits of all samples of `split`, with running statistics and without dropout, of the moving average of the
    /// weights where one is kept. May also return
    /// [`TrainerError::Stream`], where a streamed source cannot be read any more.
    fn classify(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError>;

    /// Loss and confusion matrix over `split`, from [`Engine::classify`].
    fn evaluate(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Evaluation, TrainerError> {
        let logits = self.classify(split, dataset)?;
        let classes = dataset.class_names.len();
        Ok(Evaluation::new(&logits, &split.y, classes))
    }
}

/// What an engine begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Weights.
    pub weights: Weights,
    /// Numbers of the optimizer.
    pub optimizer: AdamConfig,
    /// Where the optimizer stands.
    pub state: AdamState,
    /// The moving average of the weights, where one is to be kept.
    pub average: Option<Average>,
    /// Layers, from the first, that are kept as they are; the native engine alone can.
    pub frozen_layers: usize,
}

/// A moving average of weights.
#[derive(Clone, Debug)]
pub struct Average {
    /// See [`model::average_decay`].
    pub decay: f64,
    /// Where it stands.
    pub weights: Weights,
}

impl Start {
    /// For weights that are judged and not trained.
    pub fn judging(weights: &Weights) -> Self {
        Self {
            weights: weights.clone(),
            optimizer: AdamConfig::default(),
            state: AdamState::default(),
            average: None,
            frozen_layers: 0,
        }
    }
}

/// Places what `start` says on `target`, for batches of `batch` samples.
///
/// # Errors
/// [`TrainerError::Plan`] where the architecture does not fit its input, or [`TrainerError::Device`].
pub fn engine<'d>(
    target: &Target,
    batch: usize,
    architecture: &Architecture,
    start: Start,
) -> Result<BoxedEngine<'d>, TrainerError> {
    if start.frozen_layers > 0 && !matches!(target, Target::Native) {
        return Err(TrainerError::Usage(
            "--freeze needs --backend native: Burn's engines train all layers".into(),
        ));
    }
    Ok(match target {
        Target::Native => Box::new(native::NativeEngine::new(architecture, start)?),
        #[cfg(feature = "burn")]
        Target::BurnCpu(device) => {
            let device = device.clone().autodiff();
            let network = model::Network::new(architecture, &start.weights, &device)?;
            Box::new(burn_cpu::BurnCpuEngine::new(network, batch, start))
        }
        #[cfg(feature = "burn")]
        Target::Accelerator(accelerator) => Box::new(guard::Guarded::new(accelerator, || {
            let device = &accelerator.device;
            let network = model::Network::new(architecture, &start.weights, device)?;
            let largest_buffer = accelerator.largest_buffer;
            Ok(accelerator::AcceleratorEngine::new(
                network,
                batch,
                start,
                largest_buffer,
            ))
        })?),
    })
}
