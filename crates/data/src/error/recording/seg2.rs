//! Errors of SEG-2 files.

use super::RateError;

/// A SEG-2 file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Seg2Error {
    /// The file does not begin with the block.
    #[error("not a SEG-2 file: it has no file descriptor block")]
    NoBlock,
    /// A trace cannot be read.
    #[error("trace {number}: {problem}")]
    Trace {
        /// Its number, from 1.
        number: usize,
        /// Why.
        problem: Seg2Problem,
    },
}

impl Seg2Error {
    /// Whether only the sampling rate is missing.
    pub(super) fn is_rate_unknown(&self) -> bool {
        let Self::Trace { problem, .. } = self else {
            return false;
        };
        *problem == Seg2Problem::NoInterval
    }
}

/// What is wrong with a trace of SEG-2.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Seg2Problem {
    /// There is no block of a trace.
    #[error(
        "there is no trace descriptor block at byte {at}: the file is damaged, or ends before it"
    )]
    NoBlock {
        /// Where the file says that it is.
        at: usize,
    },
    /// Two traces have the same block.
    #[error("its block is that of a trace before: the file is damaged")]
    Repeated,
    /// The format of the samples is not known.
    #[error("the samples are in format {format}, and SEG-2 has 1 to 5")]
    Format {
        /// Its number.
        format: u8,
    },
    /// There is no sampling interval.
    #[error("SAMPLE_INTERVAL is missing: give the recording its `sampling_rate`")]
    NoInterval,
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}
