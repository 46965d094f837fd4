//! Shape inference: what every layer of an architecture puts out, holds and costs.

use crate::architecture::{Architecture, InputShape, ModelKind, Op};

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
    /// Whether the optimizer changes the tensor.
    pub fn trainable(self) -> bool {
        !matches!(self, TensorRole::MovingMean | TensorRole::MovingVariance)
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

/// One row of the summary.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerPlan {
    /// Layer name (generated for layers without parameters).
    pub name: String,
    /// What it does, for example `conv (1,3)`.
    pub kind: String,
    /// Output shape of one sample: `[height, width, channels]` or `[features]`.
    pub output: Vec<usize>,
    /// Trainable values.
    pub trainable: usize,
    /// Values that are not trained (running statistics).
    pub fixed: usize,
    /// Multiply-accumulates a sample. Padded positions count, as a dense kernel computes them.
    pub macs: usize,
}

/// Everything that follows from an [`Architecture`].
#[derive(Clone, Debug)]
pub struct Plan {
    /// The network's layers in order.
    pub layers: Vec<LayerPlan>,
    /// Every tensor in order: trainable and running statistics interleaved as the layers have them.
    pub tensors: Vec<TensorPlan>,
    /// Largest number of float values alive at once while one sample is classified: the input and
    /// output of a layer, and the block's input where a shortcut still needs it. Batch
    /// normalisation, activations and dropout work in place.
    pub peak_activations: usize,
}

/// An architecture that does not fit its input.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// A dimension is zero.
    #[error("{model}: the input {input} has an empty dimension")]
    EmptyInput {
        /// Network.
        model: ModelKind,
        /// Input shape.
        input: InputShape,
    },
    /// Pooling leaves nothing.
    #[error(
        "{model}: the input {input} is too narrow for `{layer}`: it needs at least 2 segments there, \
         and has {width}"
    )]
    TooNarrow {
        /// Network.
        model: ModelKind,
        /// Input shape.
        input: InputShape,
        /// The layer that does not fit.
        layer: String,
        /// Segments left at that layer.
        width: usize,
    },
    /// Fewer than two classes.
    #[error("{model}: a classifier needs at least 2 classes, not {classes}")]
    TooFewClasses {
        /// Network.
        model: ModelKind,
        /// Classes asked for.
        classes: usize,
    },
}

impl Plan {
    /// Infers shapes, tensors and costs.
    ///
    /// # Errors
    /// [`PlanError`] where a dimension is zero, a pooling layer has fewer than two columns, or
    /// there are fewer than two classes.
    pub fn new(architecture: &Architecture) -> Result<Self, PlanError> {
        let Architecture {
            kind,
            input,
            num_classes,
            ops,
        } = architecture;
        if input.elements() == 0 {
            return Err(PlanError::EmptyInput {
                model: *kind,
                input: *input,
            });
        }
        if *num_classes < 2 {
            return Err(PlanError::TooFewClasses {
                model: *kind,
                classes: *num_classes,
            });
        }
        let mut walk = Walk {
            kind: *kind,
            input: *input,
            layers: Vec::new(),
            tensors: Vec::new(),
            peak: input.elements(),
            unnamed: (0, 0),
        };
        let shape = Shape::Image(input.height, input.width, input.channels);
        walk.sequence(ops, shape, 0, 0)?;
        Ok(Self {
            layers: walk.layers,
            tensors: walk.tensors,
            peak_activations: walk.peak,
        })
    }

    /// Number of all parameters, running statistics included (Keras' "total params").
    pub fn total_parameters(&self) -> usize {
        self.tensors.iter().map(TensorPlan::elements).sum()
    }

    /// Number of parameters the optimizer changes.
    pub fn trainable_parameters(&self) -> usize {
        let trainable = self.tensors.iter().filter(|t| t.role.trainable());
        trainable.map(TensorPlan::elements).sum()
    }

    /// Multiply-accumulates a sample.
    pub fn macs(&self) -> usize {
        self.layers.iter().map(|layer| layer.macs).sum()
    }
}

/// Shape of one sample's activations on the way through.
#[derive(Clone, Copy)]
enum Shape {
    Image(usize, usize, usize),
    Flat(usize),
}

impl Shape {
    fn elements(self) -> usize {
        match self {
            Shape::Image(h, w, c) => h * w * c,
            Shape::Flat(n) => n,
        }
    }

    fn channels(self) -> usize {
        match self {
            Shape::Image(_, _, c) | Shape::Flat(c) => c,
        }
    }

