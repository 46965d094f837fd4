//! `tf.train.Example` to a sample and back: `x`, `shape`, `label`, optional `group` and `dtype`.
//!
//! Bytes do not tell the type of the numbers in them. They are read if `dtype` gives their type, if they are a tensor as
//! `tf.io.serialize_tensor` writes it, or if only float32 or only float64 fits `shape`. Everything else is refused.

mod label;

use std::collections::HashMap;

use tfrecord::protobuf::feature::Kind;
use tfrecord::protobuf::{Example, Feature};

use self::label::label;
use super::element::Element;
use super::names::{Role, is_rate};
use super::notes::{Candidate, joined, twins};
use super::{Record, SourceSelection, class_names, names, tensor_proto};
use crate::error::sample::ExampleError;

/// Decodes record number `record`; `label_is_optional` lets it come without a label.
///
/// # Errors
/// If a feature is missing, or cannot be decoded with certainty.
pub(super) fn decode(
    record: usize,
    example: Example,
    wanted: &SourceSelection,
) -> Result<Record, ExampleError> {
    let mut features = example.features.unwrap_or_default().feature;
    let shape = shape(&mut features)?;
    let x = take(&mut features, Role::Samples, "x")?;
    let dtype = match features.get("dtype").and_then(|dtype| dtype.kind.as_ref()) {
        Some(Kind::BytesList(list)) if list.value.len() == 1 => {
            Some(String::from_utf8_lossy(&list.value[0]).into_owned())
        }
        Some(_) => return Err(ExampleError::DtypeKind),
        None => None,
    };
    let (values, own_shape) = match x {
        Kind::FloatList(list) => (list.value, None),
        Kind::Int64List(list) => (list.value.iter().map(|v| *v as f32).collect(), None),
        Kind::BytesList(list) => match &list.value[..] {
            [bytes] => of_bytes(bytes, dtype.as_deref(), shape.as_deref())?,
            all => return Err(ExampleError::ByteStrings { count: all.len() }),
        },
    };
    let shape = match shape.or(own_shape) {
        Some(shape) => shape,
        // Without a shape, two channels of equal length are assumed.
        None if values.len().is_multiple_of(2) => vec![2, values.len() / 2],
        None => {
            return Err(ExampleError::OddLength {
                count: values.len(),
            });
        }
    };
    if elements(&shape) != Some(values.len()) {
        return Err(ExampleError::ValueCount {
            count: values.len(),
            shape,
        });
    }
    let preferred = wanted.own_label();
    let given = preferred.and_then(|preferred| features.remove(preferred)?.kind);
    let label = if wanted.label_is_optional {
        let there = optional(&mut features, Role::Labels, "label")?;
        there
            .and_then(|kind| label(kind, wanted).ok())
            .unwrap_or(Record::UNLABELLED)
    } else {
        let kind = match given {
            Some(kind) => kind,
            None => take(&mut features, Role::Labels, "label")?,
        };
        let is_text = matches!(kind, Kind::BytesList(_));
        let label = label(kind, wanted)?;
        if !is_text {
            check_texts(&features, label, wanted)?;
        }
        label
    };
    let group = match optional(&mut features, Role::Groups, "group")? {
        Some(Kind::BytesList(list)) => {
            let first = list.value.first();
            first.and_then(|bytes| names::group(&String::from_utf8_lossy(bytes)))
        }
        Some(Kind::Int64List(list)) => list.value.first().map(i64::to_string),
        // Numbers of persons, which pandas makes floats where one is missing.
        Some(Kind::FloatList(list)) => {
            let first = list.value.first().filter(|value| !value.is_nan());
            first.map(f32::to_string)
        }
        None => None,
    };
    Ok(Record {
        record,
        values,
        shape,
        label,
        group,
    })
}

/// Checks the names of classes beside a label that is a number.
fn check_texts(
    features: &HashMap<String, Feature>,
    label: i64,
    wanted: &SourceSelection,
) -> Result<(), ExampleError> {
    for (name, feature) in features {
        if let Some(Kind::BytesList(list)) = &feature.kind
            && let [text] = &list.value[..]
            && class_names::is_text(name)
        {
            let text = String::from_utf8_lossy(text);
            class_names::check_text((name, &text), label, wanted)?;
        }
    }
    Ok(())
}

/// What to say of an example that is read in an uncertain way.
pub(super) fn note(example: Example, wanted: &SourceSelection) -> Option<String> {
    joined([of_names(&example, wanted), assumed(example)])
}

