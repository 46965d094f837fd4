//! Errors of Y files of Nanometrics.

use super::RateError;

/// A Y file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the tag at byte {at} {problem}")]
pub struct YError {
    /// Its first byte, from 0.
    pub at: usize,
    /// Why.
    pub problem: YProblem,
}

/// What is wrong with a tag of a Y file, or with what is behind it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum YProblem {
    /// There is no tag.
    #[error("is none: the file is damaged")]
    NoTag,
    /// The part is shorter than what it has.
    #[error("of the kind {kind} has too few bytes behind it: the file is damaged or cut")]
    Short {
        /// The kind of the tag.
        kind: u16,
    },
    /// The time is out of range.
    #[error("has a start {seconds} s after 1970, which is no time")]
    Time {
        /// The seconds.
        seconds: f64,
    },
    /// Nothing tells start and number of samples.
    #[error("has samples, but no tag of the kind 5 before them tells their start and number")]
    NoSeries,
    /// Nothing tells the sampling rate.
    #[error("has samples, but no tag of the kind 3 before them tells their sampling rate")]
    NoRate,
    /// The sampling rate is out of range.
    #[error("has samples without a sampling rate: {0}")]
    Rate(#[from] RateError),
    /// There are no samples.
    #[error("is missing: the file ends before its samples")]
    NoSamples,
}
