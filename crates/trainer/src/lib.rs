//! Trains CNNs on seismic data and records every run as an experiment.
//!
//! - [`cli`], [`options`], [`job`] and [`recipe`]: the configuration of a run (command line over preset over
//!   defaults);
//! - [`compute`]: engines and devices: native CPU code, or Burn on a CPU or GPU;
//! - [`run`]: the stages of a run, from job to finished experiment;
//! - [`folds`]: cross-validation, one run per fold;
//! - [`training`]: the loop over epochs;
//! - [`initial`]: initial weights from another model;
//! - [`metrics`]: precision, recall, F1 and confusion matrices;
//! - [`report`]: builds logs, history, figures, model and metadata of an experiment;
//! - [`projector`]: features of validation windows for TensorBoard;
//! - [`recorder`]: writes them on its own thread while training continues;
//! - [`resume`]: continues from a checkpoint;
//! - [`budget`]: checks whether a network fits a sensor node;
//! - [`memory`]: refuses runs that would not fit in memory;
//! - [`sweep`]: studies of many runs;
//! - [`text`]: tables of scores for standard output;
//! - [`commands`]: subcommands other than training;
//! - [`progress`]: the only module that prints during training.

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
pub mod projector;
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
