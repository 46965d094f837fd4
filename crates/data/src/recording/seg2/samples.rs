//! The formats of the samples of SEG-2.

use std::collections::BTreeMap;

use super::super::sample_order::{MOST, Stored, is_other, note};
use super::super::words::{all, in_order};
use super::block::{FileBlock, TraceBlock};
use crate::error::recording::Seg2Problem;

/// Bytes of four samples of format 3: their exponents, and a fraction each.
const FOUR: usize = 10;

/// At most `count` samples at the beginning of `bytes`.
///
/// # Errors
/// If the format is not known.
pub(super) fn decode(
    bytes: &[u8],
    count: usize,
    format: u8,
    big_endian: bool,
) -> Result<Vec<f64>, Seg2Problem> {
    let first = |width: usize| &bytes[..bytes.len().min(count.saturating_mul(width))];
    Ok(match format {
        1 => all(first(2), big_endian, |word| i16::from_be_bytes(word).into()),
        2 => all(first(4), big_endian, |word| i32::from_be_bytes(word).into()),
        3 => packed(bytes, count, big_endian),
        4 => all(first(4), big_endian, |word| f32::from_be_bytes(word).into()),
        5 => all(first(8), big_endian, f64::from_be_bytes),
        format => return Err(Seg2Problem::Format { format }),
    })
}

/// Corrects the byte order of the samples if they are certainly in the other one. A note says so.
pub(super) fn correct_order(bytes: &[u8], file: &mut FileBlock) -> Option<String> {
    let order = file.big_endian;
    let places = file.traces.iter().flatten();
    let blocks = places.filter_map(|at| TraceBlock::of(bytes, *at, file));
    let mut all: BTreeMap<u8, [Vec<f64>; 2]> = BTreeMap::new();
    for block in blocks {
        let both = all.entry(block.format).or_default();
        let count = block.count.min(MOST - both[0].len());
        for (samples, order) in both.iter_mut().zip([order, !order]) {
            samples.extend(decode(block.data, count, block.format, order).ok()?);
        }
    }
    // All formats of a file must tell the same.
    let is_turned = |(format, [samples, other]): (&u8, &[Vec<f64>; 2])| {
        let stored = match format {
            1 => Stored::Integers(16),
            2 => Stored::Integers(32),
            3 => Stored::Integers(20),
            _ => Stored::Floats,
        };
        is_other(samples, other, stored)
    };
    if all.is_empty() || !all.iter().all(is_turned) {
        return None;
    }
    file.samples_big_endian = !order;
    Some(note(order))
}

/// Numbers of 20 bits, as in SEG-D: an exponent of four bits, and a fraction in ones' complement.
fn packed(bytes: &[u8], count: usize, big_endian: bool) -> Vec<f64> {
    let fours = bytes.as_chunks::<FOUR>().0.iter();
    let samples = fours.flat_map(|four| {
        let word = |at: usize| u16::from_be_bytes(in_order([four[at], four[at + 1]], big_endian));
        let exponents = word(0);
        (0..4).map(move |number| {
            let fraction = word(2 + 2 * number) as i16;
            let fraction = i32::from(fraction) + i32::from(fraction < 0);
            let exponent = exponents >> (4 * number) & 0xF;
            f64::from(fraction << exponent)
        })
    });
    samples.take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_twenty_bits() {
        // Exponents 1, 0, 15 and 2, from the lowest bits on.
        let bytes = [0x2F, 0x01, 0, 5, 0xFF, 0xFE, 0x80, 0, 0xFF, 0xFF];
        let expected = [10.0, -1.0, -32767.0 * 32768.0, 0.0];
        assert_eq!(decode(&bytes, 4, 3, true).unwrap(), expected);
        assert_eq!(decode(&bytes, 3, 3, true).unwrap(), expected[..3]);
        let mut turned = bytes;
        turned
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|word| word.reverse());
        assert_eq!(decode(&turned, 9, 3, false).unwrap(), expected);
        assert!(decode(&bytes, 4, 6, true).is_err());
    }
}
