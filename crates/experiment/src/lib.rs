//! Tracked experiments: nothing is ever overwritten.
//!
//! - [`ExperimentStore`]: a directory of experiments; claims new ones, lists and finds old ones.
//!   It holds no state of its own: the directories are the truth.
//! - [`Experiment`]: a running experiment. The only thing that writes below its directory:
//!   `metadata.json` (replaced atomically), `history.jsonl` (appended), event logs, figures, the
//!   model. It holds a lock that the operating system frees when the process goes.
//! - [`Metadata`]: `metadata.json`, ours and that of the Python system; unknown fields are kept.
//! - [`events`]: event files as the real TensorBoard reads them.
//! - [`figures`]: confusion matrices and learning curves as PNG, with an embedded font.
//! - [`study`]: the runs of a study together;
//! - [`catalogue`]: names of files, metrics and tags, each defined once.
//! - `commands`, with the feature `cli`: what the binary `experiment` does. Programs that only keep experiments build
//!   without it.
//!
//! The crate knows nothing of Burn, so the manager builds in seconds.

mod appender;
pub mod catalogue;
pub mod check;
#[cfg(feature = "cli")]
pub mod commands;
mod error;
mod evaluation;
pub mod event_files;
pub mod events;
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
pub mod logs;
mod metadata;
mod records;
pub mod retention;
mod run;
mod select;
pub mod statistics;
mod store;
pub mod study;
#[cfg(test)]
mod test_store;
mod trash;
mod words;

pub use catalogue::layout::{CHECKPOINTS, FILES, LOCK_FILE, LogRun, TRASH};
pub use error::ExperimentError;
pub use evaluation::EvaluationFolder;
pub use events::host_name;
pub use files::write_atomically;
pub use history::{Epoch, History};
pub use hparams::{HParam, HParamsDeclaration};
pub use id::{IdParts, IdTemplate};
pub use metadata::{
    DatasetInfo, Metadata, ModelInfo, Results, SCHEMA_VERSION, Status, SystemInfo, TrainingConfig,
};
pub use run::{Experiment, Marks, load_checkpoint};
pub use store::{Broken, Entry, ExperimentStore, Selection};
