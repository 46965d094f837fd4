//! Errors of strong-motion files of COSMOS and CSMIP.

use super::RateError;

/// A block of a strong-motion file is unusable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CosmosError {
    /// Line that says what the numbers below it are, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: CosmosProblem,
}

/// What is wrong with a block of a strong-motion file.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CosmosProblem {
    /// The format of the numbers is unknown.
    #[error("`{text}` has no Fortran format such as (8F10.3)")]
    Format {
        /// The line.
        text: String,
    },
    /// A number is malformed.
    #[error("`{text}` is not a number: the file is damaged")]
    NoNumber {
        /// The text.
        text: String,
    },
    /// The headers do not tell the sampling interval.
    #[error("the headers tell no sampling interval that fits {samples} samples in {seconds} s")]
    NoInterval {
        /// Number of samples.
        samples: usize,
        /// Length of the series.
        seconds: f64,
    },
    /// The times before the samples are not those of a recording.
    #[error("the times before the samples: {problem}")]
    Times {
        /// What is wrong with them.
        problem: String,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}
