//! `class_names`: a list, or the number of every name.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Reads names in the order of their numbers: a list, `{0: a, 1: b}` or `{a: 0, b: 1}`.
///
/// # Errors
/// If numbers are missing or appear twice.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    deserializer.deserialize_any(Names)
}

/// Removes spaces around names, which are not part of them.
///
/// # Errors
/// What is wrong with the names, in words: one is empty, or there twice.
pub(super) fn tidy(names: &mut [String]) -> Result<(), String> {
    for name in names.iter_mut() {
        *name = name.trim().to_owned();
    }
    if let Some(label) = names.iter().position(String::is_empty) {
        return Err(format!("the class with the label {label} has no name"));
    }
    let mut seen = HashSet::new();
    let twice = names.iter().find(|name| !seen.insert(name.as_str()));
    twice.map_or(Ok(()), |name| Err(format!("`{name}` appears twice")))
}

/// Two names that differ in upper and lower case only, if there are any.
pub(crate) fn twins(names: &[String]) -> Option<(&str, &str)> {
    let mut numbered = names.iter().enumerate();
    numbered.find_map(|(number, name)| {
        let is_twin = |earlier: &&String| earlier.to_lowercase() == name.to_lowercase();
        let other = names[..number].iter().find(is_twin)?;
        Some((&**other, &**name))
    })
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Option<Vec<String>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<Self::Value, S::Error> {
        Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(list)).map(Some)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        let numbered =
            |(number, name): (&String, &String)| Some((number.parse().ok()?, name.clone()));
        let by_key: Option<Vec<(usize, String)>> = pairs
            .iter()
            .map(|(key, value)| numbered((key, value)))
            .collect();
        let by_value = || {
            pairs
                .iter()
                .map(|(key, value)| numbered((value, key)))
                .collect()
        };
        let mut names: Vec<(usize, String)> = by_key.or_else(by_value).ok_or_else(|| {
            M::Error::custom(
                "expected a list, or a number for each name, such as `{0: background, 1: car}`",
            )
        })?;
        names.sort();
        if let Some(missing) = (0..names.len()).find(|at| names[*at].0 != *at) {
            return Err(M::Error::custom(format!(
                "{} names have the numbers 0 to {}, and none or several have {missing}: labels count from 0",
                names.len(),
                names.len() - 1
            )));
        }
        Ok(Some(names.into_iter().map(|(_, name)| name).collect()))
    }
}
