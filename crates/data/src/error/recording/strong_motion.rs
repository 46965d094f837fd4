//! Errors of texts of strong-motion networks.

use super::RateError;

/// A line of such a file is unusable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct StrongMotionError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: StrongMotionProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StrongMotionProblem {
    /// The header that begins here lacks a line.
    #[error("the header has no line `{name}`: the file is damaged")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A value of the header is none.
    #[error("`{name}` of the header is `{text}`: the file is damaged")]
    Value {
        /// Its name.
        name: &'static str,
        /// Its text.
        text: String,
    },
    /// The sampling rate.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// Samples are not evenly spaced.
    #[error(
        "the samples are pairs of times and values, or have no sampling rate: uncorrected records of film are not read; give the corrected one"
    )]
    Uneven,
    /// A sample is no number.
    #[error("`{text}` is no sample: the file is damaged")]
    Sample {
        /// Its text.
        text: String,
    },
}
