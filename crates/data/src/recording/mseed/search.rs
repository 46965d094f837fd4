//! Finds records among other bytes.

use std::ops::Range;

use super::header::{Kind, kind};
use super::version_3;

/// Offset of the next data or control record that begins in `range`, among arbitrary bytes: its header must also have codes
/// of letters and digits.
pub(super) fn next(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    // The first eight bytes show whether a record may begin here.
    let from = range.start;
    let rest = bytes.get(from..bytes.len().min(range.end + 7))?;
    let starts = rest.windows(8).enumerate().filter(|(_, first)| {
        matches!(
            first[6],
            b'D' | b'R' | b'Q' | b'M' | b'V' | b'A' | b'S' | b'T'
        ) && matches!(first[7], b' ' | 0 | b'*')
            || first.starts_with(b"MS\x03")
    });
    let mut places = starts.map(|(at, _)| from + at);
    places.find(|at| is_certain(&bytes[*at..]))
}

/// Whether a record certainly begins here.
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    let code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | 0);
    match kind(bytes) {
        Kind::Data2 => bytes[8..20].iter().all(code) && bytes[15].is_ascii_alphanumeric(),
        Kind::Data3 => version_3::record(bytes).is_ok(),
        Kind::Control => {
            let blockette = bytes.get(8..15);
            blockette.is_some_and(|head| head.iter().all(u8::is_ascii_digit))
                || bytes[7] == b'*'
                || bytes.get(8..16).is_some_and(|head| head == b"        ")
        }
        Kind::Foreign => false,
    }
}

/// Length of every control record in bytes, as stated by the first record of a volume (blockettes 5, 8 and 10).
pub(super) fn control_length(bytes: &[u8]) -> Option<usize> {
    let volume = bytes.get(6) == Some(&b'V');
    let identifier = matches!(bytes.get(8..11), Some(b"005" | b"008" | b"010"));
    let power = std::str::from_utf8(bytes.get(19..21)?).ok()?;
    let power: u8 = power.trim().parse().ok()?;
    (volume && identifier && (8..=16).contains(&power)).then(|| 1 << power)
}
