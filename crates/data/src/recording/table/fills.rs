//! Values that programs write where there is none, such as -9999, and errors of spreadsheets.

use std::borrow::Cow;

use super::rows::rows_of;

/// Values that mark missing ones.
const FILLS: [f64; 18] = [
    -999.0,
    -999.25,
    -999.9,
    -9999.0,
    -9999.9,
    -99999.0,
    -999_999.0,
    999.0,
    999.9,
    9999.0,
    99999.0,
    999_999.0,
    -32768.0,
    -2_147_483_648.0,
    -7999.0,
    7999.0,
    // Of NetCDF, as a number of 64 and of 32 bits.
    9.969_209_968_386_869e36,
    9.969_21e36,
];
/// Larger ones mark missing values if they are a power of ten.
const LARGE: f64 = 1e19;
/// Times by which all other values are smaller, at least.
const SMALLER: f64 = 5.0;
/// Values of a channel, at least.
const FEWEST: usize = 16;

/// A warning if the largest values of a channel rather mark missing ones.
pub(super) fn note(name: &str, values: &[f64]) -> Option<String> {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let largest = finite().fold(0.0, |most: f64, value| {
        if value.abs() > most.abs() {
            value
        } else {
            most
        }
    });
    if values.len() < FEWEST || !is_fill(largest) {
        return None;
    }
    let others = finite().filter(|value| *value != largest);
    let other = others.fold(0.0, |most: f64, value| most.max(value.abs()));
    if other * SMALLER > largest.abs() {
        return None;
    }
    let count = finite().filter(|value| *value == largest).count();
    let first = values.iter().position(|value| *value == largest)?;
    let shown = if largest.abs() >= LARGE {
        format!("{largest:e}")
    } else {
        largest.to_string()
    };
    Some(format!(
        "column `{name}`: {} {shown} (the first: row {}), and all other values are at most {other}: if it marks missing values, \
         write `NaN`, as it is read as a sample",
        if count == 1 {
            "one row has".into()
        } else {
            format!("{} have", rows_of(count))
        },
        first + 1
    ))
}

/// The text with `NaN` in place of errors of spreadsheets, such as `#N/A`, at the beginning of lines, which are no comments.
pub(super) fn without_errors(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let has_errors = || {
        let mut lines = text.split(|byte| *byte == b'\n');
        lines.any(|line| error(line).is_some())
    };
    if !text.contains(&b'#') || !has_errors() {
        return text;
    }
    let mut plain = text.into_owned();
    for line in plain.split_mut(|byte| *byte == b'\n') {
        if let Some(length) = error(line) {
            line[..length].fill(b' ');
            line[..3].copy_from_slice(b"NaN");
        }
    }
    Cow::Owned(plain)
}

/// The length of the error in the first cell of a line.
fn error(line: &[u8]) -> Option<usize> {
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

fn is_fill(value: f64) -> bool {
    let power = value.abs().log10();
    FILLS.contains(&value) || value.abs() >= LARGE && (power - power.round()).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::super::super::Hints;
    use super::super::tests::{contents, noise};
    use super::*;

    #[test]
    fn marks_of_missing_values_are_said() {
        for fill in [-9999.0, -999.25, 1e30, -32768.0, 99999.0] {
            let mut values: Vec<f64> = (0..100).map(noise).collect();
            values[40..50].fill(fill);
            let said = note("x", &values).unwrap();
            assert!(said.contains("10 rows have"), "{said}");
            assert!(said.contains("(the first: row 41)"), "{said}");
        }
    }

    #[test]
    fn samples_are_none() {
        let wave = |scale: f64| {
            (0..100)
                .map(|i| (scale * noise(i)).round())
                .collect::<Vec<f64>>()
        };
        let mut loud = wave(20000.0);
        loud[7] = -9999.0;
        let mut clipped = wave(60000.0);
        clipped[7] = -32768.0;
        let mut spike = wave(100.0);
        spike[7] = -9876.0;
        for values in [loud, clipped, spike, vec![0.0; 100], Vec::new()] {
            assert_eq!(note("x", &values), None);
        }
    }

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
            let own = contents(&format!("Z;N\r\n{rows}"), &hints).unwrap();
            let values = own.traces.iter().map(|own| own.samples[7]);
            let values: Vec<f64> = values.collect();
            assert!(values[0].is_nan() && values[1] == 7.0, "{error} {values:?}");
            assert_eq!(own.traces[1].samples.len(), 50);
        }
        for comment in ["# N/A\n", "#time,Z\n", "#TIME,Z\n", "#START!\n", "#,1\n"] {
            let same = without_errors(comment.as_bytes().into());
            assert!(matches!(same, Cow::Borrowed(_)), "{comment}");
        }
    }

    #[test]
    fn a_table_says_it() {
        let row = |i: usize| {
            let value = if i == 30 { -9999.0 } else { noise(i) };
            format!("{:.2},{value:.5}\n", i as f64 / 100.0)
        };
        let text: String = (0..100).map(row).collect();
        let own = contents(&format!("t,x\n{text}"), &Hints::default()).unwrap();
        assert_eq!(own.notes.len(), 1);
        assert!(own.notes.all()[0].contains("one row has -9999"));
    }
}
