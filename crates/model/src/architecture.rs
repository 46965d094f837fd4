//! The networks as lists of operations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    /// Five small convolutions and a dense head, for nodes with tens of kilobytes.
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

    /// The networks of the Python system, smallest first.
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

    /// Memory budget for weights and activations that the network was designed for, in KB of 1024 bytes.
    pub fn budget_kb(self) -> Option<usize> {
        match self {
            ModelKind::UltraLightweight | ModelKind::Seismic => Some(150),
            ModelKind::DeepEfficient => Some(200),
            ModelKind::Simple | ModelKind::ResnetStyle | ModelKind::DeepLarge => None,
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

    /// This network without the path from the maximum over time, which `seismic_cnn` did not have at first; `None` for the
    /// others, which have not changed. Experiments of that time still need it.
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

struct Builder {
    ops: Vec<Op>,
    divisor: usize,
}

impl Builder {
    fn width(&self, channels: usize) -> usize {
        (channels / self.divisor).max(1)
    }

    fn conv(&self, name: String, kernel: (usize, usize), stride: usize, out: usize) -> Op {
        Op::Conv {
            name,
            kernel,
            stride,
            out,
        }
    }

    fn conv_relu(&mut self, name: String, kernel: (usize, usize), out: usize) {
        let op = self.conv(name, kernel, 1, self.width(out));
        self.ops.extend([op, Op::Relu]);
    }

    fn batch_norm(&mut self, name: String) {
        self.ops.push(Op::BatchNorm { name });
    }

    fn dense_relu(&mut self, name: &str, units: usize, dropout: f64) {
        self.ops.extend([
            Op::Dense {
                name: name.into(),
                units: self.width(units),
            },
            Op::Relu,
            Op::Dropout { rate: dropout },
        ]);
    }

    fn ultra_lightweight(&mut self) {
        let convs = [
            (12, (1, 3)),
            (24, (1, 3)),
            (32, (1, 3)),
            (24, (1, 2)),
            (32, (1, 2)),
        ];
        for (i, (out, kernel)) in convs.into_iter().enumerate() {
            self.conv_relu(format!("conv{}", i + 1), kernel, out);
        }
        self.ops.push(Op::GlobalAveragePool);
    }

    fn simple(&mut self) {
        self.conv_relu("conv1".into(), (2, 3), 32);
        self.batch_norm("bn1".into());
        self.conv_relu("conv2".into(), (2, 3), 64);
        self.ops.push(Op::MaxPool { columns: 2 });
        self.batch_norm("bn2".into());
        self.conv_relu("conv3".into(), (1, 3), 128);
        self.ops.push(Op::MaxPool { columns: 2 });
        self.batch_norm("bn3".into());
        self.ops.push(Op::GlobalAveragePool);
        self.dense_relu("fc1", 512, 0.3);
    }

    fn deep_efficient(&mut self) {
        let convs = [
            (16, (1, 3)),
            (32, (1, 3)),
            (48, (1, 3)),
            (64, (1, 3)),
            (64, (1, 2)),
            (48, (1, 3)),
            (32, (1, 2)),
            (64, (1, 2)),
        ];
        for (i, (out, kernel)) in convs.into_iter().enumerate() {
            self.conv_relu(format!("conv{}", i + 1), kernel, out);
            self.batch_norm(format!("bn{}", i + 1));
        }
        self.ops.push(Op::GlobalAveragePool);
    }

    fn deep_large(&mut self) {
        let stages: [(usize, usize, (usize, usize)); 6] = [
            (64, 2, (2, 3)),
            (128, 3, (1, 3)),
            (256, 3, (1, 3)),
            (512, 3, (1, 3)),
            (512, 3, (1, 3)),
            (512, 2, (1, 3)),
        ];
        let mut i = 0;
        for (out, count, kernel) in stages {
            for _ in 0..count {
                i += 1;
                self.conv_relu(format!("conv{i:02}"), kernel, out);
                self.batch_norm(format!("bn{i:02}"));
            }
        }
        self.ops.push(Op::GlobalAveragePool);
        for (name, units, rate) in [
            ("fc1", 2048, 0.5),
            ("fc2", 1024, 0.5),
            ("fc3", 512, 0.3),
            ("fc4", 256, 0.2),
        ] {
            self.dense_relu(name, units, rate);
        }
    }

    /// Sum of a convolutional path over the course of the window, its mean and its maximum over the `segments` segments,
    /// and a linear map of the window's mean features. Without `segments`, without the maximum.
    fn seismic(&mut self, segments: Option<usize>) {
        let width = self.width(48);
        let name = |layer: &str| layer.to_owned();
        let mut body = vec![
            self.conv(name("conv1"), (1, 1), 1, width),
            Op::BatchNorm { name: name("bn1") },
            Op::Relu,
        ];
        for block in ["block1", "block2"] {
            let layer = |layer: &str| format!("{block}.{layer}");
            let norm = |name: &str| Op::BatchNorm { name: layer(name) };
            let main = vec![
                Op::Depthwise {
                    name: layer("dw"),
                    kernel: (1, 3),
                },
                norm("bn1"),
                Op::Relu,
                self.conv(layer("conv"), (1, 1), 1, width),
                norm("bn2"),
            ];
            body.push(Op::Residual {
                name: block.into(),
                body: main,
                shortcut: Vec::new(),
            });
        }
        let dense = |layer: &str| Op::Dense {
            name: name(layer),
            units: width,
        };
        body.push(match segments {
            None => Op::GlobalAveragePool,
            // The mean hides how far an event stands out from what surrounds it.
            Some(columns) => Op::Sum {
                name: name("time"),
                body: vec![
                    Op::MaxPool { columns },
                    Op::GlobalAveragePool,
                    dense("maximum"),
                ],
                shortcut: vec![Op::GlobalAveragePool],
            },
        });
        self.ops.extend([
            Op::Sum {
                name: name("sum"),
                body,
                shortcut: vec![Op::GlobalAveragePool, dense("linear")],
            },
            Op::Dropout { rate: 0.3 },
        ]);
    }

    fn resnet_style(&mut self) {
        let stem = self.width(48);
        let op = self.conv("stem.conv".into(), (1, 7), 2, stem);
        self.ops.push(op);
        self.batch_norm("stem.bn".into());
        self.ops.push(Op::Relu);
        // (filters, blocks, stride of the first block, bottleneck)
        let stages = [
            (64, 3, 1, false),
            (96, 4, 2, false),
            (128, 5, 2, true),
            (160, 3, 1, true),
            (192, 2, 1, true),
        ];
        let mut channels = stem;
        let mut block = 0;
        for (filters, count, first_stride, bottleneck) in stages {
            for i in 0..count {
                block += 1;
                let stride = if i == 0 { first_stride } else { 1 };
                let out = self.width(filters);
                let op = self.residual(block, channels, out, stride, bottleneck);
                self.ops.push(op);
                channels = out;
            }
        }
        self.ops.push(Op::GlobalAveragePool);
        self.dense_relu("fc1", 384, 0.4);
        self.dense_relu("fc2", 192, 0.3);
    }

    fn residual(
        &self,
        block: usize,
        channels: usize,
        out: usize,
        stride: usize,
        bottleneck: bool,
    ) -> Op {
        let name = format!("block{block:02}");
        let layer = |layer: &str| format!("{name}.{layer}");
        let norm = |layer: &str| Op::BatchNorm {
            name: format!("{name}.{layer}"),
        };
        let body = if bottleneck {
            let mid = (out / 4).max(self.width(16));
            vec![
                self.conv(layer("conv1"), (1, 1), stride, mid),
                norm("bn1"),
                Op::Relu,
                Op::Depthwise {
                    name: layer("dw"),
                    kernel: (1, 3),
                },
                norm("bn2"),
                Op::Relu,
                self.conv(layer("conv3"), (1, 1), 1, out),
                norm("bn3"),
            ]
        } else {
            vec![
                self.conv(layer("conv1"), (1, 3), stride, out),
                norm("bn1"),
                Op::Relu,
                self.conv(layer("conv2"), (1, 3), 1, out),
                norm("bn2"),
            ]
        };
        let shortcut = if channels != out || stride != 1 {
            vec![
                self.conv(layer("short_conv"), (1, 1), stride, out),
                norm("short_bn"),
            ]
        } else {
            Vec::new()
        };
        Op::Residual {
            name,
            body,
            shortcut,
        }
    }
}
