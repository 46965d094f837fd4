//! The parts of a plan: steps, values and tensors.

/// One of a plan's [values](crate::Plan::values): the network's input, or what a step puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(super) usize);

impl ValueId {
    /// Its position in [`Plan::values`](crate::Plan::values).
    pub fn index(self) -> usize {
        self.0
    }
}

/// One of a plan's [tensors](crate::Plan::tensors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub(super) usize);

impl TensorId {
    /// Its position in [`Plan::tensors`](crate::Plan::tensors) and in [`Weights::tensors`](crate::Weights::tensors).
    pub fn index(self) -> usize {
        self.0
    }
}

/// Shape of one sample's value, without the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueShape {
    /// `[height, width, channels]`.
    Image {
        /// Sensor channels.
        height: usize,
        /// Segments.
        width: usize,
        /// Features of a position.
        channels: usize,
    },
    /// `[features]`.
    Flat(usize),
}

impl ValueShape {
    /// Number of floats.
    pub fn elements(self) -> usize {
        self.positions() * self.channels()
    }

    /// Positions of an image; flat values are one.
    pub fn positions(self) -> usize {
        let (height, width) = self.height_and_width();
        height * width
    }

    /// Height and width of an image; flat values are one position.
    pub fn height_and_width(self) -> (usize, usize) {
        match self {
            ValueShape::Image { height, width, .. } => (height, width),
            ValueShape::Flat(_) => (1, 1),
        }
    }

    /// Channels of an image, or the features of flat values: the last axis.
    pub fn channels(self) -> usize {
        match self {
            ValueShape::Image { channels, .. } => channels,
            ValueShape::Flat(features) => features,
        }
    }

    /// `[height, width, channels]` or `[features]`.
    pub fn dims(self) -> Vec<usize> {
        match self {
            ValueShape::Image {
                height,
                width,
                channels,
            } => vec![height, width, channels],
            ValueShape::Flat(features) => vec![features],
        }
    }
}

/// What a tensor of the network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// Convolution `[kh, kw, in, out]`, depthwise `[kh, kw, c, 1]` or dense `[in, out]` kernel;
    /// Glorot uniform at the start, with these fans.
    Kernel {
        /// Inputs of one output unit.
        fan_in: usize,
        /// Outputs one input unit reaches.
        fan_out: usize,
    },
    /// Bias, zero at the start.
    Bias,
    /// Scale of a batch normalisation, one at the start.
    Gamma,
    /// Offset of a batch normalisation, zero at the start.
    Beta,
    /// Running mean of a batch normalisation, zero at the start; not trainable.
    MovingMean,
    /// Running variance (biased) of a batch normalisation, one at the start; not trainable.
    MovingVariance,
}

impl TensorRole {
    /// Whether the tensor is a kernel, which decays where the optimizer has weight decay.
    pub fn is_kernel(self) -> bool {
        match self {
            TensorRole::Kernel { .. } => true,
            TensorRole::Bias
            | TensorRole::Gamma
            | TensorRole::Beta
            | TensorRole::MovingMean
            | TensorRole::MovingVariance => false,
        }
    }

    /// Whether the optimizer changes the tensor.
    pub fn trainable(self) -> bool {
        match self {
            TensorRole::Kernel { .. } | TensorRole::Bias | TensorRole::Gamma | TensorRole::Beta => {
                true
            }
            TensorRole::MovingMean | TensorRole::MovingVariance => false,
        }
    }
}

/// Name, shape and role of one tensor, in Keras' layout and names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorPlan {
    /// `layer/kernel`, `layer/bias`, `layer/gamma`, ...
    pub name: String,
    /// Shape in Keras' layout.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: TensorRole,
}

