//! Named fields of an experiment: what `list` sorts, filters and shows.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::catalogue::Metric;
use crate::catalogue::layout::{BASELINE, NODE_FLASH, NODE_RAM};
use crate::store::Entry;
use crate::times;

/// Short names of fields that are cheap to read. The catalogue names those of metrics.
const SHORT: [&str; 25] = [
    "id",
    "status",
    "dataset",
    "age",
    "size",
    "directory",
    "model",
    "features",
    "classes",
    "epochs",
    "best_epoch",
    "val_f1",
    "val_acc",
    "val_loss",
    "test_f1",
    "test_acc",
    "test_loss",
    "params",
    "flash",
    "ram",
    "duration",
    "time",
    "backend",
    "host",
    "tags",
];

/// Name of the field that tells the features of a baseline.
pub(crate) const FEATURES: &str = "features";

/// Metadata sections whose keys need no prefix.
const SECTIONS: [&str; 4] = [
    "training_config",
    "dataset_info",
    "model_info",
    "system_info",
];

/// Short names, for error messages.
pub fn names() -> &'static [&'static str] {
    &SHORT
}

/// The fields of one experiment.
pub struct Fields<'a> {
    entry: &'a Entry,
    /// The known metadata as JSON, built on the first request for a dotted key.
    known: OnceCell<Value>,
    now: NaiveDateTime,
}

impl<'a> Fields<'a> {
    /// Fields of `entry` at the time `now`.
    pub fn new(entry: &'a Entry, now: NaiveDateTime) -> Self {
        Self {
            known: OnceCell::new(),
            entry,
            now,
        }
    }

    /// The value of a short name, of `val.X` or `test.X` for metrics, or of a dotted metadata key; keys of the main
    /// sections need no prefix. Null if there is none. `age` is in seconds, `size` in bytes.
    pub fn get(&self, name: &str) -> Value {
        match self.short(name) {
            Some(value) => value,
            None => self.long(name),
        }
    }

    fn short(&self, name: &str) -> Option<Value> {
        let (entry, m) = (self.entry, &self.entry.metadata);
        // Experiments of other programs lack some numbers, which read as zero.
        let known = |count: usize| (count > 0).then_some(count);
        let results = m.results.as_ref();
        let value = match name {
            "id" => json!(entry.id),
            "status" => json!(status(entry)),
            "dataset" => json!(dataset(entry)),
            "age" => json!(start(entry).map(|start| (self.now - start).num_seconds())),
            "size" => json!(size(&entry.directory)),
            "directory" => json!(entry.directory.to_string_lossy()),
            "model" => json!(Some(&m.model_info.kind).filter(|kind| !kind.is_empty())),
            FEATURES => features(entry).cloned().unwrap_or_default(),
            "classes" => json!(
                known(m.dataset_info.num_classes)
                    .or(known(m.model_info.num_classes))
                    .or(known(m.training_config.num_classes))
            ),
            "epochs" => json!(results.and_then(|results| results.epochs_run)),
            "best_epoch" => json!(results.and_then(|results| results.best_epoch)),
            "params" => json!(known(m.model_info.total_params)),
            "flash" => m
                .model_info
                .other
                .get(NODE_FLASH)
                .cloned()
                .unwrap_or_default(),
            "ram" => m
                .model_info
                .other
                .get(NODE_RAM)
                .cloned()
                .unwrap_or_default(),
            "duration" => json!(m.duration_s.filter(|span| *span >= 0.0)),
            "time" => json!(m.timestamp),
            "backend" => m.system_info.other.get(name).cloned().unwrap_or_default(),
            "host" => json!(Some(&m.system_info.host).filter(|host| !host.is_empty())),
            "tags" if m.tags.is_empty() => Value::Null,
            "tags" => json!(m.tags),
            name => {
                let (metric, split) = Metric::of_field(name)?;
                let value = m.metric(split, metric.name());
                value.map_or(Value::Null, crate::json::from_number)
            }
        };
        Some(value)
    }

    /// Whether the experiment has a field of that name, even if its value is null.
    pub(crate) fn has(&self, name: &str) -> bool {
        let key = dotted_key(name);
        is_short(name)
            || self.quick(&key).is_some()
            || within(self.known(), &key).is_some()
            || self.own_score(name).is_some()
    }

    /// All dotted keys of its metadata, also without the names of the main sections.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut leaves = BTreeMap::new();
        flatten("", self.known(), &mut leaves);
        let mut keys: Vec<String> = Vec::new();
        for key in leaves.into_keys() {
            let inside = |section: &&str| key.strip_prefix(*section)?.strip_prefix('.');
            keys.extend(SECTIONS.iter().find_map(inside).map(str::to_owned));
            keys.push(key);
        }
        keys
    }

    fn long(&self, name: &str) -> Value {
        let key = dotted_key(name);
        if let Some(value) = self.quick(&key) {
            return value;
        }
        let known = within(self.known(), &key).or_else(|| self.own_score(name));
        known.cloned().unwrap_or(Value::Null)
    }

    /// A score of a run of a tracker, by the name that its user gave it.
    fn own_score(&self, name: &str) -> Option<&Value> {
        self.entry.program?;
        self.entry.metadata.results.as_ref()?.other.get(name)
    }

    fn known(&self) -> &Value {
        self.known.get_or_init(|| self.entry.metadata.known())
    }
}

