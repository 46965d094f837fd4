//! What a draft says: entries with their keys, classes and split.

use std::collections::BTreeSet;

use super::glance::Facts;
use crate::import::Label;

/// What a person must write.
pub(super) const FILL_IN: &str = "FILL_IN";

/// A recording of a folder.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Folders and name, from the inspected folder on.
    pub path: Vec<String>,
    pub facts: Facts,
}

/// A table of labels.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub path: Vec<String>,
    pub labels: Vec<Label>,
    /// The file of each label, if a column tells it.
    pub files: Vec<String>,
}

/// An entry of `recordings`.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Files, or a pattern, from the inspected folder on.
    pub files: Vec<String>,
    /// Other keys, with their values as YAML.
    pub keys: Vec<(&'static str, String)>,
    /// What is written behind it.
    pub comment: String,
    /// Numbers of its files.
    pub members: Vec<usize>,
}

/// Entries with what they have in common.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub entries: Vec<Entry>,
    pub classes: Vec<String>,
    pub comment_of_classes: String,
    /// The value of `by`, and why.
    pub split: (&'static str, String),
    /// Further comments.
    pub remarks: Vec<String>,
    /// Typical length of a labelled interval in seconds.
    pub interval: Option<f64>,
}

/// The path of a file as text.
pub(super) fn joined(path: &[String]) -> String {
    path.join("/")
}

/// Sorts numbers by value, and other names as texts.
pub(super) fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names
        .into_iter()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let number = |name: &String| name.parse::<f64>().ok();
    if names.iter().all(|name| number(name).is_some()) {
        names.sort_by(|one, other| number(one).partial_cmp(&number(other)).expect("numbers"));
    }
    names
}
