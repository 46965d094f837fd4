//! Text files of any origin: byte-order marks, UTF-16, old line ends, and files that are not text at all.

use std::borrow::Cow;

use crate::error::recording::TextError;

/// Decodes a text as UTF-8 (or Latin-1) with `\n` or `\r\n` as line ends.
///
/// # Errors
/// If the file is not text.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, [u8]>, TextError> {
    if bytes.is_empty() {
        return Err(TextError::Empty);
    }
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        // Without a byte-order mark, the high bytes of ASCII letters are zero.
        [_, 0, _, 0, ..] => utf_16(bytes, u16::from_le_bytes)?,
        [0, _, 0, _, ..] => utf_16(bytes, u16::from_be_bytes)?,
        _ => Cow::Borrowed(bytes),
    };
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(TextError::Blank);
    }
    // `contains` compares many bytes at a time, `position` one.
    if text.contains(&0) {
        let position = text.iter().position(|byte| *byte == 0).unwrap_or_default();
        return Err(TextError::ZeroByte { position });
    }
    // Line endings of classic Mac OS.
    if !text.contains(&b'\n') && text.contains(&b'\r') {
        let lines = text
            .iter()
            .map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        return Ok(Cow::Owned(lines.collect()));
    }
    Ok(text)
}

/// Number of zero bytes after a text: blocks of a card that were reserved and never written, as after a power cut.
pub fn trailing_zeros(bytes: &[u8]) -> usize {
    // In UTF-16 every second byte of ASCII text is zero, including the last.
    let wide = matches!(
        bytes,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, ..] | [0, ..]
    );
    if wide {
        return 0;
    }
    bytes.iter().rev().take_while(|byte| **byte == 0).count()
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, TextError> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map(|text| Cow::Owned(text.into_bytes()))
        .map_err(|_| TextError::Utf16)
}

/// A cell as text; if it is not UTF-8, it is read as Latin-1.
pub fn cell(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_encoding_is_one_text() {
        let text = "time,Zeit µs\n1,2\n";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let with = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            with(b"\xEF\xBB\xBF", text.as_bytes()),
            with(b"\xFF\xFE", &little),
            with(b"\xFE\xFF", &big),
            little,
            big,
            text.replace('\n', "\r").into_bytes(),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text.as_bytes(), "{bytes:?}");
        }
        assert_eq!(cell(b"\xB5s"), "µs");
    }

    #[test]
    fn other_bytes_are_no_text() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b" \n", "blanks"),
            (b"a,b\n1,\0\n", "byte 6 is zero"),
        ] {
            let error = decode(bytes).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn trailing_zeros_are_not_text() {
        assert_eq!(trailing_zeros(b"a,b\n1,2\n\0\0\0"), 3);
        assert_eq!(trailing_zeros(b"a,b\n1,2\n"), 0);
        assert_eq!(trailing_zeros(b"\xFF\xFEa\0\n\0"), 0);
        assert_eq!(trailing_zeros(&[0; 9]), 0);
    }
}
