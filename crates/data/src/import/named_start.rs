//! Times in names of files, such as `20240131_123456.WAV`.

use super::labels::Time;
use crate::recording::{is_compact, parse_time};

/// Digits of a date.
const DAY: usize = 8;
/// Digits up to the minutes.
const MINUTE: usize = 12;
/// Digits up to the seconds.
const SECOND: usize = 14;

/// The time, in UTC, that a name spells from year to day, minute, second or fraction, with or without characters between;
/// `None` if it does not.
pub(super) fn parse(name: &str) -> Option<Time> {
    let name = name.strip_suffix(['Z', 'z']).unwrap_or(name);
    let mut digits = String::new();
    for (i, c) in name.char_indices() {
        match c {
            '0'..='9' => digits.push(c),
            // What follows the seconds after a dash or a letter is rather a zone or a number.
            '.' | '_' if i > 0 => {}
            '-' | ':' | ' ' | 'T' | 't' if i > 0 && digits.len() < SECOND => {}
            _ => return None,
        }
    }
    match digits.len() {
        DAY => digits.push_str("000000"),
        MINUTE => digits.push_str("00"),
        _ => {}
    }
    let nanos = is_compact(digits.as_bytes()).then(|| parse_time(&digits).ok());
    nanos.flatten().map(Time::Moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_recorders() {
        let of = |name| match parse(name) {
            Some(Time::Moment(nanos)) => crate::recording::format_time(nanos),
            _ => "none".into(),
        };
        for (name, expected) in [
            ("20240131_123456", "2024-01-31T12:34:56.000Z"),
            ("20240131T123456Z", "2024-01-31T12:34:56.000Z"),
            ("2024-01-31_12-34-56", "2024-01-31T12:34:56.000Z"),
            ("2024-01-31T12:34:56.250", "2024-01-31T12:34:56.250Z"),
            ("20240131123456250", "2024-01-31T12:34:56.250Z"),
            ("20240131_1234", "2024-01-31T12:34:00.000Z"),
            ("2024.01.31", "2024-01-31T00:00:00.000Z"),
            ("20240231_123456", "none"),
            ("20241331_123456", "none"),
            ("1706704496", "none"),
            ("2024-01-31T12-34-56-0200", "none"),
            ("2024-01-31T12:34:56+02:00", "none"),
            ("day1", "none"),
            ("", "none"),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
