//! An architecture as steps between buffers.

use std::ops::Range;

use crate::architecture::{Architecture, Op};
use crate::conv::{ConvForm, Geometry};

/// Buffer of activations; 0 is the input.
pub(super) type BufferId = usize;

/// Rows a sample and channels a row of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BufferShape {
    pub rows: usize,
    pub channels: usize,
}

/// A convolution whose geometry is resolved to row numbers.
#[derive(Clone, Debug)]
pub(super) struct ConvStep {
    pub geometry: Geometry,
    /// Row of a sample under every tap of every output row, none in the padding.
    pub sources: Vec<Option<usize>>,
    pub channels: usize,
    pub out: usize,
    pub form: ConvForm,
    pub kernel: Range<usize>,
    pub bias: Range<usize>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Convolution, or dense layer as a pointwise one.
    Conv(ConvStep),
    Depthwise(ConvStep),
    BatchNorm {
        gamma: Range<usize>,
        beta: Range<usize>,
        /// Among the statistics.
        mean: Range<usize>,
        variance: Range<usize>,
    },
    /// In place.
    Relu,
    /// Pairs of neighbouring columns of lines of `width`.
    MaxPool {
        width: usize,
    },
    /// `from + other`.
    Add {
        other: BufferId,
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
}

/// A whole network.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub steps: Vec<Step>,
    pub buffers: Vec<BufferShape>,
    pub output: BufferId,
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
        };
        let place = Place {
            buffer: 0,
            height: input.height,
            width: input.width,
        };
        let place = builder.sequence(&architecture.ops, place);
        Self {
            steps: builder.steps,
            buffers: builder.buffers,
            output: place.buffer,
        }
    }
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
        });
        place
    }

    fn conv(
        &mut self,
        geometry: Geometry,
        channels: usize,
        out: usize,
        depthwise: bool,
    ) -> ConvStep {
        let taps = geometry.taps();
        let inputs = if depthwise { taps } else { taps * channels };
        ConvStep {
            geometry,
            sources: geometry.sources(),
            channels,
            out,
            form: geometry.form(channels, out),
            kernel: self.parameters(inputs * out),
            bias: self.parameters(out),
        }
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
                self.push(
                    Kind::Conv(step),
                    place,
                    height,
                    width.div_ceil(*stride),
                    *out,
                )
            }
            Op::Depthwise { kernel, .. } => {
                let step = self.conv(geometry(*kernel, 1), channels, channels, true);
                self.push(Kind::Depthwise(step), place, height, width, channels)
            }
            Op::BatchNorm { .. } => {
                let kind = Kind::BatchNorm {
                    gamma: self.parameters(channels),
                    beta: self.parameters(channels),
                    mean: self.statistics(channels),
                    variance: self.statistics(channels),
                };
                self.push(kind, place, height, width, channels)
            }
            Op::Relu => self.in_place(Kind::Relu, place),
            Op::MaxPool => self.push(Kind::MaxPool { width }, place, height, width / 2, channels),
            Op::Residual { body, shortcut, .. } => {
                let main = self.sequence(body, place);
                let side = self.sequence(shortcut, place);
                let channels = self.buffers[main.buffer].channels;
                let kind = Kind::Add { other: side.buffer };
                let sum = self.push(kind, main, main.height, main.width, channels);
                self.in_place(Kind::Relu, sum)
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
