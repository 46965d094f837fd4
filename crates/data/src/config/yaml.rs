//! Reads and parses YAML, for all modules and crates.

use std::path::Path;

use serde::de::IgnoredAny;

use super::merge_keys::merged;
use super::places::Lines;
use super::repeated::check_keys;
use crate::error::YamlError;
use crate::nesting::deeper_than;
use crate::{limited, text};

/// Size limit of a YAML file, in bytes.
const MAX_SIZE: u64 = 16 << 20;

/// Maximum nesting of brackets and braces: the parser's time grows with its square.
const MAX_DEPTH: usize = 200;

/// Refuses text that would take too long to parse, is not YAML, or has a key twice, so that errors about values concern only
/// valid YAML.
///
/// # Errors
/// [`YamlError`] with line and column.
pub(super) fn check(text: &str) -> Result<(), YamlError> {
    if deeper_than(MAX_DEPTH, text.as_bytes(), b"[{", b"]}") {
        return Err(YamlError::TooDeep { limit: MAX_DEPTH });
    }
    match serde_yaml::from_str::<Option<IgnoredAny>>(text) {
        Ok(_) => check_keys(text),
        Err(problem) => Err(match no_blank(text) {
            Some((line, code)) => YamlError::Blank {
                line,
                code,
                problem,
            },
            None => YamlError::Syntax(problem),
        }),
    }
}

/// Line and code of the first character that looks like a blank to people, and not to the parser.
fn no_blank(text: &str) -> Option<(usize, u32)> {
    let is_such =
        |c: char| !c.is_ascii() && (c.is_whitespace() || "\u{200b}\u{2060}\u{feff}".contains(c));
    let mut lines = text.lines().enumerate();
    lines.find_map(|(i, line)| Some((i + 1, line.chars().find(|c| is_such(*c))? as u32)))
}

/// Reads the text of a configuration.
///
/// # Errors
/// If it cannot be read, is not text, or is too large.
pub fn read_yaml(path: &Path) -> std::io::Result<String> {
    let file = std::fs::File::open(path)?;
    let bytes = limited::read(file, MAX_SIZE)?.ok_or_else(|| {
        let problem = format!("larger than {MAX_SIZE} bytes: not a configuration");
        std::io::Error::other(problem)
    })?;
    text::decode(&bytes).map_err(std::io::Error::other)
}

/// Parses YAML for other modules and crates.
///
/// # Errors
/// [`YamlError`] with key, line and column.
pub fn parse_yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    check(text)?;
    let merged = merged(text);
    serde_yaml::from_str(&merged).map_err(|error| Lines::new(text, &merged).error(error))
}

/// Like [`parse_yaml`]; also returns the keys that `T` does not have.
///
/// # Errors
/// [`YamlError`] with key, line and column.
pub fn parse_yaml_noting_unknown<T: serde::de::DeserializeOwned>(
    text: &str,
) -> Result<(T, Vec<String>), YamlError> {
    check(text)?;
    let merged = merged(text);
    let mut unknown = Vec::new();
    let deserializer = serde_yaml::Deserializer::from_str(&merged);
    let value = serde_ignored::deserialize(deserializer, |key| unknown.push(key.to_string()));
    let value = value.map_err(|error| Lines::new(text, &merged).error(error))?;
    Ok((value, unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A YAML syntax error takes precedence over the list of allowed keys, and gives the position and the remedy.
    #[test]
    fn broken_text_is_not_a_wrong_value() {
        let error = |text: &str| {
            let parsed = parse_yaml::<std::collections::BTreeMap<String, usize>>(text);
            parsed.unwrap_err().to_string()
        };
        let open = error("model: 1\nepochs: [3\nbatch_size: 16\n");
        for part in [
            "not valid YAML: did not find expected ',' or ']'",
            "while parsing a flow sequence at line 2 column 9",
            "close every bracket, brace and quote",
        ] {
            assert!(open.contains(part), "{part}: {open}");
        }
        for (text, expected) in [
            (
                "model:\u{a0}1\nepochs: 2\n",
                "line 1 has a character that looks like a blank and is none (U+00A0): replace it",
            ),
            (
                "model: \"C:\\data\"\n",
                "in double quotes, backslashes have a meaning of their own",
            ),
            ("a: 1\n---\na: 2\n", "`---` begins another one"),
            ("a: *b\n", "stands for what `&name` marks"),
            ("a: 1\nb:2\nc: 3\n", "write a blank behind every colon"),
        ] {
            assert!(error(text).contains(expected), "{text}: {}", error(text));
        }
        let quote = error("model: \"1\n");
        assert!(
            quote.contains("quoted scalar at line 1 column 8"),
            "{quote}"
        );
        assert_eq!(
            error("epochs: [3]\n"),
            "epochs: expected a whole number, 0 or more, and found a list at line 1 column 9"
        );
        assert_eq!(
            error("epochs: soon\n"),
            "epochs: expected a whole number, 0 or more, and found the text \"soon\" at line 1 column 9"
        );
        #[derive(Debug, serde::Deserialize)]
        struct Settings {
            #[allow(dead_code)] // read
            epochs: usize,
        }
        let error_of = parse_yaml::<Settings>("epochs: 3\n# more\nepochs: 4\n").unwrap_err();
        assert_eq!(
            error_of.to_string(),
            "`epochs` is there more than once, in lines 1 and 3: keep one of them"
        );
        assert_eq!(
            error("- epochs: 3\n"),
            "expected keys with values, such as `epochs: 20`, and found a list"
        );
    }

    #[test]
    fn numbers_that_are_no_counts_say_what_to_write() {
        let error = |text: &str| {
            let parsed = parse_yaml::<std::collections::BTreeMap<String, usize>>(text);
            parsed.unwrap_err().to_string()
        };
        for (value, expected) in [
            (
                "3.0",
                "found the number `3.0` at line 1 column 9: write 3 without a fraction or an exponent",
            ),
            ("3.5", "found the number `3.5` at line 1 column 9"),
            (
                "1e1",
                "found the number `10.0` at line 1 column 9: write 10 without a fraction or an exponent",
            ),
            ("'3'", ": write 3 without quotation marks"),
            ("1_0", ": write 10 without quotation marks"),
            ("03", ": write 3 without zeros before it"),
            (
                "010",
                ": write 10, or 8 if it is meant as YAML 1.1 reads it, in octal digits",
            ),
            (
                "99999999999999999999",
                "found the number `99999999999999999999` at line 1 column 9",
            ),
        ] {
            let message = error(&format!("epochs: {value}\n"));
            assert!(message.ends_with(expected), "{message}");
        }
    }
}
