//! What an import wrote and left out.

use std::path::PathBuf;

use super::cut::Counts;
use super::report::Report;
use crate::recording::Notes;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// The configuration for `trainer --dataset-config`.
    pub config: PathBuf,
    /// Windows of every split and class.
    pub windows: [Vec<usize>; 3],
    /// Groups of every split.
    pub groups: [usize; 3],
    /// Recordings read.
    pub recordings: usize,
    /// Interruptions of channels.
    pub gaps: usize,
    /// Samples that were there twice.
    pub overlapping: usize,
    /// What became of the intervals.
    pub counts: Counts,
    /// Windows that would have lain on two sides of a boundary in time.
    pub straddling: usize,
    /// Windows left out because a later split has some of their samples.
    pub shared: usize,
    /// Groups that became part of another, because their windows share samples.
    pub united: usize,
    /// Notes. With `--strict` those that are doubts are errors.
    pub warnings: Notes,
    /// What was read, and what was left out and why; of [`import`](super::import()) alone.
    pub report: Report,
}
