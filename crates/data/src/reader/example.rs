//! `tf.train.Example` to a sample and back: `x`, `shape`, `label`, optional `group` and `dtype`.
//!
//! Bytes say nothing of the numbers in them. They are read where `dtype` names their type, where they are a tensor as
//! `tf.io.serialize_tensor` writes it, or where `shape` leaves no other float than float32 or float64. Everything else is
//! refused.

use std::collections::HashMap;

use tfrecord::protobuf::feature::Kind;
use tfrecord::protobuf::{Example, Feature};

use super::Record;
use super::element::Element;
use super::names::Role;
use super::tensor_proto;

/// Decodes record number `record`; `label_is_optional` lets it come without a label.
///
/// # Errors
/// What is missing or cannot be read for sure, what was found, and what to do.
pub(super) fn decode(
    record: usize,
    example: Example,
    label_is_optional: bool,
) -> Result<Record, String> {
    let mut features = example.features.unwrap_or_default().feature;
    let shape = shape(&mut features)?;
    let x = take(&mut features, Role::Samples, "x")?;
    let dtype = match features.get("dtype").and_then(|own| own.kind.as_ref()) {
        Some(Kind::BytesList(list)) if list.value.len() == 1 => {
            Some(String::from_utf8_lossy(&list.value[0]).into_owned())
        }
        Some(_) => return Err("`dtype` must be one text, such as float32".into()),
        None => None,
    };
    let (values, own_shape) = match x {
        Kind::FloatList(list) => (list.value, None),
        Kind::Int64List(list) => (list.value.iter().map(|v| *v as f32).collect(), None),
        Kind::BytesList(list) => match &list.value[..] {
            [bytes] => of_bytes(bytes, dtype.as_deref(), shape.as_deref())?,
            all => {
                return Err(format!(
                    "`x` has {} strings of bytes: expected one, or a list of floats",
                    all.len()
                ));
            }
        },
    };
    let shape = match shape.or(own_shape) {
        Some(shape) => shape,
        // Without a shape two channels of equal length are meant.
        None if values.len().is_multiple_of(2) => vec![2, values.len() / 2],
        None => {
            return Err(format!(
                "`x` has {} values, which are not two channels of one length: add the feature `shape`, such as [1, {0}]",
                values.len()
            ));
        }
    };
    if elements(&shape) != Some(values.len()) {
        return Err(format!(
            "`x` has {} values, `shape` says {shape:?}",
            values.len()
        ));
    }
    let label = if label_is_optional {
        let there = optional(&mut features, Role::Labels, "label")?;
        there
            .and_then(|kind| label(kind).ok())
            .unwrap_or(Record::UNLABELLED)
    } else {
        label(take(&mut features, Role::Labels, "label")?)?
    };
    let group = match optional(&mut features, Role::Groups, "group")? {
        Some(Kind::BytesList(list)) => {
            let first = list.value.first();
            first.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        }
        Some(Kind::Int64List(list)) => list.value.first().map(i64::to_string),
        _ => None,
    };
    Ok(Record {
        record,
        values,
        shape,
        label,
        group,
    })
}

fn elements(shape: &[usize]) -> Option<usize> {
    let mut sizes = shape.iter();
    sizes.try_fold(1usize, |product, n| product.checked_mul(*n))
}

fn shape(features: &mut HashMap<String, Feature>) -> Result<Option<Vec<usize>>, String> {
    match features.remove("shape").and_then(|feature| feature.kind) {
        Some(Kind::Int64List(list)) => {
            let sizes = list.value.iter().map(|&n| usize::try_from(n));
            let sizes = sizes.collect::<Result<_, _>>();
            sizes
                .map(Some)
                .map_err(|_| format!("`shape` is {:?}", list.value))
        }
        Some(_) => Err("`shape` must be a list of integers".into()),
        None => Ok(None),
    }
}

/// The feature that is `role`: `usual`, or the only one of another name that means the same.
fn optional(
    features: &mut HashMap<String, Feature>,
    role: Role,
    usual: &str,
) -> Result<Option<Kind>, String> {
    // Nearly all are called as they should be.
    if let Some(feature) = features.remove(usual) {
        return Ok(feature.kind);
    }
    let name = role.pick(usual, features.keys().map(String::as_str))?;
    let name = name.map(str::to_owned);
    Ok(name.and_then(|name| features.remove(&name)?.kind))
}

