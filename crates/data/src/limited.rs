//! Reads a source up to a limit that no honest file reaches.

use std::io::{Read, Result};

/// The whole content of `source`; `None` if it exceeds `limit` bytes, in which case no more are read.
///
/// # Errors
/// Those of `source`.
pub(crate) fn read(source: impl Read, limit: u64) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = source.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((read as u64 <= limit).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_last_length_that_is_read() {
        assert_eq!(read(&b"abc"[..], 3).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(read(&b"abc"[..], 2).unwrap(), None);
        // Without an end.
        assert_eq!(read(std::io::repeat(0), 1 << 10).unwrap(), None);
    }
}
