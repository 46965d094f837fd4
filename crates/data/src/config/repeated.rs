//! Keys that a mapping has twice: the library takes the last one in silence where keys are not fields of a type.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use crate::error::YamlError;

/// Refuses a text in which a mapping, at any depth, has a key twice. Keys are the same if they are written the same.
///
/// # Errors
/// [`YamlError::Twice`] with the path of the first such key and its lines. Other problems are left to what reads the text.
pub(super) fn check_keys(text: &str) -> Result<(), YamlError> {
    let Some((path, second)) = Walk::default().stops_in(text) else {
        return Ok(());
    };
    let until = Walk {
        first: Some(path.clone()),
        ..Walk::default()
    };
    let first = until.stops_in(text).map(|(_, line)| line);
    Err(YamlError::Twice {
        key: shown(&path),
        lines: first.into_iter().chain([second]).collect(),
    })
}

/// A step from a value to one within.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Item(usize),
}

/// A path as errors of the library have it, such as `recordings[0].classes.1`.
fn shown(path: &[Step]) -> String {
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Key(key) if shown.is_empty() => shown.push_str(key),
            Step::Key(key) => shown.push_str(&format!(".{key}")),
            Step::Item(number) => shown.push_str(&format!("[{number}]")),
        }
    }
    shown
}

/// A walk over a text that stops with an error at a key: the library says where it is.
#[derive(Default)]
struct Walk {
    /// The key to stop at; otherwise the first that is there for the second time.
    first: Option<Vec<Step>>,
    path: RefCell<Vec<Step>>,
    has_stopped: RefCell<bool>,
}

impl Walk {
    /// The path of the key at which the walk stops, and its line, from 1.
    fn stops_in(&self, text: &str) -> Option<(Vec<Step>, usize)> {
        let walked = ValueVisitor(self).deserialize(serde_yaml::Deserializer::from_str(text));
        let error = walked.err().filter(|_| *self.has_stopped.borrow())?;
        Some((self.path.borrow().clone(), error.location()?.line()))
    }
}

/// A value of the text.
#[derive(Clone, Copy)]
struct ValueVisitor<'a>(&'a Walk);

impl<'de> DeserializeSeed<'de> for ValueVisitor<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut seen = BTreeSet::new();
        while map
            .next_key_seed(Key {
                walk: self.0,
                seen: &mut seen,
            })?
            .is_some()
        {
            map.next_value_seed(self)?;
            self.0.path.borrow_mut().pop();
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<(), S::Error> {
        for number in 0.. {
            self.0.path.borrow_mut().push(Step::Item(number));
            if items.next_element_seed(self)?.is_none() {
                break;
            }
            self.0.path.borrow_mut().pop();
        }
        self.0.path.borrow_mut().pop();
        Ok(())
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let ((), value) = tagged.variant_seed(Tag)?;
        serde::de::VariantAccess::newtype_variant_seed(value, self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The name of a tag, such as `!scale`, whose value follows.
struct Tag;

impl<'de> DeserializeSeed<'de> for Tag {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_ignored_any(serde::de::IgnoredAny)
            .map(|_| ())
    }
}

/// A key of a mapping, which becomes the last step of the path.
struct Key<'a> {
    walk: &'a Walk,
    /// The keys before it.
    seen: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        // Numbers and words come as they are written.
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<(), E> {
        let mut path = self.walk.path.borrow_mut();
        path.push(Step::Key(key.to_owned()));
        let stops = match &self.walk.first {
            Some(first) => *first == *path,
            None => !self.seen.insert(key.to_owned()),
        };
        if stops {
            *self.walk.has_stopped.borrow_mut() = true;
            return Err(E::custom("here"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_yaml::Value;

    use super::*;
    use crate::config::yaml::parse_yaml;

    /// A key is named with its lines at any depth, also where a type would take the last one.
    #[test]
    fn keys_are_there_once() {
        for (text, key, lines) in [
            ("a: 1\nb: 2\n\na: 3\n", "a", "lines 1 and 4"),
            ("a: {1: x, 2: y, 1: z}\n", "a.1", "line 1"),
            (
                "list:\n  - name: x\n  - name: y\n    classes:\n      walk: a\n      run: b\n      'walk': c\n",
                "list[1].classes.walk",
                "lines 5 and 7",
            ),
            (
                "a: [1, [2, {x: 1}], {x: 1,\n y: [{}, {z: 1,\n z: 2}]}]\n",
                "a[2].y[1].z",
                "lines 2 and 3",
            ),
            (
                "a: &a {x: 1}\nb: {<<: *a,\n<<: *a}\n",
                "b.<<",
                "lines 2 and 3",
            ),
            ("{\"a\": {\"b\": 1,\n \"b\": 1}}", "a.b", "lines 1 and 2"),
            ("a: !tag {x: 1, x: 2}\n", "a.x", "line 1"),
            ("a:\r\n  ä b: 1\r\n  ä b: 2\r\n", "a.ä b", "lines 2 and 3"),
            ("null: 1\nnull: 2\n", "null", "lines 1 and 2"),
        ] {
            let error = parse_yaml::<BTreeMap<String, Value>>(text).unwrap_err();
            let error = error.to_string();
            let expected = format!("`{key}` is there more than once, in {lines}: ");
            assert!(error.starts_with(&expected), "{text}: {error}");
        }
    }

    /// Aliases and merge keys may repeat keys, and so may different mappings.
    #[test]
    fn other_mappings_may_have_the_same_keys() {
        for text in [
            "a: &a {x: 1, y: {x: 2}}\nb: *a\nc: {<<: *a, x: 3}\nd: [*a, *a]\n",
            "a: 1\nA: 2\n'a ': 3\n",
            "",
            "- 1\n",
            "? [1, 2]\n: x\n? [1, 2]\n: y\n",
        ] {
            assert!(check_keys(text).is_ok(), "{text}");
        }
    }
}
