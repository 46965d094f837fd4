//! Objects of JSON and YAML, and the numbers in them.

use serde_json::{Map, Value};

use crate::json;

/// Size limit of a YAML file in bytes: it takes longer to parse than JSON.
const MAX_YAML: usize = 4 << 20;

/// Objects within objects that are looked into.
const MOST_DEEP: usize = 4;

/// The object of a JSON file.
pub(super) fn of_json(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("is empty".into());
    }
    let value = json::parse(bytes).map_err(|error| format!("is no complete JSON ({error})"))?;
    match json::plain(value) {
        Value::Object(fields) => Ok(fields),
        _ => Err("is no object of JSON".into()),
    }
}

/// The object of a YAML file; an empty file has none.
pub(super) fn of_yaml(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    if bytes.len() > MAX_YAML {
        return Err(format!("cannot be read: larger than {MAX_YAML} bytes"));
    }
    let value: serde_yaml::Value = serde_yaml::from_str(&json::text(bytes))
        .map_err(|error| format!("is no complete YAML ({error})"))?;
    match plain(value, 0) {
        Value::Object(fields) => Ok(fields),
        Value::Null => Err("is empty".into()),
        _ => Err("is no mapping of YAML".into()),
    }
}

/// A value of YAML as JSON, without tags such as `!!python/tuple`.
fn plain(value: serde_yaml::Value, depth: usize) -> Value {
    use serde_yaml::Value as Yaml;
    match value {
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), ..) => whole.into(),
            (_, Some(whole), _) => whole.into(),
            (.., number) => number.map_or(Value::Null, json::from_number),
        },
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) if depth < 64 => {
            let items = items.into_iter().map(|item| plain(item, depth + 1));
            Value::Array(items.collect())
        }
        Yaml::Mapping(fields) if depth < 64 => {
            let field = |(key, value)| {
                let key = match plain(key, depth + 1) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                (key, plain(value, depth + 1))
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        Yaml::Tagged(tagged) if depth < 64 => plain(tagged.value, depth + 1),
        _ => Value::Null,
    }
}

/// The numbers in an object, those of objects within it under names joined by `separator`. What has a `_type` is a picture
/// or the like.
pub(super) fn numbers(fields: &Map<String, Value>, separator: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    collect("", fields, separator, &mut found);
    found
}

fn collect(
    prefix: &str,
    fields: &Map<String, Value>,
    separator: &str,
    found: &mut Vec<(String, Value)>,
) {
    let depth = prefix.matches(separator).count();
    for (key, value) in fields {
        let name = format!("{prefix}{key}");
        match value {
            Value::Number(_) => found.push((name, value.clone())),
            Value::String(text) if is_no_finite(text) => found.push((name, value.clone())),
            Value::Object(inner) if depth < MOST_DEEP && !inner.contains_key("_type") => {
                collect(&format!("{name}{separator}"), inner, separator, found);
            }
            _ => {}
        }
    }
}

/// The number that is all of a text of JSON.
pub(super) fn number_of(text: &str) -> Option<f64> {
    let value = json::plain(json::parse(text.as_bytes()).ok()?);
    let is_number = match &value {
        Value::String(text) => is_no_finite(text),
        other => other.is_number(),
    };
    json::number(&value).filter(|_| is_number)
}

/// Whether a text is one of the numbers that JSON does not have.
fn is_no_finite(text: &str) -> bool {
    ["NaN", "Infinity", "-Infinity"].contains(&text)
}

/// The text of a field, if it has one that is not empty.
pub(super) fn text(fields: &Map<String, Value>, key: &str) -> Option<String> {
    let text = fields.get(key)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_as_people_write_it() {
        let text =
            "a: 1\nb: !!python/tuple [1, 2.5]\nc: .nan\n1: {d: ~}\nbig: 18446744073709551615\n";
        let expected =
            json!({"a": 1, "b": [1, 2.5], "c": "NaN", "1": {"d": null}, "big": u64::MAX});
        assert_eq!(Value::from(of_yaml(text.as_bytes()).unwrap()), expected);
        assert_eq!(of_yaml(b"").unwrap_err(), "is empty");
        assert_eq!(of_yaml(b"- 1").unwrap_err(), "is no mapping of YAML");
        assert!(of_yaml(b"a: [1").unwrap_err().starts_with("is no complete"));
        // Aliases that multiply.
        let mut bomb = String::from("a0: &a0 [x]\n");
        for i in 1..40 {
            let inner = format!("*a{}", i - 1);
            bomb.push_str(&format!("a{i}: &a{i} [{inner}, {inner}, {inner}]\n"));
        }
        assert!(of_yaml(bomb.as_bytes()).is_err());
    }

    #[test]
    fn numbers_of_an_object() {
        let fields = of_json(
            br#"{"val": {"acc": 0.5, "x": "y"}, "n": NaN, "p": {"_type": "image", "size": 3}}"#,
        );
        let found = numbers(&fields.unwrap(), "/");
        assert_eq!(
            found,
            [("val/acc".into(), json!(0.5)), ("n".into(), json!("NaN"))]
        );
        assert_eq!(of_json(b" \n").unwrap_err(), "is empty");
        assert!(
            of_json(b"{\"a\": 1")
                .unwrap_err()
                .starts_with("is no complete JSON")
        );
    }
}
