//! Fields of an experiment by name: what `list` sorts, filters and shows.

use std::cmp::Ordering;
use std::path::Path;

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::store::Entry;

/// Short names, and the dotted keys of the metadata they stand for.
const ALIASES: [(&str, &str); 15] = [
    ("model", "model_info.type"),
    ("classes", "dataset_info.num_classes"),
    ("epochs", "results.epochs_run"),
    ("best_epoch", "results.best_epoch"),
    ("val_f1", "results.validation.f1_macro"),
    ("val_acc", "results.validation.accuracy"),
    ("val_loss", "results.validation.loss"),
    ("test_f1", "results.test.f1_macro"),
    ("test_acc", "results.test.accuracy"),
    ("test_loss", "results.test.loss"),
    ("params", "model_info.total_params"),
    ("duration", "duration_s"),
    ("time", "timestamp"),
    ("backend", "system_info.backend"),
    ("host", "system_info.host"),
];

/// Objects whose keys need no prefix.
const SECTIONS: [&str; 4] = [
    "training_config",
    "dataset_info",
    "model_info",
    "system_info",
];

/// Names that are no keys of the metadata.
const OWN: [&str; 6] = ["id", "status", "dataset", "age", "size", "directory"];

/// Short names, for messages.
pub fn names() -> Vec<&'static str> {
    let aliases = ALIASES.iter().map(|(name, _)| *name);
    OWN.into_iter().chain(aliases).chain(["tags"]).collect()
}

/// The fields of one experiment.
pub struct Fields<'a> {
    entry: &'a Entry,
    metadata: Value,
    now: NaiveDateTime,
}

impl<'a> Fields<'a> {
    /// Of `entry`, at the time `now`.
    pub fn new(entry: &'a Entry, now: NaiveDateTime) -> Self {
        Self {
            metadata: json!(entry.metadata),
            entry,
            now,
        }
    }

    /// Value of a field: a short name, `val.X` and `test.X` for metrics, or a dotted key of the metadata, where
    /// keys of its sections need no prefix. Null where there is none. `age` is in seconds, `size` in bytes.
    pub fn get(&self, name: &str) -> Value {
        let entry = self.entry;
        match name {
            "id" => return entry.id.clone().into(),
            "status" => return status(entry).into(),
            "dataset" => return dataset(entry).into(),
            "directory" => return json!(entry.directory),
            "age" => {
                let start = start(entry);
                return json!(start.map(|start| (self.now - start).num_seconds()));
            }
            "size" => return json!(size(&entry.directory)),
            _ => {}
        }
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let metric = name
            .strip_prefix("val.")
            .map(|metric| format!("results.validation.{metric}"))
            .or_else(|| {
                let metric = name.strip_prefix("test.")?;
                Some(format!("results.test.{metric}"))
            });
        let key = match alias {
            Some((_, key)) => (*key).to_owned(),
            None => metric.unwrap_or_else(|| name.to_owned()),
        };
        let metadata = &self.metadata;
        let inside = || {
            SECTIONS
                .iter()
                .find_map(|name| dotted(metadata.get(*name)?, &key))
        };
        let value = dotted(metadata, &key).or_else(inside);
        let value = value.cloned().unwrap_or(Value::Null);
        // Numbers that an experiment of strangers does not have read as zero.
        let missing = ["model_info.total_params", "dataset_info.num_classes"].contains(&&key[..]);
        match value.as_u64() {
            Some(0) if missing => Value::Null,
            _ => value,
        }
    }
}

fn dotted<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    // Keys may hold dots themselves.
    if let Some(found) = value.get(key) {
        return Some(found);
    }
    let dots = key.match_indices('.');
    dots.filter_map(|(at, _)| dotted(value.get(&key[..at])?, &key[at + 1..]))
        .next()
}

/// State for people and for filters; `-` for experiments of the Python system.
pub fn status(entry: &Entry) -> String {
    match entry.status {
        _ if entry.untracked => "untracked".into(),
        Some(status) => status.to_string(),
        None => "-".into(),
    }
}

/// When it began, in local time; of a run without tracking by its name.
pub fn start(entry: &Entry) -> Option<NaiveDateTime> {
    let text = &entry.metadata.timestamp;
    let known = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y%m%d_%H%M%S",
    ];
    let mut read = known
        .iter()
        .filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let zoned = || {
        Some(
            chrono::DateTime::parse_from_rfc3339(text)
                .ok()?
                .naive_local(),
        )
    };
    let named = || {
        let digits = entry.id.get(entry.id.len().checked_sub(15)?..)?;
        NaiveDateTime::parse_from_str(digits, "%Y%m%d-%H%M%S").ok()
    };
    read.next().or_else(zoned).or_else(named)
}

/// A name for the data: the folder of a `dataset_config.yaml`, or the file's own name.
fn dataset(entry: &Entry) -> Option<String> {
    let config = &entry.metadata.training_config;
    let path = config
        .other
        .get("dataset_config_path")
        .and_then(Value::as_str);
    let path = Path::new(path.or_else(|| config.dataset_config.as_str())?);
    let stem = path.file_stem()?.to_string_lossy().into_owned();
    let folder = path.parent().and_then(Path::file_name);
    match folder {
        Some(folder) if stem == "dataset_config" && folder != "configs" => {
            Some(folder.to_string_lossy().into_owned())
        }
        _ => Some(stem),
    }
}

/// Bytes of the files below a directory; links are not followed.
pub fn size(directory: &Path) -> u64 {
    let mut total = 0;
    let mut waiting = vec![directory.to_owned()];
    while let Some(folder) = waiting.pop() {
        let listing = std::fs::read_dir(folder).into_iter().flatten();
        for entry in listing.filter_map(Result::ok) {
            // Of the entry itself, not of what a link points to.
            match entry.metadata() {
                Ok(found) if found.is_dir() => waiting.push(entry.path()),
                Ok(found) => total += found.len(),
                Err(_) => {}
            }
        }
    }
    total
}

/// Order of two fields: numbers by value before text by letters; what is missing comes first.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        _ => 3,
    };
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => rank(a).cmp(&rank(b)).then_with(|| text(a).cmp(&text(b))),
    }
}

/// A field as text, without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".into(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_short_names_dotted_keys_and_sections() {
        let (_folder, store) = crate::commands::tests::store();
        let entry = store.find("00000001").unwrap();
        let fields = Fields::new(&entry, crate::commands::tests::now());
        for (name, expected) in [
            ("model", json!("simple_cnn")),
            ("val_f1", json!(0.87)),
            ("val.f1_macro", json!(0.87)),
            ("results.validation.f1_macro", json!(0.87)),
            ("learning_rate", json!(0.01)),
            ("training_config.learning_rate", json!(0.01)),
            ("age", json!(86_340)),
            ("status", json!("completed")),
            ("nonsense", Value::Null),
            ("a..b.", Value::Null),
        ] {
            assert_eq!(fields.get(name), expected, "{name}");
        }
        assert!(fields.get("size").as_u64().unwrap() > 500);
    }

    #[test]
    fn order() {
        let sorted = [json!(null), json!(-1), json!(2.5), json!("a"), json!("b")];
        for pair in sorted.windows(2) {
            assert_eq!(compare(&pair[0], &pair[1]), Ordering::Less);
        }
    }
}
