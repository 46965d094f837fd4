//! Lines of values in a file whose merge keys were replaced: the library tells those of the text that it parsed.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Value;

use super::file::line_of;
use crate::error::YamlError;

/// The text of a file, and the text with its merge keys replaced.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    source: &'a str,
    merged: &'a str,
}

impl<'a> Lines<'a> {
    pub fn new(source: &'a str, merged: &'a str) -> Self {
        Self { source, merged }
    }

    fn has_merge_keys(&self) -> bool {
        !std::ptr::eq(self.source, self.merged)
    }

    /// Line (from 1) of `key` in top-level `section`, or of where it is merged from; for messages only.
    pub fn line_of(&self, section: &str, key: &str) -> Option<usize> {
        let line = line_of(self.merged, section, key)?;
        if !self.has_merge_keys() {
            return Some(line);
        }
        let mut path = path_at(self.merged, line);
        let last = path
            .iter()
            .rposition(|(step, _)| matches!(step, Step::Key(_)))?;
        path.truncate(last + 1);
        self.find(&steps(path), true).map(|(line, _)| line)
    }

    /// The error with line and column of the file.
    pub fn error(&self, error: serde_yaml::Error) -> YamlError {
        let Some(location) = error.location().filter(|_| self.has_merge_keys()) else {
            return error.into();
        };
        let is_missing = error.to_string().contains("missing field");
        let found = self.place((location.line(), location.column()), is_missing);
        YamlError::Merged {
            place: found.map_or(String::new(), |(line, column)| {
                format!(" at line {line} column {column}")
            }),
            problem: error,
        }
    }

    /// Line and column in the file of what is at `line` and `column` of the text: a key, a value or, if something is missing in
    /// it, a mapping.
    fn place(&self, (line, column): (usize, usize), is_missing: bool) -> Option<(usize, usize)> {
        let mut path = path_at(self.merged, line);
        while path
            .last()
            .is_some_and(|(_, step_column)| *step_column > column)
        {
            path.pop();
        }
        let mut is_key = false;
        if let Some((step, step_column)) = path.last()
            && *step_column == column
        {
            is_key = matches!(step, Step::Key(_)) && !is_missing;
            if !is_key {
                path.pop();
            }
        }
        self.find(&steps(path), is_key)
    }

    /// Line and column in the file of the value, or the key, at the end of a path.
    fn find(&self, path: &[Step], is_key: bool) -> Option<(usize, usize)> {
        let root: Value = serde_yaml::from_str(self.source).ok()?;
        let path = in_source(&root, path)?;
        let seed = PathSearch {
            path: &path,
            is_key,
        };
        let found = seed.deserialize(serde_yaml::Deserializer::from_str(self.source));
        let location = found.err()?.location()?;
        Some((location.line(), location.column()))
    }
}

/// A step from a value to one within.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(Value),
    Item(usize),
}

fn steps(path: Vec<(Step, usize)>) -> Vec<Step> {
    path.into_iter().map(|(step, _)| step).collect()
}

/// The path to what is in line `line` of a text that the library wrote, each step with its column, from 1.
fn path_at(text: &str, line: usize) -> Vec<(Step, usize)> {
    let mut path: Vec<(Step, usize)> = Vec::new();
    for text_line in text.lines().take(line) {
        let mut rest = text_line.trim_start_matches(' ');
        let mut column = text_line.len() - rest.len() + 1;
        // Items are as far to the right as the key of their list.
        while rest == "-" || rest.starts_with("- ") {
            while let Some((step, step_column)) = path.last_mut() {
                match step {
                    Step::Item(number) if *step_column == column => {
                        *number += 1;
                        break;
                    }
                    Step::Key(_) if *step_column == column => {
                        path.push((Step::Item(0), column));
                        break;
                    }
                    _ if *step_column < column => {
                        path.push((Step::Item(0), column));
                        break;
                    }
                    _ => {
                        path.pop();
                    }
                }
            }
            if path.is_empty() {
                path.push((Step::Item(0), column));
            }
            rest = rest.get(2..).unwrap_or_default();
            column += 2;
        }
        if let Some(key) = key(rest) {
            while path
                .last()
                .is_some_and(|(_, step_column)| *step_column >= column)
            {
                path.pop();
            }
            path.push((Step::Key(key), column));
        }
    }
    path
}

/// The key with which a line begins.
fn key(line: &str) -> Option<Value> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = match quote {
        Some(quote) => line[1..].find(quote)? + 2,
        None => 0,
    };
    let rest = &line[from..];
    let end = rest
        .find(": ")
        .or(rest.len().checked_sub(1).filter(|_| rest.ends_with(':')))?;
    serde_yaml::from_str(&line[..from + end]).ok()
}

