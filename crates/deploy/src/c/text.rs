//! C text: numbers, arrays, names.

use std::fmt::{Display, Write};

/// A float literal that reads back as the same value.
pub(super) fn float(value: f32) -> String {
    let text = format!("{value:?}");
    // `1e-7f` is a float in C; `1f` is not.
    if text.contains(['.', 'e']) {
        format!("{text}f")
    } else {
        format!("{text}.0f")
    }
}

/// A `static const` array of `kind`.
pub(super) fn array<T>(
    kind: &str,
    name: &str,
    values: &[T],
    text: impl Fn(&T) -> String,
) -> String {
    let mut lines = format!("static const {kind} {name}[{}] = {{", values.len());
    let mut column = usize::MAX;
    for value in values {
        let value = text(value);
        if column > 110 {
            lines.push_str("\n   ");
            column = 3;
        }
        column += value.len() + 2;
        let _ = write!(lines, " {value},");
    }
    lines.push_str("\n};\n");
    lines
}

pub(super) fn floats(name: &str, values: &[f32]) -> String {
    array("float", name, values, |v| float(*v))
}

/// The same of wider numbers.
pub(super) fn single(name: &str, values: &[f64]) -> String {
    let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
    floats(name, &values)
}

pub(super) fn integers<T: Display>(kind: &str, name: &str, values: &[T]) -> String {
    array(kind, name, values, |v| v.to_string())
}

/// A string literal. Bytes outside ASCII become three octal digits, so that following digits are not part of them.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                literal.push('\\');
                literal.push(char::from(byte));
            }
            // `??` begins a trigraph.
            b' '..=b'~' if byte != b'?' => literal.push(char::from(byte)),
            _ => {
                let _ = write!(literal, "\\{byte:03o}");
            }
        }
    }
    literal.push('"');
    literal
}

/// Text for a comment, which it cannot end early.
pub(super) fn comment(text: &str) -> String {
    let text = text.replace("*/", "* /").replace("/*", "/ *");
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_c() {
        assert_eq!(float(1.0), "1.0f");
        assert_eq!(float(-1e-7), "-1e-7f");
        assert_eq!(float(1e20), "1e20f");
        assert_eq!(string("a\"b\\\n1é?"), "\"a\\\"b\\\\\\0121\\303\\251\\077\"");
        assert_eq!(comment("a*/b\nc"), "a* /b c");
        assert_eq!(
            integers("int8_t", "x", &[1, -2]),
            "static const int8_t x[2] = {\n    1, -2,\n};\n"
        );
    }
}
