//! A tensor as `tf.io.serialize_tensor` writes it: a `TensorProto` with type, shape and content.

use super::element::Element;
use crate::error::sample::ExampleError;

/// A tensor.
#[derive(Debug, PartialEq)]
pub(super) struct Tensor {
    pub values: Vec<f32>,
    pub shape: Vec<usize>,
}

/// Reads `bytes`; `None` if they are not exactly one `TensorProto`.
///
/// # Errors
/// If they are one whose values cannot be read.
pub(super) fn parse(bytes: &[u8]) -> Option<Result<Tensor, ExampleError>> {
    let (mut kind, mut shape, mut content, mut other) = (None, Vec::new(), None, false);
    let mut rest = bytes;
    while !rest.is_empty() {
        match (field(&mut rest)?, kind) {
            ((1, Value::Number(number)), None) => kind = Some(number),
            ((2, Value::Bytes(bytes)), Some(_)) => shape = dimensions(bytes)?,
            ((3, Value::Number(_)), Some(_)) => {}
            ((4, Value::Bytes(bytes)), Some(_)) if content.is_none() => content = Some(bytes),
            ((5..=16, _), Some(_)) => other = true,
            _ => return None,
        }
    }
    let elements = shape
        .iter()
        .try_fold(1usize, |product, n| product.checked_mul(*n))?;
    let kind = kind?;
    let element = Element::of_tensorflow(kind);
    Some(match (element, content) {
        (None, _) => Err(ExampleError::TensorType { number: kind }),
        (Some(element), Some(content)) => {
            // Type, shape and length do not agree by chance in other data.
            if elements.checked_mul(element.width()) != Some(content.len()) {
                return None;
            }
            let values = element.decode(content, false);
            values
                .map(|values| Tensor { values, shape })
                .map_err(ExampleError::from)
        }
        (Some(_), None) if other => Err(ExampleError::TensorList),
        (Some(_), None) => return None,
    })
}

/// The content of a tensor that is a label.
#[derive(Debug, PartialEq)]
pub(super) enum LabelTensor<'a> {
    Numbers(Vec<f64>),
    Texts(Vec<&'a [u8]>),
    /// Of another type, by TensorFlow's number.
    Other(u64),
}

/// Reads a label that `tf.io.serialize_tensor` or `tf.make_tensor_proto` wrote; `None` if `bytes` are not exactly one tensor.
pub(super) fn label(bytes: &[u8]) -> Option<LabelTensor<'_>> {
    let (mut kind, mut shape, mut numbers, mut texts) = (None, None, Vec::new(), Vec::new());
    let mut rest = bytes;
    while !rest.is_empty() {
        match (field(&mut rest)?, kind) {
            ((1, Value::Number(number)), None) => kind = Some(number),
            ((2, Value::Bytes(bytes)), Some(_)) => shape = Some(dimensions(bytes)?),
            ((3, Value::Number(_)), Some(_)) => {}
            ((8, Value::Bytes(bytes)), Some(STRING)) => texts.push(bytes),
            ((4, Value::Bytes(bytes)), Some(BOOL)) => {
                numbers.extend(bytes.iter().copied().map(f64::from))
            }
            ((4, Value::Bytes(bytes)), Some(kind)) => numbers.extend(of_content(bytes, kind)?),
            ((7 | 10 | 11 | 16 | 17, value), Some(_)) => numbers.extend(of_list(value)?),
            ((5 | 6 | 9 | 12..=15, _), Some(_)) => {}
            _ => return None,
        }
    }
    let (kind, shape) = (kind?, shape?);
    let count = shape
        .iter()
        .try_fold(1usize, |product, n| product.checked_mul(*n))?;
    match (numbers.len(), texts.len()) {
        (found, 0) if found == count && found > 0 => Some(LabelTensor::Numbers(numbers)),
        (0, found) if found == count && found > 0 => Some(LabelTensor::Texts(texts)),
        _ => Some(LabelTensor::Other(kind)),
    }
}

/// TensorFlow's numbers of types.
const STRING: u64 = 7;
const BOOL: u64 = 10;

