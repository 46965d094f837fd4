//! The formats of the samples of SEG-Y.

use crate::error::recording::SegyError;

/// Reads the samples in bytes of either order; the second argument says whether they are big-endian.
pub(super) type Decode = fn(&[u8], bool) -> Vec<f64>;

/// How the samples of a format are read, by its number.
///
/// # Errors
/// If it is not read.
pub(super) fn decoder(format: u16) -> Result<Decode, SegyError> {
    Ok(match format {
        1 => |bytes, big| all(bytes, big, |word| ibm(u32::from_be_bytes(word))),
        2 => |bytes, big| all(bytes, big, |word| i32::from_be_bytes(word).into()),
        3 => |bytes, big| all(bytes, big, |word| i16::from_be_bytes(word).into()),
        5 => |bytes, big| all(bytes, big, |word| f32::from_be_bytes(word).into()),
        6 => |bytes, big| all(bytes, big, f64::from_be_bytes),
        7 => |bytes, big| {
            all(bytes, big, |[a, b, c]: [u8; 3]| {
                f64::from(i32::from_be_bytes([a, b, c, 0]) >> 8)
            })
        },
        8 => |bytes, big| all(bytes, big, |word| i8::from_be_bytes(word).into()),
        9 => |bytes, big| all(bytes, big, |word| i64::from_be_bytes(word) as f64),
        10 => |bytes, big| all(bytes, big, |word| u32::from_be_bytes(word).into()),
        11 => |bytes, big| all(bytes, big, |word| u16::from_be_bytes(word).into()),
        12 => |bytes, big| all(bytes, big, |word| u64::from_be_bytes(word) as f64),
        15 => |bytes, big| {
            all(bytes, big, |[a, b, c]: [u8; 3]| {
                f64::from(u32::from_be_bytes([0, a, b, c]))
            })
        },
        16 => |bytes, big| all(bytes, big, |word| u8::from_be_bytes(word).into()),
        format => return Err(SegyError::Format { format }),
    })
}

/// Bytes of a sample.
pub(super) fn width(format: u16) -> usize {
    match format {
        8 | 16 => 1,
        3 | 11 => 2,
        7 | 15 => 3,
        6 | 9 | 12 => 8,
        _ => 4,
    }
}

/// The numbers in `bytes`, each read from its bytes in big-endian order.
fn all<const N: usize>(bytes: &[u8], big_endian: bool, read: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let words = bytes.as_chunks::<N>().0.iter();
    if big_endian {
        return words.map(|word| read(*word)).collect();
    }
    let turned = words.map(|word| {
        let mut word = *word;
        word.reverse();
        read(word)
    });
    turned.collect()
}

/// A number of IBM's mainframes: a sign, an exponent of 16 and a fraction of 24 bits.
fn ibm(bits: u32) -> f64 {
    let fraction = f64::from(bits & 0xFF_FFFF) / 16_777_216.0;
    let exponent = (bits >> 24 & 0x7F) as i32 - 64;
    // A power of two, so that nothing is rounded.
    let power = f64::from_bits(((1023 + 4 * exponent) as u64) << 52);
    let value = fraction * power;
    if bits >> 31 == 1 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_ibm() {
        for (bits, value) in [
            (0x0000_0000, 0.0),
            (0x4110_0000, 1.0),
            (0xC276_A000, -118.625),
            (0x4019_999A, 0.100_000_023_841_857_91),
            (0x7FFF_FFFF, (1.0 - 2f64.powi(-24)) * 2f64.powi(252)),
            (0x0010_0000, 2f64.powi(-260)),
        ] {
            assert_eq!(ibm(bits), value, "{bits:x}");
        }
    }

    #[test]
    fn integers_of_three_bytes() {
        let of = |format: u16, big: bool| {
            decoder(format).unwrap()(&[0xFF, 0xFE, 0x01, 0x00, 0x00, 0x02], big)
        };
        assert_eq!(of(7, true), [-511.0, 2.0]);
        assert_eq!(of(15, true), [16_776_705.0, 2.0]);
        assert_eq!(of(7, false), [130_815.0, 131_072.0]);
    }
}
