//! Errors of files of Seismic Handler.

use std::fmt::{self, Display, Formatter};

use super::RateError;

/// A trace of Seismic Handler cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct HandlerError {
    /// Where.
    pub place: HandlerPlace,
    /// Why.
    pub problem: HandlerProblem,
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandlerPlace {
    /// In all of the file.
    File,
    /// In a line, from 1.
    Line(usize),
    /// In the header of a trace, from 1.
    Trace(usize),
}

impl Display for HandlerPlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("a Q file of Seismic Handler"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Trace(number) => write!(f, "trace {number}"),
        }
    }
}

/// What is wrong with a trace of Seismic Handler, or with the file of its samples.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HandlerProblem {
    /// A value of the header is none.
    #[error("the {what} is `{text}`")]
    Value {
        /// What it should be.
        what: &'static str,
        /// The text.
        text: String,
    },
    /// The header has no sampling interval.
    #[error("the header has no sampling interval (DELTA, R000)")]
    NoInterval,
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// A sample is none.
    #[error("`{text}` is no sample")]
    Sample {
        /// The text.
        text: String,
    },
    /// The byte order is not known.
    #[error(
        "the header has no byte order (C003), and the samples do not tell it: write the traces with another program, such as ObsPy"
    )]
    Order,
    /// Traces have the same samples.
    #[error("its samples are those of other traces, too: the header is damaged")]
    Repeated,
    /// Only the header is known, not where it is.
    #[error("its samples are in another file, and the folder of the header is not known")]
    NoFolder,
    /// There is no file of samples.
    #[error("there is no file `{file}` with its samples: put it beside the header")]
    NoFile {
        /// Its name.
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
}
