//! Errors of SEG-Y files.

/// What is wrong with a SEG-Y file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegyError {
    /// The file does not begin with the headers.
    #[error("not a SEG-Y file: it has no such headers")]
    NoHeader,
    /// The format of the samples is not read.
    #[error(
        "the samples are in format {format} of SEG-Y, which is not read: convert them to format 1 (IBM), 2, 3, 8 (integers) or 5 \
         (IEEE), such as with ObsPy"
    )]
    Format {
        /// Its number.
        format: u16,
    },
    /// The number of texts before the traces is not stored.
    #[error(
        "the number of texts before the first trace is not stored (-1), so its place is not known: write the number, or convert \
         the file, such as with ObsPy"
    )]
    ManyTexts,
    /// Traces have several headers.
    #[error(
        "traces have up to {count} additional headers, as in revision 2, which are not read: write the file without them"
    )]
    ManyHeaders {
        /// How many.
        count: i32,
    },
}
