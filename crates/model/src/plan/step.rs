//! The parts of a plan: steps, values and tensors.

/// Identifies one of a plan's [values](crate::Plan::values): the network's input or the output of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(super) usize);

impl ValueId {
    /// Its position in [`Plan::values`](crate::Plan::values).
    pub fn index(self) -> usize {
        self.0
    }
}

/// Identifies one of a plan's [tensors](crate::Plan::tensors).
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

    /// Number of positions of an image; 1 for flat values.
    pub fn positions(self) -> usize {
        let (height, width) = self.height_and_width();
        height * width
    }

    /// Height and width of an image; (1, 1) for flat values.
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

/// Role of a tensor in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorRole {
    /// Kernel of a convolution `[kh, kw, in, out]`, depthwise convolution `[kh, kw, c, 1]` or dense layer `[in,
    /// out]`; initialised as Glorot uniform with these fans.
    Kernel {
        /// Number of inputs of an output unit.
        fan_in: usize,
        /// Number of outputs that an input unit reaches.
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
    /// Whether the tensor is a kernel; only kernels have weight decay.
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

    /// Whether the optimiser updates the tensor.
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
    /// Role in the network.
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
    /// Operation, with the tensors it reads.
    pub kind: StepKind,
    /// Input value. A step with two inputs names the second in its kind.
    pub input: ValueId,
    /// Output value.
    pub output: ValueId,
}

/// Operation of a step on channels-last values. Sizes are `(height, width)`.
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
    /// `(x - mean) / sqrt(variance + epsilon) * gamma + beta` per channel. In training, mean and biased variance are
    /// those of the batch over all samples and positions.
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
    /// Maximum of every `columns` neighbouring columns; columns left over at the end are dropped.
    MaxPool {
        /// Width of the window, and stride along the width.
        columns: usize,
    },
    /// Sum of two values of equal shape.
    Add {
        /// The second summand.
        other: ValueId,
    },
    /// Mean over all positions; the result is flat.
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
        /// Number of the dropout layer, counted from 1; each has its own random stream.
        number: u64,
    },
}

impl Step {
    /// All input values, in order.
    pub fn inputs(&self) -> impl Iterator<Item = ValueId> {
        std::iter::once(self.input).chain(self.kind.other_input())
    }
}

impl StepKind {
    /// The second input, besides [`Step::input`].
    pub fn other_input(&self) -> Option<ValueId> {
        match *self {
            StepKind::Add { other } => Some(other),
            StepKind::Conv { .. }
            | StepKind::Depthwise { .. }
            | StepKind::BatchNorm { .. }
            | StepKind::Relu
            | StepKind::MaxPool { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dense { .. }
            | StepKind::Dropout { .. } => None,
        }
    }

    /// The tensors it reads, in plan order.
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
            | StepKind::MaxPool { .. }
            | StepKind::Add { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dropout { .. } => Vec::new(),
        }
    }

    /// Whether the output may reuse the memory of an input that nothing reads afterwards.
    pub fn works_in_place(&self) -> bool {
        match self {
            StepKind::BatchNorm { .. }
            | StepKind::Relu
            | StepKind::Add { .. }
            | StepKind::Dropout { .. } => true,
            StepKind::Conv { .. }
            | StepKind::Depthwise { .. }
            | StepKind::MaxPool { .. }
            | StepKind::GlobalAveragePool
            | StepKind::Dense { .. } => false,
        }
    }
}
