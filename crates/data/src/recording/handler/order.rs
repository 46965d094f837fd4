//! The byte order of samples whose header does not tell it, as older versions wrote them.

use super::super::words::all;

/// Sizes beyond which a sample of a recording is not; a float32 of the other byte order has its size from low bits.
const SIZES: std::ops::Range<f32> = 1e-20..1e20;
/// Samples of a hundred that may be beyond.
const FEW: usize = 1;

/// Samples of which most are of a usual size: whether they are big-endian; `None` if both orders are possible, or neither.
pub fn big_endian(bytes: &[u8]) -> Option<bool> {
    let words = bytes.as_chunks::<4>().0;
    let is_usual = |big_endian: bool| {
        let wild = |word: &&[u8; 4]| {
            let value = if big_endian {
                f32::from_be_bytes(**word)
            } else {
                f32::from_le_bytes(**word)
            };
            value != 0.0 && !SIZES.contains(&value.abs())
        };
        let wild = words.iter().filter(wild).count();
        wild * 100 <= words.len() * FEW
    };
    match [false, true].map(is_usual) {
        [true, false] => Some(false),
        [false, true] => Some(true),
        // Zeros are the same in both.
        [true, true] if words.iter().all(|word| *word == [0; 4]) => Some(false),
        _ => None,
    }
}

/// The samples of a trace.
pub fn samples(bytes: &[u8], big_endian: bool) -> Vec<f64> {
    all(bytes, big_endian, |word| f32::from_be_bytes(word).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[f32], big_endian: bool) -> Vec<u8> {
        let word = |sample: &f32| {
            if big_endian {
                sample.to_be_bytes()
            } else {
                sample.to_le_bytes()
            }
        };
        samples.iter().flat_map(word).collect()
    }

    #[test]
    fn sizes_tell_the_order() {
        let counts: Vec<f32> = (0..200).map(|i| (i * i % 613 - 300) as f32).collect();
        let small: Vec<f32> = counts.iter().map(|count| count * 1.234_567e-9).collect();
        for samples in [counts, small] {
            for order in [false, true] {
                assert_eq!(big_endian(&of(&samples, order)), Some(order));
            }
        }
        assert_eq!(big_endian(&[0; 40]), Some(false));
        assert_eq!(big_endian(&[]), Some(false));
        // Palindromes, and numbers that are none in either order.
        assert_eq!(big_endian(&of(&[f32::from_bits(0x4141_4141)], false)), None);
        assert_eq!(big_endian(&[0xFF; 40]), None);
    }
}
