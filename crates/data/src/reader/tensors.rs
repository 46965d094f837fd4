//! Files of `torch.save`: the current zip archive, and the stream of pickles before PyTorch 1.6. No code of the file is run;
//! see `pickle`.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;

use super::element::Element;
use super::pickle::{Id, Pickle, Value};
use crate::error::sample::{PickleError, TorchError};
use crate::limited;

/// Element type of a storage, by PyTorch's name; truth values are bytes.
fn element_of_storage(name: &str) -> Option<Element> {
    let kind = name.strip_prefix("torch.")?.strip_suffix("Storage")?;
    Some(match kind {
        "Double" => Element::F64,
        "Float" => Element::F32,
        "Half" => Element::F16,
        "BFloat16" => Element::BF16,
        "Long" => Element::I64,
        "Int" => Element::I32,
        "Short" => Element::I16,
        "Char" => Element::I8,
        "Byte" | "Bool" => Element::U8,
        _ => return None,
    })
}

/// An open file: its pickle, and its storages by key.
pub struct Tensors<'a> {
    /// The saved value.
    pub pickle: Pickle,
    storages: Storages<'a>,
}

/// An archive: in memory, or a file that is read entry by entry.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

enum Storages<'a> {
    Zip(Box<ZipArchive<Box<dyn Source + 'a>>>, String, usize),
    Stream(Vec<(String, &'a [u8])>),
}

/// A tensor: the positions of its elements in a storage.
struct View {
    element: Element,
    key: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// Whether PyTorch only marks its values as negative, as it does for the imaginary part of a conjugate.
    is_negative: bool,
}

impl View {
    fn is_contiguous(&self) -> bool {
        let mut step = 1;
        let dimensions = self.shape.iter().zip(&self.strides).rev();
        let mut follows = dimensions.map(|(n, stride)| {
            let follows = *n == 1 || *stride == step;
            step *= n;
            follows
        });
        follows.all(|follows| follows)
    }

    /// Positions of its `count` elements in the storage, row-major.
    fn positions(&self, count: usize) -> impl Iterator<Item = usize> + '_ {
        let mut index = vec![0; self.shape.len()];
        (0..count).map(move |_| {
            let steps = index
                .iter()
                .zip(&self.strides)
                .map(|(i, stride)| i * stride);
            let position = self.offset + steps.sum::<usize>();
            // Increments the index, last dimension fastest.
            for (i, n) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < *n {
                    break;
                }
                *i = 0;
            }
            position
        })
    }
}

/// Maximum number of elements of a tensor: more cannot be a sample.
const MOST_ELEMENTS: usize = 1 << 26;

impl<'a> Tensors<'a> {
    /// Opens a file by its bytes.
    ///
    /// # Errors
    /// If it is not a file of `torch.save`, or is damaged.
    pub fn open(bytes: &'a [u8]) -> Result<Self, TorchError> {
        if bytes.starts_with(b"PK\x03\x04") {
            Self::open_zip(Box::new(Cursor::new(bytes)), bytes.len())
        } else {
            Self::open_stream(bytes)
        }
    }

