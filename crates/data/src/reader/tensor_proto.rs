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
            ((2, Value::Bytes(own)), Some(_)) => shape = dimensions(own)?,
            ((3, Value::Number(_)), Some(_)) => {}
            ((4, Value::Bytes(own)), Some(_)) if content.is_none() => content = Some(own),
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
            let (own, after) = rest.split_at_checked(length)?;
            *rest = after;
            Value::Bytes(own)
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