fn take(features: &mut HashMap<String, Feature>, role: Role, usual: &str) -> Result<Kind, String> {
    let found = optional(features, role, usual)?;
    found.ok_or_else(|| {
        let mut there: Vec<String> = features
            .iter()
            .map(|(name, feature)| format!("{name} ({})", describe(feature)))
            .collect();
        there.sort();
        if there.is_empty() {
            there.push("nothing else".into());
        }
        format!(
            "feature `{usual}` is missing: there is {}; expected `x` (floats, or bytes with `dtype`), `shape`, `label` \
             (an integer) and, optional, `group`",
            there.join(", ")
        )
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

/// The class: an integer, or a whole number.
fn label(kind: Kind) -> Result<i64, String> {
    let expected = "expected one integer, the number of the class";
    match kind {
        Kind::Int64List(list) if list.value.len() == 1 => Ok(list.value[0]),
        Kind::Int64List(list) => {
            let shown: Vec<String> = list.value.iter().take(8).map(i64::to_string).collect();
            let hot = list.value.iter().filter(|v| **v == 1).count() == 1
                && list.value.iter().all(|v| matches!(v, 0 | 1));
            Err(format!(
                "`label` has {} integers, {}{}: {expected}",
                list.value.len(),
                shown.join(", "),
                if hot {
                    " (one-hot? write np.argmax(label))"
                } else {
                    ""
                }
            ))
        }
        Kind::FloatList(list) => match list.value[..] {
            [value] if value.fract() == 0.0 && value.abs() < 16_777_216.0 => Ok(value as i64),
            _ => Err(format!(
                "`label` has the floats {:?}: {expected}",
                &list.value[..list.value.len().min(8)]
            )),
        },
        Kind::BytesList(list) => {
            let text = list.value.first().map(|text| String::from_utf8_lossy(text));
            let text: String = text.unwrap_or_default().chars().take(40).collect();
            Err(format!("`label` is the text `{text}`: {expected}"))
        }
    }
}

type Tensor = (Vec<f32>, Option<Vec<usize>>);

/// Bytes as numbers, and their shape where they bring it.
fn of_bytes(bytes: &[u8], dtype: Option<&str>, shape: Option<&[usize]>) -> Result<Tensor, String> {
    let what_to_do = "add the feature `dtype` (such as float32 or int16) and `shape`, or write `x` as a list of floats";
    if let Some(name) = dtype {
        let found = Element::named(name);
        let (element, big) = found.ok_or_else(|| {
            format!("`dtype` is `{name}`: expected float16, float32, float64, int8 to int64 or uint8 to uint64")
        })?;
        if !bytes.len().is_multiple_of(element.width()) {
            return Err(format!(
                "`x` has {} bytes, which are no whole number of {element}",
                bytes.len()
            ));
        }
        return Ok((element.decode(bytes, big), None));
    }
    if let Some(tensor) = tensor_proto::parse(bytes) {
        let tensor = tensor?;
        return Ok((tensor.values, Some(tensor.shape)));
    }
    let Some(shape) = shape else {
        return Err(format!(
            "`x` has {} bytes without `shape` or `dtype`, so their type is not known: {what_to_do}",
            bytes.len()
        ));
    };
    let element = match elements(shape) {
        Some(n) if n > 0 && n.checked_mul(4) == Some(bytes.len()) => Element::F32,
        Some(n) if n > 0 && n.checked_mul(8) == Some(bytes.len()) => Element::F64,
        _ => {
            return Err(format!(
                "`x` has {} bytes, and `shape` says {shape:?}: neither float32 nor float64 fits: {what_to_do}",
                bytes.len()
            ));
        }
    };
    let values = element.decode(bytes, false);
    if !plausible(bytes, element) {
        return Err(format!(
            "`x` has {} bytes for the `shape` {shape:?}, but read as {element} most are not finite, or as small or large as \
             no measurement is; they look like integers: {what_to_do}",
            bytes.len()
        ));
    }
    Ok((values, None))
}

/// Whether bytes without a type are floats: integers read as such are NaN or below 1e-37 nearly all.
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

/// Encodes a sample. The features come in one order, so that equal samples are equal bytes: the map of the generated code
/// has another order in every run.
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tfrecord::protobuf::{BytesList, Features, FloatList, Int64List};

    fn bytes(value: Vec<u8>) -> Kind {
        let value = vec![value];
        Kind::BytesList(BytesList { value })
    }

    fn integers(value: &[i64]) -> Kind {
        Kind::Int64List(Int64List {
            value: value.to_vec(),
        })
    }

    fn read(features: &[(&str, Kind)]) -> Result<Record, String> {
        let feature = features.iter().map(|(name, kind)| {
            let kind = Some(kind.clone());
            ((*name).to_owned(), Feature { kind })
        });
        let feature = feature.collect();
        decode(
            0,
            Example {
                features: Some(Features { feature }),
            },
            false,
        )
    }

    #[test]
    fn bytes_are_what_is_said_of_them() {
        let values: Vec<f32> = (0..16).map(|i| i as f32 * 100.0 - 700.0).collect();
        let f8: Vec<u8> = values
            .iter()
            .flat_map(|v| f64::from(*v).to_le_bytes())
            .collect();
        let f4: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let i2: Vec<u8> = values
            .iter()
            .flat_map(|v| (*v as i16).to_be_bytes())
            .collect();
        let i4: Vec<u8> = values
            .iter()
            .flat_map(|v| (*v as i32).to_le_bytes())
            .collect();
        let i8: Vec<u8> = values
            .iter()
            .flat_map(|v| (*v as i64).to_le_bytes())
            .collect();
        let label = ("label", integers(&[1]));
        let shape = ("shape", integers(&[2, 8]));
        let dtype = |name: &str| ("dtype", bytes(name.into()));
        for features in [
            vec![("x", bytes(f8.clone())), shape.clone()],
            vec![("x", bytes(f4.clone())), shape.clone()],
            vec![("x", bytes(f8.clone())), dtype("float64")],
            vec![("x", bytes(i2.clone())), shape.clone(), dtype(">i2")],
            vec![("x", bytes(i4.clone())), shape.clone(), dtype("tf.int32")],
        ] {
            let record = read(&[&features[..], std::slice::from_ref(&label)].concat()).unwrap();
            assert_eq!((&record.values, &record.shape[..]), (&values, &[2, 8][..]));
        }
        for (x, with_shape, problem) in [
            (f8, false, "128 bytes without `shape` or `dtype`"),
            (f4, false, "64 bytes without `shape` or `dtype`"),
            (i2.clone(), false, "32 bytes without `shape` or `dtype`"),
            (i2, true, "neither float32 nor float64 fits"),
            (i4, true, "they look like integers"),
            (i8, true, "they look like integers"),
        ] {
            let mut features = vec![("x", bytes(x)), label.clone()];
            features.extend(with_shape.then(|| shape.clone()));
            let error = read(&features).unwrap_err();
            assert!(error.contains(problem), "{error}");
            assert!(error.contains("add the feature `dtype`"), "{error}");
        }
    }

    #[test]
    fn other_names_and_labels() {
        let floats = |n: usize| {
            Kind::FloatList(FloatList {
                value: vec![0.5; n],
            })
        };
        let record = read(&[("waveform", floats(8)), ("y", integers(&[3]))]).unwrap();
        assert_eq!((record.shape, record.label), (vec![2, 4], 3));
        let whole = Kind::FloatList(FloatList { value: vec![2.0] });
        assert_eq!(
            read(&[("x", floats(8)), ("label", whole)]).unwrap().label,
            2
        );
        let record = read(&[("x", integers(&[1, -2])), ("label", integers(&[0]))]).unwrap();
        assert_eq!(record.values, [1.0, -2.0]);
        for (features, problem) in [
            (
                vec![("trace", floats(8)), ("label", integers(&[0]))],
                "feature `x` is missing: there is label (1 integers), trace (8 floats); expected",
            ),
            (
                vec![("data", floats(8)), ("waveform", floats(8))],
                "`data`, `waveform` could all be `x`",
            ),
            (
                vec![("x", floats(8)), ("label", integers(&[0, 1, 0]))],
                "3 integers, 0, 1, 0 (one-hot?",
            ),
            (
                vec![("x", floats(8)), ("label", bytes(b"footsteps".to_vec()))],
                "`label` is the text `footsteps`",
            ),
            (
                vec![("x", floats(7)), ("label", integers(&[0]))],
                "7 values, which are not two channels of one length",
            ),
        ] {
            let error = read(&features).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }

    proptest! {
        /// What is written is what the generated code reads.
        #[test]
        fn round_trip(values in proptest::collection::vec(-1e9f32..1e9, 0..40), label: i64, group in proptest::option::of(".{0,300}")) {
            let shape = vec![1, values.len()];
            let record = Record { record: 0, values, shape, label, group };
            let bytes = encode(&record);
            prop_assert_eq!(&bytes, &encode(&record));
            let example = <Example as tfrecord::Record>::from_bytes(bytes).unwrap();
            prop_assert_eq!(example.features.as_ref().unwrap().feature.len(), 3 + usize::from(record.group.is_some()));
            prop_assert_eq!(decode(0, example, false).unwrap(), record);
        }
    }
}
