//! Texts for spreadsheets: errors, which stand where there is no value, and formulas of a text, `="0.5"`.

use std::borrow::Cow;

use super::super::{Notes, Remark};
use crate::formulas;

/// The text with the values of formulas that are texts, and without errors at the beginning of lines.
pub(super) fn plain<'a>(text: Cow<'a, [u8]>, is_quoted: bool, notes: &mut Notes) -> Cow<'a, [u8]> {
    let found = if is_quoted {
        formulas::without(&text)
    } else {
        None
    };
    let Some((plain, example)) = found else {
        return without(text);
    };
    notes.push(Remark::Numbers {
        what: "the form of a formula",
        example,
        how: "as the text in it",
    });
    without(plain.into())
}

/// The text with `NaN` in place of errors of spreadsheets, such as `#N/A`, at the beginning of lines, which are no comments.
fn without(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let has_errors = || {
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.any(|line| length(line).is_some())
    };
    if !text.contains(&b'#') || !has_errors() {
        return text;
    }
    let mut plain = text.into_owned();
    for line in plain.split_mut(|byte| *byte == b'\n') {
        if let Some(length) = length(line) {
            line[..length].fill(b' ');
            line[..3].copy_from_slice(b"NaN");
        }
    }
    Cow::Owned(plain)
}

/// The length of the error in the first cell of a line.
fn length(line: &[u8]) -> Option<usize> {
    const USUAL: [&[u8]; 8] = [
        b"N/A", b"NV", b"VALUE!", b"DIV/0!", b"NUM!", b"REF!", b"NAME?", b"NULL!",
    ];
    let rest = line.strip_prefix(b"#")?.trim_ascii_end();
    let end = rest.iter().position(|byte| b",;\t|".contains(byte));
    let word = &rest[..end.unwrap_or(rest.len())];
    // Of other languages.
    let is_word = word
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || b"/0!".contains(byte));
    let is_error = USUAL.contains(&word) || end.is_some() && is_word && word.ends_with(b"!");
    (is_error && word.len() >= 2).then_some(word.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::{contents, noise};
    use super::*;

    #[test]
    fn errors_of_spreadsheets_are_no_comments() {
        for error in ["#N/A", "#NV", "#DIV/0!", "#NAME?"] {
            let row = |i: usize| match i {
                7 => format!("{error};{i}\r\n"),
                _ => format!("{:.5};{i}\r\n", noise(i)),
            };
            let rows: String = (0..50).map(row).collect();
            let hints = Hints {
                sampling_rate: Some(100.0),
                ..Hints::default()
            };
            let recording = contents(&format!("Z;N\r\n{rows}"), &hints).unwrap();
            let values = recording.traces.iter().map(|trace| trace.samples[7]);
            let values: Vec<f64> = values.collect();
            assert!(values[0].is_nan() && values[1] == 7.0, "{error} {values:?}");
            assert_eq!(recording.traces[1].samples.len(), 50);
        }
        for comment in ["# N/A\n", "#time,Z\n", "#TIME,Z\n", "#START!\n", "#,1\n"] {
            let same = without(comment.as_bytes().into());
            assert!(matches!(same, Cow::Borrowed(_)), "{comment}");
        }
    }
}
