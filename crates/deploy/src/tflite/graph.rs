//! Tensors and operators under construction, and the tables made from them.

use super::flatbuffer::{self, Node, Table};
use crate::TrainedModel;
use crate::quantise::Encoding;

/// Contents of a tensor; empty if it is computed.
pub(super) enum Values {
    Floats(Vec<f32>),
    Bytes(Vec<i8>),
    Ints(Vec<i32>),
}

/// Encoding of a tensor's integers.
#[derive(Clone)]
pub(super) struct Quantisation {
    scales: Vec<f32>,
    zero_points: Vec<i64>,
    axis: i32,
}

impl Quantisation {
    /// The same for all values.
    pub fn one(encoding: Encoding) -> Self {
        Self {
            scales: vec![encoding.scale],
            zero_points: vec![encoding.zero_point.into()],
            axis: 0,
        }
    }

    /// A scale for each entry of `axis`.
    pub fn channels(scales: Vec<f32>, axis: i32) -> Self {
        Self {
            zero_points: vec![0; scales.len()],
            scales,
            axis,
        }
    }
}

pub(super) struct Tensor {
    pub name: String,
    pub dims: Vec<i32>,
    pub values: Values,
    pub quantisation: Option<Quantisation>,
}

/// An operator with its options.
#[derive(Clone, Copy)]
pub(super) enum Options {
    Conv {
        stride: usize,
    },
    /// With 'same' padding, or over the whole image.
    Depthwise {
        same: bool,
    },
    MaxPool {
        columns: usize,
    },
    Add,
    Reshape,
    Quantize,
    Dequantize,
}

impl Options {
    /// `BuiltinOperator`, and its version, which supports int8 if `integer`.
    fn code(self, integer: bool) -> (u8, i32) {
        let version = |of_integers: i32| if integer { of_integers } else { 1 };
        match self {
            Self::Conv { .. } => (3, version(3)),
            Self::Depthwise { .. } => (4, version(3)),
            Self::MaxPool { .. } => (17, version(2)),
            Self::Add => (0, version(2)),
            Self::Reshape => (22, 1),
            Self::Quantize => (114, 1),
            Self::Dequantize => (6, 2),
        }
    }

    /// Number in the union `BuiltinOptions`, and the table; `None` if the operator has no options.
    fn table(self, relu: bool, dims: &[i32]) -> Option<(u8, Table)> {
        const SAME: u8 = 0;
        const VALID: u8 = 1;
        let activation = u8::from(relu);
        match self {
            Self::Conv { stride } => {
                let table = Table::new().byte(0, SAME).int(1, stride as i32).int(2, 1);
                Some((1, table.byte(3, activation).int(4, 1).int(5, 1)))
            }
            Self::Depthwise { same } => {
                let table = Table::new().byte(0, if same { SAME } else { VALID });
                let table = table.int(1, 1).int(2, 1).int(3, 1).byte(4, activation);
                Some((2, table.int(5, 1).int(6, 1)))
            }
            Self::MaxPool { columns } => {
                let columns = columns as i32;
                let table = Table::new().byte(0, VALID).int(1, columns).int(2, 1);
                Some((5, table.int(3, columns).int(4, 1).byte(5, activation)))
            }
            Self::Add => Some((11, Table::new().byte(0, activation))),
            Self::Reshape => Some((17, Table::new().child(0, Node::Ints(dims.to_vec())))),
            Self::Quantize | Self::Dequantize => None,
        }
    }
}

struct Operator {
    options: Options,
    inputs: Vec<usize>,
    output: usize,
    relu: bool,
    integer: bool,
}

#[derive(Default)]
pub(super) struct Graph {
    tensors: Vec<Tensor>,
    operators: Vec<Operator>,
}

impl Graph {
    /// Adds a tensor; returns its index.
    pub fn value(
        &mut self,
        name: &str,
        dims: Vec<i32>,
        values: Values,
        quantisation: Option<Quantisation>,
    ) -> usize {
        self.add(Tensor {
            name: name.to_owned(),
            dims,
            values,
            quantisation,
        })
    }

    fn add(&mut self, tensor: Tensor) -> usize {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }

    pub fn apply(&mut self, options: Options, inputs: &[usize], output: usize, relu: bool) {
        let integer = matches!(self.tensors[inputs[0]].values, Values::Bytes(_));
        self.operators.push(Operator {
            options,
            inputs: inputs.to_vec(),
            output,
            relu,
            integer,
        });
    }