    fn dims(self) -> Vec<usize> {
        match self {
            Shape::Image(h, w, c) => vec![h, w, c],
            Shape::Flat(n) => vec![n],
        }
    }
}

/// A row of the summary before its output shape is known.
struct Row<'a> {
    name: &'a str,
    kind: String,
    trainable: usize,
    fixed: usize,
    macs: usize,
}

struct Walk {
    kind: ModelKind,
    input: InputShape,
    layers: Vec<LayerPlan>,
    tensors: Vec<TensorPlan>,
    peak: usize,
    /// Pooling and dropout layers so far.
    unnamed: (usize, usize),
}

impl Walk {
    /// Walks `ops` from `shape` while `held` elements stay alive beside them, and `kept` more from
    /// the second operation on (the block's input, which the first one reads itself).
    fn sequence(
        &mut self,
        ops: &[Op],
        mut shape: Shape,
        held: usize,
        kept: usize,
    ) -> Result<Shape, PlanError> {
        for (i, op) in ops.iter().enumerate() {
            let held = held + if i == 0 { 0 } else { kept };
            let output = self.op(op, shape, held)?;
            let in_place = matches!(op, Op::BatchNorm { .. } | Op::Relu | Op::Dropout { .. });
            let alive = if in_place {
                output.elements()
            } else {
                shape.elements() + output.elements()
            };
            self.peak = self.peak.max(alive + held);
            shape = output;
        }
        Ok(shape)
    }

    fn op(&mut self, op: &Op, shape: Shape, held: usize) -> Result<Shape, PlanError> {
        match op {
            Op::Conv {
                name,
                kernel: (kh, kw),
                stride,
                out,
            } => {
                let Shape::Image(h, w, c) = shape else {
                    unreachable!("architectures convolve before pooling")
                };
                let output = Shape::Image(h, w.div_ceil(*stride), *out);
                let taps = kh * kw;
                self.kernel(name, vec![*kh, *kw, c, *out], taps * c, taps * out);
                self.tensor(name, "bias", vec![*out], TensorRole::Bias);
                let kind = match stride {
                    1 => format!("conv ({kh},{kw})"),
                    s => format!("conv ({kh},{kw}) stride (1,{s})"),
                };
                let row = Row {
                    name,
                    kind,
                    trainable: taps * c * out + out,
                    fixed: 0,
                    macs: output.elements() * taps * c,
                };
                Ok(self.push(row, output))
            }
            Op::Depthwise {
                name,
                kernel: (kh, kw),
            } => {
                let taps = kh * kw;
                let c = shape.channels();
                // Keras takes the fans of the shape [kh, kw, c, 1] as of any convolution.
                self.kernel(name, vec![*kh, *kw, c, 1], taps * c, taps);
                self.tensor(name, "bias", vec![c], TensorRole::Bias);
                let row = Row {
                    name,
                    kind: format!("depthwise ({kh},{kw})"),
                    trainable: taps * c + c,
                    fixed: 0,
                    macs: shape.elements() * taps,
                };
                Ok(self.push(row, shape))
            }
            Op::BatchNorm { name } => {
                let c = shape.channels();
                for (field, role) in [
                    ("gamma", TensorRole::Gamma),
                    ("beta", TensorRole::Beta),
                    ("moving_mean", TensorRole::MovingMean),
                    ("moving_variance", TensorRole::MovingVariance),
                ] {
                    self.tensor(name, field, vec![c], role);
                }
                let row = Row {
                    name,
                    kind: "batch norm".into(),
                    trainable: 2 * c,
                    fixed: 2 * c,
                    macs: 0,
                };
                Ok(self.push(row, shape))
            }
            Op::Relu => {
                // An activation belongs to the row above it.
                if let Some(layer) = self.layers.last_mut() {
                    layer.kind.push_str(", ReLU");
                }
                Ok(shape)
            }
            Op::MaxPool => {
                let Shape::Image(h, w, c) = shape else {
                    unreachable!("architectures pool images")
                };
                self.unnamed.0 += 1;
                let name = format!("max_pool_{}", self.unnamed.0);
                if w < 2 {
                    return Err(PlanError::TooNarrow {
                        model: self.kind,
                        input: self.input,
                        layer: name,
                        width: w,
                    });
                }
                let row = Row::free(&name, "max pool (1,2)".into());
                Ok(self.push(row, Shape::Image(h, w / 2, c)))
            }
            Op::Residual {
                name,
                body,
                shortcut,
            } => {
                let input = shape.elements();
                let output = self.sequence(body, shape, held, input)?;
                let output_elements = output.elements();
                self.sequence(shortcut, shape, held + output_elements, 0)?;
                let add = format!("{name}.add");
                self.peak = self
                    .peak
                    .max(held + input.max(output_elements) + output_elements);
                let row = Row::free(&add, "add, ReLU".into());
                Ok(self.push(row, output))
            }
            Op::GlobalAveragePool => {
                let row = Row::free("global_average_pool", "global average pool".into());
                Ok(self.push(row, Shape::Flat(shape.channels())))
            }
            Op::Dense { name, units } => {
                let n = shape.elements();
                self.kernel(name, vec![n, *units], n, *units);
                self.tensor(name, "bias", vec![*units], TensorRole::Bias);
                let row = Row {
                    name,
                    kind: "dense".into(),
                    trainable: n * units + units,
                    fixed: 0,
                    macs: n * units,
                };
                Ok(self.push(row, Shape::Flat(*units)))
            }
            Op::Dropout { rate } => {
                self.unnamed.1 += 1;
                let name = format!("dropout_{}", self.unnamed.1);
                Ok(self.push(Row::free(&name, format!("dropout {rate}")), shape))
            }
        }
    }

