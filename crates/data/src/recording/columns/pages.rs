//! Claimed sizes of decompressed pages. The library reserves that much memory before it decompresses a page, and a
//! damaged header of a few bytes can claim gigabytes.
//!
//! Headers are structs in Thrift's compact protocol ("thrift-compact-protocol.md" in Apache Thrift's documentation; the
//! fields are those of `PageHeader` in parquet.thrift).

/// Deepest nesting that is followed; that of a page header is three.
const DEEPEST: usize = 16;

/// The most bytes that a page of a column chunk claims, as far as the headers can be followed.
pub(super) fn largest(chunk: &[u8]) -> u64 {
    let (mut rest, mut largest) = (chunk, 0);
    while let Some((unpacked, packed)) = header(&mut rest) {
        largest = largest.max(unpacked);
        match usize::try_from(packed).ok().and_then(|n| rest.get(n..)) {
            Some(next) if !next.is_empty() => rest = next,
            _ => break,
        }
    }
    largest
}

/// The decompressed and compressed size of a page in bytes, from its header.
fn header(rest: &mut &[u8]) -> Option<(u64, u64)> {
    let (mut field, mut sizes) = (0, [0; 2]);
    loop {
        let (number, kind) = next_field(rest, field)?;
        field = number;
        match (number, kind) {
            (_, 0) => return Some((sizes[0], sizes[1])),
            (2 | 3, 5) => {
                let size = u64::try_from(zigzag(rest)?).ok()?;
                sizes[number as usize - 2] = size;
            }
            _ => skip(rest, kind, 0)?,
        }
    }
}

/// Number and type of the next field, which is 0 behind the last.
fn next_field(rest: &mut &[u8], before: i64) -> Option<(i64, u8)> {
    let byte = take(rest, 1)?[0];
    let kind = byte & 15;
    let number = match (byte >> 4, kind) {
        (_, 0) => before,
        (0, _) => zigzag(rest)?,
        (step, _) => before.checked_add(step.into())?,
    };
    Some((number, kind))
}

/// Passes over a value.
fn skip(rest: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match kind {
        // True and false are separate types without content.
        1 | 2 => {}
        3 => drop(take(rest, 1)?),
        4..=6 => drop(varint(rest)?),
        7 => drop(take(rest, 8)?),
        8 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            take(rest, length)?;
        }
        9 | 10 => {
            let head = take(rest, 1)?[0];
            let count = match head >> 4 {
                15 => varint(rest)?,
                few => few.into(),
            };
            for _ in 0..count {
                // A boolean in a list takes one byte.
                let kind = if head & 15 <= 2 { 3 } else { head & 15 };
                skip(rest, kind, depth + 1)?;
            }
        }
        12 => {
            let mut field = 0;
            loop {
                let (number, kind) = next_field(rest, field)?;
                if kind == 0 {
                    break;
                }
                field = number;
                skip(rest, kind, depth + 1)?;
            }
        }
        _ => return None,
    }
    Some(())
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (own, more) = rest.split_at_checked(n)?;
    *rest = more;
    Some(own)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return Some(value);
        }
    }
    None
}

fn zigzag(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page: type 0, sizes, and a nested header with a count, two encodings and statistics.
    fn page(unpacked: u8, packed: u8) -> Vec<u8> {
        let mut page = vec![0x15, 0, 0x15, 2 * unpacked, 0x15, 2 * packed];
        page.extend([
            0x2C, 0x15, 4, 0x15, 0, 0x15, 6, 0x1C, 0x18, 2, 9, 9, 0, 0, 0,
        ]);
        page.extend(vec![7; packed.into()]);
        page
    }

    #[test]
    fn pages_are_followed_to_the_end_of_their_column() {
        let chunk = [page(20, 10), page(60, 3), page(5, 5)].concat();
        assert_eq!(largest(&chunk), 60);
        assert_eq!(largest(&chunk[..chunk.len() - 2]), 60);
        assert_eq!(largest(&[]), 0);
        let mut damaged = page(20, 10);
        damaged.splice(3..4, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]);
        assert_eq!(largest(&damaged), 0x7FFF_FFFF);
        // Endless nested lists.
        assert_eq!(largest(&[0x19; 1000]), 0);
        assert_eq!(
            largest(&[0xF9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
            0
        );
    }
}
