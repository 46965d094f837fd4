//! Samples of the Python scripts: each file is one `torch.save` dict with `data`, a tensor or nested
//! `data[location][modality]`, and `label`, a number, a tensor of one number, or a dict with a field for each task.

mod beside;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::element::check_range;
use super::lists::number_of;
use super::names::Role;
use super::pickle::{Id, Value};
use super::tensors::Tensors;
use super::{
    Reader, Record, Sink, SourceSelection, Span, Window, Windows, has_ending, names, unreadable,
};
use crate::error::sample::{SampleError, TorchError};
use crate::error::{DataError, in_file};
use crate::limited;
use crate::segments::window;

/// The reader.
pub struct Pt;

/// Largest file that is read, in bytes; no sample is larger.
const LARGEST: u64 = 1 << 28;

/// Archives of up to this many bytes are read in one call instead of entry by entry.
const IN_ONE_PIECE: u64 = 1 << 16;

impl Reader for Pt {
    fn name(&self) -> &'static str {
        "PyTorch's .pt samples"
    }

    fn accepts(&self, path: &Path, head: &[u8]) -> bool {
        let is_named = ["pt", "pth"]
            .into_iter()
            .any(|ending| has_ending(path, ending));
        is_named || head.starts_with(&[0x80, 2, 0x8a, 10])
    }

    fn one_record(&self) -> bool {
        true
    }

    fn read(&self, path: &Path, wanted: &SourceSelection, sink: Sink<'_>) -> Result<(), DataError> {
        let file = File::open(path).map_err(unreadable(path))?;
        let record = read_file(path, &file, wanted)?;
        sink(record)
    }

    fn spans(&self, path: &Path) -> Result<Option<Vec<Span>>, DataError> {
        let found = std::fs::metadata(path).map_err(unreadable(path))?;
        let length = u32::try_from(found.len().min(LARGEST)).unwrap_or(u32::MAX);
        Ok(Some(vec![Span { offset: 0, length }]))
    }

    fn note(&self, path: &Path, wanted: &SourceSelection) -> Option<String> {
        beside::note(path, wanted)
    }

    fn rates(&self, path: &Path) -> Vec<f64> {
        beside::rate(path).into_iter().collect()
    }

    fn classes(&self, path: &Path) -> Option<Vec<String>> {
        beside::classes(path)
    }

    fn windows(
        &self,
        _path: &Path,
        wanted: &SourceSelection,
    ) -> Result<Box<dyn Windows>, DataError> {
        Ok(Box::new(Opened(wanted.clone())))
    }
}

/// Reads the only sample of a source; opens the file each time.
struct Opened(SourceSelection);

impl Windows for Opened {
    fn window(&mut self, path: &Path, _record: usize, _span: Span) -> Result<Window, DataError> {
        let file = File::open(path).map_err(unreadable(path))?;
        read_file(path, &file, &self.0).map(Window::from)
    }
}

fn read_file(path: &Path, file: &File, wanted: &SourceSelection) -> Result<Record, DataError> {
    let size = file.metadata().map_err(unreadable(path))?.len();
    let mut head = [0; 4];
    let bytes;
    let archive = size > IN_ONE_PIECE
        && (&mut &*file).read_exact(&mut head).is_ok()
        && head == *b"PK\x03\x04";
    let opened = if archive {
        // Other sensors of the sample are not read.
        Tensors::open_zip(Box::new(BufReader::new(file)), size.min(LARGEST) as usize)
    } else {
        let mut file = file;
        let rewound = file.seek(SeekFrom::Start(0));
        let read = rewound.and_then(|_| limited::read(file, LARGEST));
        bytes = read.map_err(unreadable(path))?;
        let read = bytes.as_ref();
        read.ok_or(TorchError::TooLarge { limit: LARGEST })
            .and_then(|bytes| Tensors::open(bytes))
    };
    let sample = opened.and_then(|tensors| sample(tensors, wanted));
    sample.map_err(|e| in_file(path)(SampleError::from(e)))
}

