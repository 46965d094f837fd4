//! Numbers in either byte order.

/// The bytes of a number, the highest first.
pub(super) fn in_order<const N: usize>(mut word: [u8; N], big_endian: bool) -> [u8; N] {
    if !big_endian {
        word.reverse();
    }
    word
}

/// What a byte order is called.
pub(super) fn order_name(big_endian: bool) -> &'static str {
    if big_endian {
        "big-endian"
    } else {
        "little-endian"
    }
}

/// The number of two bytes at byte `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u16> {
    let word = *bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(in_order(word, big_endian)))
}

/// The number of four bytes at byte `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let word = *bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(in_order(word, big_endian)))
}

/// The number of eight bytes at byte `at`.
pub(super) fn u64_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u64> {
    let word = *bytes.get(at..)?.first_chunk()?;
    Some(u64::from_be_bytes(in_order(word, big_endian)))
}

/// The numbers in `bytes`, each read from its bytes in big-endian order.
pub(super) fn all<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    read: impl Fn([u8; N]) -> f64,
) -> Vec<f64> {
    let words = bytes.as_chunks::<N>().0.iter();
    if big_endian {
        return words.map(|word| read(*word)).collect();
    }
    words.map(|word| read(in_order(*word, false))).collect()
}
