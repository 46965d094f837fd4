//! Rows of numbers as Fortran writes them.

use super::Line;
use crate::error::recording::{RecordingError, StrongMotionProblem};

/// All numbers of some lines.
///
/// # Errors
/// If a word is no finite number.
pub(super) fn samples(lines: &[Line<'_>]) -> Result<Vec<f64>, RecordingError> {
    let mut samples = Vec::new();
    for line in lines {
        let words = line.bytes.split(u8::is_ascii_whitespace);
        for word in words.filter(|word| !word.is_empty()) {
            row(word, &mut samples).map_err(|text| {
                line.wrong(StrongMotionProblem::Sample {
                    text: String::from_utf8_lossy(text).into_owned(),
                })
            })?;
        }
    }
    Ok(samples)
}

/// Appends the numbers of a word: columns that are full have no blanks between numbers, such as `0.1E-03-0.2E-03`.
///
/// # Errors
/// With what is no number.
fn row<'a>(word: &'a [u8], samples: &mut Vec<f64>) -> Result<(), &'a [u8]> {
    let mut from = 0;
    for to in 1..=word.len() {
        let is_exponent = matches!(word[to - 1], b'e' | b'E' | b'd' | b'D');
        let is_next = word
            .get(to)
            .is_none_or(|sign| matches!(sign, b'-' | b'+') && !is_exponent);
        if is_next {
            let part = &word[from..to];
            samples.push(number(part).ok_or(part)?);
            from = to;
        }
    }
    Ok(())
}

/// A number, whose exponent may begin with `D`.
pub(super) fn number(word: &[u8]) -> Option<f64> {
    let text = str::from_utf8(word).ok()?;
    let is_of_number = |c: char| c.is_ascii_digit() || "+-.eEdD".contains(c);
    if !text.chars().all(is_of_number) {
        return None;
    }
    let number: f64 = text.replace(['d', 'D'], "E").parse().ok()?;
    Some(number).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_fortran() {
        let read = |row: &str| {
            let line = Line {
                number: 7,
                indent: 0,
                is_open: false,
                bytes: row.as_bytes(),
            };
            samples(&[line]).map_err(|error| error.to_string())
        };
        let found = read("  .123E-03 -.5E+01  -17 +2.\t1.5D-02 ").unwrap();
        assert_eq!(found, [0.123e-3, -5.0, -17.0, 2.0, 0.015]);
        assert_eq!(
            read("-0.10E-03-0.20E-03+1.0-2").unwrap(),
            [-0.1e-3, -0.2e-3, 1.0, -2.0]
        );
        assert!(read("").unwrap().is_empty());
        for wrong in ["1.0 x", "1.2.3", "NaN", "********", "1e999", "--1", "inf"] {
            let error = read(wrong).unwrap_err();
            assert!(error.starts_with("line 7: "), "{error}");
        }
    }
}
