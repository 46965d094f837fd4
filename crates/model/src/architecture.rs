//! The networks as lists of operations.

mod builder;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::builder::Builder;

/// Shape of one sample, channels-last: `height` sensor channels, `width` segments, and `channels` samples or spectral
/// bins per segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputShape {
    /// Sensor channels (height), 2 by default.
    pub height: usize,
    /// Segments (width), 7 by default.
    pub width: usize,
    /// Samples or spectral bins of one segment (features), 256 by default.
    pub channels: usize,
}

impl InputShape {
    /// Elements of one sample.
    pub fn elements(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// `[height, width, channels]`.
    pub fn dims(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }
}

impl Default for InputShape {
    fn default() -> Self {
        Self {
            height: 2,
            width: 7,
            channels: 256,
        }
    }
}

impl From<[usize; 3]> for InputShape {
    fn from([height, width, channels]: [usize; 3]) -> Self {
        Self {
            height,
            width,
            channels,
        }
    }
}

impl fmt::Display for InputShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

/// The networks by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// Five small convolutions and a dense head, for nodes with tens of KiB.
    UltraLightweight,
    /// Three convolutions with pooling and one wide dense layer.
    Simple,
    /// Eight narrow convolutions with batch normalisation.
    DeepEfficient,
    /// Residual and bottleneck blocks.
    ResnetStyle,
    /// Sixteen wide convolutions and four dense layers, for servers rather than nodes.
    DeepLarge,
    /// Pointwise and depthwise convolutions, averaged and at their maximum over time, in parallel with a linear path from
    /// the mean features; contains logistic regression.
    Seismic,
}

impl ModelKind {
    /// All networks, smallest first.
    pub const ALL: [ModelKind; 6] = [
        ModelKind::UltraLightweight,
        ModelKind::Seismic,
        ModelKind::DeepEfficient,
        ModelKind::Simple,
        ModelKind::ResnetStyle,
        ModelKind::DeepLarge,
    ];

    /// The networks of the Keras scripts, smallest first.
    pub const KERAS: [ModelKind; 5] = [
        ModelKind::UltraLightweight,
        ModelKind::DeepEfficient,
        ModelKind::Simple,
        ModelKind::ResnetStyle,
        ModelKind::DeepLarge,
    ];

    /// The name used on the command line, in experiment IDs and in `metadata.json`.
    pub fn name(self) -> &'static str {
        match self {
            ModelKind::UltraLightweight => "ultra_lightweight_cnn",
            ModelKind::Simple => "simple_cnn",
            ModelKind::DeepEfficient => "deep_efficient_cnn",
            ModelKind::ResnetStyle => "resnet_style_cnn",
            ModelKind::DeepLarge => "deep_cnn_large",
            ModelKind::Seismic => "seismic_cnn",
        }
    }

    /// Memory budget for weights and activations that the network was designed for, in KiB.
    pub fn budget_kib(self) -> Option<usize> {
        match self {
            ModelKind::UltraLightweight | ModelKind::Seismic => Some(150),
            ModelKind::DeepEfficient => Some(200),
            ModelKind::Simple | ModelKind::ResnetStyle | ModelKind::DeepLarge => None,
        }
    }

    /// Weight decay of kernels with which the network is trained by default. With 1, `ultra_lightweight_cnn` learns less of
    /// five of seven sets and depends more on the seed (`docs/choices.md`).
    pub fn weight_decay(self) -> f64 {
        match self {
            ModelKind::UltraLightweight => 0.3,
            ModelKind::Simple
            | ModelKind::DeepEfficient
            | ModelKind::ResnetStyle
            | ModelKind::DeepLarge
            | ModelKind::Seismic => 1.0,
        }
    }

    /// Whether residual blocks begin as their shortcut alone by default ([`crate::Weights::with_zero_residuals`]); `None` for
    /// networks without such blocks.
    pub fn zero_residuals(self) -> Option<bool> {
        match self {
            ModelKind::ResnetStyle => Some(true),
            ModelKind::UltraLightweight
            | ModelKind::Simple
            | ModelKind::DeepEfficient
            | ModelKind::DeepLarge
            | ModelKind::Seismic => None,
        }
    }

    /// Label smoothing with which the network is trained by default. `simple_cnn` is too sure on new sites without it;
    /// others lose accuracy with it, or were not measured (`docs/choices.md`).
    pub fn label_smoothing(self) -> f64 {
        match self {
            ModelKind::Simple => 0.2,
            ModelKind::UltraLightweight
            | ModelKind::DeepEfficient
            | ModelKind::ResnetStyle
            | ModelKind::DeepLarge
            | ModelKind::Seismic => 0.0,
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error for a name that is not in [`ModelKind::ALL`].
#[derive(Debug, thiserror::Error)]
#[error("unknown model `{name}`: choose one of {}", ModelKind::ALL.map(ModelKind::name).join(", "))]
pub struct UnknownModel {
    /// The name as given.
    pub name: String,
}

impl FromStr for ModelKind {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        ModelKind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownModel {
                name: name.to_owned(),
            })
    }
}

