//! A plan as steps between buffers, some of them in place or fused.

mod builder;

use std::ops::Range;

use self::builder::Builder;
use super::conv::{CHANNELS, Conv};
use crate::plan::Plan;

/// Buffer of activations.
pub(super) type BufferId = usize;

/// The network's input, which is read where it is.
pub(super) const INPUT: BufferId = 0;

/// Rows a sample and channels a row of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferShape {
    pub rows: usize,
    pub channels: usize,
}

impl BufferShape {
    /// Values of one sample.
    pub fn length(self) -> usize {
        self.rows * self.channels
    }
}

/// A batch normalisation.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    /// Tells the normalisations of a network apart.
    pub number: usize,
    /// Among the parameters; beta follows gamma.
    pub gamma: Range<usize>,
    pub beta: Range<usize>,
    /// Among the statistics.
    pub mean: Range<usize>,
    pub variance: Range<usize>,
    pub epsilon: f32,
    /// Whether a rectifier follows.
    pub relu: bool,
}

/// What a step does.
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
        /// Whether the other's gradient has been set when the backward pass comes here.
        accumulate: bool,
        /// Whether a rectifier follows.
        relu: bool,
    },
    /// Mean over the rows of a sample.
    AveragePool,
    /// The number tells the dropout layers of a network apart.
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

    /// What has a kernel and a bias.
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

    /// The flag of a rectifier that follows, where the step can include one.
    fn fused_relu_flag(&mut self) -> Option<&mut bool> {
        match self {
            Kind::Conv(conv) | Kind::Depthwise(conv) => Some(&mut conv.relu),
            Kind::BatchNorm(norm) => Some(&mut norm.relu),
            Kind::Add { relu, .. } => Some(relu),
            Kind::Relu | Kind::MaxPool { .. } | Kind::AveragePool | Kind::Dropout { .. } => None,
        }
    }
}

/// One step: `to = kind(from)`, in place where both are the same.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub kind: Kind,
    pub from: BufferId,
    pub to: BufferId,
    /// Whether the gradient of `from` has been set when the backward pass comes here.
    pub accumulate: bool,
}

/// Gradients that one thread computes, of one step.
#[derive(Clone, Debug)]
pub(super) struct GradientTask {
    pub step: usize,
    /// Among the parameters; a kernel has one for every tap.
    pub ranges: Vec<Range<usize>>,
    pub target: GradientTarget,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum GradientTarget {
    /// Kernels of all taps, from an input channel on.
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
    /// Of which buffers gradients are wanted: in training, of those that depend on parameters.
    pub wanted: Vec<bool>,
    pub output: BufferId,
    /// Channels of every batch normalisation.
    pub norms: Vec<usize>,
    /// The steps of the batch normalisations.
    pub norm_steps: Vec<usize>,
    /// Values of all transposed kernels.
    pub transposed: usize,
    pub gradients: Vec<GradientTask>,
}

impl Program {
    pub fn new(plan: &Plan) -> Self {
        Self::wanting(plan, plan.depends_on_parameters())
    }

    /// With the gradients of all buffers, the input's included.
    pub fn with_input_gradient(plan: &Plan) -> Self {
        Self::wanting(plan, vec![true; plan.values.len()])
    }

    /// With the gradients of the plan's values that are `wanted`.
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

    /// The batch normalisation that is step `i`.
    pub fn norm_at(&self, i: usize) -> Option<(&Norm, &Step)> {
        let step = self.steps.get(i)?;
        Some((step.kind.norm()?, step))
    }

    /// Which gradients are set before they are added to, and which kernels are needed transposed.
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

/// Where every tensor lies: among the parameters or among the statistics, in the order of the plan.
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
