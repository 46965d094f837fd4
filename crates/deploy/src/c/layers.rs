//! Weights and layer calls of the network.

use std::fmt::Write;

use super::Numbers;
use super::text::{floats, integers};
use crate::network::arena::{Access, Arena};
use crate::network::{Layer, Network, Operation, Shape, padding};
use crate::quantise::{Affine, IntegerLayer, IntegerNetwork, IntegerOperation};

/// C code of a network.
pub(super) struct LayerText {
    /// `USES_...` flags, and properties of the input for the front end.
    pub definitions: String,
    /// Weight arrays and layers.
    pub weights: String,
    /// One call per layer.
    pub calls: String,
    /// Number of elements in the array of all values.
    pub arena: usize,
    /// Position of the first logit.
    pub output: usize,
    /// Size of a value in bytes.
    pub value_bytes: usize,
    /// Size of the arrays in bytes.
    pub weight_bytes: usize,
}

/// Kinds of layers: the function, and the flag that enables it.
const KINDS: [(&str, &str); 6] = [
    ("convolve", "USES_CONV"),
    ("convolve_channels", "USES_DEPTHWISE"),
    ("scale", "USES_SCALE"),
    ("mean", "USES_MEAN"),
    ("max_pool", "USES_MAX_POOL"),
    ("add", "USES_ADD"),
];

/// Size and stride of a kernel; 1 for layers without one.
#[derive(Clone, Copy)]
struct Window {
    size: (usize, usize),
    stride: usize,
}

impl Window {
    const ONE: Self = Self {
        size: (1, 1),
        stride: 1,
    };

    fn pool(columns: usize) -> Self {
        Self {
            size: (1, columns),
            stride: columns,
        }
    }
}

impl LayerText {
    pub fn new(network: &Network, numbers: Numbers<'_>) -> Self {
        match numbers {
            Numbers::Float => float_text(network),
            Numbers::Int8(network) => integer_text(network),
        }
    }
}

/// Parts common to both number formats.
struct Writer<'a> {
    shapes: &'a [Shape],
    arena: Arena,
    used: [bool; KINDS.len()],
    weights: String,
    calls: String,
    bytes: usize,
}

impl<'a> Writer<'a> {
    fn new(shapes: &'a [Shape], layers: &[Access], output: usize) -> Self {
        Self {
            shapes,
            arena: Arena::new(shapes, layers, output),
            used: [false; KINDS.len()],
            weights: String::new(),
            calls: String::new(),
            bytes: 0,
        }
    }

    /// The properties of a layer that do not depend on the number format.
    fn geometry(&self, (input, output): (usize, usize), window: Window) -> String {
        let (x, y) = (self.shapes[input], self.shapes[output]);
        let (top, left) = padding(x, window.size, window.stride);
        format!(
            "{}, {}, {}, {}, {}, {}, {}, {top}, {left}, {}",
            x.height,
            x.width,
            x.channels,
            y.width,
            y.channels,
            window.size.0,
            window.size.1,
            window.stride
        )
    }

    fn call(&mut self, at: usize, kind: usize, arguments: &str) {
        self.used[kind] = true;
        let _ = writeln!(
            self.calls,
            "    {}(&layer_{at}, {arguments});",
            KINDS[kind].0
        );
    }

    fn place(&self, value: usize) -> String {
        format!("&arena[{}]", self.arena.offsets[value])
    }

    fn finish(self, definitions: String, output: usize, value_bytes: usize) -> LayerText {
        let flags = KINDS.iter().zip(self.used);
        let flags = flags.map(|((_, flag), used)| format!("#define {flag} {}\n", u8::from(used)));
        LayerText {
            definitions: flags.collect::<String>() + &definitions,
            weights: self.weights,
            calls: self.calls,
            arena: self.arena.length,
            output: self.arena.offsets[output],
            value_bytes,
            weight_bytes: self.bytes,
        }
    }
}

/// `[taps, in, out]` becomes `[out, taps, in]`.
fn outputs_first<T: Copy>(kernel: &[T], outputs: usize) -> Vec<T> {
    let of = |o: usize| kernel.iter().skip(o).step_by(outputs).copied();
    (0..outputs).flat_map(of).collect()
}

fn float_text(network: &Network) -> LayerText {
    let access = |layer: &Layer| Access {
        inputs: layer.inputs().collect(),
        output: layer.output,
        in_place: matches!(
            layer.operation,
            Operation::Scale { .. } | Operation::Add { .. } | Operation::MaxPool { .. }
        ),
    };
    let accesses: Vec<Access> = network.layers.iter().map(access).collect();
    let mut writer = Writer::new(&network.values, &accesses, network.output);
    for (at, layer) in network.layers.iter().enumerate() {
        let outputs = network.values[layer.output].channels;
        let (kind, window, arrays) = match &layer.operation {
            Operation::Conv {
                kernel,
                bias,
                size,
                stride,
            } => {
                let window = Window {
                    size: *size,
                    stride: *stride,
                };
                (
                    0,
                    window,
                    Some((outputs_first(kernel, outputs), bias.clone())),
                )
            }
            Operation::Depthwise { kernel, bias, size } => {
                let window = Window {
                    size: *size,
                    stride: 1,
                };
                (1, window, Some((kernel.clone(), bias.clone())))
            }
            Operation::Scale { scale, shift } => {
                (2, Window::ONE, Some((scale.clone(), shift.clone())))
            }
            Operation::Mean { scale, shift } => {
                (3, Window::ONE, Some((scale.clone(), shift.clone())))
            }
            Operation::MaxPool { columns } => (4, Window::pool(*columns), None),
            Operation::Add { .. } => (5, Window::ONE, None),
        };
        let _ = writeln!(writer.weights, "/* {} */", super::comment(&layer.name));
        let mut names = "NULL, NULL".to_owned();
        if let Some((kernel, bias)) = arrays {
            writer.bytes += 4 * (kernel.len() + bias.len());
            writer
                .weights
                .push_str(&floats(&format!("kernel_{at}"), &kernel));
            writer
                .weights
                .push_str(&floats(&format!("bias_{at}"), &bias));
            names = format!("kernel_{at}, bias_{at}");
        }
        let geometry = writer.geometry((layer.input, layer.output), window);
        let _ = writeln!(
            writer.weights,
            "static const layer layer_{at} = {{{geometry}, {}, {names}}};\n",
            u8::from(layer.relu)
        );
        let mut arguments = writer.place(layer.input) + ", ";
        if let Operation::Add { other } = layer.operation {
            arguments = arguments + &writer.place(other) + ", ";
        }
        arguments.push_str(&writer.place(layer.output));
        writer.call(at, kind, &arguments);
    }
    writer.finish(
        "#define FEATURES_ARE_INTEGERS 0\n".into(),
        network.output,
        4,
    )
}

