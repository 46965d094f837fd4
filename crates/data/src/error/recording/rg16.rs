//! Errors of RG16 files of Fairfield.

use super::RateError;

/// A block of an RG16 file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("block {block} {problem}")]
pub struct Rg16Error {
    /// Its number, from 1.
    pub block: usize,
    /// Why.
    pub problem: Rg16Damage,
}

/// Why a block is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rg16Damage {
    /// The file ends within its headers.
    #[error("is cut: the file ends within its headers")]
    Cut,
    /// There is no block behind the headers of the file.
    #[error(
        "does not begin at byte {at}, as the header of the file says: one of both is damaged, or the file is cut"
    )]
    Missing {
        /// The byte, from 0.
        at: usize,
    },
    /// The block has another number of the file.
    #[error("does not begin with the number of the file")]
    Number,
    /// There are too few headers.
    #[error("has {count} headers, and the third would have its time")]
    Headers {
        /// The number.
        count: u8,
    },
    /// The time is out of range.
    #[error("begins {micros} microseconds after 1970, which is no time")]
    Time {
        /// The microseconds.
        micros: u64,
    },
    /// Nothing begins where it ends.
    #[error("has a length behind which there is no block: its headers are damaged")]
    Length,
    /// There are no samples.
    #[error("has no samples")]
    Empty,
    /// The sampling rate is out of range.
    #[error("has no sampling rate: {0}")]
    Rate(#[from] RateError),
}
