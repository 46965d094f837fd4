//! Errors of Parquet files with a window in each row.

use support::words::first_few;

use super::ArrayError;
use crate::error::recording::{ListError, TableError};

/// Most labels that a message names.
const NAMED: usize = 12;

/// What is wrong with such a file.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// Not one column has lists.
    #[error(
        "expected one column of lists, with all channels of a window in each row ([channels][samples]): there is {}",
        if names.is_empty() { "none".into() } else { names.join(", ") }
    )]
    Lists {
        /// Names of those that have.
        names: Vec<String>,
    },
    /// The column of windows.
    #[error("column `{name}`: {problem}")]
    List {
        /// Name of the column.
        name: String,
        /// What is wrong with it.
        problem: ListError,
    },
    /// Channels differ in length.
    #[error("channels `{one}` and `{other}` differ in length")]
    UnequalChannels {
        /// A channel.
        one: String,
        /// Another.
        other: String,
    },
    /// Tensors of a shape that is not one of windows.
    #[error(
        "column `{name}` has tensors of the shape {shape:?}, whose axes are stored in another order or do not fit the values: write \
         lists of lists, such as `list(x)` of an array [channels, samples]"
    )]
    Tensors {
        /// The column.
        name: String,
        /// The shape that the file tells.
        shape: Vec<usize>,
    },
    /// A column of samples has none.
    #[error("column `{name}` has no numbers, though its name is one of samples")]
    NoNumbers {
        /// The column.
        name: String,
    },
    /// The other columns.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Labels, as in arrays.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// No column has the labels.
    #[error(
        "no column `label`: beside the lists there is {}",
        if there.is_empty() { "nothing".into() } else { there.join(", ") }
    )]
    NoLabel {
        /// The other columns.
        there: Vec<String>,
    },
    /// Labels are texts, and nothing says which is which.
    #[error(
        "its labels are texts ({}): give these names in `class_names` of the dataset configuration, or write numbers of classes",
        first_few(there, NAMED)
    )]
    TextLabels {
        /// The different labels.
        there: Vec<String>,
    },
    /// Labels are neither numbers nor texts.
    #[error("its labels are neither whole numbers nor texts")]
    LabelType,
    /// Columns differ in length.
    #[error("{rows} windows, but {found} labels: the file is damaged")]
    Rows {
        /// Windows.
        rows: usize,
        /// Labels.
        found: usize,
    },
}