    /// Opens an archive of `size` bytes.
    ///
    /// # Errors
    /// If it is not a file of `torch.save`, or is damaged.
    pub fn open_zip(source: Box<dyn Source + 'a>, size: usize) -> Result<Self, TorchError> {
        let mut archive = ZipArchive::new(source).map_err(TorchError::NotZip)?;
        let mut names = archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.into_owned()));
        let pickle = names.find(|name| name.ends_with("/data.pkl"));
        drop(names);
        let pickle = pickle.ok_or(TorchError::NoPickle)?;
        let folder = pickle.trim_end_matches("data.pkl").to_owned();
        if let Ok(order) = entry(&mut archive, &format!("{folder}byteorder"), size)
            && order != b"little"
        {
            return Err(TorchError::BigEndian);
        }
        let pickle = Pickle::read(&entry(&mut archive, &pickle, size)?)?;
        Ok(Self {
            pickle,
            storages: Storages::Zip(Box::new(archive), folder, size),
        })
    }

    /// Three pickles (a magic number, the protocol, the system), the value, keys of storages; then the storages.
    fn open_stream(bytes: &'a [u8]) -> Result<Self, TorchError> {
        /// `0x1950a86a20f9469cfc6c`, as its ten bytes in a pickle.
        const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
        // PROTO 2, LONG1 of ten bytes, STOP. The number exceeds 64 bits, so it is not parsed.
        let head = bytes.get(..15).ok_or(TorchError::NotTorch)?;
        if head[..4] != [0x80, 2, 0x8a, 10] || head[4..14] != MAGIC || head[14] != b'.' {
            return Err(TorchError::NotTorch);
        }
        let mut rest = &bytes[15..];
        let mut next = || -> Result<Pickle, PickleError> {
            let pickle = Pickle::read(rest)?;
            rest = &rest[pickle.length..];
            Ok(pickle)
        };
        let protocol = next()?;
        if protocol.int(protocol.root()) != Some(1001) {
            return Err(TorchError::Protocol);
        }
        let system = next()?;
        if let Some(id) = system.key(system.root(), "little_endian")
            && *system.get(id) == Value::Bool(false)
        {
            return Err(TorchError::BigEndian);
        }
        let (pickle, keys) = (next()?, next()?);
        let sizes = stream_sizes(&pickle);
        let mut storages = Vec::new();
        for id in keys.items(keys.root()).ok_or(TorchError::NoStorageKeys)? {
            let key = keys.text(*id).ok_or(TorchError::NoStorageKeys)?;
            let size = sizes.iter().find(|(other, _)| other == key);
            let element = size
                .ok_or_else(|| TorchError::UnusedStorage {
                    key: key.to_owned(),
                })?
                .1;
            let (count, after) = rest.split_at_checked(8).ok_or(TorchError::Truncated)?;
            let count = count
                .iter()
                .rev()
                .fold(0u64, |n, &byte| n << 8 | u64::from(byte));
            let length = usize::try_from(count)
                .ok()
                .and_then(|n| n.checked_mul(element.width()));
            let (storage, after) = length
                .and_then(|n| after.split_at_checked(n))
                .ok_or(TorchError::Truncated)?;
            storages.push((key.to_owned(), storage));
            rest = after;
        }
        Ok(Self {
            pickle,
            storages: Storages::Stream(storages),
        })
    }

    /// Whether a value is a tensor.
    pub fn is_tensor(&self, id: Id) -> bool {
        self.pickle
            .call(id)
            .is_some_and(|(name, _, _)| name.starts_with("torch.") && name != "torch.Size")
    }

    /// Shape and elements of a tensor, row-major.
    ///
    /// # Errors
    /// If it is not a tensor of real numbers, or its storage is missing or too short.
    pub fn tensor(&mut self, id: Id) -> Result<(Vec<usize>, Vec<f64>), TorchError> {
        let view = view(&self.pickle, id)?;
        let count = view
            .shape
            .iter()
            .try_fold(1usize, |product, n| product.checked_mul(*n));
        let count = count
            .filter(|count| (1..=MOST_ELEMENTS).contains(count))
            .ok_or_else(|| TorchError::ElementCount {
                shape: view.shape.clone(),
            })?;
        let storage: Cow<'_, [u8]> = match &mut self.storages {
            Storages::Zip(archive, folder, size) => {
                entry(archive, &format!("{folder}data/{}", view.key), *size)?.into()
            }
            Storages::Stream(storages) => {
                let found = storages.iter().find(|(key, _)| *key == view.key);
                found.ok_or(TorchError::NoStorage)?.1.into()
            }
        };
        let width = view.element.width();
        // Offset of the last element.
        let furthest = view
            .shape
            .iter()
            .zip(&view.strides)
            .try_fold(view.offset, |at, (n, stride)| {
                at.checked_add(n.saturating_sub(1).checked_mul(*stride)?)
            });
        let end = furthest.and_then(|at| at.checked_add(1)?.checked_mul(width));
        if end.is_none_or(|end| end > storage.len()) {
            return Err(TorchError::BeyondStorage { shape: view.shape });
        }
        let at = |index: usize| view.element.value(&storage[index * width..][..width]);
        let values: Vec<f64> = if view.is_contiguous() {
            let bytes = &storage[view.offset * width..][..count * width];
            let elements = bytes.chunks_exact(width);
            elements
                .map(|element| view.element.value(element))
                .collect()
        } else {
            view.positions(count).map(at).collect()
        };
        let values = if view.is_negative {
            values.iter().map(|value| -value).collect()
        } else {
            values
        };
        Ok((view.shape, values))
    }
}

