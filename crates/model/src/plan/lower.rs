//! Lowers an architecture to a plan: names, shapes and tensors of every step.

use super::step::{Step, StepKind, TensorId, TensorPlan, TensorRole, ValueId, ValueShape};
use super::{Plan, PlanError};
use crate::architecture::{Architecture, BATCH_NORM_EPSILON, Op};

/// See [`Plan::new`].
pub(super) fn lower(architecture: &Architecture) -> Result<Plan, PlanError> {
    let (model, input) = (architecture.kind, architecture.input);
    if input.elements() == 0 {
        return Err(PlanError::EmptyInput { model, input });
    }
    if architecture.num_classes < 2 {
        return Err(PlanError::TooFewClasses {
            model,
            classes: architecture.num_classes,
        });
    }
    let mut lowering = Lowering {
        architecture,
        steps: Vec::new(),
        values: Vec::new(),
        tensors: Vec::new(),
        max_pools: 0,
        average_pools: 0,
        dropouts: 0,
    };
    let input = lowering.value(ValueShape::Image {
        height: input.height,
        width: input.width,
        channels: input.channels,
    });
    let output = lowering.sequence(&architecture.ops, input)?;
    if lowering.shape(output) != ValueShape::Flat(architecture.num_classes) {
        return Err(lowering.misfit("output", "one logit a class at the end", output));
    }
    Ok(Plan {
        steps: lowering.steps,
        values: lowering.values,
        tensors: lowering.tensors,
        input,
        output,
    })
}

/// A plan under construction. Methods that append a step take its input value and return its output value.
struct Lowering<'a> {
    architecture: &'a Architecture,
    steps: Vec<Step>,
    values: Vec<ValueShape>,
    tensors: Vec<TensorPlan>,
    /// Number of layers without a name so far.
    max_pools: usize,
    average_pools: usize,
    dropouts: u64,
}

