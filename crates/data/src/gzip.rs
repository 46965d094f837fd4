//! How a file packed with gzip begins.

/// Whether bytes begin with the header of a gzip stream. Its first two bytes alone may begin any binary file.
pub(crate) fn is(bytes: &[u8]) -> bool {
    // The method is deflate, and the three upper flags are reserved.
    matches!(bytes, [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0)
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn two_bytes_are_not_enough() {
        assert!(is(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]));
        assert!(is(&[0x1f, 0x8b, 8, 0x08]));
        assert!(!is(&[0x1f, 0x8b]));
        assert!(!is(&[0x1f, 0x8b, 0, 0, 0, 0]));
        assert!(!is(&[0x1f, 0x8b, 8, 0x20, 0, 0]));
    }
}
