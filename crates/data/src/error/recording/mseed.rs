//! Errors of miniSEED records.

use super::RateError;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecordDamage {
    /// The file ends inside the header.
    #[error("the file ends inside its header")]
    HeaderTruncated,
    /// The file ends inside the record.
    #[error("the record is truncated: {found} of its {length} bytes are there")]
    Truncated {
        /// Bytes that are there.
        found: usize,
        /// Bytes by the header.
        length: usize,
    },
    /// The start time is not valid in big-endian or little-endian order.
    #[error("the start time is not valid in either byte order")]
    ByteOrder,
    /// The start time is out of range.
    #[error("its start time is not valid")]
    StartTime,
    /// The record length is implausible.
    #[error("a record of 2^{power} bytes is not plausible")]
    Length {
        /// Logarithm of the length to base 2.
        power: u8,
    },
    /// The record length cannot be determined.
    #[error("it has no blockette 1000, and its length does not follow from a next record")]
    UnknownLength,
    /// The data begin outside the record.
    #[error("its data begin outside the record")]
    DataOffset,
    /// The sampling rate is out of range.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The bytes are not those that were written.
    #[error("the checksum is {found:08x}, but the record says {stored:08x}: it is damaged")]
    Checksum {
        /// Checksum of the bytes.
        found: u32,
        /// Checksum in the record.
        stored: u32,
    },
}

impl RecordDamage {
    /// Whether the file ends inside the record, so that more bytes could complete it.
    pub(crate) fn is_truncated(&self) -> bool {
        matches!(self, Self::HeaderTruncated | Self::Truncated { .. })
    }
}

/// The samples of a record cannot be decoded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The encoding is not supported.
    #[error("encoding {number} ({name}) is not supported")]
    Encoding {
        /// Number in blockette 1000.
        number: u8,
        /// Its name.
        name: &'static str,
    },
    /// The data are too short.
    #[error("{bytes} bytes of data cannot hold {count} samples of {width} bytes")]
    TooShort {
        /// Bytes of the data.
        bytes: usize,
        /// Samples by the header.
        count: usize,
        /// Bytes per sample.
        width: usize,
    },
    /// An exponent of the SRO encoding is out of range.
    #[error("the SRO gain {gain} is out of range: at most 10")]
    Gain {
        /// The exponent.
        gain: u8,
    },
    /// The record does not fit the index of a file.
    #[error("a record of more than 4 GiB")]
    TooLarge,
    /// Steim frames are damaged.
    #[error(transparent)]
    Steim(#[from] SteimError),
}

/// Steim frames are damaged.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SteimError {
    /// The frames are too short.
    #[error("{bytes} bytes of Steim-{level} frames cannot hold {count} samples")]
    TooShort {
        /// Bytes of the frames.
        bytes: usize,
        /// 1 or 2.
        level: u8,
        /// Samples by the header.
        count: usize,
    },
    /// A code is not defined.
    #[error("frame {frame}, word {word}: code {code} with {sub} is not defined")]
    Code {
        /// The frame, from 0.
        frame: usize,
        /// The word in the frame, from 0.
        word: usize,
        /// The two-bit code.
        code: u32,
        /// The two highest bits of the word.
        sub: u32,
    },
    /// The last sample is not the one that the frames give.
    #[error("the samples end with {found}, but the frames say {stored}: they are damaged")]
    LastSample {
        /// The decoded sample.
        found: f64,
        /// The sample in the frames.
        stored: i32,
    },
    /// The frames end early.
    #[error("the frames end after {found} of {count} samples")]
    Truncated {
        /// Decoded samples.
        found: usize,
        /// Samples by the header.
        count: usize,
    },
}
