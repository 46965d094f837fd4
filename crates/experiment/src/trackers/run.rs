//! What the files of a run say.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Local, NaiveDateTime, Utc};
use serde_json::{Map, Value, json};

use crate::catalogue::settings::own_name;
use crate::event_files::ScalarSteps;
use crate::metadata::Metadata;
use crate::metadata::foreign::TRACKER;

/// Upper bound for points of all curves of a run.
const MAX_POINTS: usize = 1 << 20;

/// Upper bound for sentences about one run: a folder may have thousands of damaged files.
const MAX_NOTES: usize = 20;

/// Files of a run, relative to its folder.
pub(super) enum Files {
    /// One file, which may be missing.
    One(&'static str),
    /// All files below a folder whose names have this ending.
    All(&'static str, &'static str),
}

/// A file that was opened.
pub(super) struct File<'a> {
    /// Path relative to the folder of its part.
    pub name: &'a str,
    /// Content.
    pub bytes: &'a [u8],
    /// Folder of the run.
    pub folder: &'a Path,
}

/// Takes what a file says. An error says in words what is wrong, to follow the name of the file.
pub(super) type Reader = fn(&mut TrackedRun, &File<'_>) -> Result<(), String>;

/// Files of a run and what reads them.
pub(super) struct Part {
    pub files: Files,
    pub read: Reader,
}

/// What is known of a run besides settings and metrics.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// The name that its user sees.
    pub name: Option<String>,
    /// The experiment or project that it belongs to.
    pub group: Option<String>,
    /// The program's word for its state, in lower case.
    pub status: Option<String>,
    /// Start and end in local time.
    pub start: Option<NaiveDateTime>,
    pub end: Option<NaiveDateTime>,
    /// In seconds, if it is not that between start and end.
    pub duration_s: Option<f64>,
    pub host: Option<String>,
    pub commit: Option<String>,
    pub error: Option<String>,
    pub notes: Option<String>,
    pub tags: Vec<String>,
}

/// A run as its files describe it.
#[derive(Clone, Debug, Default)]
pub(super) struct TrackedRun {
    pub facts: Facts,
    /// Settings.
    pub config: Map<String, Value>,
    /// Metrics by step.
    pub curves: BTreeMap<String, ScalarSteps>,
    /// Metrics with one value.
    pub values: Map<String, Value>,
    /// Sentences about what was not read.
    pub notes: Vec<String>,
    points: usize,
}

impl TrackedRun {
    /// Adds a sentence about what was not read.
    pub fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        } else if self.notes.len() == MAX_NOTES {
            self.notes.push("and more like these".into());
        }
    }

    /// Adds a point of a curve, in the order in which they were logged.
    pub fn put(&mut self, name: &str, step: i64, value: f64) {
        if self.points == MAX_POINTS {
            self.note("it has too many values: the rest is not shown".into());
        }
        self.points += 1;
        if self.points <= MAX_POINTS {
            let curve = self.curves.entry(name.to_owned()).or_default();
            curve.put(step, value);
        }
    }

    /// The metadata of the run, of the program called `program`.
    pub fn metadata(self, program: &str) -> Metadata {
        let facts = self.facts;
        let mut settings = Map::new();
        for (key, value) in self.config {
            // Of `lr` and `learning_rate`, the first.
            settings.entry(own_name(&key)).or_insert(value);
        }
        let span = || Some((facts.end? - facts.start?).as_seconds_f64());
        let duration = facts
            .duration_s
            .or_else(span)
            .filter(|duration| *duration >= 0.0);
        let start = facts
            .start
            .map(|start| start.format("%Y-%m-%dT%H:%M:%S%.6f"));
        let seed = settings.shift_remove("seed");
        let model = settings.get("model_type").filter(|model| model.is_string());
        let mut fields = json!({
            "timestamp": start.map(|start| start.to_string()),
            "duration_s": duration,
            "seed": seed,
            "model_info": {"type": model},
            "system_info": {"host": facts.host},
            "error": facts.error,
            "notes": facts.notes,
            "tags": facts.tags,
        });
        if let Some(commit) = facts.commit {
            fields["system_info"]["git_commit"] = commit.into();
        }
        fields["training_config"] = settings.into();
        let mut tracker = Map::new();
        tracker.insert("program".into(), program.into());
        for (key, value) in [
            ("run", facts.name),
            ("group", facts.group),
            ("status", facts.status),
        ] {
            tracker.extend(value.map(|value| (key.to_owned(), value.into())));
        }
        fields[TRACKER] = tracker.into();
        Metadata::of_fields(fields)
    }
}

/// The local time of milliseconds since 1970.
pub(super) fn of_milliseconds(milliseconds: f64) -> Option<NaiveDateTime> {
    let whole = (milliseconds.abs() < 1e14).then_some(milliseconds as i64)?;
    let time = DateTime::from_timestamp_millis(whole)?;
    Some(time.with_timezone(&Local).naive_local())
}

/// The local time of a text in ISO 8601, which is UTC if it names no zone.
pub(super) fn of_utc(text: &str) -> Option<NaiveDateTime> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
    let time = zoned.or_else(|_| of_local(text).ok_or(()).map(|time| time.and_utc()));
    Some(time.ok()?.with_timezone(&Local).naive_local())
}

/// The time of a text in ISO 8601 without a zone.
pub(super) fn of_local(text: &str) -> Option<NaiveDateTime> {
    text.parse().ok()
}
