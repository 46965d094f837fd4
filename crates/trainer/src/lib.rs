//! Trains a seismic CNN into a tracked experiment.
//!
//! - [`cli`], [`options`], [`job`] and [`recipe`]: command line beats preset beats defaults;
//! - [`compute`]: what computes: network and optimizer, natively or through Burn on a CPU or GPU, and its devices;
//! - [`run`]: the stages of a run, from a job to a finished experiment;
//! - [`folds`]: cross-validation, a run a fold;
//! - [`training`]: the loop over epochs;
//! - [`initial`]: weights of another model to begin with;
//! - [`metrics`]: precision, recall, F1 and confusion matrices;
//! - [`report`]: what an experiment is told: logs, history, figures, model, metadata;
//! - [`recorder`]: writes it, while the training goes on;
//! - [`resume`]: going on from a checkpoint;
//! - [`budget`]: whether a network fits a node;
//! - [`memory`]: refuses what cannot fit before it begins;
//! - [`sweep`]: studies of many runs;
//! - [`text`]: scores as tables on standard output;
//! - [`commands`]: what the program does beside training;
//! - [`progress`]: the only module that prints while training.

pub mod budget;
pub mod cli;
pub mod commands;
pub mod compute;
pub mod error;
pub mod folds;
pub mod initial;
pub mod job;
pub mod memory;
pub mod metrics;
pub mod options;
pub mod progress;
pub mod recipe;
pub mod recorder;
pub mod report;
pub mod resume;
pub mod run;
pub mod sweep;
pub mod system;
pub mod text;
pub mod training;

pub use error::TrainerError;
