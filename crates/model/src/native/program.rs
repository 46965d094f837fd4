//! A plan as steps between buffers, some of them in place or fused.

mod builder;

use std::ops::Range;

use self::builder::Builder;
use super::conv::{CHANNELS, Conv};
use crate::plan::Plan;

/// Buffer of activations.
pub(super) type BufferId = usize;

/// The network's input, which is read in place.
pub(super) const INPUT: BufferId = 0;

/// Rows per sample and channels per row of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferShape {
    pub rows: usize,
    pub channels: usize,
}

impl BufferShape {
    /// Values per sample.
    pub fn length(self) -> usize {
        self.rows * self.channels
    }
}

/// A batch normalisation.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    /// Number of the normalisation within the network.
    pub number: usize,
    /// Offset among the parameters; beta follows gamma.
    pub gamma: Range<usize>,
    pub beta: Range<usize>,
    /// Offset among the statistics.
    pub mean: Range<usize>,
    pub variance: Range<usize>,
    pub epsilon: f32,
    /// Whether a ReLU follows.
    pub relu: bool,
}

/// Operation of a step.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Convolution, or dense layer as a pointwise one.
    Conv(Box<Conv>),
    Depthwise(Box<Conv>),
    BatchNorm(Norm),
    Relu,
    /// Windows of `columns` neighbouring columns, in lines of `width`.
    MaxPool {
        width: usize,
        columns: usize,
    },
    /// `from + other`.
    Add {
        other: BufferId,
        /// Whether the other's gradient has already been set when the backward pass reaches this step.
        accumulate: bool,
        /// Whether a ReLU follows.
        relu: bool,
    },
    /// Mean over the rows of a sample.
    AveragePool,
    /// Dropout layer with its number within the network.
    Dropout {
        rate: f64,
        number: u64,
    },
}

impl Kind {
    pub fn norm(&self) -> Option<&Norm> {
        match self {
            Kind::BatchNorm(norm) => Some(norm),
            Kind::Conv(_)
            | Kind::Depthwise(_)
            | Kind::Relu
            | Kind::MaxPool { .. }
            | Kind::Add { .. }
            | Kind::AveragePool
            | Kind::Dropout { .. } => None,
        }
    }

    /// The step's convolution, if it has a kernel and a bias.
    pub fn conv(&self) -> Option<&Conv> {
        match self {
            Kind::Conv(conv) | Kind::Depthwise(conv) => Some(conv),
            Kind::BatchNorm(_)
            | Kind::Relu
            | Kind::MaxPool { .. }
            | Kind::Add { .. }
            | Kind::AveragePool
            | Kind::Dropout { .. } => None,
        }
    }

    /// The flag for a fused ReLU, if the step supports one.
    fn fused_relu_flag(&mut self) -> Option<&mut bool> {
        match self {
            Kind::Conv(conv) | Kind::Depthwise(conv) => Some(&mut conv.relu),
            Kind::BatchNorm(norm) => Some(&mut norm.relu),
            Kind::Add { relu, .. } => Some(relu),
            Kind::Relu | Kind::MaxPool { .. } | Kind::AveragePool | Kind::Dropout { .. } => None,
        }
    }
}

/// One step: `to = kind(from)`, in place if both are the same.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub kind: Kind,
    pub from: BufferId,
    pub to: BufferId,
    /// Whether the gradient of `from` has already been set when the backward pass reaches this step.
    pub accumulate: bool,
}

/// Gradients of one step that one thread computes.
#[derive(Clone, Debug)]
pub(super) struct GradientTask {
    pub step: usize,
    /// Ranges among the parameters; a kernel has one per tap.
    pub ranges: Vec<Range<usize>>,
    pub target: GradientTarget,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum GradientTarget {
    /// Kernels of all taps, starting at an input channel.
    Kernel {
        from: usize,
    },
    DepthwiseKernel,
    Bias,
}

/// A whole network.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub steps: Vec<Step>,
    pub buffers: Vec<BufferShape>,
    /// Buffers that need gradients: in training, those that depend on parameters.
    pub wanted: Vec<bool>,
    pub output: BufferId,
    /// Number of channels of every batch normalisation.
    pub norms: Vec<usize>,
    /// The steps of the batch normalisations.
    pub norm_steps: Vec<usize>,
    /// Number of values of all transposed kernels.
    pub transposed: usize,
    pub gradients: Vec<GradientTask>,
}

