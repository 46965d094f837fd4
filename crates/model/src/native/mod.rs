//! The networks on a CPU without a tensor framework: the same operations as `Network`, with hand-written forward and
//! backward passes over buffers that are allocated once.
//!
//! The Burn engine is the reference; both are compared with Keras on the same fixtures. This engine exists because, on
//! such small networks, the reference spends its time on copies, allocations and the bookkeeping of autodiff instead of
//! arithmetic. Here activations and gradients stay in buffers from step to step, the gradient of the input is never
//! computed, and Adam runs over one flat vector.
//!
//! - `gemm`: products that are convolutions, without gathered columns;
//! - `conv`: a convolution as products; `visits`: the order in which products visit their blocks;
//! - `kernels`: normalisation, pooling, loss and optimiser over plain slices, compiled by [`lanes`] for the processor;
//! - `program`: a plan as steps between buffers;
//! - `shard`: some samples of a batch, the work of one thread; `shard_backward`: their backward pass;
//! - `run`: passes over all shards;
//! - `input_gradient`: gradients of logits with respect to the input, outside of training;
//! - `inference`: an engine that only classifies;
//! - `team`: the threads that both share.
//!
//! Unsafe code is in `gemm` and `inference` (vector instructions), `kernels` (calls of functions that [`lanes`]
//! compiled for a detected processor) and `team` (closures shared for the duration of a phase).

mod conv;
mod gemm;
mod inference;
mod input_gradient;
mod kernels;
mod pooling;
mod program;
#[cfg(target_arch = "x86_64")]
mod registers;
mod run;
mod shard;
mod shard_backward;
mod team;
mod visits;

use std::collections::HashMap;
use std::ops::Range;

use crate::adam::{AdamConfig, AdamState};
use crate::architecture::Architecture;
use crate::mode::Mode;
use crate::plan::{Plan, PlanError};
use crate::targets::Targets;
use crate::weights::{NamedTensor, Weights};
pub use inference::Inference;
pub use input_gradient::InputGradient;
use program::Program;
use shard::{Input, Lane, NormState};

/// Exponential moving average of a network.
#[derive(Clone, Debug)]
struct Average {
    /// See [`crate::average_decay`].
    decay: f64,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
}

/// A network with its optimiser on a CPU.
#[derive(Clone, Debug)]
pub struct NativeNetwork {
    plan: Plan,
    program: Program,
    /// Multiply-accumulates per sample.
    macs: usize,
    /// Trainable tensors, concatenated in the order of the plan.
    parameters: Vec<f32>,
    /// Their gradients after a training pass.
    gradients: Vec<f32>,
    /// Running means and variances, concatenated in the order of the plan.
    statistics: Vec<f32>,
    adam: AdamConfig,
    state: AdamState,
    /// Parameters with weight decay: kernels.
    decaying: Vec<Range<usize>>,
    /// Moving average of parameters and statistics, if enabled.
    average: Option<Average>,
    /// Kernels in the layout that the gradients of inputs need.
    transposed: Vec<f32>,
    /// State of every batch normalisation.
    norms: Vec<NormState>,
    lanes: Vec<Lane>,
    /// Targets of the loss.
    targets: Targets,
    /// Logits of the last pass.
    output: Vec<f32>,
    /// Number of leading parameters and running statistics that no step changes.
    frozen: [usize; 2],
    /// Inference engine for the current tensors; `None` if it has not been needed since they changed.
    inference: Option<Inference>,
}

impl NativeNetwork {
    /// Creates a network with `weights`, before its first optimiser step.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    ///
    /// # Panics
    /// If `weights` belong to another architecture; [`Weights`] read from files are checked.
    pub fn new(
        architecture: &Architecture,
        weights: &Weights,
        adam: AdamConfig,
    ) -> Result<Self, PlanError> {
        let plan = Plan::new(architecture)?;
        let program = Program::new(&plan);
        let (parameters, statistics) = flat(&plan, weights);
        let zeros = vec![0.0; parameters.len()];
        let decaying = kernels(&plan);
        Ok(Self {
            macs: plan.macs(),
            targets: Targets::new(plan.num_classes(), 0.0),
            plan,
            transposed: Vec::new(),
            norms: program
                .norms
                .iter()
                .map(|&channels| NormState::new(channels))
                .collect(),
            lanes: Vec::new(),
            output: Vec::new(),
            frozen: [0; 2],
            inference: None,
            program,
            gradients: zeros.clone(),
            parameters,
            statistics,
            decaying,
            average: None,
            adam,
            state: AdamState {
                steps: 0,
                first: zeros.clone(),
                second: zeros,
            },
        })
    }

