//! Errors of EVT files of Kinemetrics.

use super::RateError;

/// A frame of an EVT file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("frame {frame} {problem}")]
pub struct EvtError {
    /// Its number, from 1.
    pub frame: usize,
    /// Why.
    pub problem: EvtDamage,
}

/// Why a frame is left out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvtDamage {
    /// The tag in front of it is none.
    #[error("has no tag at byte {at}")]
    Tag {
        /// Where it would be, from 0.
        at: usize,
    },
    /// The file ends within the frame.
    #[error("is cut: the file ends within it")]
    Cut,
    /// The bytes have another sum.
    #[error("has the checksum {stated}, but its bytes have {found}")]
    Checksum {
        /// The sum in the tag.
        stated: u16,
        /// The sum of the bytes.
        found: u16,
    },
    /// The kind of frame is not known.
    #[error("is of the kind {kind}, which is not known: kinds are 3, 4 and 5")]
    Kind {
        /// The kind.
        kind: u8,
    },
    /// The samples are compressed.
    #[error("has compressed samples, which are not read")]
    Compressed,
    /// The frame has other channels.
    #[error("has other channels than the frames before it")]
    Channels,
    /// The frame is longer or shorter than its samples.
    #[error("has {found} bytes of samples, but its rate and channels tell {stated}")]
    Length {
        /// Bytes by rate and channels.
        stated: usize,
        /// Bytes there are.
        found: usize,
    },
    /// The sampling rate is out of range.
    #[error("has no sampling rate: {0}")]
    Rate(#[from] RateError),
}
