//! Names of everything an experiment stores, each defined once.
//!
//! - [`layout`]: files, folders and the runs of the event logs.
//! - [`Metric`]: scores of a classifier, with their keys in `metadata.json` and `history.jsonl`, tags in the event
//!   logs, direction, label and format. A new metric is one row of that table, and its computation in the trainer.
//! - `settings`: settings of other programs that have a name here.
//! - [`tags`]: the tags of classes, and how to interpret the tags of other programs.

pub mod layout;
mod metric;
pub(crate) mod settings;
pub mod tags;

pub use metric::{ClassMetric, Direction, Metric, Row, Split};
