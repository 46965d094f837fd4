//! Text files of any origin: byte-order marks, UTF-16, old line ends, and files that are not text at all.

use std::borrow::Cow;

use crate::error::recording::TextError;
use crate::text::windows;

/// A text, and what one pass over its bytes tells.
#[derive(Debug)]
pub struct Text<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Number of line ends.
    pub ends: usize,
    /// Whether there are quotes.
    pub quoted: bool,
}

/// Decodes a text as UTF-8 (or Latin-1) with `\n` or `\r\n` as line ends.
///
/// # Errors
/// If the file is not text.
pub fn decode(bytes: &[u8]) -> Result<Text<'_>, TextError> {
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
        _ => with_hard_spaces(bytes),
    };
    let text = without_marks(text);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(TextError::Blank);
    }
    let (ends, quoted, zero) = survey(&text);
    if zero {
        let position = text.iter().position(|byte| *byte == 0).unwrap_or_default();
        return Err(TextError::ZeroByte { position });
    }
    let old = if ends == 0 {
        text.iter().filter(|byte| **byte == b'\r').count()
    } else {
        0
    };
    let bytes = if old > 0 {
        // Line endings of classic Mac OS.
        let lines = text
            .iter()
            .map(|byte| if *byte == b'\r' { b'\n' } else { *byte });
        Cow::Owned(lines.collect())
    } else {
        text
    };
    Ok(Text {
        bytes,
        ends: ends + old,
        quoted,
    })
}

/// The text without byte-order marks at the beginnings of lines, as in files that were joined.
fn without_marks(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"\xEF\xBB\xBF";
    let is_mark = |line: &[u8]| line.starts_with(MARK);
    if !has(&text, MARK[0]) || !text.split(|byte| *byte == b'\n').any(is_mark) {
        return text;
    }
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let plain = lines.flat_map(|line| line.strip_prefix(MARK).unwrap_or(line));
    Cow::Owned(plain.copied().collect())
}

/// Spaces that do not break in UTF-8, if they are between digits of a text in Latin-1, as in the thousands of French numbers.
fn with_hard_spaces(bytes: &[u8]) -> Cow<'_, [u8]> {
    const SPACE: u8 = 0xA0;
    let is_space = |window: &[u8]| matches!(window, [before, SPACE, after] if before.is_ascii_digit() && after.is_ascii_digit());
    if !has(bytes, SPACE) || !bytes.windows(3).any(is_space) {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == SPACE && at > 0 && bytes.get(at - 1..at + 2).is_some_and(is_space) {
            text.push(0xC2);
        }
        text.push(*byte);
    }
    Cow::Owned(text)
}

/// Whether a file begins as texts do: without control characters.
pub fn is(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 4096;
    let has_mark = matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
    let is_text = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
    has_mark || bytes.iter().take(LOOKED_AT).all(is_text)
}

/// Number of line ends of a text, and whether it has quotes and bytes of zero.
fn survey(bytes: &[u8]) -> (usize, bool, bool) {
    let (mut all, mut quoted, mut zero) = (0, false, false);
    // Counts that fit into a byte, and no branches, so that the compiler compares many bytes at a time.
    for bytes in bytes.chunks(240) {
        let (mut ends, mut quotes, mut zeros) = (0u8, 0u8, 0u8);
        for byte in bytes {
            ends = ends.wrapping_add(u8::from(*byte == b'\n'));
            quotes |= u8::from(*byte == b'"');
            zeros |= u8::from(*byte == 0);
        }
        all += usize::from(ends);
        quoted |= quotes > 0;
        zero |= zeros > 0;
    }
    (all, quoted, zero)
}

/// Whether a byte is in a text; in long ones, this is quicker than `contains`.
pub fn has(bytes: &[u8], byte: u8) -> bool {
    // Without a branch for each byte, so that the compiler compares many at a time.
    let any = |part: &[u8]| part.iter().fold(false, |any, other| any | (*other == byte));
    bytes.chunks(1 << 10).any(any)
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

/// Fewest zero bytes in a row that are a block that was never written, within a text.
const BLOCK: usize = 16;

/// A text without the lines that have blocks of zero bytes, how many these are, and the number of the first. `None` without any,
/// and if the zeros are others.
pub fn without_zeros(bytes: &[u8]) -> Option<(Vec<u8>, usize, usize)> {
    if !has(bytes, 0) || matches!(bytes, [_, 0, ..] | [0, ..]) {
        return None;
    }
    let (mut text, mut count, mut first) = (Vec::with_capacity(bytes.len()), 0, 0);
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if !line.contains(&0) {
            text.extend_from_slice(line);
            continue;
        }
        let mut runs = line.chunk_by(|one, next| one == next);
        if runs.any(|run| run[0] == 0 && run.len() < BLOCK) {
            return None;
        }
        count += 1;
        first = if first == 0 { number + 1 } else { first };
    }
    Some((text, count, first))
}

/// In a text, at most one of so many lines has other zero bytes.
const FEW: usize = 20;

/// A text with `?` in place of zero bytes where only few lines have them, as noise of a serial port; how many these are, and the
/// number of the first.
pub fn without_noise(bytes: &[u8]) -> Option<(Vec<u8>, usize, usize)> {
    if !has(bytes, 0) {
        return None;
    }
    let lines = || bytes.split(|byte| *byte == b'\n');
    let noisy = lines().enumerate().filter(|(_, line)| line.contains(&0));
    let mut noisy = noisy.map(|(number, _)| number + 1);
    let first = noisy.next()?;
    let count = 1 + noisy.count();
    let text = bytes
        .iter()
        .map(|byte| if *byte == 0 { b'?' } else { *byte });
    (count * FEW <= lines().count()).then(|| (text.collect(), count, first))
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, [u8]>, TextError> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.map(|text| Cow::Owned(text.into_bytes()))
        .map_err(|_| TextError::Utf16)
}

