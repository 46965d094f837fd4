//! Files of `torch.save`: the zip archive of today and the stream of pickles before PyTorch 1.6. Nothing is run; see
//! `pickle`.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;

use super::element::Element;
use super::pickle::{Id, Pickle, Value};

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

/// A file that was opened: its pickle, and its storages by key.
pub struct Tensors<'a> {
    /// The saved value.
    pub pickle: Pickle,
    storages: Storages<'a>,
}

/// An archive: in memory, or a file of which only what is asked for is read.
pub trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

enum Storages<'a> {
    Zip(Box<ZipArchive<Box<dyn Source + 'a>>>, String, usize),
    Stream(Vec<(String, &'a [u8])>),
}

/// A tensor: where its elements lie in a storage.
struct View {
    element: Element,
    key: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl View {
    fn lies_end_to_end(&self) -> bool {
        let mut step = 1;
        let dimensions = self.shape.iter().zip(&self.strides).rev();
        let mut follows = dimensions.map(|(n, stride)| {
            let follows = *n == 1 || *stride == step;
            step *= n;
            follows
        });
        follows.all(|follows| follows)
    }

    /// Where its `count` elements lie in the storage, row-major.
    fn places(&self, count: usize) -> impl Iterator<Item = usize> + '_ {
        let mut index = vec![0; self.shape.len()];
        (0..count).map(move |_| {
            let steps = index
                .iter()
                .zip(&self.strides)
                .map(|(i, stride)| i * stride);
            let place = self.offset + steps.sum::<usize>();
            // The next index, the last dimension fastest.
            for (i, n) in index.iter_mut().zip(&self.shape).rev() {
                *i += 1;
                if *i < *n {
                    break;
                }
                *i = 0;
            }
            place
        })
    }
}

/// Elements of a tensor, at most: more cannot be a sample.
const MOST_ELEMENTS: usize = 1 << 26;

impl<'a> Tensors<'a> {
    /// Opens a file by its bytes.
    ///
    /// # Errors
    /// What is wrong.
    pub fn open(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.starts_with(b"PK\x03\x04") {
            Self::open_zip(Box::new(Cursor::new(bytes)), bytes.len())
        } else {
            Self::open_stream(bytes)
        }
    }

    /// Opens an archive of `size` bytes.
    ///
    /// # Errors
    /// What is wrong.
    pub fn open_zip(source: Box<dyn Source + 'a>, size: usize) -> Result<Self, String> {
        let mut archive = ZipArchive::new(source).map_err(|e| format!("no zip archive: {e}"))?;
        let mut names = archive
            .file_names()
            .filter_map(|name| Some(name.ok()?.into_owned()));
        let pickle = names.find(|name| name.ends_with("/data.pkl"));
        drop(names);
        let pickle = pickle.ok_or("no file of torch.save: it has no data.pkl")?;
        let folder = pickle.trim_end_matches("data.pkl").to_owned();
        if let Ok(order) = entry(&mut archive, &format!("{folder}byteorder"), size)
            && order != b"little"
        {
            return Err("its numbers are big-endian: save it again on another machine".into());
        }
        let pickle = Pickle::read(&entry(&mut archive, &pickle, size)?)?;
        Ok(Self {
            pickle,
            storages: Storages::Zip(Box::new(archive), folder, size),
        })
    }

    /// Three pickles (a magic number, the protocol, the system), the value, keys of storages; then the storages.
    fn open_stream(bytes: &'a [u8]) -> Result<Self, String> {
        /// `0x1950a86a20f9469cfc6c`, as its ten bytes in a pickle.
        const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
        let unknown = || "no file of torch.save".to_owned();
        // PROTO 2, LONG1 of ten bytes, STOP: beyond 64 bits, so not read as a number.
        let head = bytes.get(..15).ok_or_else(unknown)?;
        if head[..4] != [0x80, 2, 0x8a, 10] || head[4..14] != MAGIC || head[14] != b'.' {
            return Err(unknown());
        }
        let mut rest = &bytes[15..];
        let mut next = || -> Result<Pickle, String> {
            let pickle = Pickle::read(rest)?;
            rest = &rest[pickle.length..];
            Ok(pickle)
        };
        let protocol = next()?;
        if protocol.int(protocol.root()) != Some(1001) {
            return Err("its protocol is not known".into());
        }
        let system = next()?;
        if let Some(id) = system.key(system.root(), "little_endian")
            && *system.get(id) == Value::Bool(false)
        {
            return Err("its numbers are big-endian: save it again on another machine".into());
        }
        let (pickle, keys) = (next()?, next()?);
        let sizes = stream_sizes(&pickle);
        let mut storages = Vec::new();
        for id in keys.items(keys.root()).ok_or("its storages have no keys")? {
            let key = keys.text(*id).ok_or("its storages have no keys")?;
            let size = sizes.iter().find(|(own, _)| own == key);
            let element = size.ok_or("a storage that no tensor names")?.1;
            let (count, after) = rest.split_at_checked(8).ok_or("cut short")?;
            let count = count
                .iter()
                .rev()
                .fold(0u64, |n, &byte| n << 8 | u64::from(byte));
            let length = usize::try_from(count)
                .ok()
                .and_then(|n| n.checked_mul(element.width()));
            let (storage, after) = length
                .and_then(|n| after.split_at_checked(n))
                .ok_or("cut short")?;
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
    /// What is wrong with it.
    pub fn tensor(&mut self, id: Id) -> Result<(Vec<usize>, Vec<f64>), String> {
        let view = view(&self.pickle, id)?;
        let count = view
            .shape
            .iter()
            .try_fold(1usize, |product, n| product.checked_mul(*n));
        let count = count
            .filter(|count| (1..=MOST_ELEMENTS).contains(count))
            .ok_or("a tensor without elements, or too large for a sample")?;
        let storage: Cow<'_, [u8]> = match &mut self.storages {
            Storages::Zip(archive, folder, size) => {
                entry(archive, &format!("{folder}data/{}", view.key), *size)?.into()
            }
            Storages::Stream(storages) => {
                let found = storages.iter().find(|(key, _)| *key == view.key);
                found.ok_or("a tensor without storage")?.1.into()
            }
        };
        let width = view.element.width();
        let beyond = || {
            format!(
                "a tensor of shape {:?} reaches beyond its storage",
                view.shape
            )
        };
        // The furthest element lies at the sum of the last steps.
        let furthest = view
            .shape
            .iter()
            .zip(&view.strides)
            .try_fold(view.offset, |at, (n, stride)| {
                at.checked_add(n.saturating_sub(1).checked_mul(*stride)?)
            });
        let end = furthest.and_then(|at| at.checked_add(1)?.checked_mul(width));
        if end.is_none_or(|end| end > storage.len()) {
            return Err(beyond());
        }
        let at = |index: usize| view.element.value(&storage[index * width..][..width]);
        let values = if view.lies_end_to_end() {
            let bytes = &storage[view.offset * width..][..count * width];
            let elements = bytes.chunks_exact(width);
            elements
                .map(|element| view.element.value(element))
                .collect()
        } else {
            view.places(count).map(at).collect()
        };
        Ok((view.shape, values))
    }
}

/// An entry of an archive, unpacked to no more than a small multiple of the file.
fn entry<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    name: &str,
    file: usize,
) -> Result<Vec<u8>, String> {
    // `torch.save` stores: whoever packed a file again gained little.
    let limit = 4 * file as u64 + (1 << 16);
    let entry = archive
        .by_name(name)
        .map_err(|e| format!("no entry {name}: {e}"))?;
    let mut bytes = Vec::new();
    let read = entry.take(limit + 1).read_to_end(&mut bytes);
    let read = read.map_err(|e| format!("entry {name}: {e}"))? as u64;
    if read > limit {
        Err(format!("entry {name} unpacks to more than {limit} bytes"))
    } else {
        Ok(bytes)
    }
}

/// The view of a tensor's value.
fn view(pickle: &Pickle, id: Id) -> Result<View, String> {
    let (name, arguments, _) = pickle.call(id).ok_or("no tensor")?;
    match name {
        "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor" => {}
        // Of a tensor, a parameter is only another name; parameters of parameters are nothing's.
        "torch._utils._rebuild_parameter" => {
            let inner = *arguments.first().ok_or("no tensor")?;
            return match pickle.call(inner) {
                Some((name, _, _)) if !name.ends_with("_parameter") => view(pickle, inner),
                _ => Err("no tensor".into()),
            };
        }
        other => return Err(format!("a tensor that is made by `{other}` is not read")),
    }
    let [storage, offset, shape, strides, ..] = arguments else {
        return Err("a tensor without storage, place, shape and strides".into());
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
        return Err("a tensor whose shape is not made of numbers".into());
    };
    if shape.len() != strides.len() || shape.len() > 8 {
        return Err("a tensor whose shape and strides differ".into());
    }
    Ok(View {
        element,
        key,
        offset,
        shape,
        strides,
    })
}

/// Element type and key of a storage: `("storage", type, key, device, count, ...)`.
fn storage_of(pickle: &Pickle, id: Id) -> Result<(Element, String), String> {
    let Value::Persistent(id) = pickle.get(id) else {
        return Err("a tensor without storage".into());
    };
    let items = pickle.items(*id).unwrap_or_default();
    let [_, kind, key, ..] = items else {
        return Err("a tensor without storage".into());
    };
    let (Value::Global(kind), Some(key)) = (pickle.get(*kind), pickle.text(*key)) else {
        return Err("a tensor without storage".into());
    };
    let element = element_of_storage(kind);
    let element = element.ok_or_else(|| format!("elements of `{kind}` are not read"))?;
    Ok((element, key.to_owned()))
}

/// Keys of the storages that a pickle names, and their element types.
fn stream_sizes(pickle: &Pickle) -> Vec<(String, Element)> {
    pickle
        .persistent()
        .filter_map(|id| storage_of(pickle, id).ok())
        .map(|(e, key)| (key, e))
        .collect()
}
