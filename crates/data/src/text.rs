//! Decodes text files: configurations, index files, label tables.

use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::{gzip, limited};

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

/// The characters of Windows-1252 from 0x80 on that differ from Latin-1; a zero is none.
const WINDOWS: [u16; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
    0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// Decodes a table that people write: as [`decode`], and UTF-16 without a mark, and Windows-1252 (which has all letters of
/// Latin-1). In the last case, also returns the first line that is not UTF-8, with its number.
///
/// # Errors
/// [`TextError`] if the bytes are not text.
pub(crate) fn decode_table(bytes: &[u8]) -> Result<(String, Option<(usize, String)>), TextError> {
    let marked = |mark: [u8; 2]| decode(&[&mark[..], bytes].concat());
    let text = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => decode(bytes),
        // Without a mark, the high bytes of ASCII letters are zero.
        [_, 0, _, 0, ..] => marked([0xff, 0xfe]),
        [0, _, 0, _, ..] => marked([0xfe, 0xff]),
        bytes => decode(bytes),
    };
    let line = match text {
        Err(TextError::NotUtf8 { line }) => line,
        text => return text.map(|text| (text, None)),
    };
    let text: Option<String> = bytes.iter().map(|byte| windows(*byte)).collect();
    let text = text.ok_or(TextError::NotUtf8 { line })?;
    let first = text.lines().nth(line - 1).unwrap_or_default().trim();
    let first = first.chars().take(60).collect();
    Ok((text, Some((line, first))))
}

/// The character of a byte in Windows-1252; `None` for those that no text has.
pub(crate) fn windows(byte: u8) -> Option<char> {
    match byte {
        0..0x20 if !byte.is_ascii_whitespace() => None,
        0x80..0xa0 => {
            let code = WINDOWS[usize::from(byte - 0x80)];
            char::from_u32(code.into()).filter(|_| code > 0)
        }
        byte => Some(char::from(byte)),
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
    Ok(with_usual_ends(text))
}

/// Bytes that a table packed with gzip may have.
const LARGEST: u64 = 256 << 20;

/// Reads a table, also one packed with gzip, as [`decode_table`] decodes it.
///
/// # Errors
/// If it cannot be read or is not text.
pub(crate) fn read_table(path: &Path) -> std::io::Result<(String, Option<(usize, String)>)> {
    let mut bytes = std::fs::read(path)?;
    if gzip::is(&bytes) {
        let plain = limited::read(MultiGzDecoder::new(&bytes[..]), LARGEST)?;
        bytes = plain.ok_or_else(|| std::io::Error::other("unpacks to more than 256 MiB"))?;
    }
    let decoded = decode_table(&bytes).map_err(std::io::Error::other)?;
    Ok((with_usual_ends(decoded.0), decoded.1))
}

/// A text whose lines may end with a carriage return alone, as old programs write it.
fn with_usual_ends(text: String) -> String {
    if text.contains('\r') && !text.contains('\n') {
        return text.replace('\r', "\n");
    }
    text
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

    #[test]
    fn tables_of_windows() {
        let read = |bytes: &[u8]| decode_table(bytes);
        assert_eq!(read("a\nFu\u{df}\n".as_bytes()).unwrap().1, None);
        let (text, first) = read(b"a;b\n\x84Fu\xdfg\xe4nger\x93;1\n").unwrap();
        assert_eq!(text, "a;b\n„Fußgänger“;1\n");
        assert_eq!(first, Some((2, "„Fußgänger“;1".into())));
        // No text has these.
        for bytes in [&b"a\x81"[..], b"\xe4\x02", b"a\xff\0"] {
            assert_eq!(
                read(bytes),
                Err(TextError::NotUtf8 { line: 1 }),
                "{bytes:?}"
            );
        }
        let wide: Vec<u8> = "ä,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&wide), Err(TextError::Utf16));
        assert_eq!(read(&wide).unwrap(), ("ä,b\n".into(), None));
    }
}