fn sample(mut tensors: Tensors<'_>, wanted: &SourceSelection) -> Result<Record, TorchError> {
    let root = tensors.pickle.root();
    let missing = |key| TorchError::MissingKey {
        key,
        there: matches!(tensors.pickle.get(root), Value::Dict(_))
            .then(|| owned(&tensors.pickle.keys(root))),
    };
    let label = label_of(&tensors, wanted)?;
    if label.is_none() && !wanted.label_is_optional {
        return Err(missing("label"));
    }
    let data = value(&tensors, Role::Samples, "data")?;
    let data = data.ok_or_else(|| missing("data"))?;
    let group = value(&tensors, Role::Groups, "group")?;
    let group = group.and_then(|id| group_name(&mut tensors, id));
    let label: Result<i64, TorchError> = label.map_or(Ok(Record::UNLABELLED), |label| {
        let number = read_label(&mut tensors, label, wanted)?;
        beside::check_names(&tensors.pickle, label, number, wanted)?;
        Ok(number)
    });
    let label = match label {
        Err(_) if wanted.label_is_optional => Record::UNLABELLED,
        label => label?,
    };
    let mut record = Record {
        record: 0,
        values: Vec::new(),
        shape: Vec::new(),
        label,
        group,
    };
    // Values of excluded classes are not read.
    if !wanted.keeps(label) {
        return Ok(record);
    }
    let data = tensor_of(&tensors, data, wanted)?;
    let (shape, values) = tensors.tensor(data).map_err(TorchError::in_part("data"))?;
    record.values = values.iter().map(|value| *value as f32).collect();
    check_range(&record.values, |position| values[position])?;
    let shape = without_batch(shape, &record.values);
    if !matches!(shape.len(), 2 | 3) {
        return Err(TorchError::Dimensions { shape });
    }
    record.shape = shape;
    Ok(record)
}

/// The value that is the label: that of the key that the configuration names, or of a usual one.
fn label_of(tensors: &Tensors<'_>, wanted: &SourceSelection) -> Result<Option<Id>, TorchError> {
    let pickle = &tensors.pickle;
    let given = wanted.given_label.as_deref();
    match given.and_then(|given| pickle.key(pickle.root(), given)) {
        Some(label) => Ok(Some(label)),
        None => value(tensors, Role::Labels, "label"),
    }
}

/// The tensor of the wanted sensor in `data`, which may be nested.
fn tensor_of(
    tensors: &Tensors<'_>,
    mut data: Id,
    wanted: &SourceSelection,
) -> Result<Id, TorchError> {
    for (name, choice) in [
        ("location", &wanted.location),
        ("modality", &wanted.modality),
    ] {
        if tensors.is_tensor(data) {
            break;
        }
        data = inner(tensors, data, name, choice.as_deref())?;
    }
    Ok(data)
}

/// The shape of a window that is a batch of one. One channel whose segments overlap by half is no batch.
fn without_batch(mut shape: Vec<usize>, values: &[f32]) -> Vec<usize> {
    while shape.len() > 2 && shape[0] == 1 {
        if shape.len() == 3 && window(values, &shape).is_ok() {
            break;
        }
        shape.remove(0);
    }
    shape
}

/// The value of the sample that is `role`: that of the key `usual`, or of the only one with another name that means the same.
fn value(tensors: &Tensors<'_>, role: Role, usual: &'static str) -> Result<Option<Id>, TorchError> {
    let pickle = &tensors.pickle;
    let root = pickle.root();
    // Data sets of PyTorch return a window, its label and what else there is.
    if let Some(items @ ([data, _] | [data, _, _])) = pickle.items(root)
        && tensors.is_tensor(*data)
    {
        return Ok(match role {
            Role::Samples => Some(*data),
            Role::Labels => items.get(1).copied(),
            Role::Groups => items.get(2).copied(),
        });
    }
    if let Some(id) = pickle.key(root, usual) {
        return Ok(Some(id));
    }
    let name = role.pick(usual, pickle.keys(root).into_iter())?;
    Ok(name.and_then(|name| pickle.key(root, name)))
}

