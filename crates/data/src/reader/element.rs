//! Numbers as stored in files, and their conversion to float32.

use std::fmt;

use crate::error::sample::BeyondFloat32;

/// Type of a number on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
}

impl Element {
    const ALL: [Self; 12] = [
        Self::F64,
        Self::F32,
        Self::F16,
        Self::BF16,
        Self::I64,
        Self::I32,
        Self::I16,
        Self::I8,
        Self::U64,
        Self::U32,
        Self::U16,
        Self::U8,
    ];

    /// Name, as NumPy has it, and NumPy's short form.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::F64 => ["float64", "f8"],
            Self::F32 => ["float32", "f4"],
            Self::F16 => ["float16", "f2"],
            Self::BF16 => ["bfloat16", "bf16"],
            Self::I64 => ["int64", "i8"],
            Self::I32 => ["int32", "i4"],
            Self::I16 => ["int16", "i2"],
            Self::I8 => ["int8", "i1"],
            Self::U64 => ["uint64", "u8"],
            Self::U32 => ["uint32", "u4"],
            Self::U16 => ["uint16", "u2"],
            Self::U8 => ["uint8", "u1"],
        }
    }

    /// Bytes of a number.
    pub fn width(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::BF16 | Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }

    /// Parses a common name, such as `float64`, `<f8`, `tf.float64` or `<dtype: 'float64'>`; also returns whether the
    /// most significant byte comes first.
    pub fn named(text: &str) -> Option<(Self, bool)> {
        let text = text.trim();
        // In NumPy, `<U4` is text and `<u4` is an integer.
        let is_text = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        let plain = text.trim_start_matches(['<', '>', '=', '|']);
        if plain.strip_prefix('U').is_some_and(is_text) {
            return None;
        }
        let text = text.to_lowercase();
        let text = text.trim_start_matches("<dtype: '").trim_end_matches("'>");
        let big = text.starts_with('>');
        let text = text.trim_start_matches(['<', '>', '=', '|']);
        let text = text.rsplit('.').next().unwrap_or(text);
        let text = match text {
            "float" | "single" => "float32",
            "double" => "float64",
            "half" => "float16",
            other => other,
        };
        let found = Self::ALL
            .into_iter()
            .find(|element| element.names().contains(&text));
        found.map(|element| (element, big))
    }

    /// From the number TensorFlow gives to a type (`DataType` of `types.proto`).
    pub fn of_tensorflow(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::F32,
            2 => Self::F64,
            3 => Self::I32,
            4 => Self::U8,
            5 => Self::I16,
            6 => Self::I8,
            9 => Self::I64,
            14 => Self::BF16,
            17 => Self::U16,
            19 => Self::F16,
            22 => Self::U32,
            23 => Self::U64,
            _ => return None,
        })
    }

    /// The number whose bytes, least significant first, `bytes` begins with, in full precision but for large integers.
    ///
    /// # Panics
    /// If `bytes` is shorter than [`Element::width`].
    pub fn value(self, bytes: &[u8]) -> f64 {
        match self {
            Self::F64 => f64::from_le_bytes(first(bytes)),
            Self::F32 => f32::from_le_bytes(first(bytes)).into(),
            Self::F16 => half::f16::from_le_bytes(first(bytes)).into(),
            Self::BF16 => half::bf16::from_le_bytes(first(bytes)).into(),
            Self::I64 => i64::from_le_bytes(first(bytes)) as f64,
            Self::I32 => i32::from_le_bytes(first(bytes)).into(),
            Self::I16 => i16::from_le_bytes(first(bytes)).into(),
            Self::I8 => i8::from_le_bytes(first(bytes)).into(),
            Self::U64 => u64::from_le_bytes(first(bytes)) as f64,
            Self::U32 => u32::from_le_bytes(first(bytes)).into(),
            Self::U16 => u16::from_le_bytes(first(bytes)).into(),
            Self::U8 => u8::from_le_bytes(first(bytes)).into(),
        }
    }

    /// The numbers in `bytes` in full precision; a number that is cut off at the end is left out.
    pub fn exact(self, bytes: &[u8], big: bool) -> impl Iterator<Item = f64> {
        let mut buffer = [0; 8];
        bytes.chunks_exact(self.width()).map(move |bytes| {
            let ordered = &mut buffer[..bytes.len()];
            ordered.copy_from_slice(bytes);
            if big {
                ordered.reverse();
            }
            self.value(ordered)
        })
    }

    /// The numbers in `bytes`; a number that is cut off at the end is left out.
    ///
    /// # Errors
    /// If one is finite and beyond the range of a float32.
    pub fn decode(self, bytes: &[u8], big: bool) -> Result<Vec<f32>, BeyondFloat32> {
        Ok(match self {
            Self::F64 => {
                let values = each(bytes, big, |b| f64::from_le_bytes(b) as f32);
                let exact = |position: usize| {
                    let mut ordered: [u8; 8] = first(&bytes[position * 8..]);
                    if big {
                        ordered.reverse();
                    }
                    f64::from_le_bytes(ordered)
                };
                check_range(&values, exact)?;
                values
            }
            Self::F32 => each(bytes, big, f32::from_le_bytes),
            Self::F16 => each(bytes, big, |b| half::f16::from_le_bytes(b).to_f32()),
            Self::BF16 => each(bytes, big, |b| half::bf16::from_le_bytes(b).to_f32()),
            Self::I64 => each(bytes, big, |b| i64::from_le_bytes(b) as f32),
            Self::I32 => each(bytes, big, |b| i32::from_le_bytes(b) as f32),
            Self::I16 => each(bytes, big, |b| i16::from_le_bytes(b).into()),
            Self::I8 => each(bytes, big, |b| i8::from_le_bytes(b).into()),
            Self::U64 => each(bytes, big, |b| u64::from_le_bytes(b) as f32),
            Self::U32 => each(bytes, big, |b| u32::from_le_bytes(b) as f32),
            Self::U16 => each(bytes, big, |b| u16::from_le_bytes(b).into()),
            Self::U8 => each(bytes, big, |b| u8::from_le_bytes(b).into()),
        })
    }
}

