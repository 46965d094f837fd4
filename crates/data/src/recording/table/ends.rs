//! Lines of values between commas, tabs or blanks that end in a semicolon, which is no separator: `17,-179,-99;`.

use std::borrow::Cow;

/// Lines that are looked at.
const LINES: usize = 64;

/// The text without the semicolons at the ends of its lines, if nearly all lines have one there and nowhere else.
pub(super) fn without_semicolons(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let is_value = |line: &&[u8]| !line.is_empty() && !line.starts_with(b"#");
    let lines = || {
        let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        lines.filter(is_value).take(LINES)
    };
    // The line of names may have none.
    let others = lines().filter(|line| before_end(line).is_none()).count();
    if others > 1 || others == lines().count() || !lines().all(is_plain) {
        return text;
    }
    let mut plain = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match before_end(line.trim_ascii_end()) {
            Some(values) => {
                plain.extend_from_slice(values);
                plain.extend_from_slice(&line[line.trim_ascii_end().len()..]);
            }
            None => plain.extend_from_slice(line),
        }
    }
    Cow::Owned(plain)
}

/// What is before a semicolon at the end of a line.
fn before_end(line: &[u8]) -> Option<&[u8]> {
    line.strip_suffix(b";")
}

/// Whether a line has another separator, and no semicolon but at its end.
fn is_plain(line: &[u8]) -> bool {
    let line = before_end(line).unwrap_or(line);
    !line.contains(&b';') && line.iter().any(|byte| matches!(byte, b',' | b'\t' | b' '))
}
