//! Results of an import.

use std::path::PathBuf;

use super::cut::Counts;
use super::report::Report;
use crate::recording::Notes;

/// What was written and what was left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// Configuration for `trainer --dataset-config`.
    pub config: PathBuf,
    /// Number of windows of every split and class.
    pub windows: [Vec<usize>; 3],
    /// Number of groups of every split.
    pub groups: [usize; 3],
    /// Number of recordings read.
    pub recordings: usize,
    /// Number of gaps in channels.
    pub gaps: usize,
    /// Number of duplicate samples.
    pub overlapping: usize,
    /// Counts of windows and intervals.
    pub counts: Counts,
    /// Windows that would have crossed the boundary between two splits.
    pub straddling: usize,
    /// Windows left out because a later split contains some of their samples.
    pub shared: usize,
    /// Groups merged into others because their windows share samples.
    pub united: usize,
    /// Notes; with `--strict`, warnings among them are errors.
    pub warnings: Notes,
    /// What was read and what was left out; only of [`import`](super::import()).
    pub report: Report,
}
