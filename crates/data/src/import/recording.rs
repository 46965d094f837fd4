//! A recording in `recordings.yaml`: its files, labels and group.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use support::paths::not_replaced;

use super::counts;
use super::labels::{Label, LabelsFile, Time};
use crate::error::{DataError, ImportError, in_file};
use crate::index::{is_pattern, matches, with_slashes};
use crate::recording::{Hints, RowColumns};

/// A recording: files of one deployment that belong together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// Name; default: that of its first file.
    pub name: Option<String>,
    /// Files, which may be patterns such as `site_a/*.mseed`, with placeholders such as `{class}/{group}_*.csv`.
    #[serde(deserialize_with = "one_or_several")]
    pub files: Vec<PathBuf>,
    /// Whether each file is a recording of its own. With placeholders, each is.
    #[serde(default)]
    pub each_file: bool,
    /// Channels, if they differ from those of the list.
    pub channels: Option<Vec<String>>,
    /// Samples per second, for tables without times.
    pub sampling_rate: Option<f64>,
    /// Column of a table with the times, if its name does not say so: a name, or a number from 1.
    #[serde(default, deserialize_with = "name_or_number")]
    pub time_column: Option<String>,
    /// Whether each row of a table has several samples of a channel, in columns called `s0`, `s1` and so on.
    pub samples_in_rows: Option<bool>,
    /// Time of the first sample, for formats without times.
    pub start: Option<Time>,
    /// Class of the whole recording.
    pub class: Option<String>,
    /// Labelled intervals.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The same as a CSV file with the columns `start`, `end`, `class` and optionally `event`, or with others that it names.
    pub labels_file: Option<LabelsFile>,
    /// Column of a table with the class of each row, instead of labels.
    #[serde(alias = "class_column")]
    pub label_column: Option<String>,
    /// Maps values of that column, or classes of `labels_file`, to class names; other values are names themselves.
    #[serde(default, deserialize_with = "by_text")]
    pub classes: BTreeMap<String, String>,
    /// Column of a table with the group of each row, such as a person.
    pub group_column: Option<String>,
    /// Group; all recordings of a group are in one split. Default: the recording's name.
    pub group: Option<String>,
    /// `train`, `val` or `test`, for `by: given`.
    pub split: Option<String>,
}

/// Removes spaces around a name.
pub(super) fn trim(name: &mut String) {
    *name = name.trim().to_owned();
}

/// A list of paths, or one alone.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<PathBuf>, D::Error> {
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<PathBuf>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(
                "a file or pattern, or a list of them; write those with braces in quotation marks",
            )
        }

        fn visit_str<E: serde::de::Error>(self, one: &str) -> Result<Self::Value, E> {
            Ok(vec![one.into()])
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
            Vec::deserialize(serde::de::value::SeqAccessDeserializer::new(list))
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// A map whose keys may be numbers, which YAML does not read as texts.
pub(super) fn by_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(from = "RawLabel")]
    struct Key(String);

    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "expected the label as a text, a number, true or false"
    )]
    enum RawLabel {
        Whole(i64),
        Flag(bool),
        Number(f64),
        Text(String),
    }

    impl From<RawLabel> for Key {
        fn from(key: RawLabel) -> Self {
            Self(match key {
                RawLabel::Whole(number) => number.to_string(),
                RawLabel::Flag(flag) => flag.to_string(),
                // `1.0` is the label 1.
                RawLabel::Number(number) => number.to_string(),
                RawLabel::Text(text) => text,
            })
        }
    }
    struct Pairs;

    impl<'de> serde::de::Visitor<'de> for Pairs {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("labels with classes, such as `{1: walk, 2: run}`")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut pairs: A,
        ) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((Key(key), class)) = pairs.next_entry::<Key, String>()? {
                if map.contains_key(&key) {
                    return Err(serde::de::Error::custom(format!(
                        "the label `{key}` is there more than once, in other notation: keep one of them"
                    )));
                }
                map.insert(key, class);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Pairs)
}

/// A name, which may be a number.
fn name_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "expected `time_column` as the name of a column, or its number from 1"
    )]
    enum Name {
        Number(u64),
        Text(String),
    }
    let name = Option::<Name>::deserialize(deserializer)?;
    Ok(name.map(|name| match name {
        Name::Number(number) => number.to_string(),
        Name::Text(text) => text,
    }))
}

impl Recording {
    /// The table of its labels, if all of them have dates.
    pub fn table_of_dates(&self) -> Option<PathBuf> {
        let has_date = |label: &Label| matches!(label.start, Time::Moment(_));
        let table = self.labels_file.as_ref()?;
        let are_dated = self.labels.iter().all(has_date);
        are_dated.then(|| table.file.clone())
    }

    /// What a file may lack, and the columns that describe its rows.
    pub fn hints(&self) -> Hints {
        let labels = self.label_column.as_ref();
        Hints {
            sampling_rate: self.sampling_rate,
            time_column: self.time_column.clone(),
            samples_in_rows: self.samples_in_rows,
            expected_rate: None,
            start: self.start.map(|time| time.nanos(0)),
            labels: labels.map(|label| RowColumns {
                label: label.clone(),
                group: self.group_column.clone(),
            }),
            finds_labels: false,
            channels: Vec::new(),
            folder: None,
            file_name: None,
        }
    }