    fn push(&mut self, row: Row<'_>, output: Shape) -> Shape {
        self.layers.push(LayerPlan {
            name: row.name.to_owned(),
            kind: row.kind,
            output: output.dims(),
            trainable: row.trainable,
            fixed: row.fixed,
            macs: row.macs,
        });
        output
    }

    fn kernel(&mut self, layer: &str, shape: Vec<usize>, fan_in: usize, fan_out: usize) {
        self.tensor(
            layer,
            "kernel",
            shape,
            TensorRole::Kernel { fan_in, fan_out },
        );
    }

    fn tensor(&mut self, layer: &str, field: &str, shape: Vec<usize>, role: TensorRole) {
        self.tensors.push(TensorPlan {
            name: format!("{layer}/{field}"),
            shape,
            role,
        });
    }
}

impl<'a> Row<'a> {
    fn free(name: &'a str, kind: String) -> Self {
        Self {
            name,
            kind,
            trainable: 0,
            fixed: 0,
            macs: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the five networks: parameters, trainable parameters, MACs a sample.
    #[test]
    fn counts_are_those_of_the_published_table() {
        let table = [
            (ModelKind::UltraLightweight, 15_679, 15_679, 216_480),
            (ModelKind::Simple, 154_723, 154_275, 1_074_688),
            (ModelKind::DeepEfficient, 54_259, 53_523, 731_328),
            (ModelKind::ResnetStyle, 723_947, 715_755, 2_652_432),
            (ModelKind::DeepLarge, 10_468_099, 10_457_347, 96_699_136),
        ];
        for (kind, total, trainable, macs) in table {
            let plan = Plan::new(&Architecture::new(kind, InputShape::default(), 3)).unwrap();
            let counts = (
                plan.total_parameters(),
                plan.trainable_parameters(),
                plan.macs(),
            );
            assert_eq!(counts, (total, trainable, macs), "{kind}");
            let rows = plan.layers.iter().map(|l| l.trainable + l.fixed);
            assert_eq!(rows.sum::<usize>(), total, "{kind}: rows and tensors agree");
        }
    }

    #[test]
    fn inputs_that_do_not_fit_are_refused() {
        let plan = |kind, input: [usize; 3], classes| {
            Plan::new(&Architecture::new(kind, input.into(), classes)).map(|_| ())
        };
        let error = plan(ModelKind::Simple, [2, 3, 33], 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "simple_cnn: the input 2x3x33 is too narrow for `max_pool_2`: it needs at least 2 \
             segments there, and has 1"
        );
        assert!(matches!(
            plan(ModelKind::UltraLightweight, [2, 0, 256], 3),
            Err(PlanError::EmptyInput { .. })
        ));
        assert!(matches!(
            plan(ModelKind::UltraLightweight, [2, 7, 256], 1),
            Err(PlanError::TooFewClasses { .. })
        ));
        for kind in ModelKind::ALL {
            assert_eq!(plan(kind, [2, 7, 33], 10), Ok(()), "{kind} over Welch bins");
            assert_eq!(
                plan(kind, [1, 4, 5], 2),
                Ok(()),
                "{kind} over a small input"
            );
        }
    }

    /// By hand: simple_cnn holds its input (3584) and the first convolution's output (448).
    #[test]
    fn peak_activations_are_two_neighbouring_layers() {
        let arch = Architecture::new(ModelKind::Simple, InputShape::default(), 3);
        assert_eq!(Plan::new(&arch).unwrap().peak_activations, 3584 + 448);
    }
}
