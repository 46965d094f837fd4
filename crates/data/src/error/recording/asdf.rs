//! Errors of ASDF files.

use super::{HdfError, RateError};

/// What is wrong with an ASDF file.
#[derive(Debug, thiserror::Error)]
pub enum AsdfError {
    /// The HDF5 file cannot be read.
    #[error(transparent)]
    Hdf(#[from] HdfError),
    /// An array lacks an attribute, or has one of another type.
    #[error("the attribute `{name}` cannot be read: {problem}")]
    Attribute {
        /// The attribute.
        name: &'static str,
        /// Why.
        problem: String,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
}