impl Fields<'_> {
    /// Shortcut for frequent fields of thousands of experiments that avoids building the JSON.
    fn quick(&self, key: &str) -> Option<Value> {
        let m = &self.entry.metadata;
        let config = &m.training_config;
        let in_config = key.strip_prefix("training_config.").unwrap_or(key);
        if let Some(value) = m.other.get(in_config) {
            // `study` and `trial`, for example, by which thousands of runs are filtered and grouped.
            let simple = key == in_config && (value.is_string() || value.is_number());
            return simple.then(|| value.clone());
        }
        match in_config {
            "batch_size" if config.batch_size > 0 => Some(config.batch_size.into()),
            "learning_rate" if config.learning_rate > 0.0 => Some(config.learning_rate.into()),
            "seed" => m.seed.map(Value::from),
            name => config
                .other
                .get(name)
                .filter(|value| value.is_number())
                .cloned(),
        }
    }
}

/// Whether every experiment has a field of that name, if perhaps without a value.
pub(crate) fn is_short(name: &str) -> bool {
    SHORT.contains(&name) || Metric::of_field(name).is_some()
}

/// The key in `metadata.json` of a name that may begin with `val.` or `test.`.
fn dotted_key(name: &str) -> Cow<'_, str> {
    if let Some(metric) = name.strip_prefix("val.") {
        format!("results.validation.{metric}").into()
    } else if let Some(metric) = name.strip_prefix("test.") {
        format!("results.test.{metric}").into()
    } else {
        name.into()
    }
}

/// Collects the values below `value` by dotted key.
pub(crate) fn flatten(prefix: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{key}"), value, out);
            }
        }
        leaf => {
            out.insert(prefix.to_owned(), leaf.clone());
        }
    }
}

/// Looks up a dotted key; the section name may be omitted.
fn within<'a>(json: &'a Value, key: &str) -> Option<&'a Value> {
    let inside = || {
        SECTIONS
            .iter()
            .find_map(|name| dotted(json.get(*name)?, key))
    };
    dotted(json, key).or_else(inside)
}

fn dotted<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    // Keys may contain dots themselves.
    if let Some(found) = value.get(key) {
        return Some(found);
    }
    let dots = key.match_indices('.');
    dots.filter_map(|(at, _)| dotted(value.get(&key[..at])?, &key[at + 1..]))
        .next()
}

/// Whether it is a simple classifier of `trainer baselines` rather than a network.
pub(crate) fn is_baseline(entry: &Entry) -> bool {
    entry.metadata.model_info.kind.starts_with(BASELINE)
}

/// What a baseline learns from, such as `mean_bands`. Networks have none: they learn from their input.
fn features(entry: &Entry) -> Option<&Value> {
    let m = &entry.metadata;
    let sections = [&m.model_info.other, &m.training_config.other, &m.other];
    sections
        .into_iter()
        .find_map(|section| section.get(FEATURES))
        .filter(|value| !value.is_object())
}

/// Name of the model for people; for a baseline with its features: `baseline_logistic on mean bands`. Empty if unknown.
pub fn model_title(entry: &Entry) -> String {
    let kind = &entry.metadata.model_info.kind;
    match features(entry).and_then(Value::as_str) {
        // The most frequent class has no features, and MiniRocket names its own.
        Some(features) if features != "none" && !kind.ends_with(features) => {
            format!("{kind} on {}", features.replace('_', " "))
        }
        _ => kind.clone(),
    }
}

/// Status as shown and filtered; `-` for experiments of the Python scripts.
pub fn status(entry: &Entry) -> String {
    match entry.status {
        _ if entry.untracked => "untracked".into(),
        Some(status) => status.to_string(),
        None => "-".into(),
    }
}

/// Start of the run in local time, if that is known.
pub fn start(entry: &Entry) -> Option<NaiveDateTime> {
    times::parse(&entry.metadata.timestamp)
}

/// A name for the dataset: the folder of a `dataset_config.yaml`, or the file's name without extension.
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

/// Total size in bytes of the files below a directory; symbolic links are not followed.
pub fn size(directory: &Path) -> u64 {
    let mut total = 0;
    let mut waiting = vec![directory.to_owned()];
    while let Some(folder) = waiting.pop() {
        let listing = std::fs::read_dir(folder).into_iter().flatten();
        for entry in listing.filter_map(Result::ok) {
            // Metadata of the link itself, not of its target.
            match entry.metadata() {
                Ok(found) if found.is_dir() => waiting.push(entry.path()),
                Ok(found) => total += found.len(),
                Err(_) => {}
            }
        }
    }
    total
}

/// Orders two fields: missing values, then numbers by value, infinite ones among them, then text.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    // JSON has no infinite numbers: they are texts.
    let infinite = |value: &Value| crate::json::number(value).filter(|number| number.is_infinite());
    let number = |value: &Value| value.as_f64().or_else(|| infinite(value));
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        _ => 3,
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => rank(a).cmp(&rank(b)).then_with(|| text(a).cmp(&text(b))),
    }
}

/// A field as unquoted text.
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
        let (_folder, store) = crate::test_store::store();
        let entry = store.find("00000001").unwrap();
        let fields = Fields::new(&entry, crate::test_store::now());
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
        let numbers = [json!("-Infinity"), json!(-1), json!(2.5), json!("Infinity")];
        let sorted = [&[json!(null)], &numbers[..], &[json!("a"), json!("b")]].concat();
        for pair in sorted.windows(2) {
            assert_eq!(compare(&pair[0], &pair[1]), Ordering::Less);
        }
    }
}
