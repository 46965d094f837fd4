//! What can be wrong with the files of an experiment.

use std::fmt;

use crate::error::ExperimentError;
use crate::event_files::{Integrity, Packing};
use support::words::counted;

/// Why a file is not as it was written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Damaged {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It cannot be read; the error names it.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Its content differs from the metadata.
    #[error("SHA-256 differs from the one recorded when it was written")]
    Changed,
    /// An event file without the first event.
    #[error("empty: not even the first event was written")]
    NoEvents,
    /// An event file without an event.
    #[error("not an event file: it holds no event")]
    NoEventFile,
    /// A packed event file.
    #[error("{0}")]
    Packed(Packing),
    /// Damaged or torn event file.
    #[error("{}", Records(.0))]
    Events(Box<Integrity>),
    /// Unusable file of weights.
    #[error(transparent)]
    Weights(#[from] DamagedWeights),
}

/// Why a safetensors file is unusable.
#[derive(Debug, thiserror::Error)]
pub(super) enum DamagedWeights {
    /// The header's length is impossible.
    #[error("not a safetensors file: its header is longer than the file")]
    HeaderLength,
    /// The header is malformed.
    #[error("not a safetensors file: its header is not JSON: {0}")]
    Header(serde_json::Error),
    /// A field of a tensor is missing.
    #[error("tensor `{0}` has no shape or offsets")]
    Fields(String),
    /// A tensor has too many or too few bytes.
    #[error("tensor `{0}`: shape and byte count do not match")]
    Bytes(String),
    /// Tensors overlap, or leave gaps.
    #[error("tensors are not contiguous")]
    Gaps,
    /// The file has another size than its header says.
    #[error("{size} bytes, where its header says {expected}")]
    Size {
        /// Bytes of the file.
        size: u64,
        /// Bytes by its header.
        expected: u64,
    },
    /// The network has another size.
    #[error("{found} parameters, but the metadata say {expected}")]
    Parameters {
        /// Parameters of the file.
        found: u64,
        /// Parameters in the metadata.
        expected: u64,
    },
}

/// Describes the damage of an event file.
struct Records<'a>(&'a Integrity);

impl fmt::Display for Records<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sound = self.0;
        f.write_str(&counted(sound.events, "event"))?;
        if let Some(first) = &sound.first {
            write!(
                f,
                "; {}, stepped over by readers here, but TensorBoard stops at the first: record {} at byte {}, {}",
                counted(sound.damaged, "damaged record"),
                first.record,
                first.at,
                first.problem
            )?;
        }
        if let Some(torn) = &sound.torn {
            write!(
                f,
                "; torn from record {} at byte {} of {}: {}",
                torn.record, torn.at, sound.size, torn.problem
            )?;
        }
        Ok(())
    }
}
