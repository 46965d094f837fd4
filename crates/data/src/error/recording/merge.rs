//! Errors of channels that are merged.

/// Channels that a message names.
pub const NAMED: usize = 24;

/// Channels cannot be merged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MergeError {
    /// No channel was selected.
    #[error("no channel is selected: list at least one")]
    NoChannel,
    /// The file lacks a channel.
    #[error(
        "there is no channel `{channel}`: there are {}",
        support::words::first_few(there, NAMED)
    )]
    Missing {
        /// The channel.
        channel: String,
        /// The channels that were found.
        there: Vec<String>,
    },
    /// Several channels end with the name.
    #[error(
        "several channels are called `{channel}`: write one of them in full: {}",
        support::words::first_few(there, NAMED)
    )]
    Ambiguous {
        /// The channel.
        channel: String,
        /// The channels that were found.
        there: Vec<String>,
    },
    /// Two names are those of one channel.
    #[error(
        "`{}` and `{}` are the same channel, `{channel}`: list each channel once",
        names[0],
        names[1]
    )]
    Twice {
        /// The names, as listed.
        names: [String; 2],
        /// The channel.
        channel: String,
    },
    /// The channels have no time at one rate in common.
    #[error(
        "{0}: too far apart to bring them to one rate; list the channels as separate recordings"
    )]
    Rates(#[from] RatesDiffer),
}

/// Two channels have different sampling rates.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "channel `{one}` has {one_rate} samples per second, but channel `{other}` has {other_rate}"
)]
pub struct RatesDiffer {
    /// A channel.
    pub one: String,
    /// Its rate in samples per second.
    pub one_rate: f64,
    /// Another channel.
    pub other: String,
    /// Its rate in samples per second.
    pub other_rate: f64,
}
