//! A TensorFlow graph under construction.

use std::collections::{BTreeMap, HashSet};

use crate::proto::{
    Attr, AttrValue, DT_BOOL, DT_COMPLEX128, DT_DOUBLE, DT_FLOAT, DT_INT32, DT_STRING, GraphDef,
    Node, Tensor, TensorShape, Versions,
};

/// Output of a node, in the form in which other nodes refer to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Output(String);

impl Output {
    /// A control dependency: waits for the node without using its value.
    pub fn as_control(&self) -> Self {
        Self(format!("^{}", self.0))
    }

    /// Another output of a node with several.
    pub fn number(&self, i: usize) -> Self {
        match i {
            0 => self.clone(),
            _ => Self(format!("{}:{i}", self.0)),
        }
    }

    /// Name of the node.
    pub fn node(&self) -> &str {
        &self.0
    }

    /// Name of the tensor in signatures.
    pub fn tensor(&self) -> String {
        format!("{}:0", self.0)
    }
}

/// Element type of numbers in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    Single,
    Double,
}

impl Float {
    pub fn dtype(self) -> i32 {
        match self {
            Float::Single => DT_FLOAT,
            Float::Double => DT_DOUBLE,
        }
    }

    pub fn attr(self) -> Attr {
        Attr::Type(self.dtype())
    }
}

/// Nodes, and the scope for the names of new ones.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    names: HashSet<String>,
    scope: Vec<String>,
}

impl Graph {
    /// Names the nodes that `build` adds below `scope`.
    pub fn within<T>(&mut self, scope: &str, build: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.push(scope.to_owned());
        let built = build(self);
        self.scope.pop();
        built
    }

