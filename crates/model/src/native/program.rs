//! An architecture as steps between buffers.

use std::ops::Range;

use super::conv::{CHANNELS, Conv};
use crate::architecture::{Architecture, Op};
use crate::conv::Geometry;

/// Buffer of activations; 0 is the input.
pub(super) type BufferId = usize;

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
    pub gamma: Range<usize>,
    pub beta: Range<usize>,
    /// Among the statistics.
    pub mean: Range<usize>,
    pub variance: Range<usize>,
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
    /// In place.
    Relu,
    /// Pairs of neighbouring columns of lines of `width`.
    MaxPool {
        width: usize,
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
    Pool,
    /// In place; the number tells the layers of a network apart.
    Dropout {
        rate: f64,
        layer: u64,
    },
}

/// One step: `to = kind(from)`.
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
    pub of: GradientOf,
}

#[derive(Clone, Debug)]
pub(super) enum GradientOf {
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
    /// Resolves an architecture that its plan has accepted.
    pub fn new(architecture: &Architecture) -> Self {
        let input = architecture.input;
        let mut builder = Builder {
            steps: Vec::new(),
            buffers: vec![BufferShape {
                rows: input.height * input.width,
                channels: input.channels,
            }],
            parameters: 0,
            statistics: 0,
            dropouts: 0,
            norms: Vec::new(),
        };
        let place = Place {
            buffer: 0,
            height: input.height,
            width: input.width,
        };
        let place = builder.sequence(&architecture.ops, place);
        let mut program = Self {
            gradients: gradient_tasks(&builder.steps),
            norm_steps: (0..builder.steps.len())
                .filter(|&i| matches!(builder.steps[i].kind, Kind::BatchNorm(_)))
                .collect(),
            steps: builder.steps,
            buffers: builder.buffers,
            output: place.buffer,
            norms: builder.norms,
            transposed: 0,
        };
        program.resolve_backward();
        program
    }

    /// The batch normalisation that is step `i`.
    pub fn norm_at(&self, i: usize) -> Option<(&Norm, &Step)> {
        let step = self.steps.get(i)?;
        match &step.kind {
            Kind::BatchNorm(norm) => Some((norm, step)),
            _ => None,
        }
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
                // The input's gradient is nobody's.
                Kind::Conv(conv) if step.from != 0 => {
                    conv.transposed = Some(self.transposed);
                    self.transposed += conv.kernel.len();
                }
                _ => {}
            }
        }
    }
}

fn gradient_tasks(steps: &[Step]) -> Vec<GradientTask> {
    let mut tasks = Vec::new();
    for (step, conv) in steps
        .iter()
        .enumerate()
        .filter_map(|(i, step)| match &step.kind {
            Kind::Conv(conv) | Kind::Depthwise(conv) => Some((i, conv)),
            _ => None,
        })
    {
        let mut add = |ranges, of| tasks.push(GradientTask { step, ranges, of });
        if matches!(steps[step].kind, Kind::Depthwise(_)) {
            add(vec![conv.kernel.clone()], GradientOf::DepthwiseKernel);
        } else {
            for from in (0..conv.channels).step_by(CHANNELS) {
                let count = CHANNELS.min(conv.channels - from);
                let of_tap = |tap| {
                    let start = conv.kernel.start + (tap * conv.channels + from) * conv.out;
                    start..start + count * conv.out
                };
                add(
                    (0..conv.taps()).map(of_tap).collect(),
                    GradientOf::Kernel { from },
                );
            }
        }
        add(vec![conv.bias.clone()], GradientOf::Bias);
    }
    tasks
}

#[derive(Clone, Copy)]
struct Place {
    buffer: BufferId,
    height: usize,
    width: usize,
}

struct Builder {
    steps: Vec<Step>,
    buffers: Vec<BufferShape>,
    parameters: usize,
    statistics: usize,
    dropouts: u64,
    norms: Vec<usize>,
}

impl Builder {
    fn parameters(&mut self, count: usize) -> Range<usize> {
        self.parameters += count;
        self.parameters - count..self.parameters
    }

    fn statistics(&mut self, count: usize) -> Range<usize> {
        self.statistics += count;
        self.statistics - count..self.statistics
    }

