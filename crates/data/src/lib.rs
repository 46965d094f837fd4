//! Seismic data, from recordings and `dataset_config.yaml` to batches.
//!
//! - [`DatasetConfig`]: the dataset configuration;
//! - [`reader`]: sample formats (`.pt`, `.npz`, TFRecord), one file each behind one trait;
//! - [`Preprocessing`]: segments, features and normalisation, the same code for training and prediction, stored with
//!   the model;
//! - [`Dataset`]: the three splits, in memory or streamed, checked for leaks, with fingerprints;
//! - [`windows`]: raw windows, for models with their own front end;
//! - [`recording`] and [`import`]: continuous recordings, and datasets made from them;
//! - [`folds`]: cross-validation by group;
//! - [`batch`]: seeded order and assembly of batches;
//! - [`demo`]: a deterministic simulation for trying things out.
//!
//! Inputs are float32 `[sensor channels, segments, samples or bins]`, row-major; `[2, 7, 256]` by default.
//!
//! ```no_run
//! use data::{Dataset, DatasetConfig, Normalisation};
//!
//! let config = DatasetConfig::load("dataset/dataset_config.yaml".as_ref(), None)?;
//! let dataset = Dataset::load(&config, Normalisation::Dataset)?;
//! println!("{} training windows of {:?}", dataset.train.len(), dataset.train.shape);
//! # Ok::<(), data::DataError>(())
//! ```

mod alike;
mod augment;
pub mod batch;
mod census;
pub mod commands;
mod config;
mod constant;
mod dataset;
pub mod demo;
pub mod error;
mod extremes;
mod feature_augment;
mod fills;
mod fingerprint;
pub mod folds;
mod formulas;
mod gzip;
pub mod import;
mod index;
mod labels;
mod leaks;
mod limited;
mod limits;
mod loader;
mod loudness;
mod memory;
mod nesting;
mod pool;
mod preprocessing;
mod quotes;
pub mod reader;
pub mod recording;
mod room;
mod runs;
pub mod samples;
mod segments;
mod serde_skip;
mod shapes;
pub mod signal;
mod split;
mod text;
pub mod windows;

pub use augment::{Augmentation, Background, Noise, Stretch};
pub use config::{
    ConfigWarning, DatasetConfig, Task, finite_json, parse_yaml, parse_yaml_noting_unknown,
    read_yaml,
};
pub use constant::constant_channels;
pub use dataset::Dataset;
pub use error::{DataError, Problem};
pub use feature_augment::{Draw, FeatureAugmentation, FeatureLayout};
pub use fingerprint::Fingerprint;
pub use preprocessing::{
    BandLayout, BandSettings, BandsConfig, Chain, Compression, ConstantGuard, DEFAULT_METHOD,
    EdgeSettings, FEW_BANDS, NoneConfig, Normalisation, Operation, Pipeline, PlannedStep,
    Preprocessing, Sequence, SpectralConfig, SpectralMethod, Statistics, StatisticsPasses, Step,
    Thresholds, WelchConfig, WelchDetrend, WelchScaling, WelchWindow,
};
pub use segments::{Cut, SEGMENTS, segment};
pub use split::{Inputs, Loading, Slot, Split, Storage, Streamed};
