//! Errors of waveform files of SEISAN.

use super::RateError;

/// A channel of a SEISAN file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("channel {channel} {problem}")]
pub struct SeisanError {
    /// Its number, from 1.
    pub channel: usize,
    /// Why.
    pub problem: SeisanProblem,
}

/// Why a channel is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SeisanProblem {
    /// The lengths before and behind a record differ, or the file ends within it.
    #[error(
        "and those behind it cannot be read: no whole record begins at byte {at}, so that the file is damaged or cut"
    )]
    Frame {
        /// Its first byte, from 0.
        at: usize,
    },
    /// A value of the header is none.
    #[error("has `{text}` as its {what}")]
    Value {
        /// What it is.
        what: &'static str,
        /// What the header has.
        text: String,
    },
    /// The sampling rate is out of range.
    #[error("has no sampling rate: {0}")]
    Rate(#[from] RateError),
    /// Nothing tells the width of samples.
    #[error(
        "has {count} samples by its header, but {bytes} bytes of samples, which are neither 2, 4 nor 8 for each"
    )]
    Width {
        /// Samples by the header.
        count: usize,
        /// Bytes there are.
        bytes: usize,
    },
}
