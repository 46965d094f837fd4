//! Engines that train a network: the native CPU engine, or Burn on a CPU or GPU. Each holds network and optimiser.
//! Results agree within rounding (`crates/model/tests/conformance.rs`).
//!
//! - `backend`: the backends by name, and the device each opens;
//! - [`devices`]: the devices of this machine; `device`: one of them;
//! - `native`, `burn_cpu`, `accelerator`: one [`Engine`] each;
//! - `guard`: turns GPU failures into errors;
//! - `logits`: keeps the logits of many steps on the device.
//!
//! Without the cargo feature `burn`, only `native` exists.

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
use model::{AdamConfig, AdamState, Architecture, Targets, Weights};

use crate::error::TrainerError;
use crate::metrics::Evaluation;
pub use backend::{Backend, Choice, MemoryPool, Target};
#[cfg(feature = "burn")]
pub use device::Accelerator;

/// Number of windows classified at once during evaluation: enough for speed, few enough for small machines.
pub(crate) const EVALUATION_BATCH: usize = 256;

/// An [`Engine`] of any kind.
pub type BoxedEngine<'d> = Box<dyn Engine<'d> + 'd>;

/// The samples of a training step.
pub enum Samples<'d, 'i> {
    /// A batch assembled on the host.
    Batch(batch::Batch),
    /// Samples picked by index from a split that the engine reads directly.
    Indexed {
        /// All inputs, as returned by [`Engine::direct`].
        x: &'d [f32],
        /// Indices of the batch's samples.
        indices: &'i [usize],
        /// Labels of the batch's samples.
        y: &'i [u32],
        /// Offset of the batch in the order given to [`Engine::begin_epoch`].
        first: usize,
    },
}

impl Samples<'_, '_> {
    /// Number of samples.
    pub fn count(&self) -> usize {
        match self {
            Samples::Batch(batch) => batch.y.len(),
            Samples::Indexed { y, .. } => y.len(),
        }
    }
}

/// A network in training, with its optimiser, on samples that outlive it.
///
/// # Errors
/// Every method that computes or copies returns [`TrainerError::Device`] if a GPU fails. The engine is unusable
/// afterwards.
pub trait Engine<'d> {
    /// Sets the targets of the loss.
    fn set_targets(&mut self, targets: Targets) -> Result<(), TrainerError>;

    /// Number of optimiser steps taken.
    fn steps(&self) -> u64;

    /// The inputs of `split`, if steps and evaluations can read them in place.
    fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]>;

    /// Sets the sample order and labels for the next epoch.
    fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) -> Result<(), TrainerError>;

    /// Takes one step. Returns `false` if the loss is not finite; engines that learn this later return `true`.
    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError>;

    /// Copies the logits of all steps since the last [`Engine::take_logits`], in step order.
    fn logits(&mut self) -> Result<Vec<f32>, TrainerError>;

    /// Takes the logits of all steps since the last call, in step order.
    fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError>;

    /// Copies the weights.
    fn weights(&mut self) -> Result<Weights, TrainerError>;

    /// Copies the moving average of the weights, if enabled.
    fn average(&mut self) -> Result<Option<Weights>, TrainerError>;

    /// Copies the optimiser state.
    fn adam_state(&mut self) -> Result<AdamState, TrainerError>;

    /// Logits of all samples of `split` in inference mode, with the averaged weights if enabled. Also returns
    /// [`TrainerError::Stream`] if a streamed source can no longer be read.
    fn classify(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError>;

    /// Loss and confusion matrix on `split`, computed with [`Engine::classify`].
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

/// Initial state of an engine.
#[derive(Clone, Debug)]
pub struct Start {
    /// Network weights.
    pub weights: Weights,
    /// Optimiser configuration.
    pub optimizer: AdamConfig,
    /// Optimiser state.
    pub state: AdamState,
    /// Moving average of the weights, if enabled.
    pub average: Option<Average>,
    /// Number of leading layers that are not trained.
    pub frozen_layers: usize,
}

/// A moving average of weights.
#[derive(Clone, Debug)]
pub struct Average {
    /// See [`model::average_decay`].
    pub decay: f64,
    /// Averaged weights.
    pub weights: Weights,
}

impl Start {
    /// Starts from weights that are evaluated but not trained.
    pub fn for_evaluation(weights: &Weights) -> Self {
        Self {
            weights: weights.clone(),
            optimizer: AdamConfig::default(),
            state: AdamState::default(),
            average: None,
            frozen_layers: 0,
        }
    }
}

/// Creates an engine on `target` for batches of `batch` samples.
///
/// # Errors
/// [`TrainerError::Plan`] if the architecture does not fit its input, or [`TrainerError::Device`].
pub fn engine<'d>(
    target: &Target,
    batch: usize,
    architecture: &Architecture,
    start: Start,
) -> Result<BoxedEngine<'d>, TrainerError> {
    Ok(match target {
        Target::Native => Box::new(native::NativeEngine::new(architecture, start)?),
        #[cfg(feature = "burn")]
        Target::BurnCpu(device) => {
            let device = device.clone().autodiff();
            let mut network = model::Network::new(architecture, &start.weights, &device)?;
            network.freeze(start.frozen_layers);
            Box::new(burn_cpu::BurnCpuEngine::new(network, batch, start))
        }
        #[cfg(feature = "burn")]
        Target::Accelerator(accelerator) => Box::new(guard::Guarded::new(accelerator, || {
            let device = &accelerator.device;
            let mut network = model::Network::new(architecture, &start.weights, device)?;
            network.freeze(start.frozen_layers);
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
