//! JSON as other programs write it: NaN, infinities, numbers beyond the range of float64, byte-order marks, UTF-16,
//! numbers as strings.
//!
//! Numbers that JSON does not have are read as marked strings. `to_bytes` writes those back unchanged; `plain` turns
//! them into strings that [`number`] parses.

use std::borrow::Cow;

use serde_json::Value;

/// Marks a string that represents a number which JSON does not have.
const MARK: char = '\0';

/// The numeric value: the number itself, or the number in a string.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim_start_matches(MARK).trim().parse().ok(),
        _ => None,
    }
}

/// The value of a score: a number, also in a string, or a percentage with its sign, `93.5%`.
pub fn score(value: &Value) -> Option<f64> {
    let percentage = || {
        let text = value.as_str()?.trim_end().strip_suffix('%')?;
        // Through text, 93.5 becomes 0.935 exactly as it would be written.
        format!("{}e-2", text.trim()).parse().ok()
    };
    number(value).or_else(percentage)
}

/// A number as a JSON value; a string for NaN and infinities.
pub fn from_number(number: f64) -> Value {
    match number {
        n if n.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        n => n.into(),
    }
}

/// Parses a file.
///
/// # Errors
/// The line and column where the text is not JSON.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let strict = |bytes: &[u8]| match strict(bytes) {
        Ok(value) if !has_long_number(bytes) => Ok(value),
        Ok(_) => self::strict(&marked(bytes)),
        Err(error) => self::strict(&marked(bytes)).map_err(|_| error),
    };
    strict(&without_mark(bytes))
}

