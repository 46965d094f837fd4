//! Errors of PDAS files.

use super::RateError;

/// A PDAS file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PdasError {
    /// The type of samples is not known.
    #[error(
        "its samples are of the type `{kind}`{}, which is not read: types are LONG, also with gains, and SHORT",
        if *has_gains { " with gains" } else { "" }
    )]
    Kind {
        /// The type.
        kind: String,
        /// Whether each sample has its gain.
        has_gains: bool,
    },
    /// The start is no time.
    #[error(
        "`{date}` and `{clock}` are no start: expected month, day and year as 04-18-94, and a time as 10:00:00.00"
    )]
    Time {
        /// The date.
        date: String,
        /// The time of day.
        clock: String,
    },
    /// The unit of the interval is not that of seconds.
    #[error("the unit of its interval is `{unit}`: only seconds (Sec) are read")]
    Unit {
        /// The unit.
        unit: String,
    },
    /// The interval is no number.
    #[error("`{text}` is no sampling interval")]
    Interval {
        /// The text.
        text: String,
    },
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// A sample has a gain whose factor is not known.
    #[error(
        "sample {sample} has the coarsest gain, whose factor is not known: export the recording with the program of the recorder"
    )]
    Gain {
        /// Its number, from 1.
        sample: usize,
    },
}
