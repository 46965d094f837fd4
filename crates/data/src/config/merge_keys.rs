//! Merge keys of YAML, which the library takes for keys of the name `<<`, and keys at the top level that begin with `x-`: what
//! they have is there for anchors, as in the files of Docker Compose.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_yaml::Value;

/// What begins the keys at the top level that no reader takes.
const OTHERS: &str = "x-";

/// The text with the mappings of merge keys (`<<: *defaults`) in their places, and without keys at the top level that begin with
/// `x-`. Lines are those of the new text; `places` tells those of the file. Text with neither stays as it is.
pub(super) fn merged(text: &str) -> Cow<'_, str> {
    if !text.contains("<<") && !text.contains(OTHERS) {
        return text.into();
    }
    let kept = Kept::of(text);
    let parsed = serde_yaml::from_str::<Value>(&kept.text);
    // A tag may ask for what was replaced.
    let Ok(mut root) = parsed.or_else(|_| serde_yaml::from_str(text)) else {
        // Parsing it again says what is wrong.
        return text.into();
    };
    let has_merged = merge(&mut root);
    if !remove_others(&mut root) && !has_merged {
        return text.into();
    }
    serde_yaml::to_string(&root).map_or(text.into(), |merged| Cow::Owned(kept.restored(&merged)))
}

/// Removes the keys at the top level that begin with `x-`; whether there were any.
fn remove_others(root: &mut Value) -> bool {
    let Value::Mapping(root) = root else {
        return false;
    };
    let all = root.len();
    root.retain(|key, _| !key.as_str().is_some_and(|key| key.starts_with(OTHERS)));
    root.len() < all
}

/// Merges mappings below `value`; whether there were any. Own keys count before merged ones, and earlier ones before later.
fn merge(value: &mut Value) -> bool {
    match value {
        Value::Sequence(items) => {
            // All of them, also those behind the first with a merge key.
            let merged = items
                .iter_mut()
                .filter_map(|item| merge(item).then_some(()));
            merged.count() > 0
        }
        Value::Mapping(mapping) => {
            let merged = mapping
                .values_mut()
                .filter_map(|inner| merge(inner).then_some(()));
            let below = merged.count() > 0;
            let parents = match mapping.get("<<") {
                Some(Value::Mapping(parent)) => vec![parent.clone()],
                Some(Value::Sequence(items)) => {
                    let all = items.iter().map(|item| item.as_mapping().cloned());
                    all.collect::<Option<Vec<_>>>().unwrap_or_default()
                }
                _ => Vec::new(),
            };
            if parents.is_empty() {
                return below;
            }
            mapping.shift_remove("<<");
            for (key, inherited) in parents.into_iter().flatten() {
                mapping.entry(key).or_insert(inherited);
            }
            true
        }
        Value::Tagged(tagged) => merge(&mut tagged.value),
        _ => false,
    }
}

/// Text in which words that are no texts in YAML, such as `1.10` and `No`, are replaced by names: what reads the
/// configuration decides whether they are numbers or names, so they must come out as they were written.
struct Kept<'a> {
    text: String,
    /// Begins the names; not in the text.
    prefix: String,
    /// The words; each has its position in its name.
    words: Vec<&'a str>,
    positions: BTreeMap<&'a str, usize>,
}

impl<'a> Kept<'a> {
    fn of(text: &'a str) -> Self {
        let mut prefix = "kept_".to_owned();
        while text.contains(&prefix) {
            prefix.push('_');
        }
        let mut kept = Self {
            text: String::with_capacity(text.len()),
            prefix,
            words: Vec::new(),
            positions: BTreeMap::new(),
        };
        for line in text.split_inclusive('\n') {
            kept.add(line);
        }
        kept
    }

    /// Adds a line, with names in place of such words. Words within texts are replaced as well, and come back within them.
    fn add(&mut self, line: &'a str) {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_.+~-".contains(c);
        let mut rest = line;
        // A directive, such as `%YAML 1.2`.
        while let Some(start) = rest.find(is_of_word).filter(|_| !line.starts_with('%')) {
            let (before, from) = rest.split_at(start);
            let (word, after) = from.split_at(from.find(|c| !is_of_word(c)).unwrap_or(from.len()));
            self.text.push_str(before);
            // What is in quotes by itself is a text.
            let is_quoted = before.ends_with(['"', '\'']) || after.starts_with(['"', '\'']);
            if !is_quoted && is_no_text(word) {
                let number = *self.positions.entry(word).or_insert(self.words.len());
                if number == self.words.len() {
                    self.words.push(word);
                }
                self.text.push_str(&format!("{}{number}_", self.prefix));
            } else {
                self.text.push_str(word);
            }
            rest = after;
        }
        self.text.push_str(rest);
    }

