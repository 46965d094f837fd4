//! Trains a seismic CNN into a tracked experiment.
//!
//! - [`cli`], [`job`] and [`recipe`]: command line beats preset beats defaults;
//! - [`backend`]: what computes, out of what is compiled in;
//! - [`devices`]: the GPUs of this machine; [`guard`]: their failures as errors;
//! - [`engine`]: network and optimizer, natively or [`on_device`] through Burn;
//! - [`run`]: the stages of a run, from a job to a finished experiment;
//! - [`train`]: the loop over epochs, with its [`policy`] values; [`epoch`]: the steps of one;
//! - [`metrics`]: precision, recall, F1 and confusion matrices;
//! - [`report`]: what an experiment is told: logs, history, figures, model, metadata;
//! - [`recorder`]: writes it, while the training goes on;
//! - [`resume`]: going on from a checkpoint;
//! - [`memory`]: refuses what cannot fit before it begins;
//! - [`progress`]: the only module that prints while training.

pub mod backend;
pub mod cli;
pub mod devices;
pub mod engine;
pub mod epoch;
pub mod error;
pub mod guard;
pub mod job;
pub mod memory;
pub mod metrics;
pub mod on_device;
pub mod policy;
pub mod progress;
pub mod recipe;
pub mod recorder;
pub mod report;
pub mod resume;
pub mod run;
pub mod system;
pub mod train;

pub use error::TrainerError;
