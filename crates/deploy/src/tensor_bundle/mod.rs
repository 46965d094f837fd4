//! TensorFlow's tensor bundle: `variables.index`, a table of names, shapes and checksums, and
//! `variables.data-00000-of-00001`, the values.
//!
//! Format: `tensorflow/core/util/tensor_bundle/tensor_bundle.h` and `tensorflow/core/protobuf/tensor_bundle.proto`.

mod table;

use model::NamedTensor;
use prost::Message;
use support::checksum::masked;

use crate::proto::{DT_FLOAT, TensorShape, Versions};

/// `BundleHeaderProto`; little endian is its default.
#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(int32, tag = "1")]
    num_shards: i32,
    #[prost(message, optional, tag = "3")]
    version: Option<Versions>,
}

/// `BundleEntryProto`.
#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShape>,
    #[prost(int64, tag = "4")]
    offset: i64,
    #[prost(int64, tag = "5")]
    size: i64,
    #[prost(fixed32, tag = "6")]
    crc32c: u32,
}

/// A bundle of one shard.
pub(crate) struct TensorBundle {
    /// `PREFIX.index`.
    pub index: Vec<u8>,
    /// `PREFIX.data-00000-of-00001`.
    pub data: Vec<u8>,
}

impl TensorBundle {
    /// Encodes float32 `tensors`, whose names must differ.
    pub fn new(tensors: &[NamedTensor]) -> Self {
        let header = Header {
            num_shards: 1,
            version: Some(Versions { producer: 1 }),
        };
        // The header has an empty key, so it comes first.
        let mut entries = vec![(Vec::new(), header.encode_to_vec())];
        let mut data = Vec::new();
        for tensor in tensors {
            let offset = data.len();
            data.extend(tensor.values.iter().flat_map(|value| value.to_le_bytes()));
            let entry = Entry {
                dtype: DT_FLOAT,
                shape: Some(TensorShape::of(&tensor.shape)),
                offset: offset as i64,
                size: (data.len() - offset) as i64,
                crc32c: masked(&data[offset..]),
            };
            entries.push((tensor.name.clone().into_bytes(), entry.encode_to_vec()));
        }
        entries.sort();
        Self {
            index: table::encode(&entries),
            data,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::HashMap;

    use super::*;

    fn tensor(name: &str, shape: &[usize], first: f32) -> NamedTensor {
        let count = shape.iter().product::<usize>();
        NamedTensor {
            name: name.into(),
            shape: shape.to_vec(),
            values: (0..count).map(|i| first + i as f32).collect(),
        }
    }

    /// Reads name, shape and values, and verifies every checksum.
    pub fn read(bundle: &TensorBundle) -> HashMap<String, (Vec<usize>, Vec<f32>)> {
        let entries = table::reading::decode(&bundle.index).unwrap();
        let header = Header::decode(&entries[0].1[..]).unwrap();
        assert_eq!((entries[0].0.len(), header.num_shards), (0, 1));
        let tensors = entries[1..].iter().map(|(name, entry)| {
            let entry = Entry::decode(&entry[..]).unwrap();
            let (offset, size) = (entry.offset as usize, entry.size as usize);
            let bytes = &bundle.data[offset..offset + size];
            assert_eq!(entry.crc32c, masked(bytes));
            let values = bytes.chunks_exact(4);
            let values = values.map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            let dims = entry.shape.unwrap().dims();
            let name = String::from_utf8(name.clone()).unwrap();
            (name, (dims, values.collect()))
        });
        tensors.collect()
    }

    #[test]
    fn tensors_are_found_by_name() {
        let tensors = [
            tensor("fc1/kernel", &[4, 3], 0.5),
            tensor("fc1/bias", &[3], -1.0),
        ];
        let read = read(&TensorBundle::new(&tensors));
        assert_eq!(read.len(), 2);
        for tensor in tensors {
            assert_eq!(read[&tensor.name], (tensor.shape, tensor.values));
        }
    }

    /// The index that TensorFlow 2.21 wrote of the same two tensors (`fc1/kernel` zeros, `fc1/bias` ones) has the
    /// same entries; its blocks may lie elsewhere.
    #[test]
    fn entries_are_those_of_tensorflow() {
        let theirs = include_bytes!("../../tests/fixtures/variables.index");
        let mut tensors = [
            tensor("fc1/bias", &[3], 0.0),
            tensor("fc1/kernel", &[4, 3], 0.0),
        ];
        tensors[0].values.fill(1.0);
        tensors[1].values.fill(0.0);
        let ours = table::reading::decode(&TensorBundle::new(&tensors).index).unwrap();
        assert_eq!(ours, table::reading::decode(theirs).unwrap());
    }
}
