//! What experiments hold, each name defined once.
//!
//! - [`layout`]: files, folders and the runs of the event logs.
//! - [`Metric`]: scores of a classifier: their names in `metadata.json` and `history.jsonl`, tags in the event logs,
//!   direction, label and format. A new one is one row of the table there, and its value where the trainer reckons it.
//! - [`tags`]: what the tags of other people's event logs mean, and tags of classes.

pub mod layout;
mod metric;
pub mod tags;

pub use metric::{ClassMetric, Direction, Metric, Row, Split};