/// The sampling rate of an example, if a feature has one.
pub(super) fn rate(example: &Example) -> Option<f64> {
    let features = &example.features.as_ref()?.feature;
    let (_, found) = features.iter().find(|(name, _)| is_rate(name))?;
    match found.kind.as_ref()? {
        Kind::FloatList(list) if list.value.len() == 1 => Some(list.value[0].into()),
        Kind::Int64List(list) if list.value.len() == 1 => Some(list.value[0] as f64),
        _ => None,
    }
}

/// What to say of samples and of a label that are in one of several features.
fn of_names(example: &Example, wanted: &SourceSelection) -> Option<String> {
    let features = &example.features.as_ref()?.feature;
    let candidates = features.iter().map(|(name, feature)| Candidate {
        name,
        is_text: matches!(feature.kind, Some(Kind::BytesList(_))),
    });
    let mut there: Vec<_> = candidates.collect();
    there.sort_by_key(|candidate| candidate.name);
    let of_twins = twins([(Role::Samples, "x"), (Role::Groups, "group")], &there);
    joined([of_twins, wanted.note_of_labels("label", &there)])
}

/// What to say of an example whose shape is not stored, but assumed.
fn assumed(example: Example) -> Option<String> {
    let features = &example.features.as_ref()?.feature;
    let is_bytes = |name: &&str| {
        let kind = features
            .get(*name)
            .and_then(|feature| feature.kind.as_ref());
        matches!(kind, Some(Kind::BytesList(_)))
    };
    // A serialised tensor has a shape of its own.
    let is_tensor = !features.contains_key("dtype") && Role::Samples.names().iter().any(is_bytes);
    if is_tensor || features.contains_key("shape") {
        return None;
    }
    let wanted = SourceSelection {
        label_is_optional: true,
        ..Default::default()
    };
    let record = decode(0, example, &wanted).ok()?;
    let [channels, values] = record.shape[..] else {
        return None;
    };
    let count = channels * values;
    Some(format!(
        "the records have no feature `shape`: their {count} values are read as 2 channels of {values}, one after the other; \
         if they have another number of channels, add it, such as [3, {}]; if the channels come in turn, write each window as \
         [channels, samples]",
        count / 3
    ))
}

fn elements(shape: &[usize]) -> Option<usize> {
    let mut sizes = shape.iter();
    sizes.try_fold(1usize, |product, n| product.checked_mul(*n))
}

fn shape(features: &mut HashMap<String, Feature>) -> Result<Option<Vec<usize>>, ExampleError> {
    match features.remove("shape").and_then(|feature| feature.kind) {
        Some(Kind::Int64List(list)) => {
            let sizes = list.value.iter().map(|&n| usize::try_from(n));
            let sizes = sizes.collect::<Result<_, _>>();
            sizes
                .map(Some)
                .map_err(|_| ExampleError::Shape { shape: list.value })
        }
        Some(_) => Err(ExampleError::ShapeKind),
        None => Ok(None),
    }
}

/// The feature that is `role`: `usual`, or the only one of another name that means the same.
fn optional(
    features: &mut HashMap<String, Feature>,
    role: Role,
    usual: &'static str,
) -> Result<Option<Kind>, ExampleError> {
    // Nearly all files use the usual name.
    if let Some(feature) = features.remove(usual) {
        return Ok(feature.kind);
    }
    let name = role.pick(usual, features.keys().map(String::as_str))?;
    let name = name.map(str::to_owned);
    Ok(name.and_then(|name| features.remove(&name)?.kind))
}

fn take(
    features: &mut HashMap<String, Feature>,
    role: Role,
    usual: &'static str,
) -> Result<Kind, ExampleError> {
    let found = optional(features, role, usual)?;
    found.ok_or_else(|| {
        let mut there: Vec<String> = features
            .iter()
            .map(|(name, feature)| format!("{name} ({})", describe(feature)))
            .collect();
        there.sort();
        ExampleError::Missing { usual, there }
    })
}

fn describe(feature: &Feature) -> String {
    match &feature.kind {
        Some(Kind::FloatList(list)) => format!("{} floats", list.value.len()),
        Some(Kind::Int64List(list)) => format!("{} integers", list.value.len()),
        Some(Kind::BytesList(list)) => match &list.value[..] {
            [bytes] => format!("{} bytes", bytes.len()),
            all => format!("{} strings of bytes", all.len()),
        },
        None => "empty".into(),
    }
}

type Tensor = (Vec<f32>, Option<Vec<usize>>);

