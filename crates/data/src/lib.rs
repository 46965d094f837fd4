//! Seismic samples, from `dataset_config.yaml` to batches.
//!
//! - [`DatasetConfig`]: the configuration, with the keys that existing ones have;
//! - [`reader`]: sample sources (`.pt`, `.npz`, TFRecord), one file a format behind one trait;
//! - [`Preprocessing`]: segments, spectra and normalisation, the same code for training and
//!   prediction, stored with the model;
//! - [`Dataset`]: the three splits, in memory or streamed, checked for leaks, with fingerprints;
//! - [`windows`]: windows as they were recorded, for models with a front end of their own;
//! - [`folds`]: cross-validation by group;
//! - [`batch`]: seeded order and assembly of batches;
//! - [`demo`]: a deterministic simulation for those without data.
//!
//! Samples are float32 `[2 sensor channels, 7 segments, 256 samples or bins]`, row-major.

mod augment;
pub mod batch;
mod chain;
pub mod commands;
mod config;
mod dataset;
pub mod demo;
mod error;
pub mod folds;
pub mod import;
mod index;
mod join;
mod labels;
mod leaks;
mod loader;
mod memory;
mod nesting;
mod preprocess;
pub mod reader;
pub mod recording;
pub mod signal;
mod spectral;
mod steps;
mod unharmed;
pub mod windows;

pub use augment::{Augmentation, Background, Noise, Stretch};
pub use chain::Chain;
pub use config::{
    Compression, ConfigWarning, DatasetConfig, SpectralConfig, SpectralMethod, Task, WelchConfig,
    parse_yaml, read_yaml,
};
pub use dataset::{Dataset, Inputs, Loading, Slot, Split, Storage, Streamed};
pub use error::DataError;
pub use preprocess::{
    Normalisation, Preprocessing, SEGMENTS, Statistics, StatisticsPasses, segment,
};
pub use spectral::Spectrum;
pub use steps::{BandSettings, EdgeSettings, Step};
