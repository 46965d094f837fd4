//! Reading and writing `metadata.json` so that everything unchanged or unknown is preserved.

use std::path::Path;

use serde_json::{Map, Value};

use super::{MAX_SIZE, Metadata, prune};
use crate::error::ExperimentError;
use crate::files::read_regular;
use crate::json;
use crate::lenient::Lenient;

impl Metadata {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ExperimentError`] naming the file, with line and column if it is not a JSON object.
    pub fn load(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, MAX_SIZE).map_err(ExperimentError::read(path))?;
        Self::parse(&bytes).map_err(|source| ExperimentError::Metadata {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads a file for a list of thousands: containers below its sections, and below the metrics of the results, are
    /// empty. [`Metadata::known`] has them all the same. Writing such metadata would lose them, and panics.
    ///
    /// # Errors
    /// As [`Metadata::load`].
    pub(crate) fn load_for_lists(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = read_regular(path, MAX_SIZE).map_err(ExperimentError::read(path))?;
        let text = std::str::from_utf8(&bytes).ok();
        let left = text.and_then(prune::pruned);
        if let Some(Ok(left @ Value::Object(_))) = left.map(|left| left.parse()) {
            let mut read = Self::read(left);
            read.file = Some(bytes.into());
            read.pruned = true;
            return Ok(read);
        }
        Self::parse(&bytes).map_err(|source| ExperimentError::Metadata {
            path: path.to_owned(),
            source,
        })
    }

    /// Parses the bytes of a file.
    ///
    /// # Errors
    /// The line and column where they are not a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let file = json::parse(bytes)?;
        if !file.is_object() {
            return Err(serde::de::Error::custom("no object of JSON"));
        }
        let mut read = Self::read(json::plain(file));
        read.file = Some(bytes.into());
        Ok(read)
    }

    /// Metadata of a run without a file, from these fields; null stands for an unknown one.
    pub(crate) fn of_fields(mut fields: Value) -> Self {
        remove_nulls(&mut fields);
        let bytes = json::to_bytes(&fields);
        Self {
            file: Some(bytes.into()),
            ..Self::read(fields)
        }
    }

    /// The file as read, with marked numbers.
    fn original(&self) -> Option<Value> {
        json::parse(self.file.as_deref()?).ok()
    }

    fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("metadata is JSON")
    }

    /// Serialises the metadata. If they were read from a file, only fields changed since then differ from it.
    ///
    /// # Panics
    /// If parts of the file were left out when it was read.
    pub fn to_bytes(&self) -> Vec<u8> {
        assert!(!self.pruned, "metadata read for a list are not written");
        let typed = self.to_value();
        let Some(file) = self.original() else {
            return json::to_bytes(&typed);
        };
        let before = Self::read(json::plain(file.clone())).to_value();
        json::to_bytes(&merged(&file, &before, &typed))
    }

    /// Fields whose values do not fit, such as `training_config.batch_size: "many"`. They are preserved.
    pub fn misfits(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(file) = self.original() {
            misfits("", &json::plain(file), Some(&self.to_value()), &mut found);
        }
        found
    }

    /// Everything known, as JSON. Fields missing from the file are left out, and values that do not fit are as in the
    /// file. Results may come from the event logs.
    pub fn known(&self) -> Value {
        let typed = self.to_value();
        let Some(file) = self.original() else {
            let mut typed = typed;
            remove_defaults(&mut typed, &Self::default().to_value());
            return typed;
        };
        let mut known = known(&json::plain(file), &typed);
        if let (Some(results), Some(fields)) = (typed.get("results"), known.as_object_mut()) {
            let known = fields.entry("results").or_insert(Value::Null);
            match (known, results) {
                (Value::Object(known), Value::Object(results)) if self.schema_version.is_none() => {
                    add_missing(known, results);
                }
                (known, results) if known.is_null() => *known = results.clone(),
                _ => {}
            }
        }
        known
    }
}

/// Removes null, also in objects within objects, and objects that have nothing else.
fn remove_nulls(value: &mut Value) {
    if let Value::Object(fields) = value {
        fields.values_mut().for_each(remove_nulls);
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        fields.retain(|_, value| !value.is_null() && !is_empty(value));
    }
}

/// Removes what is as in `defaults`: it is not known.
fn remove_defaults(value: &mut Value, defaults: &Value) {
    if let (Value::Object(fields), Value::Object(defaults)) = (value, defaults) {
        for (key, default) in defaults {
            if fields.get(key) == Some(default) {
                fields.shift_remove(key);
            } else if let Some(inner) = fields.get_mut(key) {
                remove_defaults(inner, default);
            }
        }
    }
}

/// Adds the known fields that are missing, such as those from logs.
fn add_missing(known: &mut Map<String, Value>, all: &Map<String, Value>) {
    let is_known = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    for (key, value) in all.iter().filter(|(_, value)| is_known(value)) {
        match (known.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(fields)) => add_missing(known, fields),
            (None | Some(Value::Null), value) => drop(known.insert(key.clone(), value.clone())),
            _ => {}
        }
    }
}

/// Takes the values of `file`, in the typed form of `typed` if there is one.
fn known(file: &Value, typed: &Value) -> Value {
    match (file, typed) {
        (Value::Object(file), Value::Object(typed)) => {
            let field = |(key, value): (&String, &Value)| {
                let value = typed
                    .get(key)
                    .map_or_else(|| value.clone(), |typed| known(value, typed));
                (key.clone(), value)
            };
            Value::Object(file.iter().map(field).collect())
        }
        (file, typed) if same(file, typed) && !typed.is_null() => typed.clone(),
        (file, _) => file.clone(),
    }
}

/// Merges changes into the file: `before` is the file as understood when read, `typed` its current state.
fn merged(file: &Value, before: &Value, typed: &Value) -> Value {
    if before == typed {
        return file.clone();
    }
    let (Value::Object(file), Value::Object(before), Value::Object(typed)) = (file, before, typed)
    else {
        return typed.clone();
    };
    let mut out = file.clone();
    out.retain(|key, _| typed.contains_key(key) || !before.contains_key(key));
    for (key, value) in typed {
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

/// Collects fields whose typed value differs from the one in the file.
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
        // A single string stands for a list.
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

/// Whether two values are equivalent: equal, the same number, or the same text.
fn same(a: &Value, b: &Value) -> bool {
    match (json::number(a), json::number(b)) {
        (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
        // NaN stands for an unknown number.
        (Some(a), None) => !a.is_finite() && b.is_null(),
        _ => a == b,
    }
}
