//! JSON values of a configuration, which have no NaN and no infinity.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads what becomes JSON, where `.nan` and `.inf` would be null in silence: for `deserialize_with`.
///
/// # Errors
/// If a number is not finite, or the value is no `T`.
///
/// ```
/// #[derive(Debug, serde::Deserialize)]
/// struct Sweep {
///     #[serde(deserialize_with = "data::finite_json")]
///     base: serde_json::Value,
/// }
/// let error = data::parse_yaml::<Sweep>("base: {learning_rate: .nan}").unwrap_err();
/// assert!(error.to_string().starts_with("base.learning_rate: NaN is no finite number at line 1"));
/// ```
pub fn finite_json<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    let Finite(value) = Finite::deserialize(from)?;
    serde_json::from_value(value).map_err(D::Error::custom)
}

/// A JSON value without numbers that are not finite.
struct Finite(Value);

impl<'de> Deserialize<'de> for Finite {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyFinite)
    }
}

struct AnyFinite;

impl<'de> Visitor<'de> for AnyFinite {
    type Value = Finite;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, true, false, a list or keys with values")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Finite, E> {
        if !number.is_finite() {
            return Err(E::custom(format!("{number} is no finite number")));
        }
        Ok(Finite(number.into()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Finite, E> {
        Ok(Finite(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Finite, E> {
        Ok(Finite(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Finite, E> {
        Ok(Finite(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Finite, E> {
        Ok(Finite(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Finite, E> {
        Ok(Finite(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Finite, E> {
        Ok(Finite(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Finite, D::Error> {
        Finite::deserialize(from)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Finite, S::Error> {
        let mut list = Vec::new();
        while let Some(Finite(value)) = items.next_element()? {
            list.push(value);
        }
        Ok(Finite(list.into()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut pairs: M) -> Result<Finite, M::Error> {
        let mut map = serde_json::Map::new();
        while let Some((key, Finite(value))) = pairs.next_entry::<String, _>()? {
            map.insert(key, value);
        }
        Ok(Finite(map.into()))
    }
}
