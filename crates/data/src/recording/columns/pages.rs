//! Claimed sizes of decompressed pages, and of lists in their headers. The library reserves that much memory before it
//! decompresses a page, and passes over that many elements one by one. A damaged header of a few bytes can claim gigabytes.
//!
//! The fields are those of `PageHeader` in parquet.thrift.

use super::thrift::{next_field, skip, zigzag};

/// The most bytes or elements that a page of a column chunk claims, as far as the headers can be followed.
pub(super) fn largest(chunk: &[u8]) -> u64 {
    let (mut rest, mut largest) = (chunk, 0);
    while let Some((unpacked, packed)) = header(&mut rest, &mut largest) {
        largest = largest.max(unpacked);
        match usize::try_from(packed).ok().and_then(|n| rest.get(n..)) {
            Some(next) if !next.is_empty() => rest = next,
            _ => break,
        }
    }
    largest
}

/// The decompressed and compressed size of a page in bytes, from its header.
fn header(rest: &mut &[u8], largest: &mut u64) -> Option<(u64, u64)> {
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
            _ => skip(rest, kind, 0, largest)?,
        }
    }
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
        assert_eq!(largest(&[0x19; 1000]), 1);
        // A list of 2^31 - 1 numbers, and a map.
        assert_eq!(
            largest(&[0x19, 0xF7, 0xFF, 0xFF, 0xFF, 0xFF, 7]),
            0x7FFF_FFFF
        );
        assert_eq!(
            largest(&[0x1B, 0xFF, 0xFF, 0xFF, 0xFF, 7, 0x77]),
            0x7FFF_FFFF
        );
    }
}