/// The path in the file to what is at `path` once merge keys are replaced: own keys count before merged ones.
fn in_source(value: &Value, path: &[Step]) -> Option<Vec<Step>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(Vec::new());
    };
    let then = |step: Step, value: &Value, rest: &[Step]| {
        let rest = in_source(value, rest)?;
        Some(std::iter::once(step).chain(rest).collect())
    };
    match (value, first) {
        (Value::Sequence(items), Step::Item(number)) => {
            then(first.clone(), items.get(*number)?, rest)
        }
        (Value::Mapping(mapping), Step::Key(key)) => {
            if let Some(child) = mapping.get(key) {
                return then(first.clone(), child, rest);
            }
            let below = |steps: Vec<Step>, parent: &Value| {
                let rest = in_source(parent, path)?;
                Some([steps, rest].concat())
            };
            let merge = Step::Key("<<".into());
            match mapping.get("<<")? {
                Value::Sequence(parents) => {
                    let mut parents = parents.iter().enumerate();
                    parents.find_map(|(number, parent)| {
                        below(vec![merge.clone(), Step::Item(number)], parent)
                    })
                }
                parent => below(vec![merge], parent),
            }
        }
        _ => None,
    }
}

/// Stops with an error at the end of a path: the library says where it is.
struct PathSearch<'a> {
    path: &'a [Step],
    /// Whether to stop at the last key, not at its value.
    is_key: bool,
}

/// Message of the error at the end of a path.
const HERE: &str = "here";

impl<'de> DeserializeSeed<'de> for PathSearch<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PathSearch<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Some((Step::Key(wanted), rest)) = self.path.split_first() else {
            return Err(M::Error::custom(HERE));
        };
        let stops = self.is_key && rest.is_empty();
        while let Some(is_wanted) = map.next_key_seed(FindKey { wanted, stops })? {
            if !is_wanted {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(PathSearch { path: rest, ..self })?;
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        let Some((Step::Item(wanted), rest)) = self.path.split_first() else {
            return Err(S::Error::custom(HERE));
        };
        for _ in 0..*wanted {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(PathSearch { path: rest, ..self })?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Says whether a key is the wanted one, or stops at it with an error.
struct FindKey<'a> {
    wanted: &'a Value,
    stops: bool,
}

impl FindKey<'_> {
    fn compare<E: serde::de::Error>(&self, key: Value) -> Result<bool, E> {
        let is_wanted = key == *self.wanted;
        if is_wanted && self.stops {
            return Err(E::custom(HERE));
        }
        Ok(is_wanted)
    }
}

impl<'de> DeserializeSeed<'de> for FindKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FindKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bool<E: serde::de::Error>(self, key: bool) -> Result<bool, E> {
        self.compare(key.into())
    }

    fn visit_i64<E: serde::de::Error>(self, key: i64) -> Result<bool, E> {
        self.compare(key.into())
    }

    fn visit_u64<E: serde::de::Error>(self, key: u64) -> Result<bool, E> {
        self.compare(key.into())
    }

    fn visit_f64<E: serde::de::Error>(self, key: f64) -> Result<bool, E> {
        self.compare(key.into())
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        self.compare(key.into())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<bool, E> {
        self.compare(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::yaml::parse_yaml;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)] // read
    struct Section {
        files: Vec<String>,
        rate: f64,
        #[serde(default)]
        parts: Vec<BTreeMap<String, usize>>,
    }

    fn error(text: &str) -> String {
        let parsed = parse_yaml::<BTreeMap<String, Section>>(text);
        parsed.unwrap_err().to_string()
    }

    /// Errors name lines of the file: where the value is written, also if it is merged from elsewhere.
    #[test]
    fn lines_are_those_of_the_file() {
        let text = "# shared\n\nbase: &base\n  files:\n    - a.csv\n    - b.csv\n\n  rate: 100\n  parts: [{x: 1}, {y: 2}]\n\n# \
                    first\none:\n  <<: *base\n\n  rate: 50\n'two: 2':\n  rate: 20\n  <<: [{rate: 1}, *base]\n";
        parse_yaml::<BTreeMap<String, Section>>(text).unwrap();
        for (old, new, problem) in [
            (
                "rate: 50",
                "rate: fast",
                "one.rate: expected a number, and found the text \"fast\" at line 15 column 9",
            ),
            ("rate: 20", "rate: []", "found a list at line 17 column 9"),
            (
                "b.csv",
                "[]",
                "expected a text, and found a list at line 6 column 7",
            ),
            ("{y: 2}", "{y: no}", "at line 9 column 23"),
            (
                "rate: 50",
                "speed: 50",
                "unknown field `speed`, expected one of `files`, `rate`, `parts` at line 15 column 3",
            ),
        ] {
            let error = error(&text.replace(old, new));
            assert!(error.contains(problem), "{error}");
        }
        let error =
            error("base: &b {files: [a]}\n\nlist: &c {parts: []}\none:\n  # why\n  <<: [*b, *c]\n");
        assert!(
            error.contains("missing field `rate` at line 1 column"),
            "{error}"
        );
        let error = self::error(
            "base: &b {files: [a], rate: 3}\n\n\none:\n  # why\n  parts: []\n  <<: {files: []}\ntwo: *b\n",
        );
        assert!(
            error.contains("missing field `rate` at line 6 column 3"),
            "{error}"
        );
    }
}
