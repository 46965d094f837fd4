//! Samples of GSE1 and GSE2, and their checksum.

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

/// Up to `count` numbers in characters of six bits.
///
/// # Errors
/// If a character is no such, or a number too large.
pub(super) fn cm6(lines: &[&[u8]], count: usize) -> Result<Vec<i32>, GseProblem> {
    let bytes: usize = lines.iter().map(|line| line.len()).sum();
    let mut all: Vec<i32> = room(count.min(bytes));
    let mut open: Option<(i64, bool)> = None;
    let bytes = lines.iter().flat_map(|line| line.iter());
    for byte in bytes.filter(|byte| !byte.is_ascii_whitespace() && **byte != 0) {
        if all.len() == count {
            break;
        }
        let six = SIX[usize::from(*byte)];
        if six == NONE {
            return Err(GseProblem::Character {
                byte: *byte,
                form: "CM6",
            });
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
        all.push(if is_negative { -number } else { number } as i32);
    }
    Ok(all)
}

/// Numbers in bytes: seven bits each behind one that says whether another follows, and a sign in the second bit of the first.
/// Small last bytes, which could be ends of lines, are larger by 32, and a mark behind their number says so; two marks end the
/// data. (The decoder of geotool reads them so; the files of others that this was tried on are none, and so a checksum is needed.)
///
/// # Errors
/// If a number is too large, or a mark is out of place.
pub(super) fn cm8(lines: &[&[u8]]) -> Result<Vec<i32>, GseProblem> {
    const MARK: u8 = 0x80;
    let plain = lines
        .iter()
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut bytes = plain.flatten().copied().peekable();
    let mut all: Vec<i32> = room(lines.iter().map(|line| line.len()).sum());
    while let Some(first) = bytes.next() {
        if first == MARK {
            match bytes.next_if(|next| *next == MARK || *next < 16) {
                Some(MARK) => break,
                Some(byte) => {
                    let form = "CM8";
                    let last = all.last_mut().ok_or(GseProblem::Character { byte, form })?;
                    *last -= 32 * last.signum();
                    continue;
                }
                None => {}
            }
        }
        let mut number = i64::from(first & 63);
        let mut has_more = first & MARK != 0;
        while has_more {
            let Some(byte) = bytes.next() else {
                return Ok(all);
            };
            number = number << 7 | i64::from(byte & 127);
            has_more = byte & MARK != 0;
            if number > i64::from(i32::MAX) {
                return Err(GseProblem::Large);
            }
        }
        all.push(if first & 64 != 0 { -number } else { number } as i32);
    }
    Ok(all)
}

/// The numbers whose differences of some order are `numbers`.
pub(super) fn sums(mut numbers: Vec<i32>, order: u8) -> Vec<i32> {
    let (mut difference, mut value) = (0i32, 0i32);
    match order {
        0 => {}
        1 => numbers.iter_mut().for_each(|number| {
            value = value.wrapping_add(*number);
            *number = value;
        }),
        // Both sums at once: second differences are usual.
        _ => numbers.iter_mut().for_each(|number| {
            difference = difference.wrapping_add(*number);
            value = value.wrapping_add(difference);
            *number = value;
        }),
    }
    numbers
}

/// Numbers as text.
///
/// # Errors
/// If a word is no integer.
pub(super) fn integers(lines: &[&[u8]]) -> Result<Vec<i32>, GseProblem> {
    let words = lines
        .iter()
        .flat_map(|line| line.split(u8::is_ascii_whitespace));
    let words = words.filter(|word| !word.is_empty());
    let integer = |word: &[u8]| {
        let number = str::from_utf8(word).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| GseProblem::Integer {
            text: String::from_utf8_lossy(word).chars().take(40).collect(),
        })
    };
    words.map(integer).collect()
}

/// The sum of samples, as `CHK1` and `CHK2` have it.
pub(super) fn checksum(samples: &[i32]) -> u64 {
    let add = |sum: i64, sample: &i32| (sum + i64::from(*sample) % MODULO) % MODULO;
    samples.iter().fold(0, add).unsigned_abs()
}