impl Lowering<'_> {
    fn sequence(&mut self, ops: &[Op], input: ValueId) -> Result<ValueId, PlanError> {
        ops.iter().try_fold(input, |value, op| self.op(op, value))
    }

    fn op(&mut self, op: &Op, input: ValueId) -> Result<ValueId, PlanError> {
        match op {
            Op::Conv {
                name,
                kernel,
                stride,
                out,
            } => self.conv(name, input, *kernel, *stride, *out),
            Op::Depthwise { name, kernel } => self.depthwise(name, input, *kernel),
            Op::BatchNorm { name } => Ok(self.batch_norm(name, input)),
            Op::Relu => {
                let layer = self.layer_of(input);
                Ok(self.push(format!("{layer}.relu"), StepKind::Relu, input))
            }
            Op::MaxPool { columns } => self.max_pool(*columns, input),
            Op::Residual {
                name,
                body,
                shortcut,
            } => {
                let main = self.sequence(body, input)?;
                let other = self.sequence(shortcut, input)?;
                let sum = self.add(format!("{name}.add"), main, other)?;
                Ok(self.push(format!("{name}.relu"), StepKind::Relu, sum))
            }
            Op::Sum {
                name,
                body,
                shortcut,
            } => {
                // The shortcut may be small; computing it first frees the input early.
                let other = self.sequence(shortcut, input)?;
                let main = self.sequence(body, input)?;
                self.add(name.clone(), main, other)
            }
            Op::GlobalAveragePool => self.global_average_pool(input),
            Op::Dense { name, units } => self.dense(name, input, *units),
            Op::Dropout { rate } => {
                self.dropouts += 1;
                let number = self.dropouts;
                let kind = StepKind::Dropout {
                    rate: *rate,
                    number,
                };
                Ok(self.push(format!("dropout_{number}"), kind, input))
            }
        }
    }

    fn conv(
        &mut self,
        layer: &str,
        input: ValueId,
        size: (usize, usize),
        stride: usize,
        out: usize,
    ) -> Result<ValueId, PlanError> {
        let (height, width, channels) = self.image(layer, input)?;
        let taps = size.0 * size.1;
        let shape = vec![size.0, size.1, channels, out];
        let kind = StepKind::Conv {
            kernel: self.kernel(layer, shape, taps * channels, taps * out),
            bias: self.bias(layer, out),
            size,
            stride,
        };
        let shape = ValueShape::Image {
            height,
            width: width.div_ceil(stride),
            channels: out,
        };
        Ok(self.push_as(layer.into(), kind, input, shape))
    }

    fn depthwise(
        &mut self,
        layer: &str,
        input: ValueId,
        size: (usize, usize),
    ) -> Result<ValueId, PlanError> {
        let (_, _, channels) = self.image(layer, input)?;
        let taps = size.0 * size.1;
        let shape = vec![size.0, size.1, channels, 1];
        // Keras computes the fans from the shape [kh, kw, c, 1] like for any convolution.
        let kind = StepKind::Depthwise {
            kernel: self.kernel(layer, shape, taps * channels, taps),
            bias: self.bias(layer, channels),
            size,
        };
        Ok(self.push(layer.into(), kind, input))
    }

    fn batch_norm(&mut self, layer: &str, input: ValueId) -> ValueId {
        let channels = self.shape(input).channels();
        let mut tensor = |field, role| self.tensor(layer, field, vec![channels], role);
        let kind = StepKind::BatchNorm {
            gamma: tensor("gamma", TensorRole::Gamma),
            beta: tensor("beta", TensorRole::Beta),
            mean: tensor("moving_mean", TensorRole::MovingMean),
            variance: tensor("moving_variance", TensorRole::MovingVariance),
            epsilon: BATCH_NORM_EPSILON,
        };
        self.push(layer.into(), kind, input)
    }

    fn max_pool(&mut self, columns: usize, input: ValueId) -> Result<ValueId, PlanError> {
        self.max_pools += 1;
        let layer = format!("max_pool_{}", self.max_pools);
        let (height, width, channels) = self.image(&layer, input)?;
        if width < columns {
            return Err(PlanError::TooNarrow {
                model: self.architecture.kind,
                input: self.architecture.input,
                layer,
                width,
            });
        }
        let shape = ValueShape::Image {
            height,
            width: width / columns,
            channels,
        };
        Ok(self.push_as(layer, StepKind::MaxPool { columns }, input, shape))
    }

    fn add(&mut self, layer: String, input: ValueId, other: ValueId) -> Result<ValueId, PlanError> {
        if self.shape(input) != self.shape(other) {
            return Err(self.misfit(&layer, "two values of one shape", other));
        }
        Ok(self.push(layer, StepKind::Add { other }, input))
    }

    fn global_average_pool(&mut self, input: ValueId) -> Result<ValueId, PlanError> {
        self.average_pools += 1;
        let layer = match self.average_pools {
            1 => "global_average_pool".to_owned(),
            number => format!("global_average_pool_{number}"),
        };
        let (_, _, channels) = self.image(&layer, input)?;
        let shape = ValueShape::Flat(channels);
        Ok(self.push_as(layer, StepKind::GlobalAveragePool, input, shape))
    }

    fn dense(&mut self, layer: &str, input: ValueId, units: usize) -> Result<ValueId, PlanError> {
        let ValueShape::Flat(features) = self.shape(input) else {
            return Err(self.misfit(layer, "flat values, as after pooling", input));
        };
        let kind = StepKind::Dense {
            kernel: self.kernel(layer, vec![features, units], features, units),
            bias: self.bias(layer, units),
        };
        Ok(self.push_as(layer.into(), kind, input, ValueShape::Flat(units)))
    }

    /// Appends a step whose output has the shape of its input.
    fn push(&mut self, layer: String, kind: StepKind, input: ValueId) -> ValueId {
        let shape = self.shape(input);
        self.push_as(layer, kind, input, shape)
    }

    fn push_as(
        &mut self,
        layer: String,
        kind: StepKind,
        input: ValueId,
        shape: ValueShape,
    ) -> ValueId {
        let output = self.value(shape);
        self.steps.push(Step {
            layer,
            kind,
            input,
            output,
        });
        output
    }

    fn value(&mut self, shape: ValueShape) -> ValueId {
        self.values.push(shape);
        ValueId(self.values.len() - 1)
    }

    fn shape(&self, value: ValueId) -> ValueShape {
        self.values[value.index()]
    }

    /// Height, width and channels of what `layer` reads.
    fn image(&self, layer: &str, value: ValueId) -> Result<(usize, usize, usize), PlanError> {
        match self.shape(value) {
            ValueShape::Image {
                height,
                width,
                channels,
            } => Ok((height, width, channels)),
            ValueShape::Flat(_) => {
                Err(self.misfit(layer, "an image [height, width, channels]", value))
            }
        }
    }

    fn misfit(&self, layer: &str, expected: &'static str, found: ValueId) -> PlanError {
        PlanError::Misfit {
            model: self.architecture.kind,
            layer: layer.into(),
            expected,
            found: self.shape(found).dims(),
        }
    }

    /// The layer that produces `value`.
    fn layer_of(&self, value: ValueId) -> &str {
        let mut steps = self.steps.iter();
        steps
            .find(|step| step.output == value)
            .map_or("input", |step| &step.layer)
    }

    fn kernel(
        &mut self,
        layer: &str,
        shape: Vec<usize>,
        fan_in: usize,
        fan_out: usize,
    ) -> TensorId {
        self.tensor(
            layer,
            "kernel",
            shape,
            TensorRole::Kernel { fan_in, fan_out },
        )
    }

    fn bias(&mut self, layer: &str, outputs: usize) -> TensorId {
        self.tensor(layer, "bias", vec![outputs], TensorRole::Bias)
    }

    fn tensor(
        &mut self,
        layer: &str,
        field: &str,
        shape: Vec<usize>,
        role: TensorRole,
    ) -> TensorId {
        self.tensors.push(TensorPlan {
            name: format!("{layer}/{field}"),
            shape,
            role,
        });
        TensorId(self.tensors.len() - 1)
    }
}
