//! Trains a seismic CNN into a tracked experiment.
//!
//! - [`cli`] and [`settings`]: command line beats preset beats defaults;
//! - [`balance`]: which samples count, how often and how much;
//! - [`compute`]: what computes: network and optimizer, natively or through Burn on a CPU or GPU, and its devices;
//! - [`train`]: the loop over epochs, with its [`policy`] values; [`epoch`]: the steps of one;
//! - [`metrics`]: precision, recall, F1 and confusion matrices;
//! - [`report`]: what an experiment is told: logs, history, figures, model, metadata;
//! - [`recorder`]: writes it, while the training goes on;
//! - [`resume`]: going on from a checkpoint;
//! - [`memory`]: refuses what cannot fit before it begins;
//! - [`progress`]: the only module that prints while training.

pub mod balance;
pub mod cli;
pub mod commands;
pub mod compute;
pub mod epoch;
pub mod error;
pub mod memory;
pub mod metrics;
pub mod policy;
pub mod progress;
pub mod recorder;
pub mod report;
pub mod resume;
pub mod run;
pub mod settings;
pub mod system;
pub mod train;

pub use error::TrainerError;
