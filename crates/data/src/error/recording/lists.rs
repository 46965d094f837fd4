//! Errors of columns of lists.

use super::ColumnError;

/// What is wrong with a column of lists. Rows count from 0.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The column itself.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A row has no list, an empty one, or one with a null.
    #[error("row {row}, counted from 0, has no list, an empty one, or one without some value")]
    Missing {
        /// The row.
        row: usize,
    },
    /// A row has more or fewer values than the first one.
    #[error(
        "row {row}, counted from 0, has {found} values, and the first row has {expected}: all windows must have one length"
    )]
    Length {
        /// The row.
        row: usize,
        /// Its values.
        found: usize,
        /// Those of the first row.
        expected: usize,
    },
    /// The lists of a row differ in length, or from those of the first row.
    #[error(
        "row {row}, counted from 0, has lists of other lengths: all windows, and all their channels, must have one shape"
    )]
    Ragged {
        /// The row.
        row: usize,
    },
}
