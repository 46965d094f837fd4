//! TensorFlow's protocol buffers, as far as a SavedModel needs them. Maps are ordered, so that equal models give equal
//! bytes. Field numbers: `tensorflow/core/framework/*.proto`, `tensorflow/core/protobuf/*.proto`.

use std::collections::BTreeMap;

use prost::Message;

/// `DataType`.
pub(crate) const DT_FLOAT: i32 = 1;
pub(crate) const DT_DOUBLE: i32 = 2;
pub(crate) const DT_INT32: i32 = 3;
pub(crate) const DT_STRING: i32 = 7;
pub(crate) const DT_BOOL: i32 = 10;
pub(crate) const DT_COMPLEX128: i32 = 18;

/// Size of an unknown dimension: the batch.
pub(crate) const UNKNOWN: i64 = -1;

/// `VersionDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Versions {
    #[prost(int32, tag = "1")]
    pub producer: i32,
}

/// `TensorShapeProto.Dim`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Dim {
    #[prost(int64, tag = "1")]
    pub size: i64,
}

/// `TensorShapeProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
}

impl TensorShape {
    /// A known shape.
    pub fn of(dims: &[usize]) -> Self {
        let dim = dims.iter().map(|&size| Dim { size: size as i64 });
        Self { dim: dim.collect() }
    }

    /// Any number of samples of this shape.
    pub fn batch_of(dims: &[usize]) -> Self {
        let mut shape = Self::of(dims);
        shape.dim.insert(0, Dim { size: UNKNOWN });
        shape
    }

    /// Sizes; unknown ones as 0.
    #[cfg(test)]
    pub fn dims(&self) -> Vec<usize> {
        let sizes = self.dim.iter().map(|dim| dim.size.max(0) as usize);
        sizes.collect()
    }
}

/// `TensorProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Tensor {
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShape>,
    #[prost(bytes = "vec", tag = "4")]
    pub content: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub strings: Vec<Vec<u8>>,
}

/// `AttrValue.ListValue`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AttrList {
    #[prost(int64, repeated, tag = "3")]
    pub i: Vec<i64>,
    #[prost(int32, repeated, tag = "6")]
    pub types: Vec<i32>,
}

/// `AttrValue`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AttrValue {
    #[prost(oneof = "Attr", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    pub value: Option<Attr>,
}

/// Value of a node's attribute.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Attr {
    #[prost(message, tag = "1")]
    List(AttrList),
    #[prost(bytes, tag = "2")]
    Bytes(Vec<u8>),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(float, tag = "4")]
    Float(f32),
    #[prost(bool, tag = "5")]
    Bool(bool),
    #[prost(int32, tag = "6")]
    Type(i32),
    #[prost(message, tag = "7")]
    Shape(TensorShape),
    #[prost(message, tag = "8")]
    Tensor(Tensor),
}

impl Attr {
    pub fn ints(values: &[i64]) -> Self {
        Self::List(AttrList {
            i: values.to_vec(),
            types: Vec::new(),
        })
    }

    pub fn text(value: &str) -> Self {
        Self::Bytes(value.as_bytes().to_vec())
    }
}

/// `NodeDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Node {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub op: String,
    #[prost(string, repeated, tag = "3")]
    pub input: Vec<String>,
    #[prost(btree_map = "string, message", tag = "5")]
    pub attr: BTreeMap<String, AttrValue>,
}

/// `GraphDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GraphDef {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<Node>,
    #[prost(message, optional, tag = "4")]
    pub versions: Option<Versions>,
}

/// `TensorInfo`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(int32, tag = "2")]
    pub dtype: i32,
    #[prost(message, optional, tag = "3")]
    pub shape: Option<TensorShape>,
}

/// `SignatureDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Signature {
    #[prost(btree_map = "string, message", tag = "1")]
    pub inputs: BTreeMap<String, TensorInfo>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub outputs: BTreeMap<String, TensorInfo>,
    #[prost(string, tag = "3")]
    pub method_name: String,
}

/// `MetaGraphDef.MetaInfoDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetaInfo {
    #[prost(string, repeated, tag = "4")]
    pub tags: Vec<String>,
}

/// `SaverDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Saver {
    #[prost(string, tag = "1")]
    pub filename_tensor_name: String,
    #[prost(string, tag = "2")]
    pub save_tensor_name: String,
    #[prost(string, tag = "3")]
    pub restore_op_name: String,
    /// `CheckpointFormatVersion`; 2 is the tensor bundle.
    #[prost(int32, tag = "7")]
    pub version: i32,
}

/// `CollectionDef.BytesList`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BytesList {
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub value: Vec<Vec<u8>>,
}

/// `CollectionDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Collection {
    #[prost(message, optional, tag = "2")]
    pub bytes_list: Option<BytesList>,
}

/// `VariableDef`: Python creates a variable object from it.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct VariableDef {
    #[prost(string, tag = "1")]
    pub variable_name: String,
    #[prost(string, tag = "2")]
    pub initializer_name: String,
    #[prost(string, tag = "3")]
    pub snapshot_name: String,
    #[prost(bool, tag = "5")]
    pub is_resource: bool,
    #[prost(string, tag = "6")]
    pub initial_value_name: String,
    #[prost(bool, tag = "7")]
    pub trainable: bool,
}

/// `MetaGraphDef`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetaGraph {
    #[prost(message, optional, tag = "1")]
    pub meta_info: Option<MetaInfo>,
    #[prost(message, optional, tag = "2")]
    pub graph: Option<GraphDef>,
    #[prost(message, optional, tag = "3")]
    pub saver: Option<Saver>,
    #[prost(btree_map = "string, message", tag = "4")]
    pub collections: BTreeMap<String, Collection>,
    #[prost(btree_map = "string, message", tag = "5")]
    pub signatures: BTreeMap<String, Signature>,
}

/// `SavedModel`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SavedModelProto {
    #[prost(int64, tag = "1")]
    pub schema_version: i64,
    #[prost(message, repeated, tag = "2")]
    pub meta_graphs: Vec<MetaGraph>,
}