/// Decodes bytes as numbers; also returns their shape if the bytes contain it.
fn of_bytes(
    bytes: &[u8],
    dtype: Option<&str>,
    shape: Option<&[usize]>,
) -> Result<Tensor, ExampleError> {
    if let Some(name) = dtype {
        let found = Element::named(name);
        let (element, big) = found.ok_or_else(|| ExampleError::Dtype {
            name: name.to_owned(),
        })?;
        if !bytes.len().is_multiple_of(element.width()) {
            return Err(ExampleError::PartialElement {
                bytes: bytes.len(),
                element: element.to_string(),
            });
        }
        return Ok((element.decode(bytes, big)?, None));
    }
    if let Some(tensor) = tensor_proto::parse(bytes) {
        let tensor = tensor?;
        return Ok((tensor.values, Some(tensor.shape)));
    }
    let Some(shape) = shape else {
        return Err(ExampleError::UnknownType { bytes: bytes.len() });
    };
    let element = match elements(shape) {
        Some(n) if n > 0 && n.checked_mul(4) == Some(bytes.len()) => Element::F32,
        Some(n) if n > 0 && n.checked_mul(8) == Some(bytes.len()) => Element::F64,
        _ => {
            return Err(ExampleError::NoFloatFits {
                bytes: bytes.len(),
                shape: shape.to_vec(),
            });
        }
    };
    if !plausible(bytes, element) {
        return Err(ExampleError::ImplausibleFloats {
            bytes: bytes.len(),
            shape: shape.to_vec(),
            element: element.to_string(),
        });
    }
    Ok((element.decode(bytes, false)?, None))
}

/// Whether bytes without a type are floats: nearly all integers read as floats are NaN or below 1e-37.
fn plausible(bytes: &[u8], element: Element) -> bool {
    let usual = |exponent: u32, low: u32, high: u32| (low..=high).contains(&exponent);
    // Exponents of 1e-36 to 1e36, so that sound data of any unit pass.
    let (zero, sound, all) = match element {
        Element::F64 => bytes.as_chunks::<8>().0.iter().fold((0, 0, 0), |sum, b| {
            let bits = u64::from_le_bytes(*b);
            let sound = usual((bits >> 52 & 0x7ff) as u32, 1023 - 120, 1023 + 120);
            add(sum, bits << 1 == 0, sound)
        }),
        _ => bytes.as_chunks::<4>().0.iter().fold((0, 0, 0), |sum, b| {
            let bits = u32::from_le_bytes(*b);
            let sound = usual(bits >> 23 & 0xff, 127 - 120, 127 + 120);
            add(sum, bits << 1 == 0, sound)
        }),
    };
    zero == all || sound * 2 >= all - zero
}

fn add(
    (zero, sound, all): (usize, usize, usize),
    is_zero: bool,
    is_sound: bool,
) -> (usize, usize, usize) {
    (
        zero + usize::from(is_zero),
        sound + usize::from(is_sound && !is_zero),
        all + 1,
    )
}

/// A message of protocol buffers, field by field.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A field of bytes, `length` of them, which `write` appends.
    fn field(&mut self, number: u8, length: usize, write: impl FnOnce(&mut Vec<u8>)) {
        self.0.push(number << 3 | 2);
        self.varint(length as u64);
        write(&mut self.0);
    }

    fn bytes(&mut self, number: u8, bytes: &[u8]) {
        self.field(number, bytes.len(), |out| out.extend_from_slice(bytes));
    }

    /// An entry of the map of features: a name, and a list of kind 1 (bytes), 2 (floats) or 3 (integers).
    fn feature(&mut self, name: &str, kind: u8, list: &Message) {
        let mut feature = Message::default();
        feature.bytes(kind, &list.0);
        let mut entry = Message::default();
        entry.bytes(1, name.as_bytes());
        entry.bytes(2, &feature.0);
        self.bytes(1, &entry.0);
    }
}

/// Encodes a sample. The features are in a fixed order, so that equal samples give equal bytes; the map of the
/// generated code has a different order in every run.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let integers = |values: &[i64]| {
        let mut packed = Message::default();
        values.iter().for_each(|value| packed.varint(*value as u64));
        let mut list = Message::default();
        list.bytes(1, &packed.0);
        list
    };
    let mut features = Message(Vec::with_capacity(record.values.len() * 4 + 128));
    let mut floats = Message(Vec::with_capacity(record.values.len() * 4 + 8));
    floats.field(1, record.values.len() * 4, |out| {
        out.extend(record.values.iter().flat_map(|value| value.to_le_bytes()));
    });
    features.feature("x", 2, &floats);
    let shape: Vec<i64> = record.shape.iter().map(|&n| n as i64).collect();
    features.feature("shape", 3, &integers(&shape));
    features.feature("label", 3, &integers(&[record.label]));
    if let Some(group) = &record.group {
        let mut list = Message::default();
        list.bytes(1, group.as_bytes());
        features.feature("group", 1, &list);
    }
    let mut example = Message(Vec::with_capacity(features.0.len() + 8));
    example.bytes(1, &features.0);
    example.0
}

#[cfg(test)]
mod tests;