/// Names of times in GBK, Big5, Shift-JIS and EUC-KR.
#[rustfmt::skip]
const TIMES: [(&[u8], &str); 8] = [
    (b"\xCA\xB1\xBC\xE4", "时间"), (b"\xCA\xB1\xBF\xCC", "时刻"), (b"\xAE\xC9\xB6\xA1", "時間"), (b"\x8E\x9E\x8A\xD4", "時間"),
    (b"\x8E\x9E\x8D\x8F", "時刻"), (b"\x93\xFA\x8E\x9E", "日時"), (b"\xBD\xC3\xB0\xA3", "시간"), (b"\xBD\xC3\xB0\xA2", "시각"),
];

/// A cell as text; if it is not UTF-8, it is read as Windows-1252 (Latin-1), and bytes that are no letters there are shown as
/// `\x8e`. Names of times in East Asian encodings are known.
pub fn cell(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut known = TIMES.iter().filter_map(|(encoded, text)| {
        let rest = bytes
            .strip_prefix(*encoded)
            .filter(|rest| rest.is_ascii())?;
        Some((*text).to_owned() + str::from_utf8(rest).ok()?)
    });
    known.next().unwrap_or_else(|| {
        let shown =
            |byte: &u8| windows(*byte).map_or_else(|| format!("\\x{byte:02x}"), String::from);
        bytes.iter().map(shown).collect()
    })
}

/// Whether names of columns are in an encoding of several bytes for a sign, such as GBK or Shift-JIS.
pub fn is_of_several_bytes(names: &[u8]) -> bool {
    /// Letters beyond ASCII that follow each other in no word of a European language.
    const MANY: usize = 4;
    let is_long = |run: &[u8]| !run[0].is_ascii() && run.len() >= MANY;
    let mut runs = names.chunk_by(|one, next| one.is_ascii() == next.is_ascii());
    let is_other = |byte: &u8| !byte.is_ascii() && windows(*byte).is_none();
    str::from_utf8(names).is_err() && (runs.any(is_long) || names.iter().any(is_other))
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
            let decoded = decode(&bytes).unwrap();
            assert_eq!(decoded.bytes, text.as_bytes(), "{bytes:?}");
            assert_eq!((decoded.ends, decoded.quoted), (2, false));
        }
        assert_eq!(cell(b"\xB5s"), "µs");
    }

    #[test]
    fn names_in_older_encodings() {
        // Gr\u{f6}\u{df}e, and 垂直 in GBK and 上下 in Shift-JIS.
        for (bytes, text, is_other) in [
            (&b"Gr\xF6\xDFe"[..], "Größe", false),
            (b"\xB4\xB9\xD6\xB1", "´¹Ö±", true),
            (b"\x8F\xE3\x89\xBA", "\\x8fã‰º", true),
            (b"\xCA\xB1\xBC\xE4(s)", "时间(s)", true),
            ("时间".as_bytes(), "时间", false),
        ] {
            assert_eq!(cell(bytes), text);
            assert_eq!(is_of_several_bytes(bytes), is_other, "{text}");
        }
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
    fn texts_have_no_control_characters() {
        assert!(is(b"Zeit \xB5s\r\n1\t2") && is(b"\xFF\xFEa\0"));
        assert!(!is(b"1,2\n\x01") && !is(b"\x89HDF\r\n\x1A"));
    }

    #[test]
    fn marks_of_joined_files() {
        let text = b"\xEF\xBB\xBFt,z\n1,2\n\xEF\xBB\xBFt,z\n3,4\n";
        assert_eq!(decode(text).unwrap().bytes, &b"t,z\n1,2\nt,z\n3,4\n"[..]);
    }

    #[test]
    fn blocks_of_zeros() {
        let zeros = "\0".repeat(512);
        let text = format!("t,z\n1,2\n2,{zeros},4\n5,6\n");
        let plain = b"t,z\n1,2\n5,6\n".to_vec();
        assert_eq!(without_zeros(text.as_bytes()), Some((plain, 1, 3)));
        // Zeros that are no block, and texts without any.
        for text in ["t,z\n1,\0\n", "t,z\n", &zeros] {
            assert_eq!(without_zeros(text.as_bytes()), None);
        }
    }

    #[test]
    fn one_pass_tells_all() {
        for length in [1, 239, 240, 241, 3000] {
            let ends = vec![b'\n'; length];
            assert_eq!(survey(&ends), (length, false, false));
            let with = |byte: u8, at: usize| {
                let mut bytes = vec![b'1'; length];
                bytes[at] = byte;
                survey(&bytes)
            };
            for at in [0, length / 2, length - 1] {
                assert_eq!(with(b'\n', at), (1, false, false));
                assert_eq!(with(b'"', at), (0, true, false));
                assert_eq!(with(0, at), (0, false, true));
            }
        }
    }

    #[test]
    fn a_byte_is_found_anywhere() {
        for length in [1, 15, 16, 1023, 1024, 1025, 3000] {
            let mut bytes = vec![b'1'; length];
            assert!(!has(&bytes, b'.'));
            for at in [0, length / 2, length - 1] {
                bytes[at] = b'.';
                assert!(has(&bytes, b'.'), "{at} of {length}");
                bytes[at] = b'1';
            }
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