/// Parses JSON as the standard has it. `Value`'s own `FromStr` is compiled within `serde_json`, at its optimisation
/// level; `from_slice` is generic and would be compiled here, at the lower one of this crate.
fn strict(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.parse(),
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// Digits of the largest integer that JSON's numbers here hold exactly.
const LONGEST: usize = 19;

/// Whether there may be an integer of more digits, such as the entropy of NumPy's seeds.
fn has_long_number(bytes: &[u8]) -> bool {
    let mut runs = bytes.split(|byte| !byte.is_ascii_digit());
    runs.any(|run| run.len() > LONGEST)
}

/// A text without its byte-order mark, also in UTF-16 with one; what is no text is replaced.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match without_mark(bytes) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

/// The bytes behind a byte-order mark, in UTF-8 if the mark is that of UTF-16.
fn without_mark(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.into(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        bytes => bytes.into(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    text.collect::<String>().into_bytes()
}

/// Replaces numbers that JSON does not have by marked strings.
fn marked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let length = match rest[0] {
            b'"' => string_length(rest),
            byte if is_of_a_word(byte) => {
                let ends = rest.iter().position(|&byte| !is_of_a_word(byte));
                ends.unwrap_or(rest.len())
            }
            _ => 1,
        };
        let token = &rest[..length];
        if is_no_json_number(token) {
            out.extend_from_slice(b"\"\\u0000");
            out.extend_from_slice(token);
            out.push(b'"');
        } else {
            out.extend_from_slice(token);
        }
        at += length;
    }
    out
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

/// Length in bytes of the string that starts here, quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether other programs write the word as a number that JSON does not have or that overflows.
fn is_no_json_number(word: &[u8]) -> bool {
    match word {
        b"NaN" | b"Infinity" | b"-Infinity" => true,
        [b'-' | b'0'..=b'9', ..] => {
            let text = std::str::from_utf8(word).unwrap_or_default();
            let digits = text.trim_start_matches('-');
            let is_long = digits.len() > LONGEST
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && text.parse::<u64>().is_err();
            text.parse::<f64>()
                .is_ok_and(|number| number.is_infinite() || is_long)
        }
        _ => false,
    }
}

/// Replaces marked strings by plain ones.
pub(crate) fn plain(mut value: Value) -> Value {
    unmark(&mut value);
    value
}

fn unmark(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with(MARK) => drop(text.remove(0)),
        Value::Array(items) => items.iter_mut().for_each(unmark),
        Value::Object(fields) => fields.values_mut().for_each(unmark),
        _ => {}
    }
}

/// Serialises a value; marked strings become the numbers they were.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut text = serde_json::to_string_pretty(value).expect("a value is JSON");
    text.push('\n');
    const MARKED: &str = "\"\\u0000";
    if !text.contains(MARKED) {
        return text.into_bytes();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &text[..];
    // An unescaped quote starts a string here, because whole strings before it are skipped.
    while let Some(at) = rest.find('"') {
        let length = string_length(&rest.as_bytes()[at..]);
        let string = &rest[at..at + length];
        out.push_str(&rest[..at]);
        let number = string
            .strip_prefix(MARKED)
            .and_then(|text| text.strip_suffix('"'));
        out.push_str(match number {
            Some(number) if is_no_json_number(number.as_bytes()) => number,
            _ => string,
        });
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Output of Python's `json.dumps({"a": [math.nan, -math.inf], "NaN": "NaN", ...})`.
    const PYTHON: &str =
        r#"{"a": [NaN, -Infinity, 1.5], "NaN": "NaN", "q": "\"NaN", "big": 1e999, "int": -3}"#;

    #[test]
    fn numbers_that_json_does_not_have() {
        let value = parse(PYTHON.as_bytes()).unwrap();
        assert!(number(&value["a"][0]).unwrap().is_nan());
        assert_eq!(number(&value["a"][1]), Some(f64::NEG_INFINITY));
        assert_eq!(number(&value["big"]), Some(f64::INFINITY));
        assert_eq!(value["q"], "\"NaN");
        assert_eq!(plain(value.clone())["a"], json!(["NaN", "-Infinity", 1.5]));
        let again = String::from_utf8(to_bytes(&value)).unwrap();
        assert_eq!(
            again.split_whitespace().collect::<String>(),
            PYTHON.replace(' ', "")
        );
    }

    /// Integers beyond 64 bits keep their digits.
    #[test]
    fn long_integers() {
        let text = r#"{"seed": 1180591620717411303424, "n": -99999999999999999999, "max": 18446744073709551615, "hash": "00000000000000000000001", "pi": 3.14159265358979323846}"#;
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(number(&value["seed"]), Some(2f64.powi(70)));
        assert_eq!(value["max"], u64::MAX);
        assert_eq!(value["hash"], "00000000000000000000001");
        let again = String::from_utf8(to_bytes(&value)).unwrap();
        for digits in ["1180591620717411303424", "-99999999999999999999"] {
            assert!(again.contains(&format!(": {digits}")), "{again}");
        }
        assert_eq!(parse(b"[00000000000000000000001]").ok(), None);
    }

    #[test]
    fn marks_of_other_encodings() {
        let text = r#"{"a": "ä"}"#;
        let expected = json!({"a": "ä"});
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            let units = text.encode_utf16().flat_map(bytes);
            mark.into_iter().chain(units).collect::<Vec<u8>>()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16([0xff, 0xfe], u16::to_le_bytes),
            utf16([0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(parse(&bytes).unwrap(), expected);
        }
        let error = parse(b"{\n\"a\": NaN,\n\"b\" 1}").unwrap_err();
        assert_eq!(error.line(), 2);
    }

    #[test]
    fn percentages_with_their_sign() {
        for (value, expected) in [
            (json!("93.5%"), Some(0.935)),
            (json!(" 54 % "), Some(0.54)),
            (json!("0.5"), Some(0.5)),
            (json!(54.0), Some(54.0)),
            (json!("54"), Some(54.0)),
            (json!("%"), None),
            (json!("1e1%"), None),
            (json!("many%"), None),
        ] {
            assert_eq!(score(&value), expected, "{value}");
        }
        assert_eq!(number(&json!("93.5%")), None);
    }

    #[test]
    fn numbers_as_text() {
        for (value, expected) in [
            (json!("32"), Some(32.0)),
            (json!(" 1e-3 "), Some(0.001)),
            (json!("many"), None),
            (json!(true), None),
            (json!(null), None),
        ] {
            assert_eq!(number(&value), expected, "{value}");
        }
    }

    proptest! {
        /// Writing what was read gives the same bytes, whatever the strings hold.
        #[test]
        fn there_and_back(text in "[\\PC\0\"\\\\]{0,20}", number: f64) {
            let value = json!({ text.clone(): [text, from_number(number)] });
            let again = parse(&to_bytes(&value)).unwrap();
            prop_assert_eq!(again, value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
            let _ = marked(&bytes);
        }
    }
}
