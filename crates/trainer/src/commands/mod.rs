//! What the program does beside training, a file a command.

pub mod baselines;
pub mod evaluate;
mod events;
pub mod export;
pub mod quantise;
pub mod quantised;
pub mod sweep;