/// The name of a group: a text or a number.
fn group_name(tensors: &mut Tensors<'_>, id: Id) -> Option<String> {
    if let Some(text) = tensors.pickle.text(id) {
        return names::group(text);
    }
    let number = number(tensors, id).ok()?;
    // Numbers of persons are NaN where pandas has none.
    (!number.is_nan()).then(|| number.to_string())
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

/// A value of a nested dict: the one that the configuration chooses with `setting`, or the only one.
fn inner(
    tensors: &Tensors<'_>,
    id: Id,
    setting: &'static str,
    choice: Option<&str>,
) -> Result<Id, TorchError> {
    let keys = tensors.pickle.keys(id);
    let there = || owned(&keys);
    if !matches!(tensors.pickle.get(id), Value::Dict(_)) {
        return Err(TorchError::DataType);
    }
    let key = match (choice, &keys[..]) {
        (Some(choice), _) => choice,
        (None, [only]) => only,
        (None, _) => {
            return Err(TorchError::Choose {
                setting,
                there: there(),
            });
        }
    };
    let found = tensors.pickle.key(id, key);
    found.ok_or_else(|| TorchError::NoChoice {
        setting,
        chosen: key.to_owned(),
        there: there(),
    })
}

/// The label of the wanted task.
fn read_label(
    tensors: &mut Tensors<'_>,
    id: Id,
    wanted: &SourceSelection,
) -> Result<i64, TorchError> {
    if let Value::Dict(_) = tensors.pickle.get(id) {
        let field = &wanted.label;
        let value = tensors.pickle.key(id, field);
        let value = value.ok_or_else(|| TorchError::NoField {
            field: field.clone(),
            there: owned(&tensors.pickle.keys(id)),
        })?;
        let part = || format!("label[{field}]");
        let value = class(tensors, value, wanted).map_err(|e| TorchError::in_part(part())(e))?;
        // The Python scripts divide speeds: 5 to 9 is class 0, 10 to 14 class 1, ...
        let value = if field == "speed" {
            (value / 5.0).floor() - 1.0
        } else {
            value
        };
        return whole(value).map_err(|e| TorchError::in_part(part())(e));
    }
    let value = class(tensors, id, wanted).and_then(whole);
    value.map_err(TorchError::in_part("label"))
}

/// The number of a class: a number, the name of a class, or a tensor with a single 1 among zeros.
fn class(tensors: &mut Tensors<'_>, id: Id, wanted: &SourceSelection) -> Result<f64, TorchError> {
    if let Some(text) = tensors.pickle.text(id) {
        let found = number_of(text, &wanted.class_names);
        return found
            .map(|number| number as f64)
            .ok_or_else(|| TorchError::UnknownClass {
                text: text.chars().take(40).collect(),
                known: wanted.class_names.clone(),
            });
    }
    if tensors.is_tensor(id) {
        let (shape, values) = tensors.tensor(id)?;
        let is_one_hot = values.iter().all(|value| matches!(*value, 0.0 | 1.0))
            && values.iter().sum::<f64>() == 1.0;
        return match (values.iter().position(|value| *value == 1.0), &values[..]) {
            (_, [value]) => Ok(*value),
            (Some(at), all) if is_one_hot => match wanted.other_classes(all.len()) {
                Some(classes) => Err(TorchError::OneHot {
                    values: all.len(),
                    classes,
                }),
                None => Ok(at as f64),
            },
            _ => Err(TorchError::LabelShape { shape }),
        };
    }
    number(tensors, id)
}

fn whole(value: f64) -> Result<i64, TorchError> {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Ok(value as i64)
    } else {
        Err(TorchError::Fractional { value })
    }
}

/// A number: Python's, NumPy's, or a tensor of one.
fn number(tensors: &mut Tensors<'_>, id: Id) -> Result<f64, TorchError> {
    match tensors.pickle.get(id) {
        Value::Int(value) => return Ok(*value as f64),
        Value::Float(value) => return Ok(*value),
        Value::Bool(value) => return Ok(f64::from(u8::from(*value))),
        _ => {}
    }
    if tensors.is_tensor(id) {
        let (shape, values) = tensors.tensor(id)?;
        return match values[..] {
            [value] => Ok(value),
            _ => Err(TorchError::LabelShape { shape }),
        };
    }
    numpy(tensors, id).ok_or(TorchError::NotNumber)
}

/// `numpy.core.multiarray.scalar(dtype, bytes)`.
fn numpy(tensors: &Tensors<'_>, id: Id) -> Option<f64> {
    let pickle = &tensors.pickle;
    let (name, arguments, _) = pickle.call(id)?;
    let [kind, content] = arguments else {
        return None;
    };
    let (dtype, of, _) = pickle.call(*kind)?;
    if !name.ends_with("multiarray.scalar") || dtype != "numpy.dtype" {
        return None;
    }
    // Protocol 2 stores bytes as Latin-1 text.
    let content: Vec<u8> = match pickle.get(*content) {
        Value::Bytes(bytes) => bytes.clone(),
        _ => {
            let (encode, text, _) = pickle.call(*content)?;
            let text = (encode == "_codecs.encode").then(|| pickle.text(*text.first()?))??;
            text.chars()
                .map(|c| u8::try_from(c).ok())
                .collect::<Option<_>>()?
        }
    };
    let padded = |length: usize| {
        let mut bytes = [0; 8];
        bytes[..length].copy_from_slice(content.get(..length)?);
        Some(bytes)
    };
    Some(match pickle.text(*of.first()?)? {
        "f8" => f64::from_bits(u64::from_le_bytes(padded(8)?)),
        "f4" => f32::from_bits(u64::from_le_bytes(padded(4)?) as u32).into(),
        "i8" => i64::from_le_bytes(padded(8)?) as f64,
        "i4" => f64::from(i64::from_le_bytes(padded(4)?) as i32),
        "i2" => f64::from(i64::from_le_bytes(padded(2)?) as i16),
        "u1" => f64::from(padded(1)?[0]),
        "u8" | "u4" | "u2" => {
            let length = usize::from(pickle.text(*of.first()?)?.as_bytes()[1] - b'0');
            u64::from_le_bytes(padded(length)?) as f64
        }
        _ => return None,
    })
}