    /// Keys that contradict or lack another, and what to do.
    pub(super) fn check_columns(&self) -> Result<(), &'static str> {
        // A window of a label would have two classes, and become none.
        if self.class.is_some() && (self.labels_file.is_some() || !self.labels.is_empty()) {
            return Err(
                "`class` is that of the whole recording, and `labels` or `labels_file` give others within it: keep one of \
                 them; if `class` is that of the rest, label the rest, too",
            );
        }
        if self.label_column.is_none() {
            return match (&self.group_column, self.classes.is_empty()) {
                (None, true) => Ok(()),
                (Some(_), _) => {
                    Err("`group_column` needs `label_column`; one group for all is `group`")
                }
                (None, false) if self.labels_file.is_none() => Err(
                    "`classes` are of the values in a `label_column` or of the classes in a `labels_file`, and both are missing",
                ),
                (None, false) => Ok(()),
            };
        }
        if self.class.is_some() || !self.labels.is_empty() || self.labels_file.is_some() {
            return Err("has a `label_column` and other labels: keep one of them");
        }
        if self.group.is_some() && self.group_column.is_some() {
            return Err("has `group` and `group_column`: keep one of them");
        }
        Ok(())
    }

    /// Number of the first label without a class, from 1.
    pub fn first_without_class(&self) -> usize {
        let mut labels = self.labels.iter();
        labels.position(|label| label.class.is_empty()).unwrap_or(0) + 1
    }

    /// The name, or the default.
    pub fn name(&self) -> String {
        let file = || {
            self.files.first().map(|path| {
                path.file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into()
            })
        };
        self.name.clone().or_else(file).unwrap_or_default()
    }

    /// The group, or the default.
    pub fn group(&self) -> String {
        self.group.clone().unwrap_or_else(|| self.name())
    }

    /// Beginning and end of a label in nanoseconds, in the recording's `span`. Seconds count from the beginning of the
    /// recording, or of the label's file; `starts` has those of the files whose channels are used.
    ///
    /// # Errors
    /// If its file has none, or the day of a time of day is not certain.
    pub fn times_of(
        &self,
        label: &Label,
        span: (i64, i64),
        starts: &[Option<i64>],
    ) -> Result<(i64, i64), ImportError> {
        let Some(file) = label.file else {
            return label.times(span.0, span);
        };
        let found = starts.get(file).copied().flatten();
        let zero = found.ok_or_else(|| ImportError::NoStartOfFile {
            class: label.class.clone(),
            file: self.files.get(file).cloned().unwrap_or_default(),
        })?;
        label.times(zero, span)
    }

    /// Refuses labels that count samples or milliseconds, of a recording over `span` in nanoseconds whose fastest channel has `rate`
    /// samples per second.
    ///
    /// # Errors
    /// If they do.
    pub fn refuse_counts(&self, span: (i64, i64), rate: f64) -> Result<(), ImportError> {
        counts::check(&self.labels, span, rate)
    }

    /// Takes the backslashes of Windows' paths for slashes.
    pub(super) fn with_slashes(&mut self, folder: &Path) {
        let table = self.labels_file.iter_mut().map(|table| &mut table.file);
        for path in self.files.iter_mut().chain(table) {
            *path = with_slashes(folder, path);
        }
    }

    /// Expands patterns to files.
    pub(super) fn resolve(&mut self, folder: &Path) -> Result<(), DataError> {
        let mut files = Vec::new();
        for file in &self.files {
            files.extend(expand(&folder.join(file))?);
        }
        self.files = files;
        self.class.iter_mut().for_each(trim);
        let events = self.labels.iter_mut().map(|label| &mut label.event);
        for name in events.chain([&mut self.name, &mut self.group]) {
            name.iter_mut().for_each(trim);
            *name = name.take().filter(|text| !text.is_empty());
        }
        self.classes.values_mut().for_each(trim);
        let classes = self.labels.iter_mut().map(|label| &mut label.class);
        classes.for_each(trim);
        Ok(())
    }
}

/// Files that a pattern matches; the path itself if it is none.
///
/// # Errors
/// [`DataError`] with the pattern if nothing matches.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !is_pattern(&path.to_string_lossy()) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let error = in_file::<ImportError>(path);
    let found = matches(path).map_err(|problem| error(problem.into()))?;
    if found.is_empty() {
        return Err(error(nothing_matches(path)));
    }
    Ok(found)
}

/// Entries of a folder that an error names.
const NAMED: usize = 6;

/// That nothing matches a pattern, and what is in the last folder that exists.
fn nothing_matches(pattern: &Path) -> ImportError {
    let mut folders = pattern.ancestors().skip(1);
    let folder = folders.find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut there: Vec<String> = entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_folder = entry.path().is_dir();
            if is_folder { name + "/" } else { name }
        })
        .collect();
    there.sort();
    if there.len() > NAMED {
        there.truncate(NAMED);
        there.push("...".into());
    }
    if there.is_empty() {
        there.push("nothing".into());
    }
    let reason = not_replaced(pattern);
    ImportError::NoFile {
        reason,
        folder,
        there,
    }
}
