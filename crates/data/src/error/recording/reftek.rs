//! Errors of files of a Reftek 130.

use super::{RateError, SteimError};

/// A packet of a Reftek 130 cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("packet {packet} {problem}")]
pub struct ReftekError {
    /// Its number, from 1.
    pub packet: usize,
    /// Why.
    pub problem: ReftekDamage,
}

/// Why a packet is left out.
#[derive(Debug, thiserror::Error)]
pub enum ReftekDamage {
    /// The type is not known.
    #[error("is of no known type")]
    Kind,
    /// A number has digits that are none.
    #[error("has a number with other digits than 0 to 9")]
    Digits,
    /// The time is impossible.
    #[error("has an impossible time")]
    Time,
    /// No header or trailer belongs to the samples.
    #[error(
        "belongs to event {event}, of which there is neither header nor trailer, so that its sampling rate is not known"
    )]
    NoEvent {
        /// Number of the event.
        event: u16,
    },
    /// The sampling rate is out of range.
    #[error("has no sampling rate: {0}")]
    Rate(#[from] RateError),
    /// The packet has another format than its event.
    #[error("has samples of the format {of_packet:02X}, but its event {of_event:02X}")]
    Formats {
        /// Its code.
        of_packet: u8,
        /// That of the event.
        of_event: u8,
    },
    /// The format of the samples is not read.
    #[error(
        "has samples of the format {format:02X}, which is not read: formats are 16, 32, C0 and C2"
    )]
    Format {
        /// Its code.
        format: u8,
    },
    /// There is no room for the samples.
    #[error("has no room for the {count} samples that it states")]
    Count {
        /// The number.
        count: usize,
    },
    /// Compressed samples are damaged.
    #[error("has damaged samples: {0}")]
    Steim(#[from] SteimError),
}
