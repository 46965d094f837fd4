//! From continuous recordings with labelled intervals to windows in splits: `data import`.
//!
//! [`RecordingsConfig`] is the YAML; [`cut()`] makes windows of one recording; [`assign()`] decides which group of windows
//! belongs to which split; [`import`] does it all and writes TFRecord shards, index files and a `dataset_config.yaml`.

mod assign;
mod config;
mod cut;
mod labels;
mod m3n_vc;
mod shards;
mod traces;
mod write;

pub use assign::{Group, assign};
pub use config::{Recording, RecordingsConfig, SeisBenchFolder, SplitBy, SplitSettings};
pub use cut::{Counts, Cut, Interval, cut};
pub use labels::{Label, Time};
pub use m3n_vc::M3nVc;
pub use shards::Target;
pub use write::{Imported, SplitSink, import, resplit};

/// Names of the splits, in order.
pub const SPLITS: [&str; 3] = ["train", "val", "test"];