/// One operation over `[batch, height, width, channels]` activations.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// 'Same' padded convolution with bias.
    Conv {
        /// Layer name.
        name: String,
        /// Kernel height and width.
        kernel: (usize, usize),
        /// Stride along the width (segments); the height is never strided.
        stride: usize,
        /// Output channels.
        out: usize,
    },
    /// 'Same' padded depthwise convolution with bias, stride 1.
    Depthwise {
        /// Layer name.
        name: String,
        /// Kernel height and width.
        kernel: (usize, usize),
    },
    /// Batch normalisation over all positions, epsilon 1e-3, Keras momentum 0.99.
    BatchNorm {
        /// Layer name.
        name: String,
    },
    /// Rectified linear unit.
    Relu,
    /// Maximum of every `columns` neighbouring columns (segments); columns left over at the end are dropped.
    MaxPool {
        /// At least 2. Also the stride.
        columns: usize,
    },
    /// `relu(body(x) + shortcut(x))`; an empty shortcut is the identity.
    Residual {
        /// Block name.
        name: String,
        /// The main path.
        body: Vec<Op>,
        /// The shortcut path.
        shortcut: Vec<Op>,
    },
    /// `body(x) + shortcut(x)`.
    Sum {
        /// Name of the sum.
        name: String,
        /// The main path.
        body: Vec<Op>,
        /// The shortcut path.
        shortcut: Vec<Op>,
    },
    /// Mean over height and width: `[batch, channels]`.
    GlobalAveragePool,
    /// Fully connected layer with bias.
    Dense {
        /// Layer name.
        name: String,
        /// Output units.
        units: usize,
    },
    /// Inverted dropout, active in training only.
    Dropout {
        /// Fraction of elements set to zero.
        rate: f64,
    },
}

/// Epsilon of every batch normalisation.
pub const BATCH_NORM_EPSILON: f64 = 1e-3;
/// Momentum of the running averages in Keras' sense: `running = m * running + (1 - m) * batch`.
pub const BATCH_NORM_MOMENTUM: f64 = 0.99;

/// A network for a given input shape and number of classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Kind of network.
    pub kind: ModelKind,
    /// Shape of one sample.
    pub input: InputShape,
    /// Number of logits.
    pub num_classes: usize,
    /// Operations in order; the last is the dense `head`.
    pub ops: Vec<Op>,
}

impl Architecture {
    /// The network `kind` over samples of shape `input` with `num_classes` logits.
    pub fn new(kind: ModelKind, input: InputShape, num_classes: usize) -> Self {
        Self::narrowed(kind, input, num_classes, 1)
    }

    /// Like [`Architecture::new`], with every channel and unit count divided by `divisor` (at least one remains).
    /// Keeps conformance fixtures small.
    pub fn narrowed(
        kind: ModelKind,
        input: InputShape,
        num_classes: usize,
        divisor: usize,
    ) -> Self {
        Self::build(kind, input, num_classes, (divisor, false))
    }

    /// This network without the path from the maximum over time, which the first version of `seismic_cnn` did not have;
    /// `None` for the other networks, which have not changed. Experiments with the first version still need it.
    pub fn earlier(&self) -> Option<Self> {
        let (kind, input) = (self.kind, self.input);
        let earlier = || Self::build(kind, input, self.num_classes, (1, true));
        (kind == ModelKind::Seismic).then(earlier)
    }

    fn build(
        kind: ModelKind,
        input: InputShape,
        num_classes: usize,
        (divisor, earlier): (usize, bool),
    ) -> Self {
        let mut ops = Builder {
            ops: Vec::new(),
            divisor,
        };
        match kind {
            ModelKind::UltraLightweight => ops.ultra_lightweight(),
            ModelKind::Simple => ops.simple(),
            ModelKind::DeepEfficient => ops.deep_efficient(),
            ModelKind::ResnetStyle => ops.resnet_style(),
            ModelKind::DeepLarge => ops.deep_large(),
            ModelKind::Seismic => ops.seismic((!earlier).then_some(input.width)),
        }
        ops.ops.push(Op::Dense {
            name: "head".into(),
            units: num_classes,
        });
        Self {
            kind,
            input,
            num_classes,
            ops: ops.ops,
        }
    }
}