impl Program {
    pub fn new(plan: &Plan) -> Self {
        Self::wanting(plan, plan.depends_on_parameters())
    }

    /// A program that computes the gradients of all buffers, including the input.
    pub fn with_input_gradient(plan: &Plan) -> Self {
        Self::wanting(plan, vec![true; plan.values.len()])
    }

    /// A program that computes the gradients of the plan's `wanted` values.
    fn wanting(plan: &Plan, wanted: Vec<bool>) -> Self {
        let mut builder = Builder {
            plan,
            uses: plan.uses(),
            wanted_values: wanted,
            ranges: ranges(plan),
            steps: Vec::new(),
            buffers: Vec::new(),
            wanted: Vec::new(),
            buffer_of: vec![INPUT; plan.values.len()],
            last_writer: Vec::new(),
            norms: Vec::new(),
        };
        builder.buffer(plan.input);
        for step in &plan.steps {
            builder.step(step);
        }
        let is_norm = |&i: &usize| builder.steps[i].kind.norm().is_some();
        let mut program = Self {
            gradients: gradient_tasks(&builder.steps),
            norm_steps: (0..builder.steps.len()).filter(is_norm).collect(),
            output: builder.buffer_of[plan.output.index()],
            steps: builder.steps,
            buffers: builder.buffers,
            wanted: builder.wanted,
            norms: builder.norms,
            transposed: 0,
        };
        program.resolve_backward();
        program
    }

    /// The batch normalisation of step `i`.
    pub fn norm_at(&self, i: usize) -> Option<(&Norm, &Step)> {
        let step = self.steps.get(i)?;
        Some((step.kind.norm()?, step))
    }

    /// Determines which gradients are set before others are added to them, and which kernels are needed transposed.
    fn resolve_backward(&mut self) {
        let mut set = vec![false; self.buffers.len()];
        for step in self.steps.iter_mut().rev() {
            if step.from == step.to {
                continue;
            }
            step.accumulate = std::mem::replace(&mut set[step.from], true);
            match &mut step.kind {
                Kind::Add {
                    other, accumulate, ..
                } => *accumulate = std::mem::replace(&mut set[*other], true),
                Kind::Conv(conv) => {
                    if self.wanted[step.from] {
                        conv.transposed = Some(self.transposed);
                        self.transposed += conv.kernel.len();
                    }
                }
                Kind::Depthwise(_)
                | Kind::BatchNorm(_)
                | Kind::Relu
                | Kind::MaxPool { .. }
                | Kind::AveragePool
                | Kind::Dropout { .. } => {}
            }
        }
    }
}

/// Range of every tensor among the parameters or the statistics, in the order of the plan.
fn ranges(plan: &Plan) -> Vec<Range<usize>> {
    let (mut parameters, mut statistics) = (0, 0);
    let ranges = plan.tensors.iter().map(|tensor| {
        let end = if tensor.role.trainable() {
            &mut parameters
        } else {
            &mut statistics
        };
        *end += tensor.elements();
        *end - tensor.elements()..*end
    });
    ranges.collect()
}

fn gradient_tasks(steps: &[Step]) -> Vec<GradientTask> {
    let mut tasks = Vec::new();
    for (step, Step { kind, .. }) in steps.iter().enumerate() {
        let mut add = |ranges, target| {
            tasks.push(GradientTask {
                step,
                ranges,
                target,
            });
        };
        match kind {
            Kind::Conv(conv) => {
                for from in (0..conv.channels).step_by(CHANNELS) {
                    let count = CHANNELS.min(conv.channels - from);
                    let of_tap = |tap| {
                        let start = conv.kernel.start + (tap * conv.channels + from) * conv.out;
                        start..start + count * conv.out
                    };
                    add(
                        (0..conv.taps()).map(of_tap).collect(),
                        GradientTarget::Kernel { from },
                    );
                }
                add(vec![conv.bias.clone()], GradientTarget::Bias);
            }
            Kind::Depthwise(conv) => {
                add(vec![conv.kernel.clone()], GradientTarget::DepthwiseKernel);
                add(vec![conv.bias.clone()], GradientTarget::Bias);
            }
            Kind::BatchNorm(_)
            | Kind::Relu
            | Kind::MaxPool { .. }
            | Kind::Add { .. }
            | Kind::AveragePool
            | Kind::Dropout { .. } => {}
        }
    }
    tasks
}