    /// Adds a node. Its name is made unique by a number.
    pub fn add<'a>(
        &mut self,
        name: &str,
        op: &str,
        inputs: &[&Output],
        attrs: impl IntoIterator<Item = (&'a str, Attr)>,
    ) -> Output {
        let mut full = self.scope.join("/");
        if !full.is_empty() {
            full.push('/');
        }
        full.push_str(name);
        let numbers = (1..).map(|i| format!("{full}_{i}"));
        let mut candidates = std::iter::once(full.clone()).chain(numbers);
        let name = candidates
            .find(|name| !self.names.contains(name))
            .expect("numbers do not end");
        self.names.insert(name.clone());
        let attr: BTreeMap<_, _> = attrs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), AttrValue { value: Some(value) }))
            .collect();
        self.nodes.push(Node {
            name: name.clone(),
            op: op.to_owned(),
            input: inputs.iter().map(|input| input.0.clone()).collect(),
            attr,
        });
        Output(name)
    }

    fn constant(&mut self, name: &str, tensor: Tensor) -> Output {
        let dtype = Attr::Type(tensor.dtype);
        let attrs = [("dtype", dtype), ("value", Attr::Tensor(tensor))];
        self.add(name, "Const", &[], attrs)
    }

    /// A constant of `shape`.
    pub fn numbers(&mut self, name: &str, float: Float, shape: &[usize], values: &[f64]) -> Output {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        let content = match float {
            Float::Single => values
                .iter()
                .flat_map(|v| (*v as f32).to_le_bytes())
                .collect(),
            Float::Double => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        };
        let tensor = Tensor {
            dtype: float.dtype(),
            shape: Some(TensorShape::of(shape)),
            content,
            strings: Vec::new(),
        };
        self.constant(name, tensor)
    }

    /// A constant of integers.
    pub fn integers(&mut self, name: &str, shape: &[usize], values: &[i32]) -> Output {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        let tensor = Tensor {
            dtype: DT_INT32,
            shape: Some(TensorShape::of(shape)),
            content: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            strings: Vec::new(),
        };
        self.constant(name, tensor)
    }

    /// A constant of strings: a scalar if `shape` is empty.
    pub fn texts(&mut self, name: &str, shape: &[usize], values: &[&str]) -> Output {
        let tensor = Tensor {
            dtype: DT_STRING,
            shape: Some(TensorShape::of(shape)),
            content: Vec::new(),
            strings: values.iter().map(|v| v.as_bytes().to_vec()).collect(),
        };
        self.constant(name, tensor)
    }

    /// A constant row of booleans.
    pub fn booleans(&mut self, name: &str, values: &[bool]) -> Output {
        let tensor = Tensor {
            dtype: DT_BOOL,
            shape: Some(TensorShape::of(&[values.len()])),
            content: values.iter().map(|v| u8::from(*v)).collect(),
            strings: Vec::new(),
        };
        self.constant(name, tensor)
    }

    /// An input of the graph: any number of samples of `shape`, float32.
    pub fn placeholder(&mut self, name: &str, shape: &[usize]) -> Output {
        let shape = Attr::Shape(TensorShape::batch_of(shape));
        let attrs = [("dtype", Attr::Type(DT_FLOAT)), ("shape", shape)];
        self.add(name, "Placeholder", &[], attrs)
    }

    /// An operation whose only attribute is the type of its operands; the node is named after it.
    pub fn apply(&mut self, op: &str, float: Float, operands: &[&Output]) -> Output {
        self.add(op, op, operands, [("T", float.attr())])
    }

    /// `x` in the other type.
    pub fn cast(&mut self, x: &Output, to: Float) -> Output {
        let from = match to {
            Float::Single => Float::Double,
            Float::Double => Float::Single,
        };
        let attrs = [("SrcT", from.attr()), ("DstT", to.attr())];
        self.add("Cast", "Cast", &[x], attrs)
    }

    /// 1 where `x` is true, else 0; float64.
    pub fn cast_booleans(&mut self, x: &Output) -> Output {
        let attrs = [
            ("SrcT", Attr::Type(DT_BOOL)),
            ("DstT", Float::Double.attr()),
        ];
        self.add("Cast", "Cast", &[x], attrs)
    }

    /// `Mean`, `Sum`, `Max` or `Min` over `axes`; with `keep` the axes stay with length 1.
    pub fn reduce(
        &mut self,
        op: &str,
        float: Float,
        x: &Output,
        axes: &[i32],
        keep: bool,
    ) -> Output {
        let axes = self.integers("axes", &[axes.len()], axes);
        let attrs = [
            ("T", float.attr()),
            ("Tidx", Attr::Type(DT_INT32)),
            ("keep_dims", Attr::Bool(keep)),
        ];
        self.add(op, op, &[x, &axes], attrs)
    }

    /// `x[..., indices]`: the last of its `rank` axes becomes the axes of `indices`.
    pub fn gather_last(&mut self, float: Float, x: &Output, rank: i32, indices: &Output) -> Output {
        self.gather(float, x, rank - 1, indices)
    }

    /// `x` at `indices` of an axis, which becomes the axes of `indices`.
    pub fn gather(&mut self, float: Float, x: &Output, axis: i32, indices: &Output) -> Output {
        let axis = self.integers("axis", &[], &[axis]);
        let attrs = [
            ("Tparams", float.attr()),
            ("Tindices", Attr::Type(DT_INT32)),
            ("Taxis", Attr::Type(DT_INT32)),
        ];
        self.add("GatherV2", "GatherV2", &[x, indices, &axis], attrs)
    }

    /// `x` less its mean over `axes`; float64.
    pub fn demean(&mut self, x: &Output, axes: &[i32]) -> Output {
        let mean = self.reduce("Mean", Float::Double, x, axes, true);
        self.apply("Sub", Float::Double, &[x, &mean])
    }

    /// Appends zeros to the last axis of a tensor of this rank; float64.
    pub fn append_zeros(&mut self, x: &Output, axes: usize, zeros: usize) -> Output {
        if zeros == 0 {
            return x.clone();
        }
        let mut paddings = vec![0; 2 * axes];
        paddings[2 * axes - 1] = zeros as i32;
        let paddings = self.integers("paddings", &[axes, 2], &paddings);
        let attrs = [
            ("T", Float::Double.attr()),
            ("Tpaddings", Attr::Type(DT_INT32)),
        ];
        self.add("Pad", "Pad", &[x, &paddings], attrs)
    }

    /// `x` with an additional last axis of length 1; booleans if `float` is `None`.
    pub fn append_axis(&mut self, x: &Output, float: Option<Float>) -> Output {
        let axis = self.integers("axis", &[], &[-1]);
        let dtype = float.map_or(DT_BOOL, Float::dtype);
        let attrs = [("T", Attr::Type(dtype)), ("Tdim", Attr::Type(DT_INT32))];
        self.add("ExpandDims", "ExpandDims", &[x, &axis], attrs)
    }

    /// Magnitudes of the one-sided transform over the last axis, of `length` points; float64.
    pub fn magnitudes(&mut self, x: &Output, length: i32) -> Output {
        let length = self.integers("fft_length", &[1], &[length]);
        let complex = || Attr::Type(DT_COMPLEX128);
        let attrs = [("Treal", Float::Double.attr()), ("Tcomplex", complex())];
        let spectrum = self.add("RFFT", "RFFT", &[x, &length], attrs);
        let attrs = [("T", complex()), ("Tout", Float::Double.attr())];
        self.add("ComplexAbs", "ComplexAbs", &[&spectrum], attrs)
    }

    /// Float32 samples of another shape `[batch, sizes...]`.
    pub fn reshape_samples(&mut self, x: &Output, sizes: &[usize]) -> Output {
        let mut shape = vec![-1];
        shape.extend(sizes.iter().map(|&size| size as i32));
        let shape = self.integers("shape", &[shape.len()], &shape);
        let attrs = [
            ("T", Float::Single.attr()),
            ("Tshape", Attr::Type(DT_INT32)),
        ];
        self.add("Reshape", "Reshape", &[x, &shape], attrs)
    }

    pub fn finish(self) -> GraphDef {
        GraphDef {
            node: self.nodes,
            // The format is older than any TensorFlow that reads it; see `tensorflow/core/public/version.h`.
            versions: Some(Versions { producer: 1087 }),
        }
    }
}
