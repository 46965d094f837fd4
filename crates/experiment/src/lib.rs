//! A store of tracked experiments, in which nothing is ever overwritten.
//!
//! - [`ExperimentStore`]: a directory of experiments. It claims new ones, and lists and finds old ones. It holds no
//!   state of its own; the directories are the truth.
//! - [`Experiment`]: a running experiment, the only writer below its directory. It replaces `metadata.json`
//!   atomically, appends to `history.jsonl`, and writes event logs, figures and the model. It holds a lock that the
//!   operating system releases when the process ends.
//! - [`Metadata`]: `metadata.json` of this program and of the Python scripts; unknown fields are preserved.
//! - [`events`]: event files for TensorBoard.
//! - [`figures`]: confusion matrices and learning curves as PNG, with an embedded font.
//! - [`study`]: the runs of a study, summarised.
//! - [`catalogue`]: names of files, metrics and tags, each defined once.
//! - `commands` (feature `cli`): the commands of the binary `experiment`. Programs that only store experiments build
//!   without it.
//!
//! The crate does not depend on Burn, so the manager builds in seconds.
//!
//! ```no_run
//! use experiment::ExperimentStore;
//!
//! let store = ExperimentStore::new("experiments".as_ref());
//! // A full ID, a prefix or suffix, `latest`, `best`, `best:FIELD` or a tag.
//! let entry = store.find("best:test_f1")?;
//! for (epoch, loss) in entry.history().curve("val_loss") {
//!     println!("{}: epoch {epoch}, loss {loss:.4}", entry.id);
//! }
//! # Ok::<(), experiment::ExperimentError>(())
//! ```

mod added;
mod appender;
pub mod catalogue;
pub mod check;
#[cfg(feature = "cli")]
pub mod commands;
mod error;
mod evaluation;
pub mod event_files;
pub mod events;
mod field_names;
pub mod fields;
pub mod figures;
mod files;
pub mod filter;
pub mod hash;
mod history;
mod hparams;
mod id;
pub mod json;
mod lenient;
mod log_tables;
pub mod logs;
mod metadata;
mod pr_curve;
mod records;
pub mod retention;
mod run;
mod select;
mod sqlite;
pub mod statistics;
mod store;
pub mod study;
#[cfg(test)]
mod test_store;
mod times;
mod trackers;
mod trash;

pub use added::Added;
pub use catalogue::layout::{CHECKPOINTS, FILES, LOCK_FILE, LogRun, TRASH};
pub use error::ExperimentError;
pub use evaluation::EvaluationFolder;
pub use files::write_atomically;
pub use history::{Epoch, History};
pub use hparams::{HParam, HParamsDeclaration};
pub use id::{IdParts, IdTemplate};
pub use metadata::{
    DatasetInfo, FIELDS as METADATA_FIELDS, Metadata, ModelInfo, Results, SCHEMA_VERSION, Status,
    SystemInfo, TrainingConfig,
};
pub use pr_curve::PrCurve;
pub use run::{Experiment, LogPositions, load_checkpoint};
pub use store::{Broken, Entry, ExperimentStore, Selection, SkippedEntries};
pub use trackers::Program;
