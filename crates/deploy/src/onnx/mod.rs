//! ONNX: from the network's input to logits and probabilities, without preprocessing.
//!
//! Operator set 13, which onnxruntime has supported since 2020. ONNX has channels first: kernels are transposed when
//! they are written, the input once in the graph.

mod proto;
#[cfg(test)]
mod tests;

use model::{NamedTensor, Plan, Step, StepKind, TensorId, ValueId, same_padding};
use prost::Message;

use self::proto::{Attribute, FLOAT, Graph, Model, Node, OperatorSet, Property, Tensor, batch_of};
use crate::TrainedModel;

/// Operator set of ONNX that the model asks for.
pub const OPERATOR_SET: i64 = 13;
/// Version of the file format that belongs to it.
const IR_VERSION: i64 = 7;

/// The file. Input `input` `[batch, channels, segments, features]`; outputs `logits` and `probabilities` `[batch, classes]`.
pub fn file(model: &TrainedModel<'_>) -> Vec<u8> {
    let classes = [model.class_names().len()];
    let mut graph = Builder::over(model);
    graph.add_network();
    let graph = Graph {
        node: graph.nodes,
        name: model.architecture_name().into(),
        initializer: graph.tensors,
        input: vec![batch_of("input", &model.input().dims())],
        output: vec![
            batch_of("logits", &classes),
            batch_of("probabilities", &classes),
        ],
    };
    let names = serde_json::to_string(model.class_names()).expect("names are JSON");
    let file = Model {
        ir_version: IR_VERSION,
        producer_name: "seismic deploy".into(),
        graph: Some(graph),
        opset_import: vec![OperatorSet {
            domain: String::new(),
            version: OPERATOR_SET,
        }],
        metadata_props: vec![Property {
            key: "class_names".into(),
            value: names,
        }],
    };
    file.encode_to_vec()
}

struct Builder<'a> {
    model: &'a TrainedModel<'a>,
    plan: &'a Plan,
    nodes: Vec<Node>,
    tensors: Vec<Tensor>,
    /// Name of every value of the plan so far.
    values: Vec<Option<String>>,
}

impl<'a> Builder<'a> {
    fn over(model: &'a TrainedModel<'a>) -> Self {
        let plan = model.plan();
        Self {
            model,
            plan,
            nodes: Vec::new(),
            tensors: Vec::new(),
            values: vec![None; plan.values.len()],
        }
    }

    fn add_network(&mut self) {
        let perm = Attribute::ints("perm", &[0, 3, 1, 2]);
        let input = self.add("channels_first", "Transpose", &["input"], vec![perm]);
        self.values[self.plan.input.index()] = Some(input);
        for step in &self.plan.steps {
            let output = self.add_step(step);
            self.values[step.output.index()] = Some(output);
        }
        let logits = self.value(self.plan.output);
        self.add("logits", "Identity", &[&logits], Vec::new());
        let mut tempered = "logits".to_owned();
        if self.model.temperature() != 1.0 {
            let temperature = [self.model.temperature() as f32];
            self.tensors.push(tensor("temperature", &[1], &temperature));
            tempered = self.add("tempered", "Div", &["logits", "temperature"], Vec::new());
        }
        let axis = Attribute::int("axis", -1);
        // The output has the name of its node, like all values.
        self.add("probabilities", "Softmax", &[&tempered], vec![axis]);
    }

    /// Adds a node whose only output has the node's name, and returns the name.
    fn add(
        &mut self,
        name: &str,
        op_type: &str,
        input: &[&str],
        attribute: Vec<Attribute>,
    ) -> String {
        self.nodes.push(Node {
            input: input.iter().map(|&name| name.to_owned()).collect(),
            output: vec![name.to_owned()],
            name: name.to_owned(),
            op_type: op_type.to_owned(),
            attribute,
        });
        name.to_owned()
    }

    fn value(&self, id: ValueId) -> String {
        let name = self.values[id.index()].clone();
        name.expect("a plan's steps come after what they read")
    }