fn integer_text(network: &IntegerNetwork) -> LayerText {
    let access = |layer: &IntegerLayer| {
        let mut inputs = vec![layer.input];
        if let IntegerOperation::Add { other, .. } = layer.operation {
            inputs.push(other);
        }
        Access {
            inputs,
            output: layer.output,
            in_place: matches!(
                layer.operation,
                IntegerOperation::Scale { .. }
                    | IntegerOperation::Add { .. }
                    | IntegerOperation::MaxPool { .. }
            ),
        }
    };
    let accesses: Vec<Access> = network.layers.iter().map(access).collect();
    let mut writer = Writer::new(&network.shapes, &accesses, network.output);
    for (at, layer) in network.layers.iter().enumerate() {
        add_integer_layer(&mut writer, network, at, layer);
    }
    let encoding = network.input_encoding();
    let definitions = format!(
        "#define FEATURES_ARE_INTEGERS 1\n#define INPUT_SCALE {}\n#define INPUT_ZERO ({})\n",
        super::float(encoding.scale),
        encoding.zero_point
    );
    writer.finish(definitions, network.output, 1)
}

fn add_integer_layer(
    writer: &mut Writer<'_>,
    network: &IntegerNetwork,
    at: usize,
    layer: &IntegerLayer,
) {
    let mut window = Window::ONE;
    let kind = match &layer.operation {
        IntegerOperation::Conv { size, stride, .. } => {
            window = Window {
                size: *size,
                stride: *stride,
            };
            0
        }
        IntegerOperation::Depthwise { size, .. } => {
            window = Window {
                size: *size,
                stride: 1,
            };
            1
        }
        IntegerOperation::Scale { .. } => 2,
        IntegerOperation::Mean { .. } => 3,
        IntegerOperation::MaxPool { columns } => {
            window = Window::pool(*columns);
            4
        }
        IntegerOperation::Add { .. } => 5,
    };
    let _ = writeln!(writer.weights, "/* {} */", super::comment(&layer.name));
    let names = integer_arrays(writer, at, kind, &layer.operation);
    let geometry = writer.geometry((layer.input, layer.output), window);
    let (zero, output_zero) = (
        network.encodings[layer.input].zero_point,
        network.encodings[layer.output].zero_point,
    );
    let least = if layer.relu { output_zero } else { -128 };
    let _ = writeln!(
        writer.weights,
        "static const layer layer_{at} = {{{geometry}, {zero}, {output_zero}, {least}, {names}}};\n"
    );
    let mut arguments = writer.place(layer.input) + ", ";
    if let IntegerOperation::Add { other, .. } = layer.operation {
        let zero = network.encodings[other].zero_point;
        arguments = format!("{arguments}{}, {zero}, ", writer.place(other));
    }
    arguments.push_str(&writer.place(layer.output));
    writer.call(at, kind, &arguments);
}

/// Writes the arrays of a layer; returns their names, or `NULL` for missing ones.
fn integer_arrays(
    writer: &mut Writer<'_>,
    at: usize,
    kind: usize,
    operation: &IntegerOperation,
) -> String {
    let mut names = "NULL, NULL, NULL, NULL".to_owned();
    let mut multipliers = Vec::new();
    if let Some(Affine {
        kernel,
        bias,
        multipliers: layer_multipliers,
        ..
    }) = operation.weights()
    {
        let kernel = if kind == 0 {
            outputs_first(kernel, bias.len())
        } else {
            kernel.clone()
        };
        writer.bytes += kernel.len() + 4 * bias.len();
        writer
            .weights
            .push_str(&integers("int8_t", &format!("kernel_{at}"), &kernel));
        writer
            .weights
            .push_str(&integers("int32_t", &format!("bias_{at}"), bias));
        multipliers.clone_from(layer_multipliers);
        names = format!("kernel_{at}, bias_{at}, multipliers_{at}, shifts_{at}");
    }
    if let IntegerOperation::Add {
        multipliers: layer_multipliers,
        ..
    } = operation
    {
        multipliers.extend_from_slice(layer_multipliers);
        names = format!("NULL, NULL, multipliers_{at}, shifts_{at}");
    }
    if !multipliers.is_empty() {
        let values: Vec<i32> = multipliers.iter().map(|m| m.value).collect();
        let shifts: Vec<i32> = multipliers.iter().map(|m| m.shift).collect();
        writer.bytes += 5 * values.len();
        writer
            .weights
            .push_str(&integers("int32_t", &format!("multipliers_{at}"), &values));
        writer
            .weights
            .push_str(&integers("int8_t", &format!("shifts_{at}"), &shifts));
    }
    names
}
