//! Turns the steps of a plan into steps over buffers.

use std::ops::Range;

use super::{BufferId, BufferShape, Kind, Norm, Step};
use crate::geometry::Geometry;
use crate::native::conv::Conv;
use crate::plan::{Plan, Step as PlanStep, StepKind, TensorId, ValueId};

/// A program under construction.
pub(super) struct Builder<'a> {
    pub plan: &'a Plan,
    /// Number of readers of each value of the plan.
    pub uses: Vec<usize>,
    /// Whether each value of the plan needs a gradient.
    pub wanted_values: Vec<bool>,
    /// Range of each tensor of the plan.
    pub ranges: Vec<Range<usize>>,
    pub steps: Vec<Step>,
    pub buffers: Vec<BufferShape>,
    pub wanted: Vec<bool>,
    /// Buffer of each value of the plan so far.
    pub buffer_of: Vec<BufferId>,
    /// The step that last wrote each buffer; `None` for the input.
    pub last_writer: Vec<Option<usize>>,
    pub norms: Vec<usize>,
}

impl Builder<'_> {
    pub fn step(&mut self, step: &PlanStep) {
        let shape = self.plan.shape(step.input);
        match step.kind {
            StepKind::Conv {
                kernel,
                bias,
                size,
                stride,
            } => {
                let conv = self.conv(step, Geometry::new(shape, size, stride), (kernel, bias));
                self.push(step, Kind::Conv(conv));
            }
            StepKind::Depthwise { kernel, bias, size } => {
                let conv = self.conv(step, Geometry::new(shape, size, 1), (kernel, bias));
                self.push(step, Kind::Depthwise(conv));
            }
            StepKind::Dense { kernel, bias } => {
                let conv = self.conv(step, Geometry::new(shape, (1, 1), 1), (kernel, bias));
                self.push(step, Kind::Conv(conv));
            }
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => {
                let [gamma, beta, mean, variance] =
                    [gamma, beta, mean, variance].map(|id| self.ranges[id.index()].clone());
                assert_eq!(gamma.end, beta.start, "beta follows gamma");
                self.norms.push(gamma.len());
                let norm = Norm {
                    number: self.norms.len() - 1,
                    gamma,
                    beta,
                    mean,
                    variance,
                    epsilon: epsilon as f32,
                    relu: false,
                };
                self.push(step, Kind::BatchNorm(norm));
            }
            StepKind::Relu => self.relu(step),
            StepKind::MaxPool { columns } => {
                let (_, width) = shape.height_and_width();
                self.push(step, Kind::MaxPool { width, columns });
            }
            StepKind::Add { other } => {
                let kind = Kind::Add {
                    other: self.buffer_of[other.index()],
                    accumulate: false,
                    relu: false,
                };
                self.push(step, kind);
            }
            StepKind::GlobalAveragePool => self.push(step, Kind::AveragePool),
            StepKind::Dropout { rate, number } => {
                self.push_in_place(step, Kind::Dropout { rate, number });
            }
        }
    }

    fn conv(
        &self,
        step: &PlanStep,
        geometry: Geometry,
        (kernel, bias): (TensorId, TensorId),
    ) -> Box<Conv> {
        let channels = self.plan.shape(step.input).channels();
        let out = self.plan.shape(step.output).channels();
        let [kernel, bias] = [kernel, bias].map(|id| self.ranges[id.index()].clone());
        assert_eq!(kernel.end, bias.start, "the bias follows the kernel");
        Box::new(Conv::new(geometry, channels, out, kernel, bias))
    }

    /// Appends a buffer for a value of the plan.
    pub fn buffer(&mut self, value: ValueId) -> BufferId {
        let shape = self.plan.shape(value);
        let id = self.buffers.len();
        self.buffers.push(BufferShape {
            rows: shape.positions(),
            channels: shape.channels(),
        });
        self.wanted.push(self.wanted_values[value.index()]);
        self.last_writer.push(None);
        self.buffer_of[value.index()] = id;
        id
    }

    /// Appends a step with a new buffer.
    fn push(&mut self, step: &PlanStep, kind: Kind) {
        let to = self.buffer(step.output);
        self.append(step, kind, to);
    }

    /// Appends a step that overwrites its input if no other step reads it.
    fn push_in_place(&mut self, step: &PlanStep, kind: Kind) {
        if self.is_only_reader(step) {
            let to = self.buffer_of[step.input.index()];
            self.append(step, kind, to);
        } else {
            self.push(step, kind);
        }
    }

    fn append(&mut self, step: &PlanStep, kind: Kind, to: BufferId) {
        self.last_writer[to] = Some(self.steps.len());
        self.buffer_of[step.output.index()] = to;
        self.steps.push(Step {
            kind,
            from: self.buffer_of[step.input.index()],
            to,
            accumulate: false,
        });
    }

    fn is_only_reader(&self, step: &PlanStep) -> bool {
        self.uses[step.input.index()] == 1 && step.input != self.plan.input
    }

    /// Appends a ReLU, fused with the step before it if possible.
    fn relu(&mut self, step: &PlanStep) {
        let buffer = self.buffer_of[step.input.index()];
        if self.is_only_reader(step)
            && let Some(writer) = self.last_writer[buffer]
            && let Some(relu) = self.steps[writer].kind.fused_relu_flag()
        {
            *relu = true;
            self.buffer_of[step.output.index()] = buffer;
        } else {
            self.push_in_place(step, Kind::Relu);
        }
    }
}
