//! Samples of GSE2, and their checksum.

use crate::error::recording::GseProblem;
use crate::room::room;

/// Six bits of each character; `NONE` for those that are none.
const SIX: [u8; 256] = {
    let mut all = [NONE; 256];
    let text = b"+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut i = 0;
    while i < text.len() {
        all[text[i] as usize] = i as u8;
        i += 1;
    }
    all
};
const NONE: u8 = 0xFF;
/// The bit of a character that another of the same number follows.
const MORE: u8 = 32;
/// The bit of the sign, in the first character of a number.
const SIGN: u8 = 16;
/// Sums of samples are divided by this.
const MODULO: i64 = 100_000_000;

/// Up to `count` samples, whose second differences are numbers in characters of six bits.
///
/// # Errors
/// If a character is no such, or a number too large.
pub(super) fn cm6(lines: &[&[u8]], count: usize) -> Result<Vec<i32>, GseProblem> {
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let mut all: Vec<i32> = room(count.min(bytes));
    let (mut difference, mut value) = (0i32, 0i32);
    let mut open: Option<(i64, bool)> = None;
    let bytes = lines.iter().flat_map(|line| line.iter());
    for byte in bytes.filter(|byte| !byte.is_ascii_whitespace() && **byte != 0) {
        if all.len() == count {
            break;
        }
        let six = SIX[usize::from(*byte)];
        if six == NONE {
            return Err(GseProblem::Character { byte: *byte });
        }
        let (number, is_negative) = match open {
            None => (i64::from(six & 15), six & SIGN != 0),
            Some((number, sign)) => (number << 5 | i64::from(six & 31), sign),
        };
        if number > 1 << 31 {
            return Err(GseProblem::Large);
        }
        if six & MORE != 0 {
            open = Some((number, is_negative));
            continue;
        }
        open = None;
        let second = if is_negative { -number } else { number } as i32;
        difference = difference.wrapping_add(second);
        value = value.wrapping_add(difference);
        all.push(value);
    }
    Ok(all)
}

/// Samples as text.
///
/// # Errors
/// If a word is no integer.
pub(super) fn integers(lines: &[&[u8]]) -> Result<Vec<i32>, GseProblem> {
    let words = lines
        .iter()
        .flat_map(|line| line.split(u8::is_ascii_whitespace));
    let words = words.filter(|word| !word.is_empty());
    let integer = |word: &[u8]| {
        let own = str::from_utf8(word).ok().and_then(|own| own.parse().ok());
        own.ok_or_else(|| GseProblem::Integer {
            text: String::from_utf8_lossy(word).chars().take(40).collect(),
        })
    };
    words.map(integer).collect()
}

/// The sum of samples, as `CHK2` has it.
pub(super) fn checksum(samples: &[i32]) -> u64 {
    let add = |sum: i64, sample: &i32| (sum + i64::from(*sample) % MODULO) % MODULO;
    samples.iter().fold(0, add).unsigned_abs()
}
