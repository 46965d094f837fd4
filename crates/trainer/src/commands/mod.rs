//! What the program does beside training, a file a command.

pub mod export;
pub mod quantise;
pub mod quantised;