    /// Approximate memory in bytes for training with batches of `batch` samples: activations and their gradients,
    /// parameters, their gradients and moments.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    pub fn training_bytes(architecture: &Architecture, batch: usize) -> Result<u64, PlanError> {
        let plan = Plan::new(architecture)?;
        let program = Program::new(&plan);
        let sample: usize = program.buffers.iter().map(|shape| shape.length()).sum();
        // Parameters, average, gradients, transposed kernels, two moments, and the gradients of the lanes.
        let copies = 6 + run::gradient_copies(plan.trainable_parameters());
        let values = (2 * sample as u64).saturating_mul(batch as u64);
        let values = values.saturating_add((copies * plan.total_parameters()) as u64);
        Ok(values.saturating_mul(size_of::<f32>() as u64))
    }

    /// Sets the targets of the loss.
    ///
    /// # Panics
    /// If they are for another number of classes.
    pub fn set_targets(&mut self, targets: Targets) {
        assert_eq!(targets.row(0).len(), self.plan.num_classes(), "classes");
        self.targets = targets;
    }

    /// Shapes and tensors.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Number of optimiser steps taken.
    pub fn steps(&self) -> u64 {
        self.state.steps
    }

    /// Copies all tensors.
    pub fn weights(&self) -> Weights {
        self.to_weights(&self.parameters, &self.statistics)
    }

    fn to_weights(&self, parameters: &[f32], statistics: &[f32]) -> Weights {
        let (mut at, mut fixed_at) = (0, 0);
        let values = self.plan.tensors.iter().map(|tensor| {
            let (source, at) = if tensor.role.trainable() {
                (parameters, &mut at)
            } else {
                (statistics, &mut fixed_at)
            };
            *at += tensor.elements();
            source[*at - tensor.elements()..*at].to_vec()
        });
        Weights::from_ordered(&self.plan, values.collect())
    }

    /// Starts an exponential moving average of weights and running statistics at `start`.
    ///
    /// # Panics
    /// If `start` belongs to another network.
    pub fn keep_average(&mut self, decay: f64, start: &Weights) {
        let (parameters, statistics) = flat(&self.plan, start);
        self.average = Some(Average {
            decay,
            parameters,
            statistics,
        });
    }

    /// Copies the average, if there is one.
    pub fn average(&self) -> Option<Weights> {
        let average = self.average.as_ref()?;
        Some(self.to_weights(&average.parameters, &average.statistics))
    }

    /// Exchanges the network's tensors with their average, so that the next pass evaluates the average. A second call
    /// restores both.
    ///
    /// # Panics
    /// If there is no average.
    pub fn swap_average(&mut self) {
        let average = self.average.as_mut().expect("an average is kept");
        self.inference = None;
        std::mem::swap(&mut self.parameters, &mut average.parameters);
        std::mem::swap(&mut self.statistics, &mut average.statistics);
    }

    /// Freezes the first `layers` layers of [`Plan::layers`]: no step changes their parameters, and their batch
    /// normalisations use the running statistics, like Keras layers that are not `trainable`.
    pub fn freeze(&mut self, layers: usize) {
        self.frozen = [0; 2];
        let kept = self.plan.in_first_layers(layers);
        for (tensor, _) in self.plan.tensors.iter().zip(kept).filter(|(_, kept)| *kept) {
            let which = usize::from(!tensor.role.trainable());
            self.frozen[which] += tensor.elements();
        }
    }

    /// Gradients of the last training pass by tensor name.
    pub fn gradients(&self) -> HashMap<String, NamedTensor> {
        let mut at = 0;
        let trainable = self
            .plan
            .tensors
            .iter()
            .filter(|tensor| tensor.role.trainable());
        let named = trainable.map(|tensor| {
            at += tensor.elements();
            let gradient = NamedTensor {
                name: tensor.name.clone(),
                shape: tensor.shape.clone(),
                values: self.gradients[at - tensor.elements()..at].to_vec(),
            };
            (tensor.name.clone(), gradient)
        });
        named.collect()
    }

    /// Classifies a batch with the running statistics, using an [`Inference`] engine that is rebuilt after every
    /// change.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]` row-major; the result `[batch, classes]`.
    ///
    /// # Panics
    /// If `x` is not a whole number of samples.
    pub fn logits(&mut self, x: &[f32]) -> &[f32] {
        if self.inference.is_none() {
            self.inference = Some(Inference::of(&self.plan, &self.weights()));
        }
        let inference = self.inference.as_mut().expect("made where it was missing");
        inference.logits(x)
    }

    /// Forward and backward pass over a batch: updates gradients and running statistics, but not the parameters.
    /// Returns the logits `[batch, classes]` and the mean cross-entropy.
    ///
    /// # Panics
    /// If `x` and `y` differ in length, or a label is out of range.
    pub fn training_pass(&mut self, x: &[f32], y: &[u32], mode: Mode) -> (&[f32], f32) {
        self.pass(Input::Batch(x), y, mode)
    }

    /// Like [`NativeNetwork::training_pass`] over the samples of `x` at `indices`, which the threads copy when they
    /// need them.
    ///
    /// # Panics
    /// As there, and if an index is out of range.
    pub fn training_pass_over(
        &mut self,
        x: &[f32],
        indices: &[usize],
        y: &[u32],
        mode: Mode,
    ) -> (&[f32], f32) {
        self.pass(Input::Gather { x, indices }, y, mode)
    }

    fn pass(&mut self, input: Input<'_>, y: &[u32], mode: Mode) -> (&[f32], f32) {
        assert_ne!(
            mode,
            Mode::Inference,
            "a training pass needs batch statistics"
        );
        self.inference = None;
        let loss = self.train(input, y, mode);
        (&self.output, loss)
    }

    /// One optimiser step along the gradients of the last training pass: Adam as described in [`AdamConfig`].
    pub fn step(&mut self, learning_rate: f64) {
        self.inference = None;
        if self.frozen == [0; 2] {
            return self.adam_step(learning_rate);
        }
        let [parameters, statistics] = self.frozen;
        // Set to zero, so that the moments of frozen parameters stay zero as well.
        self.gradients[..parameters].fill(0.0);
        let kept = self.parameters[..parameters].to_vec();
        let average = self.average.as_ref();
        let average = average.map(|average| {
            let parameters = average.parameters[..parameters].to_vec();
            (parameters, average.statistics[..statistics].to_vec())
        });
        self.adam_step(learning_rate);
        self.parameters[..parameters].copy_from_slice(&kept);
        if let (Some(average), Some((kept, kept_statistics))) = (&mut self.average, average) {
            average.parameters[..parameters].copy_from_slice(&kept);
            average.statistics[..statistics].copy_from_slice(&kept_statistics);
        }
    }

    /// Restores the optimiser's state.
    ///
    /// # Panics
    /// If it belongs to another network; [`crate::TrainingState`] read from files is checked.
    pub fn restore_adam(&mut self, state: AdamState) {
        let length = self.parameters.len();
        for moments in [&state.first, &state.second] {
            assert!(
                moments.len() == length || state.steps == 0,
                "moments of another network"
            );
        }
        if state.steps > 0 {
            self.state = state;
        }
    }

    /// The optimiser's state.
    pub fn adam_state(&self) -> &AdamState {
        &self.state
    }
}

/// Trainable values and running statistics of `weights`, each concatenated.
fn flat(plan: &Plan, weights: &Weights) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(
        weights.tensors().len(),
        plan.tensors.len(),
        "weights of another network"
    );
    let (mut parameters, mut statistics) = (Vec::new(), Vec::new());
    for (tensor, plan) in weights.tensors().iter().zip(&plan.tensors) {
        assert_eq!(tensor.shape, plan.shape, "weights of another network");
        let target = if plan.role.trainable() {
            &mut parameters
        } else {
            &mut statistics
        };
        target.extend_from_slice(&tensor.values);
    }
    (parameters, statistics)
}

/// Ranges of the kernels among the trainable values.
fn kernels(plan: &Plan) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for tensor in plan.tensors.iter().filter(|tensor| tensor.role.trainable()) {
        let range = at..at + tensor.elements();
        at = range.end;
        if tensor.role.is_kernel() {
            found.push(range);
        }
    }
    found
}
