//! Values of scalars that are stored as tensors.

use tfrecord::protobuf::TensorProto;

/// The value of a tensor with one number.
pub(super) fn number(tensor: &TensorProto) -> Option<f64> {
    let shape = tensor.tensor_shape.as_ref();
    if shape.is_some_and(|shape| shape.unknown_rank || shape.dim.iter().any(|dim| dim.size != 1)) {
        return None;
    }
    let content = &tensor.tensor_content[..];
    // TensorFlow writes an all-zero tensor without values. `$bytes` converts the content, and `$value` the first value.
    macro_rules! one {
        ($bytes:expr, $values:ident, $value:expr) => {
            match (content, &tensor.$values[..]) {
                ([], []) => 0.0,
                ([], [first, ..]) => $value(*first),
                _ => $bytes(content.try_into().ok()?),
            }
        };
    }
    // As numbered in tensorflow/core/framework/types.proto.
    Some(match tensor.dtype {
        1 => one!(|b| f32::from_le_bytes(b).into(), float_val, f64::from),
        2 => one!(f64::from_le_bytes, double_val, f64::from),
        3 => one!(|b| i32::from_le_bytes(b).into(), int_val, f64::from),
        4 => one!(|b| u8::from_le_bytes(b).into(), int_val, f64::from),
        5 => one!(|b| i16::from_le_bytes(b).into(), int_val, f64::from),
        6 => one!(|b| i8::from_le_bytes(b).into(), int_val, f64::from),
        9 => one!(|b| i64::from_le_bytes(b) as f64, int64_val, |v| v as f64),
        14 => one!(|b| bfloat16(u16::from_le_bytes(b)), half_val, |v| bfloat16(
            v as u16
        )),
        17 => one!(|b| u16::from_le_bytes(b).into(), int_val, f64::from),
        19 => one!(|b| float16(u16::from_le_bytes(b)), half_val, |v| float16(
            v as u16
        )),
        22 => one!(|b| u32::from_le_bytes(b).into(), uint32_val, f64::from),
        23 => one!(|b| u64::from_le_bytes(b) as f64, uint64_val, |v| v as f64),
        _ => return None,
    })
}

/// A bfloat16: the upper half of a float32.
fn bfloat16(bits: u16) -> f64 {
    f32::from_bits(u32::from(bits) << 16).into()
}

/// An IEEE half-precision number.
fn float16(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF);
    let size = match i32::from(bits >> 10 & 0x1F) {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The types that TensorFlow's `tf.summary.write` takes, as content or as values.
    #[test]
    fn numbers_of_any_type() {
        let tensor = |dtype: i32, content: &[u8]| TensorProto {
            dtype,
            tensor_content: content.to_vec(),
            ..Default::default()
        };
        for (dtype, content, expected) in [
            (1, &0.625f32.to_le_bytes()[..], 0.625),
            (2, &0.1f64.to_le_bytes(), 0.1),
            (3, &(-7i32).to_le_bytes(), -7.0),
            (4, &[200], 200.0),
            (6, &[200], -56.0),
            (9, &(1i64 << 40).to_le_bytes(), (1i64 << 40) as f64),
            (14, &[0x20, 0x3f], 0.625),
            (19, &[0x00, 0x39], 0.625),
            (19, &[0x01, 0x80], -(2f64.powi(-24))),
            (22, &[0, 0, 0, 128], 2_147_483_648.0),
            (14, &[], 0.0),
        ] {
            assert_eq!(number(&tensor(dtype, content)), Some(expected), "{dtype}");
        }
        let half = |dtype, value| TensorProto {
            half_val: vec![value],
            ..tensor(dtype, &[])
        };
        assert_eq!(number(&half(14, 0x3f20)), Some(0.625));
        assert_eq!(number(&half(19, 0x3900)), Some(0.625));
        assert_eq!(number(&tensor(1, &[0; 8])), None);
        assert_eq!(number(&tensor(7, &[])), None);
    }
}