    fn sequence(&mut self, ops: &[Op], place: Place) -> Place {
        ops.iter().fold(place, |place, op| self.op(op, place))
    }

    /// Appends a step into a buffer of its own.
    fn push(
        &mut self,
        kind: Kind,
        from: Place,
        height: usize,
        width: usize,
        channels: usize,
    ) -> Place {
        let rows = height * width;
        self.buffers.push(BufferShape { rows, channels });
        let to = self.buffers.len() - 1;
        self.steps.push(Step {
            kind,
            from: from.buffer,
            to,
            accumulate: false,
        });
        Place {
            buffer: to,
            height,
            width,
        }
    }

    fn in_place(&mut self, kind: Kind, place: Place) -> Place {
        self.steps.push(Step {
            kind,
            from: place.buffer,
            to: place.buffer,
            accumulate: false,
        });
        place
    }

    /// A rectifier, as part of the step before it where that can be.
    fn relu(&mut self, place: Place) -> Place {
        let last = self
            .steps
            .last_mut()
            .filter(|step| step.to == place.buffer && step.from != step.to);
        let flag = last.and_then(|step| match &mut step.kind {
            Kind::Conv(conv) => Some(&mut conv.relu),
            Kind::BatchNorm(norm) => Some(&mut norm.relu),
            Kind::Add { relu, .. } => Some(relu),
            _ => None,
        });
        match flag {
            Some(flag) => {
                *flag = true;
                place
            }
            None => self.in_place(Kind::Relu, place),
        }
    }

    fn conv(
        &mut self,
        geometry: Geometry,
        channels: usize,
        out: usize,
        depthwise: bool,
    ) -> Box<Conv> {
        let taps = geometry.taps();
        let inputs = if depthwise { taps } else { taps * channels };
        let kernel = self.parameters(inputs * out);
        let bias = self.parameters(out);
        Box::new(Conv::new(geometry, channels, out, kernel, bias))
    }

    fn op(&mut self, op: &Op, place: Place) -> Place {
        let channels = self.buffers[place.buffer].channels;
        let Place { height, width, .. } = place;
        let geometry = |kernel, stride| Geometry {
            height,
            width,
            kernel,
            stride,
        };
        match op {
            Op::Conv {
                kernel,
                stride,
                out,
                ..
            } => {
                let step = self.conv(geometry(*kernel, *stride), channels, *out, false);
                let width = width.div_ceil(*stride);
                self.push(Kind::Conv(step), place, height, width, *out)
            }
            Op::Depthwise { kernel, .. } => {
                let step = self.conv(geometry(*kernel, 1), channels, channels, true);
                self.push(Kind::Depthwise(step), place, height, width, channels)
            }
            Op::BatchNorm { .. } => {
                self.norms.push(channels);
                let kind = Kind::BatchNorm(Norm {
                    number: self.norms.len() - 1,
                    gamma: self.parameters(channels),
                    beta: self.parameters(channels),
                    mean: self.statistics(channels),
                    variance: self.statistics(channels),
                    relu: false,
                });
                self.push(kind, place, height, width, channels)
            }
            Op::Relu => self.relu(place),
            Op::MaxPool => self.push(Kind::MaxPool { width }, place, height, width / 2, channels),
            Op::Residual { body, shortcut, .. } => {
                let main = self.sequence(body, place);
                let side = self.sequence(shortcut, place);
                let channels = self.buffers[main.buffer].channels;
                let kind = Kind::Add {
                    other: side.buffer,
                    accumulate: false,
                    relu: true,
                };
                self.push(kind, main, main.height, main.width, channels)
            }
            Op::GlobalAveragePool => self.push(Kind::Pool, place, 1, 1, channels),
            Op::Dense { units, .. } => {
                let geometry = Geometry {
                    height: 1,
                    width: 1,
                    kernel: (1, 1),
                    stride: 1,
                };
                let step = self.conv(geometry, channels, *units, false);
                self.push(Kind::Conv(step), place, 1, 1, *units)
            }
            Op::Dropout { rate } => {
                self.dropouts += 1;
                let layer = self.dropouts;
                self.in_place(Kind::Dropout { rate: *rate, layer }, place)
            }
        }
    }
}
