//! Trains a seismic CNN into a tracked experiment.
//!
//! - [`cli`], [`job`] and [`recipe`]: command line beats preset beats defaults;
//! - [`compute`]: what computes: network and optimizer, natively or through Burn on a CPU or GPU, and its devices;
//! - [`run`]: the stages of a run, from a job to a finished experiment;
//! - [`training`]: the loop over epochs;
//! - [`initial`]: weights of another model to begin with;
//! - [`metrics`]: precision, recall, F1 and confusion matrices;
//! - [`report`]: what an experiment is told: logs, history, figures, model, metadata;
//! - [`recorder`]: writes it, while the training goes on;
//! - [`resume`]: going on from a checkpoint;
//! - [`memory`]: refuses what cannot fit before it begins;
//! - [`progress`]: the only module that prints while training.

pub mod cli;
pub mod commands;
pub mod compute;
pub mod error;
pub mod initial;
pub mod job;
pub mod memory;
pub mod metrics;
pub mod progress;
pub mod recipe;
pub mod recorder;
pub mod report;
pub mod resume;
pub mod run;
pub mod system;
pub mod training;

pub use error::TrainerError;