    /// Adds a reshape of the last tensor to the shape of `input`.
    pub fn reshape(&mut self, input: usize, output: Tensor) -> usize {
        let mut dims = output.dims.clone();
        dims[0] = -1;
        let shape = self.value(
            "logits/shape",
            vec![dims.len() as i32],
            Values::Ints(dims),
            None,
        );
        let output = self.add(output);
        self.apply(Options::Reshape, &[input, shape], output, false);
        output
    }

    pub fn weight_bytes(&self) -> usize {
        let tensors = self.tensors.iter();
        tensors.map(|tensor| tensor.values.to_bytes().len()).sum()
    }

    /// Writes the file.
    pub fn finish(self, model: &TrainedModel<'_>, input: usize, output: usize) -> Vec<u8> {
        let mut codes: Vec<(u8, i32)> = Vec::new();
        let operators: Vec<Table> = self
            .operators
            .iter()
            .map(|operator| {
                let code = operator.options.code(operator.integer);
                let index = codes.iter().position(|known| *known == code);
                let index = index.unwrap_or_else(|| {
                    codes.push(code);
                    codes.len() - 1
                });
                let mut dims = self.tensors[operator.output].dims.clone();
                dims[0] = -1;
                operator.table(index, &dims)
            })
            .collect();
        // The first buffer belongs to tensors without contents.
        let mut buffers = vec![Table::new()];
        let tensors: Vec<Table> = self
            .tensors
            .into_iter()
            .map(|t| t.table(&mut buffers))
            .collect();
        buffers.push(Table::new().child(0, Node::Bytes(model.card())));
        let metadata = Table::new()
            .child(0, Node::Text("seismic".into()))
            .int(1, buffers.len() as i32 - 1);
        let codes = codes.into_iter().map(|(code, version)| {
            let table = Table::new().byte(0, code.min(127)).int(2, version);
            table.int(3, code.into())
        });
        let subgraph = Table::new()
            .child(0, Node::Tables(tensors))
            .child(1, Node::Ints(vec![input as i32]))
            .child(2, Node::Ints(vec![output as i32]))
            .child(3, Node::Tables(operators))
            .child(4, Node::Text("main".into()));
        let root = Table::new()
            .int(0, 3)
            .child(1, Node::Tables(codes.collect()))
            .child(2, Node::Tables(vec![subgraph]))
            .child(
                3,
                Node::Text(format!("seismic {}", model.architecture_name())),
            )
            .child(4, Node::Tables(buffers))
            .child(6, Node::Tables(vec![metadata]));
        flatbuffer::file(root, b"TFL3")
    }
}

impl Operator {
    fn table(&self, code: usize, dims: &[i32]) -> Table {
        let inputs = self.inputs.iter().map(|i| *i as i32).collect();
        let table = Table::new()
            .int(0, code as i32)
            .child(1, Node::Ints(inputs))
            .child(2, Node::Ints(vec![self.output as i32]));
        match self.options.table(self.relu, dims) {
            Some((number, options)) => table.byte(3, number).child(4, Node::Table(options)),
            None => table,
        }
    }
}

impl Tensor {
    fn table(self, buffers: &mut Vec<Table>) -> Table {
        let bytes = self.values.to_bytes();
        let is_computed = bytes.is_empty();
        let buffer = if is_computed {
            0
        } else {
            buffers.push(Table::new().child(0, Node::Bytes(bytes)));
            buffers.len() - 1
        };
        let kind = match self.values {
            Values::Floats(_) => 0,
            Values::Ints(_) => 2,
            Values::Bytes(_) => 9,
        };
        let mut any_batch = self.dims.clone();
        let mut table = Table::new()
            .child(0, Node::Ints(self.dims))
            .byte(1, kind)
            .int(2, buffer as i32)
            .child(3, Node::Text(self.name));
        if let Some(quantisation) = self.quantisation {
            let parameters = Table::new()
                .child(2, Node::Floats(quantisation.scales))
                .child(3, Node::Longs(quantisation.zero_points))
                .int(6, quantisation.axis);
            table = table.child(4, Node::Table(parameters));
        }
        if is_computed {
            any_batch[0] = -1;
            table = table.child(7, Node::Ints(any_batch));
        }
        table
    }
}

impl Values {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Floats(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::Bytes(values) => values.iter().map(|v| *v as u8).collect(),
            Self::Ints(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }
}
