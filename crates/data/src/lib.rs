//! Seismic samples, from `dataset_config.yaml` to batches.
//!
//! - [`DatasetConfig`]: the configuration, with the keys that existing ones have;
//! - [`reader`]: sample sources (`.pt`, `.npz`, TFRecord), one file a format behind one trait;
//! - [`Preprocessing`]: segments, features and normalisation, the same code for training and
//!   prediction, stored with the model;
//! - [`Dataset`]: the three splits, in memory or streamed, checked for leaks, with fingerprints;
//! - [`windows`]: windows as they were recorded, for models with a front end of their own;
//! - [`folds`]: cross-validation by group;
//! - [`batch`]: seeded order and assembly of batches;
//! - [`demo`]: a deterministic simulation for those without data.
//!
//! Inputs are float32 `[sensor channels, segments, samples or bins]`, row-major; `[2, 7, 256]` by default.

mod augment;
pub mod batch;
mod census;
pub mod commands;
mod config;
mod dataset;
pub mod demo;
mod error;
mod feature_augment;
pub mod folds;
pub mod import;
mod index;
mod labels;
mod leaks;
mod loader;
mod memory;
mod nesting;
mod pool;
mod preprocessing;
pub mod reader;
pub mod recording;
pub mod samples;
pub mod signal;
mod text;
pub mod unharmed;
pub mod windows;

pub use augment::{Augmentation, Background, Noise, Stretch};
pub use config::{
    ConfigWarning, DatasetConfig, Task, parse_yaml, parse_yaml_noting_unknown, read_yaml,
};
pub use dataset::{Dataset, Inputs, Loading, Slot, Split, Storage, Streamed};
pub use error::DataError;
pub use feature_augment::{Draw, FeatureAugmentation, FeatureLayout};
pub use preprocessing::{
    BandLayout, BandSettings, BandsConfig, Chain, Compression, ConstantGuard, DEFAULT_METHOD,
    EdgeSettings, Normalisation, Pipeline, Preprocessing, SEGMENTS, SpectralConfig, SpectralMethod,
    Spectrum, Statistics, StatisticsPasses, Step, Thresholds, WelchConfig, WelchDetrend,
    WelchScaling, WelchWindow, segment,
};
