//! Errors of SAC files.

/// What is wrong with a SAC file.
#[derive(Debug, thiserror::Error)]
pub enum SacError {
    /// The file does not begin with a SAC header.
    #[error("not a SAC file: it has no SAC header")]
    NoHeader,
    /// The number of samples is missing.
    #[error("the header does not say how many samples there are (NPTS)")]
    NoCount,
    /// There is a header alone.
    #[error("has no samples (NPTS is 0)")]
    NoSamples,
    /// Unevenly sampled.
    #[error("the samples are not evenly spaced in time (LEVEN is 0)")]
    Uneven,
    /// The time between samples is missing, or none.
    #[error(
        "the interval between samples is {delta} s (DELTA): correct it, such as with SAC's `ch delta`"
    )]
    Interval {
        /// Value of DELTA; -12345 if it is not set.
        delta: f32,
    },
    /// Not a time series.
    #[error("an evenly sampled time series is expected (IFTYPE 1), but IFTYPE is {number}: {kind}")]
    Kind {
        /// Value of IFTYPE.
        number: i32,
        /// Its meaning.
        kind: &'static str,
    },
    /// The reference time is out of range.
    #[error(
        "the reference time is not valid: year {year}, day {day}, {hour}:{minute}:{second}, {milli} ms"
    )]
    Reference {
        /// Year.
        year: i32,
        /// Day of the year.
        day: i32,
        /// Hour.
        hour: i32,
        /// Minute.
        minute: i32,
        /// Second.
        second: i32,
        /// Milliseconds.
        milli: i32,
    },
    /// A line of an alphanumeric file has something else than numbers.
    #[error("line {line}: `{text}` is not made of numbers")]
    Line {
        /// The line, from 1.
        line: usize,
        /// Its beginning.
        text: String,
    },
}
