//! Errors of HDF5 that pandas writes.

use super::HdfError;

/// What is wrong with a file of pandas.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The HDF5 file cannot be read.
    #[error(transparent)]
    Hdf(#[from] HdfError),
    /// The values are packed in a way that is not read.
    #[error(
        "the values are packed ({problem}): write the file with `complib=\"zlib\"` or without compression, or as Parquet"
    )]
    Packed {
        /// What the library says.
        problem: String,
    },
    /// There is no frame and no series.
    #[error("HDF5 of pandas (to_hdf), but damaged: no frame and no series can be found")]
    NoObject,
    /// There are several.
    #[error(
        "HDF5 of pandas (to_hdf) with {} objects ({}): write the one that is the recording into a file of its own",
        keys.len(),
        support::words::first_few(keys, super::NAMED)
    )]
    Several {
        /// Their keys.
        keys: Vec<String>,
    },
    /// Neither a frame nor a series.
    #[error(
        "HDF5 of pandas (to_hdf) with a `{kind}`: frames and series are read; convert it to Parquet"
    )]
    Kind {
        /// What it is.
        kind: String,
    },
    /// Something is missing.
    #[error("HDF5 of pandas (to_hdf), but `{name}` is missing or damaged")]
    Lacks {
        /// What is missing.
        name: String,
    },
    /// Rows or columns have several levels.
    #[error(
        "HDF5 of pandas (to_hdf) whose {what} have several levels (MultiIndex): give them one, such as with `reset_index`"
    )]
    Levels {
        /// Rows or columns.
        what: &'static str,
    },
    /// Names of columns are neither texts nor numbers.
    #[error(
        "HDF5 of pandas (to_hdf) whose columns have names of the type `{kind}`: give them texts, such as with \
         `frame.columns = frame.columns.astype(str)`"
    )]
    Names {
        /// The type.
        kind: String,
    },
    /// An array has another shape than its frame.
    #[error(
        "HDF5 of pandas (to_hdf), but damaged: the array `{name}` has the shape {shape:?}, and {expected:?} is expected"
    )]
    Shape {
        /// The array.
        name: String,
        /// Its shape.
        shape: Vec<u64>,
        /// Rows and columns.
        expected: [usize; 2],
    },
    /// A block has another number of columns than names.
    #[error(
        "HDF5 of pandas (to_hdf), but damaged: the block `{name}` has {columns} columns and {names} names"
    )]
    Block {
        /// The block.
        name: String,
        /// Names of its columns.
        names: usize,
        /// Its columns.
        columns: u64,
    },
    /// There are no rows.
    #[error("HDF5 of pandas (to_hdf) without rows that can be read")]
    NoRows,
}

impl FrameError {
    pub(crate) fn lacks(name: &str) -> Self {
        Self::Lacks { name: name.into() }
    }
}

impl From<hdf5_reader::error::Error> for FrameError {
    fn from(problem: hdf5_reader::error::Error) -> Self {
        let text = problem.to_string();
        if text.contains("unsupported filter") {
            return Self::Packed { problem: text };
        }
        Self::Hdf(problem.into())
    }
}
