//! The execution plan of a network, with the shape of every value and the identity of every tensor. Only
//! [`Plan::new`] reads [`Architecture::ops`]; engines, summary, memory estimate and exports use [`Plan::steps`].
//!
//! - `step`: steps, values and tensors;
//! - `lower`: turns an architecture into a plan;
//! - `memory`: lifetimes of values;
//! - `error`: errors from planning.

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
/// The steps form an acyclic graph over values. Every value except the input is produced by exactly one step, which
/// precedes all steps that read it.
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
///             StepKind::MaxPool { columns } => format!("max pool (1,{columns})"),
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
///         "max_pool_1: max pool (1,2) -> [2, 3, 64]",
///         "bn2: batch norm, epsilon 0.001 -> [2, 3, 64]",
///         "conv3: conv (1, 3), stride 1, of conv3/kernel -> [2, 3, 128]",
///         "conv3.relu: relu -> [2, 3, 128]",
///         "max_pool_2: max pool (1,2) -> [2, 1, 128]",
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
    /// Steps in execution order.
    pub steps: Vec<Step>,
    /// Shape of every value, by [`ValueId`].
    pub values: Vec<ValueShape>,
    /// Every tensor, by [`TensorId`]. Trainable tensors and running statistics are interleaved in layer order.
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
    /// [`PlanError`] if a dimension is zero, a pooling layer has fewer than two columns, there are fewer than two
    /// classes, or an operation does not accept the output of the one before it.
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

    /// Names of the layers that have tensors, in order from the input.
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

    /// Whether each tensor belongs to one of the first `layers` layers of [`Plan::layers`].
    pub fn in_first_layers(&self, layers: usize) -> Vec<bool> {
        let first = self.layers();
        let first = &first[..layers.min(first.len())];
        let is_in_first = |tensor: &TensorPlan| {
            let layer = tensor.name.split('/').next().unwrap_or_default();
            first.iter().any(|first| first == layer)
        };
        self.tensors.iter().map(is_in_first).collect()
    }

    /// Scales of the batch normalisations whose outputs are added to a shortcut.
    pub(crate) fn last_scales_of_residuals(&self) -> impl Iterator<Item = TensorId> + '_ {
        let is_added = |value: ValueId| {
            let mut steps = self.steps.iter();
            steps.any(|step| matches!(step.kind, StepKind::Add { .. }) && step.input == value)
        };
        let scales = self.steps.iter().filter(move |step| is_added(step.output));
        scales.filter_map(|step| {
            let StepKind::BatchNorm { gamma, .. } = step.kind else {
                return None;
            };
            Some(gamma)
        })
    }

    /// Number of logits.
    pub fn num_classes(&self) -> usize {
        self.shape(self.output).elements()
    }

    /// Number of all parameters, running statistics included (Keras' "total params").
    pub fn total_parameters(&self) -> usize {
        self.tensors.iter().map(TensorPlan::elements).sum()
    }

    /// Number of parameters that the optimiser updates.
    pub fn trainable_parameters(&self) -> usize {
        let trainable = self.tensors.iter().filter(|t| t.role.trainable());
        trainable.map(TensorPlan::elements).sum()
    }

    /// Multiply-accumulates per sample.
    pub fn macs(&self) -> usize {
        self.steps.iter().map(|step| self.step_macs(step)).sum()
    }

    /// Multiply-accumulates of one step per sample. Padding counts, as in a dense kernel; operations without a kernel
    /// count zero.
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
            | StepKind::MaxPool { .. }
            | StepKind::Add { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dropout { .. } => 0,
        }
    }
}
