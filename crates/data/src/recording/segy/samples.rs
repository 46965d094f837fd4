//! The formats of the samples of SEG-Y.

use super::super::sample_order::Stored;
use super::super::words::{all, in_order};
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

/// How the samples of a format are stored.
pub(super) fn stored(format: u16) -> Stored {
    if matches!(format, 1 | 5 | 6) {
        Stored::Floats
    } else {
        Stored::Integers(8 * width(format) as u32)
    }
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

/// How often the first digit of the fraction of floats, in base 16, has each value: it tells those of IBM from those of IEEE.
#[derive(Default)]
pub(super) struct Fractions {
    digits: [usize; 16],
    negative: usize,
}

impl Fractions {
    /// Adds the floats in `bytes`.
    pub fn add(&mut self, bytes: &[u8], big_endian: bool) {
        for word in bytes.as_chunks().0 {
            let word = u32::from_be_bytes(in_order(*word, big_endian));
            if word & 0xFF_FFFF != 0 {
                self.digits[(word >> 20 & 0xF) as usize] += 1;
                self.negative += usize::from(word >> 31 == 1);
            }
        }
    }

    /// What to say if floats of `format` seem to be of the other one.
    pub fn doubt(&self, format: u16) -> Option<String> {
        let all: usize = self.digits.iter().sum();
        let zeros = self.digits[0];
        // Programs write IBM's floats without zeros before their first digit; as those of IEEE have them, a twelfth does.
        let looks_like = match format {
            1 if zeros >= 10 && zeros > all / 100 => "IEEE floats, which are format 5",
            5 if zeros == 0
                && self.digits[1..].iter().all(|count| *count >= 20)
                && (all / 50..all - all / 50).contains(&self.negative) =>
            {
                "IBM floats, which are format 1"
            }
            _ => return None,
        };
        Some(format!(
            "the file says that samples are in format {format}, but they look like {looks_like}: amplitudes are wrong if so; \
             correct bytes 3225 and 3226 of the file, or compare the samples with those of another program"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IBM's floats and those of IEEE are told apart; those of a few values are neither.
    #[test]
    fn floats_under_the_wrong_format() {
        let values: Vec<f64> = (0..4000)
            .map(|i| f64::from(i) * 0.37)
            .map(|i| 900.0 * i.sin() * (2.3 * i).cos())
            .collect();
        let to_ibm = |value: &f64| {
            let (mut size, mut exponent) = (value.abs(), 64);
            while size >= 1.0 {
                (size, exponent) = (size / 16.0, exponent + 1);
            }
            while size > 0.0 && size < 0.0625 {
                (size, exponent) = (size * 16.0, exponent - 1);
            }
            let sign = u32::from(*value < 0.0) << 31;
            (sign | exponent << 24 | (size * 16_777_216.0) as u32).to_be_bytes()
        };
        let of_ibm: Vec<u8> = values.iter().flat_map(to_ibm).collect();
        let bytes = |value: &f64| (*value as f32).to_be_bytes();
        let of_ieee: Vec<u8> = values.iter().flat_map(bytes).collect();
        let constant = bytes(&3.0).repeat(4000);
        let doubt = |bytes: &[u8], format: u16| {
            let mut fractions = Fractions::default();
            fractions.add(bytes, true);
            fractions.doubt(format)
        };
        for (bytes, right, other) in [(&of_ibm, 1, 5), (&of_ieee, 5, 1)] {
            assert_eq!(doubt(bytes, right), None);
            let text = doubt(bytes, other).unwrap();
            assert!(
                text.contains(&format!("which are format {right}")),
                "{text}"
            );
        }
        assert_eq!([1, 5].map(|format| doubt(&constant, format)), [None, None]);
    }

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
