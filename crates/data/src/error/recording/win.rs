//! Errors of WIN files.

/// A block of WIN cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("block {block} at byte {at} {problem}")]
pub struct WinError {
    /// Its number, from 1.
    pub block: usize,
    /// Its first byte, from 0.
    pub at: usize,
    /// Why.
    pub problem: WinDamage,
}

/// Why a block is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WinDamage {
    /// Size or time are impossible.
    #[error("has no size and time of a block")]
    Header,
    /// The file ends within the block.
    #[error("has {size} bytes, but the file ends after {there} of them")]
    Cut {
        /// Its size.
        size: usize,
        /// Bytes that are there.
        there: usize,
    },
    /// A channel goes on behind the end of the block.
    #[error("ends within a channel")]
    Channel,
    /// A channel has no samples.
    #[error("says that channel {channel:04x} has no samples")]
    Rate {
        /// Number of the channel.
        channel: u32,
    },
    /// The code of the width of differences is not known.
    #[error("says that channel {channel:04x} has differences of width {width}; WIN has 0 to 4")]
    Width {
        /// Number of the channel.
        channel: u32,
        /// The code.
        width: u8,
    },
}
