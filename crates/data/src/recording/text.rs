//! Texts of other people: byte-order marks, UTF-16, old line ends, and files that are no texts at all.

use std::borrow::Cow;

/// The bytes of a text as UTF-8 (or Latin-1) with `\n` or `\r\n` at the ends of lines.
///
/// # Errors
/// What the file is, where it is no text.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if let Some(what) = kind(bytes) {
        return Err(format!("is no text but {what}"));
    }
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Cow::Borrowed(rest),
        [0xFF, 0xFE, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        // Without a mark: the high bytes of plain letters are zeros.
        [_, 0, _, 0, ..] => utf_16(bytes, u16::from_le_bytes)?,
        [0, _, 0, _, ..] => utf_16(bytes, u16::from_be_bytes)?,
        _ => Cow::Borrowed(bytes),
    };
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err("the file holds nothing but blanks".into());
    }
    // Looked for first: `contains` compares many bytes at a time, `position` one.
    if text.contains(&0) {
        let at = text.iter().position(|byte| *byte == 0).unwrap_or_default();
        return Err(format!(
            "is no text: byte {at} is zero, as in binary files or after a power cut"
        ));
    }
    // Line ends of the first Macintosh.
    if text.contains(&b'\r') && !text.contains(&b'\n') {
        let lines = text
            .iter()
            .map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        return Ok(Cow::Owned(lines.collect()));
    }
    Ok(text)
}

/// Zeros behind a text: blocks of a card that were reserved and never written, as after a power cut.
pub fn zeros_behind(bytes: &[u8]) -> usize {
    // In UTF-16 every second byte of a text is zero, the last as well.
    let wide = matches!(
        bytes,
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [_, 0, ..] | [0, ..]
    );
    if wide {
        return 0;
    }
    bytes.iter().rev().take_while(|byte| **byte == 0).count()
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, String> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map(|text| Cow::Owned(text.into_bytes()))
        .map_err(|_| "looks like UTF-16, but is damaged: save it as UTF-8".into())
}

/// What a file is by its first bytes, of those that are met in place of recordings.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 20] = [
        (
            b"PK\x03\x04",
            "a zip archive or an Excel workbook: export it as CSV",
        ),
        (
            b"\xD0\xCF\x11\xE0",
            "an old Excel workbook: export it as CSV",
        ),
        (
            b"\x1F\x8B",
            "packed with gzip, twice or damaged: unpack it first",
        ),
        (b"BZh", "packed with bzip2: unpack it first"),
        (b"\xFD7zXZ", "packed with xz: unpack it first"),
        (b"\x28\xB5\x2F\xFD", "packed with zstd: unpack it first"),
        (
            b"\x89HDF",
            "HDF5: recordings in HDF5 are read as SeisBench folders",
        ),
        (b"\x93NUMPY", "an array of NumPy"),
        (b"SQLite format 3", "a database of SQLite"),
        (b"%PDF", "a PDF"),
        (b"fLaC", "FLAC audio: convert it to WAV"),
        (b"FORM", "AIFF audio: convert it to WAV"),
        (b".snd", "AU audio: convert it to WAV"),
        (b"caff", "CAF audio: convert it to WAV"),
        (
            b"riff\x2E\x91\xCF\x11",
            "Wave64 audio: convert it to WAV or RF64",
        ),
        (b"OggS", "Ogg audio: convert it to WAV"),
        (
            b"MATLAB ",
            "a MATLAB file: export it as CSV, or save it with NumPy",
        ),
        (b"WID2", "GSE2: convert it to miniSEED, such as with ObsPy"),
        (b"<!DOCTYPE", "a page of HTML: the download went wrong"),
        (b"<html", "a page of HTML: the download went wrong"),
    ];
    let own = |(start, _): &&(&[u8], &str)| bytes.starts_with(start);
    kinds.iter().find(own).map(|(_, what)| *what)
}

/// A cell as text; what is not UTF-8 is taken for Latin-1.
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
    fn what_is_no_text_is_named() {
        for (bytes, word) in [
            (&b""[..], "empty"),
            (b" \n", "blanks"),
            (b"PK\x03\x04xx", "Excel"),
            (b"\x1F\x8Bxx", "gzip"),
            (b"fLaC\0", "FLAC"),
            (b"a,b\n1,\0\n", "byte 6 is zero"),
        ] {
            let error = decode(bytes).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn zeros_behind_a_text_are_none_of_it() {
        assert_eq!(zeros_behind(b"a,b\n1,2\n\0\0\0"), 3);
        assert_eq!(zeros_behind(b"a,b\n1,2\n"), 0);
        assert_eq!(zeros_behind(b"\xFF\xFEa\0\n\0"), 0);
        assert_eq!(zeros_behind(&[0; 9]), 0);
    }
}