/// The numbers in the bytes of a tensor of type `kind`; none of a type without numbers.
fn of_content(bytes: &[u8], kind: u64) -> Option<Vec<f64>> {
    let Some(element) = Element::of_tensorflow(kind) else {
        return Some(Vec::new());
    };
    let is_whole = bytes.len().is_multiple_of(element.width());
    let values = bytes.chunks_exact(element.width());
    is_whole.then(|| values.map(|bytes| element.value(bytes)).collect())
}

/// The integers of a list, one or packed.
fn of_list(value: Value<'_>) -> Option<Vec<f64>> {
    match value {
        Value::Number(number) => Some(vec![number as i64 as f64]),
        Value::Bytes(mut rest) => {
            let mut all = Vec::new();
            while !rest.is_empty() {
                all.push(varint(&mut rest)? as i64 as f64);
            }
            Some(all)
        }
    }
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The next field: its number and value.
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Value::Number(varint(rest)?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Value::Bytes(bytes)
        }
        _ => return None,
    };
    Some((key >> 3, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The sizes of a `TensorShapeProto`.
fn dimensions(mut rest: &[u8]) -> Option<Vec<usize>> {
    let mut sizes = Vec::new();
    while !rest.is_empty() {
        let (2, Value::Bytes(mut dimension)) = field(&mut rest)? else {
            return None;
        };
        let mut size = 0;
        while !dimension.is_empty() {
            match field(&mut dimension)? {
                (1, Value::Number(number)) => size = usize::try_from(number).ok()?,
                (2, Value::Bytes(_)) => {}
                _ => return None,
            }
        }
        sizes.push(size);
    }
    Some(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `tf.io.serialize_tensor(tf.constant([[1.5, -2.0]]))`.
    const TENSOR: [u8; 22] = [
        0x08, 0x01, 0x12, 0x08, 0x12, 0x02, 0x08, 0x01, 0x12, 0x02, 0x08, 0x02, 0x22, 0x08, 0, 0,
        0xc0, 0x3f, 0, 0, 0, 0xc0,
    ];

    /// Written by TensorFlow 2.21: `tf.io.serialize_tensor`, and `tf.make_tensor_proto` in the second of two.
    #[test]
    fn labels_are_numbers_or_texts() {
        let bytes = |hex: &str| -> Vec<u8> {
            let pairs = hex.as_bytes().chunks(2);
            let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            pairs.map(byte).collect()
        };
        for (hex, expected) in [
            ("0809120022080300000000000000", &[3.0][..]),
            ("08091200520103", &[3.0]),
            ("08031200220403000000", &[3.0]),
            ("080312003a0103", &[3.0]),
            ("0803120412020801220403000000", &[3.0]),
            ("080a1200220101", &[1.0]),
            ("080a12005a0101", &[1.0]),
            (
                "0803120412020803220c000000000100000000000000",
                &[0.0, 1.0, 0.0],
            ),
        ] {
            let found = label(&bytes(hex)).map(|tensor| format!("{tensor:?}"));
            assert_eq!(found, Some(format!("Numbers({expected:?})")), "{hex}");
        }
        let steps = bytes("0807120042057374657073");
        assert_eq!(label(&steps), Some(LabelTensor::Texts(vec![b"steps"])));
        let two = bytes("080712041202080242016142026263");
        assert_eq!(label(&two), Some(LabelTensor::Texts(vec![b"a", b"bc"])));
        // Complex; and what is no tensor.
        let complex = bytes("08081200220800000000000000004a00");
        assert_eq!(label(&complex[..14]), Some(LabelTensor::Other(8)));
        assert_eq!(label(&bytes("08081200")), Some(LabelTensor::Other(8)));
        for other in [&b"steps"[..], b"", b"3", &steps[..6]] {
            assert_eq!(label(other), None);
        }
    }

    #[test]
    fn tensors_bring_type_and_shape() {
        let tensor = Tensor {
            values: vec![1.5, -2.0],
            shape: vec![1, 2],
        };
        assert_eq!(parse(&TENSOR), Some(Ok(tensor)));
        for cut in 0..TENSOR.len() {
            assert_eq!(parse(&TENSOR[..cut]), None, "{cut}");
        }
        assert_eq!(parse(&[0; 64]), None);
        let complex = [&[0x08, 0x08], &TENSOR[2..]].concat();
        assert_eq!(
            parse(&complex),
            Some(Err(ExampleError::TensorType { number: 8 }))
        );
    }
}
