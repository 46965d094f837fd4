//! `data import`: from continuous recordings with labelled intervals to windows in splits.
//!
//! [`RecordingsConfig`] is the YAML file; [`cut()`] cuts windows from one recording; [`assign()`] assigns groups of
//! windows to splits; [`import`] combines these and writes TFRecord shards, index files and a `dataset_config.yaml`.

mod advice;
mod assign;
mod classes;
mod config;
mod counts;
mod cut;
mod each_file;
mod events;
mod fractions;
pub(crate) mod gaps;
mod imported;
mod labels;
mod m3n_vc;
mod named_start;
mod names;
mod origin;
mod placeholders;
mod recording;
mod repeats;
mod report;
mod rounding;
mod shards;
mod sources;
mod spool;
pub(crate) mod suspect;
mod tables;
#[cfg(test)]
mod tests;
mod traces;
mod transients;
mod twice;
mod windows;
mod write;

pub use crate::fills::{is_fill, is_missing};
pub use assign::{Group, assign};
pub use config::{RecordingsConfig, SeisBenchFolder};
pub use cut::{Counts, Cut, Interval, cut};
pub(crate) use each_file::split as split_named;
pub(crate) use fractions::fractions;
pub use fractions::{SplitBy, SplitSettings};
pub use imported::Imported;
pub(crate) use labels::labels_of;
pub use labels::{Label, LabelsFile, TableColumn, Time};
pub use m3n_vc::M3nVc;
pub use recording::Recording;
pub use report::{ChannelReport, ClassReport, RecordingReport, Report, SplitReport};
pub use shards::Target;
pub use sources::{DatasetSources, SourceUse};
pub use suspect::fill_notes;
pub use windows::{SensorChannel, labelled_intervals, overlapping, sensor_channels};
pub use write::{SplitSink, WriteOptions, import, import_watched, resplit};

/// Names of the splits, in order.
pub const SPLITS: [&str; 3] = ["train", "val", "test"];
