//! The file of metadata: reading it, writing back what nobody changed as it was, and what of it is not understood.

use std::path::Path;

use serde_json::Value;

use super::{LARGEST, Metadata};
use crate::error::ExperimentError;
use crate::files::read_regular;
use crate::json;
use crate::lenient::Lenient;

impl Metadata {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ExperimentError`] naming the file, and line and column where it is no JSON, or no object.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, LARGEST).map_err(ExperimentError::read(path))?;
        Self::parse(&bytes).map_err(|source| ExperimentError::Metadata {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Where they are no object of JSON.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let file = json::parse(bytes)?;
        if !file.is_object() {
            return Err(serde::de::Error::custom("no object of JSON"));
        }
        let mut read = Self::read(json::plain(file));
        read.file = Some(bytes.into());
        Ok(read)
    }

    /// The file as it was read, with its marks.
    fn original(&self) -> Option<Value> {
        json::parse(self.file.as_deref()?).ok()
    }

    fn own(&self) -> Value {
        serde_json::to_value(self).expect("metadata is JSON")
    }

    /// The file's bytes. Of metadata that were read, only what was changed since is written anew.
    pub fn to_bytes(&self) -> Vec<u8> {
        let own = self.own();
        let Some(file) = self.original() else {
            return json::to_bytes(&own);
        };
        let before = Self::read(json::plain(file.clone())).own();
        json::to_bytes(&merged(&file, &before, &own))
    }

    /// Fields of the file that do not fit, as `training_config.batch_size: "many"`. They are kept.
    pub fn misfits(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(file) = self.original() {
            misfits("", &json::plain(file), Some(&self.own()), &mut found);
        }
        found
    }

    /// What is known, as JSON: fields that the file does not have are not there, and what does not fit is as it is in
    /// the file. Results may come from elsewhere.
    pub fn known(&self) -> Value {
        let own = self.own();
        let Some(file) = self.original() else {
            return own;
        };
        let mut known = known(&json::plain(file), &own);
        if let (Some(results), Some(fields)) = (own.get("results"), known.as_object_mut()) {
            let known = fields.entry("results").or_insert(Value::Null);
            if known.is_null() {
                *known = results.clone();
            }
        }
        known
    }
}

/// The values of `file`, as `own` understands them where it does.
fn known(file: &Value, own: &Value) -> Value {
    match (file, own) {
        (Value::Object(file), Value::Object(own)) => {
            let field = |(key, value): (&String, &Value)| {
                let value = own
                    .get(key)
                    .map_or_else(|| value.clone(), |own| known(value, own));
                (key.clone(), value)
            };
            Value::Object(file.iter().map(field).collect())
        }
        (file, own) if same(file, own) && !own.is_null() => own.clone(),
        (file, _) => file.clone(),
    }
}

/// What is written: the file, but for what differs between `before`, which is how the file was understood, and `own`.
fn merged(file: &Value, before: &Value, own: &Value) -> Value {
    if before == own {
        return file.clone();
    }
    let (Value::Object(file), Value::Object(before), Value::Object(own)) = (file, before, own)
    else {
        return own.clone();
    };
    let mut out = file.clone();
    out.retain(|key, _| own.contains_key(key) || !before.contains_key(key));
    for (key, value) in own {
        match (file.get(key), before.get(key)) {
            (_, Some(before)) if before == value => {}
            (Some(file), Some(before)) => {
                drop(out.insert(key.clone(), merged(file, before, value)))
            }
            _ => drop(out.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(out)
}

/// Finds what was understood otherwise than it is in the file.
fn misfits(path: &str, file: &Value, read: Option<&Value>, found: &mut Vec<String>) {
    let fits = match (file, read) {
        (Value::Null, _) => true,
        (Value::Object(fields), Some(Value::Object(read))) => {
            for (key, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                misfits(&format!("{path}{dot}{key}"), value, read.get(key), found);
            }
            true
        }
        (Value::Array(items), Some(Value::Array(read))) => {
            items.len() == read.len() && items.iter().zip(read).all(|(a, b)| same(a, b))
        }
        // One text in the place of a list.
        (Value::String(text), Some(Value::Array(read))) => read.len() == 1 && read[0] == **text,
        (value, Some(read)) => same(value, read),
        (Value::String(text), None) => text.is_empty(),
        (Value::Array(items), None) => items.is_empty(),
        (Value::Object(fields), None) => fields.is_empty(),
        _ => false,
    };
    if !fits {
        let shown: String = file.to_string().chars().take(60).collect();
        found.push(format!("{path}: {shown}"));
    }
}

/// Whether two values say the same: equal, the same number, or the same text.
fn same(a: &Value, b: &Value) -> bool {
    match (json::number(a), json::number(b)) {
        (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
        // NaN of a field that is a number.
        (Some(a), None) => !a.is_finite() && b.is_null(),
        _ => a == b,
    }
}
