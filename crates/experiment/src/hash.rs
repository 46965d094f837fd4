//! The configuration hash of an experiment's ID.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Canonical JSON: keys sorted at every level, no whitespace.
pub fn canonical_json(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            let fields: Vec<String> = keys
                .into_iter()
                .map(|key| {
                    format!(
                        "{}:{}",
                        Value::from(key.as_str()),
                        canonical_json(&map[key])
                    )
                })
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical_json).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// Lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).expect("four bits");
    let digits = |&byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

/// Inverse of [`to_hex`]; `None` if the text is not hex.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(&pair[0])? << 4 | digit(pair.get(1)?)?) as u8);
    text.as_bytes().chunks(2).map(byte).collect()
}

/// SHA-256 as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}

/// First 8 hex digits of the SHA-256 of the canonical JSON.
pub fn config_hash(config: &Value) -> String {
    sha256_hex(canonical_json(config).as_bytes())[..8].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_of_keys_does_not_matter() {
        let a = json!({"b": [1, {"y": 1, "x": null}], "a": "é\"" });
        assert_eq!(
            canonical_json(&a),
            r#"{"a":"é\"","b":[1,{"x":null,"y":1}]}"#
        );
        let b = json!({"a": "é\"", "b": [1, {"x": null, "y": 1}]});
        assert_eq!(config_hash(&a), config_hash(&b));
        assert_ne!(config_hash(&a), config_hash(&json!({})));
        assert_eq!(config_hash(&a).len(), 8);
    }

    #[test]
    fn sha256_of_abc() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
        assert_eq!(to_hex(&from_hex(expected).unwrap()), expected);
        assert_eq!((from_hex("abc"), from_hex("é")), (None, None));
    }
}
