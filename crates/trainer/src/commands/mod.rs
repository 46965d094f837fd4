//! What the program does beside training, a file a command.

pub mod evaluate;
mod events;
pub mod export;
