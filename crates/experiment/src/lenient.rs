//! Reads `metadata.json` and `history.jsonl` field by field: a malformed field becomes its default and affects no
//! other.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::json::number;

/// A type that can be read from any JSON value; the default if the value does not fit.
pub(crate) trait Lenient: Default {
    fn read(value: Value) -> Self;
}

/// Removes and reads a field of an object; the default if it is missing.
pub(crate) fn field<T: Lenient>(fields: &mut Map<String, Value>, key: &str) -> T {
    // The other fields keep their order.
    fields.shift_remove(key).map(T::read).unwrap_or_default()
}

/// For `#[serde(deserialize_with)]`.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: Lenient>(from: D) -> Result<T, D::Error> {
    Ok(T::read(Value::deserialize(from)?))
}

/// Like [`lenient`], with NaN for an unknown number.
pub(crate) fn or_nan<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(number(&Value::deserialize(from)?).unwrap_or(f64::NAN))
}

/// For `#[serde(default)]`.
pub(crate) fn nan() -> f64 {
    f64::NAN
}

/// Largest integer that float64 represents exactly along with all smaller ones.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Lenient for Option<u64> {
    fn read(value: Value) -> Self {
        if let Some(whole) = value.as_u64() {
            return Some(whole);
        }
        if let Value::String(text) = &value
            && let Ok(whole) = text.trim().parse()
        {
            return Some(whole);
        }
        let number = number(&value)?;
        let whole = number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number);
        whole.then_some(number as u64)
    }
}

impl Lenient for Option<usize> {
    fn read(value: Value) -> Self {
        Option::<u64>::read(value)?.try_into().ok()
    }
}

impl Lenient for usize {
    fn read(value: Value) -> Self {
        Option::read(value).unwrap_or_default()
    }
}

impl Lenient for Option<f64> {
    fn read(value: Value) -> Self {
        number(&value)
    }
}

impl Lenient for f64 {
    fn read(value: Value) -> Self {
        number(&value).unwrap_or_default()
    }
}

impl Lenient for Option<String> {
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl Lenient for String {
    fn read(value: Value) -> Self {
        Option::read(value).unwrap_or_default()
    }
}

/// The items of a list; empty for any other value.
fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

impl Lenient for Vec<usize> {
    /// A shape with an unknown size is dropped as a whole.
    fn read(value: Value) -> Self {
        let items: Option<Vec<usize>> = items(value).into_iter().map(Option::read).collect();
        items.unwrap_or_default()
    }
}

impl Lenient for Vec<String> {
    /// A single string is a list of one.
    fn read(value: Value) -> Self {
        match value {
            Value::String(text) if !text.is_empty() => vec![text],
            value => items(value).into_iter().filter_map(Option::read).collect(),
        }
    }
}

impl Lenient for Vec<Vec<u64>> {
    /// A matrix with an unknown count is dropped as a whole.
    fn read(value: Value) -> Self {
        let row = |row: Value| match row {
            Value::Array(items) => items.into_iter().map(Option::read).collect(),
            _ => None,
        };
        let rows: Option<Vec<Vec<u64>>> = items(value).into_iter().map(row).collect();
        rows.unwrap_or_default()
    }
}

impl Lenient for Value {
    fn read(value: Value) -> Self {
        value
    }
}

impl Lenient for Map<String, Value> {
    fn read(value: Value) -> Self {
        match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

impl Lenient for BTreeMap<String, String> {
    fn read(value: Value) -> Self {
        let fields = Map::read(value).into_iter();
        let text = |(key, value): (String, Value)| Some((key, Option::read(value)?));
        fields.filter_map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers() {
        for (value, expected) in [
            (json!(32), Some(32)),
            (json!("32"), Some(32)),
            (json!(32.0), Some(32)),
            (json!("18446744073709551615"), Some(u64::MAX)),
            (json!(32.5), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("NaN"), None),
            (json!([32]), None),
        ] {
            assert_eq!(Option::<u64>::read(value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn lists() {
        assert_eq!(Vec::<usize>::read(json!([2, "7", 8.0])), [2, 7, 8]);
        assert!(Vec::<usize>::read(json!([2, null])).is_empty());
        assert_eq!(Vec::<String>::read(json!("field")), ["field"]);
        assert_eq!(Vec::<String>::read(json!(["a", 1, {}])), ["a", "1"]);
    }
}