/// An entry of an archive, decompressed to no more than a small multiple of the file.
fn entry<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
    file: usize,
) -> Result<Vec<u8>, TorchError> {
    // `torch.save` does not compress, and compressing such a file again gains little.
    let limit = 4 * file as u64 + (1 << 16);
    let entry = archive
        .by_name(name)
        .map_err(|source| TorchError::NoEntry {
            name: name.to_owned(),
            source,
        })?;
    let read = limited::read(entry, limit).map_err(|source| TorchError::Entry {
        name: name.to_owned(),
        source,
    })?;
    read.ok_or_else(|| TorchError::EntryTooLong {
        name: name.to_owned(),
        limit,
    })
}

/// The view of a tensor's value.
fn view(pickle: &Pickle, id: Id) -> Result<View, TorchError> {
    let (name, arguments, _) = pickle.call(id).ok_or(TorchError::NotTensor)?;
    match name {
        "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {}
        // A parameter wraps a tensor; a parameter of a parameter is not valid.
        "torch._utils._rebuild_parameter" => {
            let inner = *arguments.first().ok_or(TorchError::NotTensor)?;
            return match pickle.call(inner) {
                Some((name, _, _)) if !name.ends_with("_parameter") => view(pickle, inner),
                _ => Err(TorchError::NotTensor),
            };
        }
        other => {
            return Err(TorchError::Builder {
                function: other.to_owned(),
            });
        }
    }
    let [storage, offset, shape, strides, ..] = arguments else {
        return Err(TorchError::Incomplete);
    };
    let whole = |id: &Id| pickle.int(*id).and_then(|n| usize::try_from(n).ok());
    let sizes = |id: &Id| {
        // `torch.Size` is a call with a tuple.
        let id = pickle
            .call(*id)
            .and_then(|(_, items, _)| items.first().copied())
            .unwrap_or(*id);
        pickle
            .items(id)?
            .iter()
            .map(whole)
            .collect::<Option<Vec<_>>>()
    };
    let (element, key) = storage_of(pickle, *storage)?;
    let parts = (whole(offset), sizes(shape), sizes(strides));
    let (Some(offset), Some(shape), Some(strides)) = parts else {
        return Err(TorchError::ShapeType);
    };
    if shape.len() != strides.len() || shape.len() > 8 {
        return Err(TorchError::Strides);
    }
    // Arguments after the strides: gradient, hooks, marks.
    let marks = arguments.get(6).and_then(|marks| pickle.key(*marks, "neg"));
    let is_negative = marks.is_some_and(|mark| *pickle.get(mark) == Value::Bool(true));
    Ok(View {
        element,
        key,
        offset,
        shape,
        strides,
        is_negative,
    })
}

/// Element type and key of a storage: `("storage", type, key, device, count, ...)`.
fn storage_of(pickle: &Pickle, id: Id) -> Result<(Element, String), TorchError> {
    let Value::Persistent(id) = pickle.get(id) else {
        return Err(TorchError::NoStorage);
    };
    let items = pickle.items(*id).unwrap_or_default();
    let [_, kind, key, ..] = items else {
        return Err(TorchError::NoStorage);
    };
    let (Value::Global(kind), Some(key)) = (pickle.get(*kind), pickle.text(*key)) else {
        return Err(TorchError::NoStorage);
    };
    let element = element_of_storage(kind);
    let element = element.ok_or_else(|| TorchError::ElementType {
        storage: kind.clone(),
    })?;
    Ok((element, key.to_owned()))
}

/// Keys and element types of the storages that a pickle refers to.
fn stream_sizes(pickle: &Pickle) -> Vec<(String, Element)> {
    pickle
        .persistent()
        .filter_map(|id| storage_of(pickle, id).ok())
        .map(|(e, key)| (key, e))
        .collect()
}
