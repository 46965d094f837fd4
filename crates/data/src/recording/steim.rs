//! Steim's compression of differences, levels 1 and 2 (SEED manual 2.4, appendix B).

/// Bytes of a frame: a word of sixteen two-bit codes, and fifteen words of differences.
const FRAME: usize = 64;

/// Unpacks `count` samples.
///
/// # Errors
/// Where the frames end early, have a code that means nothing, or do not end with the sample they say they do.
pub(super) fn unpack(
    bytes: &[u8],
    count: usize,
    level: u8,
    big_endian: bool,
) -> Result<Vec<f64>, String> {
    if count == 0 {
        return Ok(Vec::new());
    }
    // A word holds seven differences at most: a count beyond that is no reason to reserve memory.
    if count > bytes.len() / 4 * 7 {
        return Err(format!(
            "{} bytes of Steim-{level} frames cannot hold {count} samples",
            bytes.len()
        ));
    }
    let (mut first, mut last) = (0i32, 0i32);
    let mut samples = Vec::with_capacity(count + 7);
    let mut value = 0i32;
    'frames: for (number, frame) in bytes.chunks_exact(FRAME).enumerate() {
        let word = |i: usize| {
            let own = [
                frame[4 * i],
                frame[4 * i + 1],
                frame[4 * i + 2],
                frame[4 * i + 3],
            ];
            if big_endian {
                u32::from_be_bytes(own)
            } else {
                u32::from_le_bytes(own)
            }
        };
        let codes = word(0);
        for i in 1..16 {
            if number == 0 && i <= 2 {
                let integration = if i == 1 { &mut first } else { &mut last };
                *integration = word(i) as i32;
                continue;
            }
            let code = codes >> (30 - 2 * i) & 3;
            let own = word(i);
            let (bits, values) = match (code, level, own >> 30) {
                (0, ..) => continue,
                (1, ..) => (8, 4),
                (2, 1, _) => (16, 2),
                (3, 1, _) => (32, 1),
                (2, _, 1) => (30, 1),
                (2, _, 2) => (15, 2),
                (2, _, 3) => (10, 3),
                (3, _, 0) => (6, 5),
                (3, _, 1) => (5, 6),
                (3, _, 2) => (4, 7),
                (code, _, sub) => {
                    return Err(format!(
                        "frame {number}, word {i}: code {code} with {sub} means nothing"
                    ));
                }
            };
            for value_number in (0..values).rev() {
                // Up to the sign bit, and down with the sign.
                let difference =
                    ((own >> (bits * value_number)) << (32 - bits)) as i32 >> (32 - bits);
                // The first difference is from the sample before this record.
                value = if samples.is_empty() {
                    first
                } else {
                    value.wrapping_add(difference)
                };
                samples.push(f64::from(value));
                if samples.len() == count {
                    break 'frames;
                }
            }
        }
    }
    if samples.len() < count {
        return Err(format!(
            "the frames end after {} of {count} samples",
            samples.len()
        ));
    }
    if value != last {
        return Err(format!(
            "the samples end with {value}, but the frames say {last}: they are damaged"
        ));
    }
    Ok(samples)
}
