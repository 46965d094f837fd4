//! Steim's compression of differences, levels 1 and 2 (SEED manual 2.4, appendix B).

use crate::error::recording::SteimError;

/// Bytes of a frame: a word of sixteen two-bit codes, and fifteen words of differences.
const FRAME: usize = 64;

/// Most differences of a word.
const MOST: usize = 7;

/// Appends `count` samples.
///
/// In little-endian frames a word of 8-bit differences keeps its bytes in the order of memory, and 16-bit differences
/// (level 1) are swapped one by one. Everything else is swapped as a whole word, as libmseed does.
///
/// # Errors
/// If the frames end early, have an undefined code, or do not end with the last sample that they state. Some samples may
/// have been appended by then.
pub(super) fn unpack(
    bytes: &[u8],
    count: usize,
    level: u8,
    big_endian: bool,
    samples: &mut Vec<f64>,
) -> Result<(), SteimError> {
    if count == 0 {
        return Ok(());
    }
    if big_endian {
        frames::<true>(bytes, count, level, samples)
    } else {
        frames::<false>(bytes, count, level, samples)
    }
}

/// As [`unpack`], for frames of either byte order.
fn frames<const BIG_ENDIAN: bool>(
    bytes: &[u8],
    count: usize,
    level: u8,
    samples: &mut Vec<f64>,
) -> Result<(), SteimError> {
    // Checked before memory is reserved.
    if count > bytes.len() / 4 * MOST {
        return Err(SteimError::TooShort {
            bytes: bytes.len(),
            level,
            count,
        });
    }
    samples.reserve(count);
    let mut last = 0i32;
    let mut start = None;
    let mut value = 0i32;
    let mut missing = count;
    // Each frame is unpacked into this array; only the missing samples are appended.
    let mut unpacked = [0.0; 15 * MOST];
    for (number, frame) in bytes.as_chunks::<FRAME>().0.iter().enumerate() {
        let words = frame.as_chunks().0;
        let word = |i: usize| whole_word::<BIG_ENDIAN>(words[i]);
        let codes = word(0);
        // In the first frame, two words are the first and the last sample instead of differences.
        if number == 0 {
            (start, last) = (Some(word(1) as i32), word(2) as i32);
        }
        let mut found = 0;
        for i in if number == 0 { 3 } else { 1 }..16 {
            let code = codes >> (30 - 2 * i) & 3;
            if code == 0 {
                continue;
            }
            let Some((differences, values)) = differences::<BIG_ENDIAN>(words[i], code, level)
            else {
                // Words after the last sample do not matter.
                if found >= missing {
                    break;
                }
                return Err(SteimError::Code {
                    frame: number,
                    word: i,
                    code,
                    sub: word(i) >> 30,
                });
            };
            // The first difference refers to the sample before this record.
            if let Some(first) = start.take() {
                value = first.wrapping_sub(differences[0]);
            }
            for difference in &differences[..values] {
                value = value.wrapping_add(*difference);
                unpacked[found] = f64::from(value);
                found += 1;
            }
        }
        if found >= missing {
            samples.extend_from_slice(&unpacked[..missing]);
            let end = unpacked[missing - 1];
            if end == f64::from(last) {
                return Ok(());
            }
            return Err(SteimError::LastSample {
                found: end,
                stored: last,
            });
        }
        samples.extend_from_slice(&unpacked[..found]);
        missing -= found;
    }
    Err(SteimError::Truncated {
        found: count - missing,
        count,
    })
}

#[inline(always)]
fn whole_word<const BIG_ENDIAN: bool>(word: [u8; 4]) -> u32 {
    if BIG_ENDIAN {
        u32::from_be_bytes(word)
    } else {
        u32::from_le_bytes(word)
    }
}

/// The differences in a word, and their number; `None` if the level has no such code.
#[inline(always)]
fn differences<const BIG_ENDIAN: bool>(
    word: [u8; 4],
    code: u32,
    level: u8,
) -> Option<([i32; MOST], usize)> {
    let packed = whole_word::<BIG_ENDIAN>(word);
    Some(match (code, level, packed >> 30) {
        (1, ..) => spread::<8, 4>(u32::from_be_bytes(word)),
        (2, 1, _) if BIG_ENDIAN => spread::<16, 2>(packed),
        // Read as one word, two little-endian 16-bit differences are swapped.
        (2, 1, _) => spread::<16, 2>(packed.rotate_left(16)),
        (3, 1, _) => spread::<32, 1>(packed),
        (2, _, 1) => spread::<30, 1>(packed),
        (2, _, 2) => spread::<15, 2>(packed),
        (2, _, 3) => spread::<10, 3>(packed),
        (3, _, 0) => spread::<6, 5>(packed),
        (3, _, 1) => spread::<5, 6>(packed),
        (3, _, 2) => spread::<4, 7>(packed),
        _ => return None,
    })
}

/// The `N` differences of `BITS` bits in the lowest bits of a word, the first one highest; and `N`.
fn spread<const BITS: u32, const N: usize>(packed: u32) -> ([i32; MOST], usize) {
    let mut differences = [0; MOST];
    for (i, difference) in differences[..N].iter_mut().enumerate() {
        // Shifts up to the sign bit, then down with sign extension.
        let up = 32 - BITS * (N - i) as u32;
        *difference = (packed << up) as i32 >> (32 - BITS);
    }
    (differences, N)
}
