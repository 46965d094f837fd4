//! Turns a plan and its weights into layers, one per step.

use model::{Plan, StepKind, TensorId, ValueId, ValueShape, Weights};

use super::{Layer, Network, Operation, Shape};

/// Layers that compute the plan without dropout.
pub(super) fn lower(plan: &Plan, weights: &Weights) -> Network {
    let values = |id: TensorId| weights.tensors()[id.index()].values.clone();
    let mut network = Network {
        layers: Vec::new(),
        values: vec![shape(plan.shape(plan.input))],
        output: 0,
    };
    // For each value of the plan, the index of the resulting value.
    let mut indices = vec![0; plan.values.len()];
    let index = |indices: &[usize], id: ValueId| indices[id.index()];
    for step in &plan.steps {
        let input = index(&indices, step.input);
        let channels = plan.shape(step.output).channels();
        let mut relu = false;
        let operation = match &step.kind {
            StepKind::Conv {
                kernel,
                bias,
                size,
                stride,
            } => Operation::Conv {
                kernel: values(*kernel),
                bias: values(*bias),
                size: *size,
                stride: *stride,
            },
            StepKind::Depthwise { kernel, bias, size } => Operation::Depthwise {
                kernel: values(*kernel),
                bias: values(*bias),
                size: *size,
            },
            StepKind::Dense { kernel, bias } => Operation::Conv {
                kernel: values(*kernel),
                bias: values(*bias),
                size: (1, 1),
                stride: 1,
            },
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => scale(weights, [*gamma, *beta, *mean, *variance], *epsilon),
            StepKind::Relu => {
                relu = true;
                Operation::Scale {
                    scale: vec![1.0; channels],
                    shift: vec![0.0; channels],
                }
            }
            StepKind::MaxPool { columns } => Operation::MaxPool { columns: *columns },
            StepKind::Add { other } => Operation::Add {
                other: index(&indices, *other),
            },
            StepKind::GlobalAveragePool => Operation::Mean {
                scale: vec![1.0; channels],
                shift: vec![0.0; channels],
            },
            StepKind::Dropout { .. } => {
                indices[step.output.index()] = input;
                continue;
            }
        };
        network.values.push(shape(plan.shape(step.output)));
        let output = network.values.len() - 1;
        indices[step.output.index()] = output;
        network.layers.push(Layer {
            name: step.layer.clone(),
            operation,
            relu,
            input,
            output,
        });
    }
    network.output = index(&indices, plan.output);
    network
}

/// Batch normalisation with running statistics.
fn scale(weights: &Weights, norm: [TensorId; 4], epsilon: f64) -> Operation {
    let [scale, shift] = weights
        .scale_and_shift(norm, epsilon)
        .map(|values| values.into_iter().map(|v| v as f32).collect());
    Operation::Scale { scale, shift }
}

fn shape(shape: ValueShape) -> Shape {
    let (height, width) = shape.height_and_width();
    Shape {
        height,
        width,
        channels: shape.channels(),
    }
}
