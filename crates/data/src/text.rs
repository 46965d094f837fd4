//! Decodes text files: configurations, index files, label tables.

use std::path::Path;

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextError {
    #[error("looks like UTF-16 without a byte-order mark: save it as UTF-8")]
    Utf16,
    #[error("is UTF-16, but damaged: save it as UTF-8")]
    DamagedUtf16,
    #[error("line {line} is not UTF-8: save it as UTF-8")]
    NotUtf8 { line: usize },
}

/// Decodes text and removes a byte-order mark: UTF-8, or UTF-16 with a mark, as some Windows editors and shells write
/// it.
///
/// # Errors
/// [`TextError`] if the bytes are not text.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, TextError> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let text = String::from_utf16(&units.iter().map(|b| unit(*b)).collect::<Vec<_>>());
        text.ok()
            .filter(|_| rest.is_empty())
            .ok_or(TextError::DamagedUtf16)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, TextError> {
    if let [_, 0, ..] | [0, ..] = bytes {
        return Err(TextError::Utf16);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| TextError::NotUtf8 {
        line: 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count(),
    })?;
    Ok(text.to_owned())
}

/// Reads a text file.
///
/// # Errors
/// If it cannot be read or is not text.
pub(crate) fn read(path: &Path) -> std::io::Result<String> {
    let text = decode(&std::fs::read(path)?).map_err(std::io::Error::other)?;
    // Old programs end lines with a carriage return alone.
    if text.contains('\r') && !text.contains('\n') {
        return Ok(text.replace('\r', "\n"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_no_text() {
        let utf16 = |big: bool| -> Vec<u8> {
            let units = "\u{feff}a.npz\n".encode_utf16();
            units
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect()
        };
        for bytes in [
            "\u{feff}a.npz\n".as_bytes(),
            b"a.npz\n",
            &utf16(true),
            &utf16(false),
        ] {
            assert_eq!(decode(bytes).unwrap(), "a.npz\n");
        }
        assert_eq!(decode(&utf16(false)[2..]), Err(TextError::Utf16));
        assert_eq!(decode(&utf16(true)[..5]), Err(TextError::DamagedUtf16));
        assert_eq!(decode(b"a\nb\nc\xff"), Err(TextError::NotUtf8 { line: 3 }));
    }
}
