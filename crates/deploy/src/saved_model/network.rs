//! A network's steps as TensorFlow operations over `[batch, height, width, channels]`, as in Keras.

use model::{Plan, Step, StepKind};

use super::graph::{Float, Graph, Output};
use super::variables::Variables;
use crate::proto::{Attr, DT_FLOAT};

const FLOAT: Float = Float::Single;

/// Adds the network over `input` and returns its logits.
pub(super) fn add_network(
    graph: &mut Graph,
    plan: &Plan,
    variables: &Variables,
    input: &Output,
) -> Output {
    let mut values: Vec<Option<Output>> = vec![None; plan.values.len()];
    values[plan.input.index()] = Some(input.clone());
    let get = |values: &[Option<Output>], index: usize| {
        let value = values[index].clone();
        value.expect("a plan's steps come after what they read")
    };
    for step in &plan.steps {
        let input = get(&values, step.input.index());
        let other = step.kind.other_input().map(|id| get(&values, id.index()));
        let output = graph.within(&step.layer, |graph| {
            add_step(graph, step, variables, &input, other.as_ref())
        });
        values[step.output.index()] = Some(output);
    }
    get(&values, plan.output.index())
}

fn add_step(
    graph: &mut Graph,
    step: &Step,
    variables: &Variables,
    input: &Output,
    other: Option<&Output>,
) -> Output {
    let read = |id: model::TensorId| variables.read(id.index());
    match step.kind {
        StepKind::Conv {
            kernel,
            bias,
            size: _,
            stride,
        } => {
            let attrs = convolution(stride);
            let y = graph.add("Conv2D", "Conv2D", &[input, read(kernel)], attrs);
            graph.apply("BiasAdd", FLOAT, &[&y, read(bias)])
        }
        StepKind::Depthwise {
            kernel,
            bias,
            size: _,
        } => {
            let (inputs, op) = ([input, read(kernel)], "DepthwiseConv2dNative");
            let y = graph.add(op, op, &inputs, convolution(1));
            graph.apply("BiasAdd", FLOAT, &[&y, read(bias)])
        }
        StepKind::BatchNorm {
            gamma,
            beta,
            mean,
            variance,
            epsilon,
        } => {
            let inputs = [input, read(gamma), read(beta), read(mean), read(variance)];
            let attrs = [
                ("T", FLOAT.attr()),
                ("U", Attr::Type(DT_FLOAT)),
                ("epsilon", Attr::Float(epsilon as f32)),
                ("is_training", Attr::Bool(false)),
            ];
            graph.add("FusedBatchNormV3", "FusedBatchNormV3", &inputs, attrs)
        }
        StepKind::Relu => graph.apply("Relu", FLOAT, &[input]),
        StepKind::MaxPool { columns } => {
            let window = Attr::ints(&[1, 1, columns as i64, 1]);
            let attrs = [
                ("T", FLOAT.attr()),
                ("ksize", window.clone()),
                ("strides", window),
                ("padding", Attr::text("VALID")),
            ];
            graph.add("MaxPool", "MaxPool", &[input], attrs)
        }
        StepKind::Add { other: _ } => {
            let other = other.expect("the second summand was looked up");
            graph.apply("AddV2", FLOAT, &[input, other])
        }
        StepKind::GlobalAveragePool => graph.reduce("Mean", FLOAT, input, &[1, 2], false),
        StepKind::Dense { kernel, bias } => {
            let y = graph.apply("MatMul", FLOAT, &[input, read(kernel)]);
            graph.apply("BiasAdd", FLOAT, &[&y, read(bias)])
        }
        // Active in training only.
        StepKind::Dropout { rate: _, number: _ } => input.clone(),
    }
}

/// Attributes of a 'same' padded convolution with this stride along the width.
fn convolution(stride: usize) -> [(&'static str, Attr); 3] {
    // Depthwise convolutions require equal strides, but theirs is always 1.
    let strides = Attr::ints(&[1, 1, stride as i64, 1]);
    [
        ("T", FLOAT.attr()),
        ("strides", strides),
        ("padding", Attr::text("SAME")),
    ]
}
