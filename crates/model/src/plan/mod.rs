//! The execution plan: what a network computes, step by step, with the shape of every value and the identity of every
//! tensor. [`Plan::new`] is the only reader of [`Architecture::ops`]; both engines, the summary, the memory estimate and
//! whoever exports a network go through [`Plan::steps`].
//!
//! - `step`: steps, values and tensors;
//! - `lower`: an architecture becomes a plan;
//! - `memory`: which values are alive when;
//! - `error`: why a network cannot be planned.

mod error;
mod lower;
mod memory;
mod step;
#[cfg(test)]
mod tests;

use crate::architecture::Architecture;
pub use error::PlanError;
pub use step::{Step, StepKind, TensorId, TensorPlan, TensorRole, ValueId, ValueShape};

/// A network as steps in execution order.
///
/// The steps form an acyclic graph over values: every value but the input is put out by exactly one step, which comes
/// before all steps that read it.
///
/// ```
/// use model::{Architecture, InputShape, ModelKind, Plan, StepKind};
///
/// let architecture = Architecture::new(ModelKind::Simple, InputShape::default(), 3);
/// let plan = Plan::new(&architecture)?;
///
/// // Every match names all kinds: a new one is an error here until it is handled.
/// let lines: Vec<String> = plan
///     .steps
///     .iter()
///     .map(|step| {
///         let operation = match step.kind {
///             StepKind::Conv { kernel, size, stride, .. } => {
///                 format!("conv {size:?}, stride {stride}, of {}", plan.tensor(kernel).name)
///             }
///             StepKind::Depthwise { size, .. } => format!("depthwise {size:?}"),
///             StepKind::BatchNorm { epsilon, .. } => format!("batch norm, epsilon {epsilon}"),
///             StepKind::Relu => "relu".into(),
///             StepKind::MaxPool => "max pool".into(),
///             StepKind::Add { other } => format!("add {:?}", plan.shape(other)),
///             StepKind::GlobalAveragePool => "global average pool".into(),
///             StepKind::Dense { kernel, .. } => format!("dense {:?}", plan.tensor(kernel).shape),
///             StepKind::Dropout { rate, .. } => format!("dropout {rate}"),
///         };
///         format!("{}: {operation} -> {:?}", step.layer, plan.shape(step.output).dims())
///     })
///     .collect();
///
/// assert_eq!(
///     lines,
///     [
///         "conv1: conv (2, 3), stride 1, of conv1/kernel -> [2, 7, 32]",
///         "conv1.relu: relu -> [2, 7, 32]",
///         "bn1: batch norm, epsilon 0.001 -> [2, 7, 32]",
///         "conv2: conv (2, 3), stride 1, of conv2/kernel -> [2, 7, 64]",
///         "conv2.relu: relu -> [2, 7, 64]",
///         "max_pool_1: max pool -> [2, 3, 64]",
///         "bn2: batch norm, epsilon 0.001 -> [2, 3, 64]",
///         "conv3: conv (1, 3), stride 1, of conv3/kernel -> [2, 3, 128]",
///         "conv3.relu: relu -> [2, 3, 128]",
///         "max_pool_2: max pool -> [2, 1, 128]",
///         "bn3: batch norm, epsilon 0.001 -> [2, 1, 128]",
///         "global_average_pool: global average pool -> [128]",
///         "fc1: dense [128, 512] -> [512]",
///         "fc1.relu: relu -> [512]",
///         "dropout_1: dropout 0.3 -> [512]",
///         "head: dense [512, 3] -> [3]",
///     ]
/// );
/// # Ok::<(), model::PlanError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is computed, in execution order.
    pub steps: Vec<Step>,
    /// Shape of every value, by [`ValueId`].
    pub values: Vec<ValueShape>,
    /// Every tensor, by [`TensorId`]: trainable ones and running statistics interleaved as the layers have them.
    pub tensors: Vec<TensorPlan>,
    /// The network's input, an image.
    pub input: ValueId,
    /// The logits, flat.
    pub output: ValueId,
}

impl Plan {
    /// Plans a network.
    ///
    /// # Errors
    /// [`PlanError`] where a dimension is zero, a pooling layer has fewer than two columns, there are fewer than two
    /// classes, or an operation does not take what the one before it puts out.
    pub fn new(architecture: &Architecture) -> Result<Self, PlanError> {
        lower::lower(architecture)
    }

    /// Shape of a value, for one sample.
    pub fn shape(&self, id: ValueId) -> ValueShape {
        self.values[id.index()]
    }

    /// Name, shape and role of a tensor.
    pub fn tensor(&self, id: TensorId) -> &TensorPlan {
        &self.tensors[id.index()]
    }

    /// Names of the layers that have tensors, from the input on.
    pub fn layers(&self) -> Vec<String> {
        let mut layers: Vec<String> = Vec::new();
        for tensor in &self.tensors {
            let layer = tensor.name.split('/').next().unwrap_or_default();
            if layers.last().is_none_or(|last| last != layer) {
                layers.push(layer.to_owned());
            }
        }
        layers
    }

    /// Number of logits.
    pub fn num_classes(&self) -> usize {
        self.shape(self.output).elements()
    }

    /// Number of all parameters, running statistics included (Keras' "total params").
    pub fn total_parameters(&self) -> usize {
        self.tensors.iter().map(TensorPlan::elements).sum()
    }

    /// Number of parameters the optimizer changes.
    pub fn trainable_parameters(&self) -> usize {
        let trainable = self.tensors.iter().filter(|t| t.role.trainable());
        trainable.map(TensorPlan::elements).sum()
    }

    /// Multiply-accumulates a sample.
    pub fn macs(&self) -> usize {
        self.steps.iter().map(|step| self.step_macs(step)).sum()
    }

    /// Multiply-accumulates of one step, a sample. Padded positions count, as a dense kernel computes them; operations
    /// without a kernel count nothing.
    pub fn step_macs(&self, step: &Step) -> usize {
        let output = self.shape(step.output);
        match step.kind {
            StepKind::Conv { size, .. } => {
                output.elements() * size.0 * size.1 * self.shape(step.input).channels()
            }
            StepKind::Depthwise { size, .. } => output.elements() * size.0 * size.1,
            StepKind::Dense { .. } => self.shape(step.input).elements() * output.elements(),
            StepKind::BatchNorm { .. }
            | StepKind::Relu
            | StepKind::MaxPool
            | StepKind::Add { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dropout { .. } => 0,
        }
    }
}
