//! Rows of tables that have labels.

use std::ops::Range;

/// Rows of a table that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelledRows {
    /// Value of the column of groups; empty if there is none, or the rows have none.
    pub group: String,
    /// Numbers of their traces in [`Contents::traces`](super::Contents::traces).
    pub traces: Range<usize>,
    /// Whether their times are those of one clock for all parts of the group. Otherwise, each part has its own.
    pub has_times: bool,
    /// Their labels, in the order of time.
    pub runs: Vec<LabelRun>,
}

/// Rows with one label that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelRun {
    /// Time of the first row, in nanoseconds.
    pub start: i64,
    /// Time after the last row.
    pub end: i64,
    /// The label; empty if the rows have none.
    pub label: String,
    /// Number of rows.
    pub rows: usize,
}

/// Columns of a table that describe each row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowColumns {
    /// Name of the column of labels.
    pub label: String,
    /// Name of the column of groups, such as the person.
    pub group: Option<String>,
}

impl RowColumns {
    /// Whether a column of this name is one of them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.label == name || self.group.as_deref() == Some(name)
    }
}
