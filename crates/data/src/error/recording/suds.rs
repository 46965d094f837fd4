//! Errors of PC-SUDS files.

use super::RateError;

/// A structure of PC-SUDS cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the structure at byte {at} {problem}")]
pub struct SudsError {
    /// The first byte of its tag, from 0.
    pub at: usize,
    /// Why.
    pub problem: SudsProblem,
}

/// What is wrong with a structure of PC-SUDS.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SudsProblem {
    /// There is no tag.
    #[error("has no tag: the file is damaged")]
    NoTag,
    /// The description of the trace is not whole.
    #[error("ends within the description of its trace: the file is damaged or cut")]
    Cut,
    /// The samples are of another type.
    #[error(
        "has samples of the type `{}`, which is not read: types are s, q, u, i, 2, l, f and d; convert it to miniSEED",
        code.escape_default()
    )]
    Type {
        /// The code of the type.
        code: char,
    },
    /// The number of samples is negative.
    #[error("has {count} samples, by its description")]
    Count {
        /// The number.
        count: i32,
    },
    /// The time is out of range.
    #[error("begins {start} s after 1970, which is no time")]
    Time {
        /// The time.
        start: f64,
    },
    /// The sampling rate is out of range.
    #[error("has no sampling rate: {0}")]
    Rate(#[from] RateError),
}
