//! The subcommands other than training, one file each.

pub mod baselines;
pub mod evaluate;
mod events;
pub mod export;
pub mod quantise;
pub mod quantised;
mod recording_notes;
mod seen;
pub mod sweep;