/// Refuses float64 that became infinite as the float32 `values`; `exact` is the one at a position.
///
/// # Errors
/// If there is one.
pub(super) fn check_range(
    values: &[f32],
    exact: impl Fn(usize) -> f64,
) -> Result<(), BeyondFloat32> {
    let infinite = values.iter().enumerate().filter(|(_, v)| v.is_infinite());
    let mut all = infinite.map(|(position, _)| BeyondFloat32 {
        position,
        value: exact(position),
    });
    match all.find(|beyond| beyond.value.is_finite()) {
        Some(beyond) => Err(beyond),
        None => Ok(()),
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names()[0])
    }
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes
        .first_chunk()
        .expect("as many bytes as the number has")
}

/// `bytes` in pieces, each turned to the machine's order and then to a value.
fn each<const N: usize>(bytes: &[u8], big: bool, value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let pieces = bytes.as_chunks::<N>().0.iter();
    if big {
        let turned = pieces.map(|piece| {
            let mut piece = *piece;
            piece.reverse();
            value(piece)
        });
        turned.collect()
    } else {
        pieces.map(|piece| value(*piece)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types() {
        for (text, expected) in [
            ("float64", (Element::F64, false)),
            (">f8", (Element::F64, true)),
            ("<i2", (Element::I16, false)),
            ("tf.float32", (Element::F32, false)),
            ("<dtype: 'int16'>", (Element::I16, false)),
            ("np.uint8", (Element::U8, false)),
            ("|u1", (Element::U8, false)),
        ] {
            assert_eq!(Element::named(text), Some(expected), "{text}");
        }
        for other in ["complex64", "<U4", "U1", "S4"] {
            assert_eq!(Element::named(other), None, "{other}");
        }
    }

    #[test]
    fn both_orders_of_bytes() {
        assert_eq!(
            Element::I16.decode(&[1, 2, 0xff, 0xff], true).unwrap(),
            [258.0, -1.0]
        );
        assert_eq!(
            Element::U32.decode(&[0, 0, 0, 0xb3], false).unwrap(),
            [3_003_121_664.0]
        );
    }

    /// A number is infinite after reading exactly if it is infinite on disk.
    #[test]
    fn numbers_beyond_float32() {
        let of = |values: [f64; 3], big: bool| {
            let bytes = values.map(if big {
                f64::to_be_bytes
            } else {
                f64::to_le_bytes
            });
            Element::F64.decode(&bytes.concat(), big)
        };
        for big in [false, true] {
            let infinite = [f64::INFINITY, 1.0, 3e38];
            assert_eq!(of(infinite, big).unwrap(), [f32::INFINITY, 1.0, 3e38]);
            let error = of([f64::INFINITY, 1.0, -1e39], big).unwrap_err();
            let text = error.to_string();
            assert!(text.starts_with("value 2 is -1e39, and"), "{text}");
        }
    }
}