    /// Text with the words in their places.
    fn restored(&self, text: &str) -> String {
        let mut parts = text.split(&self.prefix);
        let mut restored = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let word = part.split_once('_').and_then(|(number, rest)| {
                let number: usize = number.parse().ok()?;
                Some((self.words.get(number)?, rest))
            });
            match word {
                Some((word, rest)) => {
                    restored.push_str(word);
                    restored.push_str(rest);
                }
                // An escape in quotes can spell the prefix.
                None => {
                    restored.push_str(&self.prefix);
                    restored.push_str(part);
                }
            }
        }
        restored
    }
}

/// Whether YAML takes a word for something other than a text. Dashes and dots alone are no words.
fn is_no_text(word: &str) -> bool {
    let is_word = word == "~" || word.contains(|c: char| c.is_ascii_alphanumeric());
    is_word && serde_yaml::from_str::<Value>(word).is_ok_and(|value| !value.is_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::parse_yaml;

    #[test]
    fn merge_keys_are_merged() {
        type Sections = BTreeMap<String, BTreeMap<String, usize>>;
        let text =
            "a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc:\n  <<: [*b, {z: 5, y: 6}]\n  w: 7\n";
        let found: Sections = parse_yaml(text).unwrap();
        let values_of =
            |section: &str| -> Vec<usize> { found[section].values().copied().collect() };
        assert_eq!(values_of("b"), [1, 3]);
        assert_eq!(values_of("c"), [7, 1, 3, 5]);
        // Other text, and its lines, stay as they are.
        assert_eq!(merged("a: {x: 1}\n# <<\n"), "a: {x: 1}\n# <<\n");
    }

    #[test]
    fn keys_for_anchors_are_left_out() {
        type Sections = BTreeMap<String, BTreeMap<String, usize>>;
        let text = "x-common: &c {x: 1}\n\na: *c\nb: {<<: *c, x-y: 2}\n'x-more': [0.10]\n";
        let found: Sections = parse_yaml(text).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found["b"]["x-y"], 2);
        // Lines are still those of the file.
        let error = parse_yaml::<Sections>(&text.replace("x-y: 2", "x-y: no")).unwrap_err();
        assert!(
            error.to_string().ends_with("at line 4 column 18"),
            "{error}"
        );
        for same in ["a: {x: x-1}\n", "x-1\n", "a: 1\n# x-\n"] {
            assert_eq!(merged(same), same);
        }
    }

    /// Names that look like numbers or booleans are as they were written, and numbers are numbers.
    #[test]
    fn words_stay_as_they_are_written() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Task {
            names: Vec<String>,
            rate: f64,
            shuffle: bool,
        }
        let text = "base: &base\n  rate: 1e3 # Hz\n  names: [1.10, 007, No, TRUE, 0x1f, ~x, a-1, \"1.10\"]\n  shuffle: false\n\
                    task:\n  <<: *base\n  names:\n    - 2.50\n    - Null\n    - kept_0_\n    - \"a: 1.10, b\"\n  \
                    shuffle: true\n";
        let found: BTreeMap<String, Task> = parse_yaml(text).unwrap();
        let base = ["1.10", "007", "No", "TRUE", "0x1f", "~x", "a-1", "1.10"];
        assert_eq!(found["base"].names, base);
        let task = Task {
            names: ["2.50", "Null", "kept_0_", "a: 1.10, b"]
                .map(String::from)
                .into(),
            rate: 1000.0,
            shuffle: true,
        };
        assert_eq!(found["task"], task);
        // In lists over several lines, with anchors, and where an escape spells a name.
        let text = "a: &a {x: [\n  1.10,\n  0x1f, # 3\n  &y 2.50, *y ]}\nb: {<<: *a, z: [\"k\\x65pt_0_ kept\", \"k\\x65pt_zz\"]}\n\
                    c: {x: [1.10 2, 'No']}\n";
        let found: BTreeMap<String, BTreeMap<String, Vec<String>>> = parse_yaml(text).unwrap();
        assert_eq!(found["b"]["x"], ["1.10", "0x1f", "2.50", "2.50"]);
        assert_eq!(found["b"]["z"][1], "kept_zz");
        assert_eq!(found["c"]["x"], ["1.10 2", "No"]);
        let text = "%YAML 1.1\n---\na: &a\n  - 1.10\nb: {x: &x {y: 5}}\nc: {<<: *x}\n";
        assert_eq!(merged(text), "a:\n- 1.10\nb:\n  x:\n    y: 5\nc:\n  y: 5\n");
        // A key is the same key wherever it stands.
        let text = "a: &a {1.10: x, 2: y}\nb: {<<: *a, 1.10: z}\n";
        let found: BTreeMap<String, BTreeMap<String, String>> = parse_yaml(text).unwrap();
        let b: Vec<_> = found["b"].iter().map(|(k, v)| format!("{k} {v}")).collect();
        assert_eq!(b, ["1.10 z", "2 y"]);
    }
}