    fn weights(&self, id: TensorId) -> &'a NamedTensor {
        &self.model.weights().tensors()[id.index()]
    }

    /// Stores a tensor unchanged, and returns its name.
    fn store(&mut self, id: TensorId) -> String {
        let weights = self.weights(id);
        let stored = tensor(&weights.name, &weights.shape, &weights.values);
        self.tensors.push(stored);
        weights.name.clone()
    }

    /// Stores a kernel `[kh, kw, a, b]` as `[b, a, kh, kw]`, or as `[a, b, kh, kw]` if `depthwise`.
    fn store_kernel(&mut self, id: TensorId, depthwise: bool) -> String {
        let weights = self.weights(id);
        let &[kh, kw, a, b] = &weights.shape[..] else {
            unreachable!("kernels of convolutions have four axes")
        };
        let (outer, inner) = if depthwise { (a, b) } else { (b, a) };
        let mut values = Vec::with_capacity(weights.values.len());
        for i in 0..outer {
            for j in 0..inner {
                let (from, to) = if depthwise { (i, j) } else { (j, i) };
                let taps = (0..kh * kw).map(|tap| weights.values[(tap * a + from) * b + to]);
                values.extend(taps);
            }
        }
        let stored = tensor(&weights.name, &[outer, inner, kh, kw], &values);
        self.tensors.push(stored);
        weights.name.clone()
    }

    fn add_step(&mut self, step: &Step) -> String {
        let input = self.value(step.input);
        // Layer names are unique, and tensor names contain a further slash.
        let name = format!("{}/output", step.layer);
        match step.kind {
            StepKind::Conv {
                kernel,
                bias,
                size,
                stride,
            } => {
                let channels = 1;
                let attributes = self.convolution(step.input, size, stride, channels);
                let (kernel, bias) = (self.store_kernel(kernel, false), self.store(bias));
                self.add(&name, "Conv", &[&input, &kernel, &bias], attributes)
            }
            StepKind::Depthwise { kernel, bias, size } => {
                let channels = self.plan.shape(step.input).channels();
                let attributes = self.convolution(step.input, size, 1, channels);
                let (kernel, bias) = (self.store_kernel(kernel, true), self.store(bias));
                self.add(&name, "Conv", &[&input, &kernel, &bias], attributes)
            }
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => {
                let tensors = [gamma, beta, mean, variance].map(|id| self.store(id));
                let [gamma, beta, mean, variance] = &tensors;
                let epsilon = Attribute::float("epsilon", epsilon as f32);
                let inputs = [&input, gamma, beta, mean, variance].map(String::as_str);
                self.add(&name, "BatchNormalization", &inputs, vec![epsilon])
            }
            StepKind::Relu => self.add(&name, "Relu", &[&input], Vec::new()),
            StepKind::MaxPool { columns } => {
                let window = [1, columns];
                let kernel = Attribute::ints("kernel_shape", &window);
                let strides = Attribute::ints("strides", &window);
                self.add(&name, "MaxPool", &[&input], vec![kernel, strides])
            }
            StepKind::Add { other } => {
                let other = self.value(other);
                self.add(&name, "Add", &[&input, &other], Vec::new())
            }
            StepKind::GlobalAveragePool => {
                let axes = Attribute::ints("axes", &[2, 3]);
                let keep = Attribute::int("keepdims", 0);
                self.add(&name, "ReduceMean", &[&input], vec![axes, keep])
            }
            StepKind::Dense { kernel, bias } => {
                let (kernel, bias) = (self.store(kernel), self.store(bias));
                self.add(&name, "Gemm", &[&input, &kernel, &bias], Vec::new())
            }
            // Active in training only.
            StepKind::Dropout { rate: _, number: _ } => input,
        }
    }

    /// Attributes of a 'same' padded convolution over `input`, with this number of groups of channels.
    fn convolution(
        &self,
        input: ValueId,
        (kh, kw): (usize, usize),
        stride: usize,
        groups: usize,
    ) -> Vec<Attribute> {
        let (height, width) = self.plan.shape(input).height_and_width();
        let (top, bottom) = same_padding(height, kh, 1);
        let (left, right) = same_padding(width, kw, stride);
        vec![
            Attribute::ints("kernel_shape", &[kh, kw]),
            Attribute::ints("strides", &[1, stride]),
            Attribute::ints("pads", &[top, left, bottom, right]),
            Attribute::int("group", groups as i64),
        ]
    }
}

fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
    Tensor {
        dims: shape.iter().map(|&size| size as i64).collect(),
        data_type: FLOAT,
        name: name.to_owned(),
        raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
    }
}
