//! Errors of AH files.

use super::RateError;

/// A record of AH cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("record {record} at byte {at}: {problem}")]
pub struct AhError {
    /// Its number, from 1.
    pub record: usize,
    /// Its first byte, from 0.
    pub at: usize,
    /// Why.
    pub problem: AhProblem,
}

/// What is wrong with a record of AH.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AhProblem {
    /// There is no record of version 2.
    #[error("does not begin with the number 1100 of a record, and what follows is not read")]
    NoRecord,
    /// The header is not whole.
    #[error("its header is damaged, or ends before the samples")]
    Header,
    /// Samples are no numbers.
    #[error(
        "its samples are of the type {kind}, which is not read: types are 1 (float) and 6 (double)"
    )]
    Kind {
        /// Number of the type.
        kind: i32,
    },
    /// The time is impossible.
    #[error("the time in its header is {date:?} {second}, which is no date and time")]
    Time {
        /// Year, month, day, hour and minute.
        date: [i32; 5],
        /// Second.
        second: f32,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}
