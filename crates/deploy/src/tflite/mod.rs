//! TFLite: from the network's features to logits, with operators that TFLite Micro has.
//!
//! | layer | operator |
//! |---|---|
//! | convolution, dense | `CONV_2D` |
//! | convolution of single channels | `DEPTHWISE_CONV_2D` |
//! | batch normalisation that cannot be folded | `DEPTHWISE_CONV_2D` of one position |
//! | mean over all positions | `DEPTHWISE_CONV_2D` over the whole image |
//! | max pool, sum | `MAX_POOL_2D`, `ADD` |
//!
//! Numbers of fields and enumerations are those of `tensorflow/compiler/mlir/lite/schema/schema.fbs`, version 3.

mod flatbuffer;
mod graph;
#[cfg(test)]
mod tests;

use crate::network::{Network, Operation, Shape};
use crate::quantise::{Affine, IntegerNetwork, IntegerOperation};
use crate::{DeployError, RangeError, TrainedModel};

use self::graph::{Graph, Options, Quantisation, Tensor, Values};

/// Number format of the network's values, inputs and outputs.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// float32.
    Float,
    /// int8 inside, float32 outside.
    Int8(&'a IntegerNetwork),
    /// int8 throughout.
    Int8Io(&'a IntegerNetwork),
}

/// The file. Input `[batch, channels, segments, features]`, output `logits` `[batch, classes]`; classes, preprocessing
/// and temperature are in the metadata `seismic`, which is `model.json`.
///
/// # Errors
/// [`DeployError::Range`] if a layer has more weights than the format's 32-bit sizes hold.
pub fn file(
    model: &TrainedModel<'_>,
    network: &Network,
    numbers: Numbers<'_>,
) -> Result<Vec<u8>, DeployError> {
    let mut graph = Graph::default();
    let (input, logits) = match numbers {
        Numbers::Float => add_float(&mut graph, network),
        Numbers::Int8(network) => add_integer(&mut graph, network, true),
        Numbers::Int8Io(network) => add_integer(&mut graph, network, false),
    };
    if graph.weight_bytes() > i32::MAX as usize {
        return Err(DeployError::Range {
            layer: model.architecture_name().to_owned(),
            problem: RangeError::Weights,
        });
    }
    Ok(graph.finish(model, input, logits))
}

/// Dimensions of a batch of one.
fn dims(shape: Shape) -> Vec<i32> {
    [1, shape.height, shape.width, shape.channels]
        .map(|d| d as i32)
        .to_vec()
}

/// `[taps, in, out]` becomes `[out, taps, in]`.
fn outputs_first<T: Copy>(kernel: &[T], outputs: usize) -> Vec<T> {
    let of = |o: usize| kernel.iter().skip(o).step_by(outputs).copied();
    (0..outputs).flat_map(of).collect()
}

/// Shape of a kernel, and how it is applied.
struct KernelPlan {
    options: Options,
    dims: [usize; 4],
    is_conv: bool,
}

impl KernelPlan {
    fn conv(size: (usize, usize), stride: usize, channels: (usize, usize)) -> Self {
        Self {
            options: Options::Conv { stride },
            dims: [channels.1, size.0, size.1, channels.0],
            is_conv: true,
        }
    }

    fn depthwise(size: (usize, usize), channels: usize, same: bool) -> Self {
        Self {
            options: Options::Depthwise { same },
            dims: [1, size.0, size.1, channels],
            is_conv: false,
        }
    }

    fn dims(&self) -> Vec<i32> {
        self.dims.map(|d| d as i32).to_vec()
    }
}

fn add_float(graph: &mut Graph, network: &Network) -> (usize, usize) {
    let names = names(
        network.layers.iter().map(|l| (l.output, l.name.as_str())),
        network.values.len(),
    );
    let tensors: Vec<usize> = network
        .values
        .iter()
        .zip(&names)
        .map(|(shape, name)| graph.value(name, dims(*shape), Values::Floats(Vec::new()), None))
        .collect();
    for layer in &network.layers {
        let shape = network.values[layer.input];
        let outputs = network.values[layer.output].channels;
        let size = (shape.height, shape.width);
        let (plan, kernel, bias) = match &layer.operation {
            Operation::Conv {
                kernel,
                bias,
                size,
                stride,
            } => {
                let plan = KernelPlan::conv(*size, *stride, (shape.channels, outputs));
                (plan, outputs_first(kernel, outputs), bias)
            }
            Operation::Depthwise { kernel, bias, size } => (
                KernelPlan::depthwise(*size, outputs, true),
                kernel.clone(),
                bias,
            ),
            Operation::Scale { scale, shift } => (
                KernelPlan::depthwise((1, 1), outputs, true),
                scale.clone(),
                shift,
            ),
            Operation::Mean { scale, shift } => {
                let positions = shape.positions();
                let each: Vec<f32> = scale.iter().map(|s| s / positions as f32).collect();
                (
                    KernelPlan::depthwise(size, outputs, false),
                    each.repeat(positions),
                    shift,
                )
            }
            Operation::MaxPool { columns } => {
                graph.apply(
                    Options::MaxPool { columns: *columns },
                    &[tensors[layer.input]],
                    tensors[layer.output],
                    layer.relu,
                );
                continue;
            }
            Operation::Add { other } => {
                let inputs = [tensors[layer.input], tensors[*other]];
                graph.apply(Options::Add, &inputs, tensors[layer.output], layer.relu);
                continue;
            }
        };
        let name = |field: &str| format!("{}/{field}", layer.name);
        let kernel = graph.value(&name("kernel"), plan.dims(), Values::Floats(kernel), None);
        let bias = Values::Floats(bias.clone());
        let bias = graph.value(&name("bias"), vec![outputs as i32], bias, None);
        let inputs = [tensors[layer.input], kernel, bias];
        graph.apply(plan.options, &inputs, tensors[layer.output], layer.relu);
    }
    let logits = Tensor {
        name: "logits".into(),
        dims: vec![1, network.classes() as i32],
        values: Values::Floats(Vec::new()),
        quantisation: None,
    };
    let logits = graph.reshape(tensors[network.output], logits);
    (tensors[0], logits)
}

fn add_integer(graph: &mut Graph, network: &IntegerNetwork, float_outside: bool) -> (usize, usize) {
    let layers = network.layers.iter().map(|l| (l.output, l.name.as_str()));
    let names = names(layers, network.shapes.len());
    let mut tensors = Vec::new();
    for (value, name) in names.iter().enumerate() {
        let name = if value == 0 && float_outside {
            "input_int8"
        } else {
            name.as_str()
        };
        let quantisation = Some(Quantisation::one(network.encodings[value]));
        let values = Values::Bytes(Vec::new());
        tensors.push(graph.value(name, dims(network.shapes[value]), values, quantisation));
    }
    let mut input = tensors[0];
    if float_outside {
        input = graph.value(
            "input",
            dims(network.shapes[0]),
            Values::Floats(Vec::new()),
            None,
        );
        graph.apply(Options::Quantize, &[input], tensors[0], false);
    }
    for layer in &network.layers {
        let inputs = [tensors[layer.input]];
        match &layer.operation {
            IntegerOperation::MaxPool { columns } => {
                let pool = Options::MaxPool { columns: *columns };
                graph.apply(pool, &inputs, tensors[layer.output], layer.relu);
            }
            IntegerOperation::Add { other, .. } => {
                let inputs = [tensors[layer.input], tensors[*other]];
                graph.apply(Options::Add, &inputs, tensors[layer.output], layer.relu);
            }
            operation => {
                let shape = network.shapes[layer.input];
                let Some((plan, kernel, weights)) = integer_kernel(operation, shape) else {
                    continue;
                };
                let input_scale = network.encodings[layer.input].scale;
                let [kernel, bias] =
                    add_weights(graph, &layer.name, (&plan, kernel, weights), input_scale);
                let inputs = [tensors[layer.input], kernel, bias];
                graph.apply(plan.options, &inputs, tensors[layer.output], layer.relu);
            }
        }
    }
    let encoding = Some(Quantisation::one(network.output_encoding()));
    let dims = vec![1, network.classes() as i32];
    let integers = Tensor {
        name: if float_outside {
            "logits_int8"
        } else {
            "logits"
        }
        .into(),
        dims: dims.clone(),
        values: Values::Bytes(Vec::new()),
        quantisation: encoding,
    };
    let mut logits = graph.reshape(tensors[network.output], integers);
    if float_outside {
        let float = graph.value("logits", dims, Values::Floats(Vec::new()), None);
        graph.apply(Options::Dequantize, &[logits], float, false);
        logits = float;
    }
    (input, logits)
}

/// Shape and integers of a layer's kernel, if it has one.
fn integer_kernel(
    operation: &IntegerOperation,
    input: Shape,
) -> Option<(KernelPlan, Vec<i8>, &Affine)> {
    let weights = operation.weights()?;
    let (kernel, outputs) = (&weights.kernel, weights.bias.len());
    let (plan, kernel) = match operation {
        IntegerOperation::Conv { size, stride, .. } => {
            let plan = KernelPlan::conv(*size, *stride, (input.channels, outputs));
            (plan, outputs_first(kernel, outputs))
        }
        IntegerOperation::Depthwise { size, .. } => {
            (KernelPlan::depthwise(*size, outputs, true), kernel.clone())
        }
        IntegerOperation::Scale { .. } => {
            (KernelPlan::depthwise((1, 1), outputs, true), kernel.clone())
        }
        IntegerOperation::Mean { .. } => {
            let plan = KernelPlan::depthwise((input.height, input.width), outputs, false);
            (plan, kernel.repeat(input.positions()))
        }
        IntegerOperation::MaxPool { .. } | IntegerOperation::Add { .. } => return None,
    };
    Some((plan, kernel, weights))
}

/// Adds kernel and bias; returns their tensors.
fn add_weights(
    graph: &mut Graph,
    layer: &str,
    (plan, kernel, weights): (&KernelPlan, Vec<i8>, &Affine),
    input_scale: f32,
) -> [usize; 2] {
    let axis = if plan.is_conv { 0 } else { 3 };
    let kernel = graph.value(
        &format!("{layer}/kernel"),
        plan.dims(),
        Values::Bytes(kernel),
        Some(Quantisation::channels(weights.scales.clone(), axis)),
    );
    let scales = weights
        .scales
        .iter()
        .map(|scale| scale * input_scale)
        .collect();
    let bias = graph.value(
        &format!("{layer}/bias"),
        vec![weights.bias.len() as i32],
        Values::Ints(weights.bias.clone()),
        Some(Quantisation::channels(scales, 0)),
    );
    [kernel, bias]
}

/// Names of all values: each has the name of the layer that produces it.
fn names<'a>(layers: impl Iterator<Item = (usize, &'a str)>, values: usize) -> Vec<String> {
    let mut names = vec!["input".to_owned(); values];
    for (value, name) in layers {
        names[value] = name.to_owned();
    }
    names
}
