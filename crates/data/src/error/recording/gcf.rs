//! Errors of GCF files.

/// Why a block is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GcfDamage {
    /// The code of the sampling rate is not known.
    #[error("has the unknown code {code} in place of a sampling rate")]
    Rate {
        /// The code.
        code: u8,
    },
    /// The code of the width of differences is not known.
    #[error("has differences of unknown width, by their code {code}")]
    Compression {
        /// The code.
        code: u8,
    },
    /// The number of differences is impossible.
    #[error("says that it has {records} records of differences; blocks have 1 to 250")]
    Count {
        /// The number.
        records: u8,
    },
    /// The first sample is not the one that is stated.
    #[error("does not begin with the sample that it states")]
    First,
    /// The last sample is not the one that is stated.
    #[error("ends with {found}, but states {stated}")]
    Last {
        /// The one in the block.
        stated: i32,
        /// The sum of the differences.
        found: i32,
    },
    /// The time is impossible.
    #[error("has an impossible time")]
    Time,
}