impl TensorPlan {
    /// Number of values.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// One step of a plan: `output = kind(input)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of the layer, unique within the network. Layers without parameters have generated ones: `conv1.relu`,
    /// `max_pool_1`, `block01.add`, `global_average_pool`, `dropout_1`.
    pub layer: String,
    /// What is computed, with the tensors it reads.
    pub kind: StepKind,
    /// The value it reads; a step of two values names the second in its kind.
    pub input: ValueId,
    /// The value it puts out, which no other step does.
    pub output: ValueId,
}

/// What a step computes, over channels-last values. Sizes are `(height, width)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepKind {
    /// 'Same' padded convolution ([`same_padding`](crate::same_padding)) with bias.
    Conv {
        /// `[kh, kw, in, out]`.
        kernel: TensorId,
        /// `[out]`.
        bias: TensorId,
        /// `(kh, kw)`.
        size: (usize, usize),
        /// Along the width; the height is never strided.
        stride: usize,
    },
    /// 'Same' padded depthwise convolution with bias, stride 1.
    Depthwise {
        /// `[kh, kw, channels, 1]`.
        kernel: TensorId,
        /// `[channels]`.
        bias: TensorId,
        /// `(kh, kw)`.
        size: (usize, usize),
    },
    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, a channel at a time; in training with mean and biased
    /// variance of the batch over all samples and positions.
    BatchNorm {
        /// `[channels]`.
        gamma: TensorId,
        /// `[channels]`.
        beta: TensorId,
        /// Running mean `[channels]`.
        mean: TensorId,
        /// Running variance `[channels]`.
        variance: TensorId,
        /// Added to the variance.
        epsilon: f64,
    },
    /// `max(x, 0)`.
    Relu,
    /// Maximum of two neighbouring columns, stride 2 along the width; an odd last column is dropped.
    MaxPool,
    /// Sum of two values of one shape.
    Add {
        /// The second summand.
        other: ValueId,
    },
    /// Mean over all positions: an image becomes flat.
    GlobalAveragePool,
    /// `x * kernel + bias` over flat values.
    Dense {
        /// `[in, out]`.
        kernel: TensorId,
        /// `[out]`.
        bias: TensorId,
    },
    /// Inverted dropout, active in training only.
    Dropout {
        /// Fraction of elements set to zero.
        rate: f64,
        /// Counts the network's dropout layers from 1: each draws a stream of its own.
        number: u64,
    },
}

impl Step {
    /// All values it reads, in order.
    pub fn inputs(&self) -> impl Iterator<Item = ValueId> {
        std::iter::once(self.input).chain(self.kind.other_input())
    }
}

impl StepKind {
    /// The value that a step of two values reads beside [`Step::input`].
    pub fn other_input(&self) -> Option<ValueId> {
        match *self {
            StepKind::Add { other } => Some(other),
            StepKind::Conv { .. }
            | StepKind::Depthwise { .. }
            | StepKind::BatchNorm { .. }
            | StepKind::Relu
            | StepKind::MaxPool
            | StepKind::GlobalAveragePool
            | StepKind::Dense { .. }
            | StepKind::Dropout { .. } => None,
        }
    }

    /// The tensors it reads, in the order of the plan.
    pub fn tensors(&self) -> Vec<TensorId> {
        match *self {
            StepKind::Conv { kernel, bias, .. }
            | StepKind::Depthwise { kernel, bias, .. }
            | StepKind::Dense { kernel, bias } => vec![kernel, bias],
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon: _,
            } => vec![gamma, beta, mean, variance],
            StepKind::Relu
            | StepKind::MaxPool
            | StepKind::Add { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dropout { .. } => Vec::new(),
        }
    }

    /// Whether the output can take the memory of an input that nothing reads afterwards.
    pub fn works_in_place(&self) -> bool {
        match self {
            StepKind::BatchNorm { .. }
            | StepKind::Relu
            | StepKind::Add { .. }
            | StepKind::Dropout { .. } => true,
            StepKind::Conv { .. }
            | StepKind::Depthwise { .. }
            | StepKind::MaxPool
            | StepKind::GlobalAveragePool
            | StepKind::Dense { .. } => false,
        }
    }
}
