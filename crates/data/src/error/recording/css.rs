//! Errors of tables of waveforms of CSS 3.0.

use super::RateError;

/// A waveform of the table cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct CssError {
    /// The line of its row, from 1.
    pub line: usize,
    /// Why.
    pub problem: CssProblem,
}

/// What is wrong with a row of the table, or with the samples that it names.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CssProblem {
    /// The columns are elsewhere.
    #[error(
        "its columns are not where rows of CSS 3.0 (283 characters) or NNSA KB Core (287) have them: the table is damaged or cut"
    )]
    Columns,
    /// A field of the row.
    #[error("the {what} is `{text}`: the table is damaged, or its columns are shifted")]
    Field {
        /// The field.
        what: &'static str,
        /// Its text.
        text: String,
    },
    /// The sampling rate.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// Samples are written in another way.
    #[error(
        "its samples are of the type `{text}`, which is not read: types are s2, s3, s4, i2, i3, i4, t4, t8, f4, f8, a0, b0 and c0; \
         convert the waveform to miniSEED"
    )]
    Type {
        /// The type.
        text: String,
    },
    /// Only the table is known, not where it is.
    #[error("its samples are in another file, and the folder of the table is not known")]
    NoFolder,
    /// There is no file of samples.
    #[error(
        "there is no file `{file}` with its samples: put it where the table says, or beside the table"
    )]
    NoFile {
        /// Its folder and name in the table.
        file: String,
    },
    /// The file of samples cannot be read.
    #[error("its samples cannot be read from `{file}`: {reason}")]
    Unreadable {
        /// The path.
        file: String,
        /// Why.
        reason: String,
    },
    /// The samples begin behind the end of their file.
    #[error(
        "its samples begin at byte {offset}, but `{file}` has {length} bytes: the file is cut, or another one"
    )]
    Offset {
        /// The first byte.
        offset: u64,
        /// Name of the file.
        file: String,
        /// Its length.
        length: u64,
    },
    /// A sample as text is none.
    #[error("its sample {number} is `{text}`, which is no number")]
    Sample {
        /// Its number, from 1.
        number: usize,
        /// Its text.
        text: String,
    },
}
