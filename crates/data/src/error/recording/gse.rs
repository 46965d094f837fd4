//! Errors of GSE1 and GSE2 files.

use super::RateError;

/// A waveform cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct GseError {
    /// The line of its header, from 1.
    pub line: usize,
    /// Why.
    pub problem: GseProblem,
}

/// What is wrong with a waveform of GSE1 or GSE2.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GseProblem {
    /// A field of the header.
    #[error(
        "the {what} in the header is `{text}`: the file is damaged, or its columns are shifted"
    )]
    Header {
        /// The field.
        what: &'static str,
        /// Its text.
        text: String,
    },
    /// The sampling rate.
    #[error(transparent)]
    Rate(RateError),
    /// There is no line `DAT2`.
    #[error("no line `{word}` with samples follows")]
    NoData {
        /// The line.
        word: &'static str,
    },
    /// Samples are written in another way.
    #[error(
        "samples are written as `{form}`, which is not read: convert the file to CM6, INT or miniSEED"
    )]
    Form {
        /// The way.
        form: String,
    },
    /// A character that CM6 or CM8 does not have.
    #[error(
        "the samples have the byte {byte:#04x}, which {form} does not have: the file is damaged"
    )]
    Character {
        /// The byte.
        byte: u8,
        /// How samples are written.
        form: &'static str,
    },
    /// Samples whose order of differences only the checksum tells.
    #[error(
        "samples are written as CM8, which is read with a checksum ({word}) only, and there is none: convert the file to CM6, INT or \
         miniSEED"
    )]
    Unchecked {
        /// The line of the checksum.
        word: &'static str,
    },
    /// A number that does not fit.
    #[error("a sample has more than 32 bits: the file is damaged")]
    Large,
    /// A word that is no integer.
    #[error("the samples have `{text}`, which is no integer of 32 bits")]
    Integer {
        /// The word.
        text: String,
    },
    /// The checksum is another.
    #[error(
        "the checksum ({word}) is {stated}, but that of the samples {found}: the file is damaged"
    )]
    Checksum {
        /// Its line.
        word: &'static str,
        /// The one of the file.
        stated: i64,
        /// The one of the samples.
        found: u64,
    },
}
