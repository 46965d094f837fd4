//! Errors of times in tables of labels.

use crate::error::recording::TimeError;

/// The time of a label is malformed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LabelTimeError {
    /// Not a time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// Beyond the range of nanoseconds.
    #[error("{text} is after the year 2262")]
    OutOfRange {
        /// The text.
        text: String,
    },
    /// Unix time that has lost digits.
    #[error(
        "`{text}` has lost digits, as spreadsheets show long numbers: let the cells show all of them before you export the table"
    )]
    Shortened {
        /// The text.
        text: String,
    },
    /// A time of day alone.
    #[error(
        "`{text}` has no date: write it as 2024-05-01T10:00:00Z or, if it counts from the first sample, as a number of \
         seconds"
    )]
    NoDate {
        /// The text.
        text: String,
    },
    /// A number where a time of day is expected.
    #[error(
        "`{text}` is beside a date, but is no time of day: write it as 10:00:00; if it counts seconds from the first sample, say \
         so by the name of its column, `start`"
    )]
    NoClock {
        /// The text.
        text: String,
    },
    /// Parts of a time that is none.
    #[error("`{text}` is no time in parts: years have four digits, and each part has a limit")]
    NotParts {
        /// The parts.
        text: String,
    },
    /// A date in parts lacks one.
    #[error(
        "columns have parts of the date, but there is no column `{missing}`: add it, or call the column of days `doy` if it counts \
         the days of the year"
    )]
    NoPartOfDate {
        /// The missing columns.
        missing: String,
    },
    /// A start is missing.
    #[error("a time is missing: every label needs its start, and its end or duration")]
    Missing,
    /// An end is missing.
    #[error(
        "a time is missing: the label has no end or duration; where all labels without an end take as long, a `length` in \
         seconds says so, as in `labels_file: {{file: labels.csv, length: 2.0}}`"
    )]
    MissingEnd,
    /// A time of a live observation.
    #[error(
        "the observation is a live one, whose times may count from its start, or be those of the day: export times in seconds, or \
         write dates with them"
    )]
    LiveClock,
    /// A time of day is before that of the beginning.
    #[error(
        "ends before it begins: from `{start}` to `{end}`; swap its times, or give the date of the end in a column `end_date`"
    )]
    BackwardsClock {
        /// The beginning.
        start: String,
        /// The end.
        end: String,
    },
    /// The end is before the beginning.
    #[error("ends before it begins: from `{start}` to `{end}`; swap its times")]
    Backwards {
        /// The beginning.
        start: String,
        /// The end.
        end: String,
    },
    /// A mark in place of an end.
    #[error(
        "`{text}` in place of an end is no time: write when the label ends, such as at the end of the recording, or remove the row"
    )]
    OpenEnd {
        /// The mark.
        text: String,
    },
    /// A number as the end of a label that starts at a moment.
    #[error(
        "starts at `{start}`, a moment, and its end `{end}` is a number: call its column duration if it is that, or write the moment"
    )]
    NumberAsEnd {
        /// The beginning.
        start: String,
        /// The end.
        end: String,
    },
    /// A moment in place of a duration.
    #[error("`{text}` is not a duration: write it as a number of seconds, or as 00:01:30")]
    NotDuration {
        /// The text.
        text: String,
    },
    /// A start without a stop.
    #[error("`{class}` starts and has no row with its STOP: add one, or remove this row")]
    NoStop {
        /// The class.
        class: String,
    },
    /// A stop without a start.
    #[error("`{class}` stops and has no row with its START before: add one, or remove this row")]
    NoStart {
        /// The class.
        class: String,
    },
    /// A second start before the stop.
    #[error(
        "`{class}` starts, but it has no STOP since its START in line {before}: add one, or remove one of the rows"
    )]
    StartAgain {
        /// The class.
        class: String,
        /// Line of the first start.
        before: u64,
    },
    /// Neither start nor stop.
    #[error("`{text}` in column `{column}`: expected START, STOP or POINT")]
    NoStatus {
        /// The column.
        column: String,
        /// The text.
        text: String,
    },
}
