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
//! - [`commands`]: what the binary `experiment` does.
//!
//! The crate knows nothing of Burn, so the manager builds in seconds.

mod appender;
pub mod check;
pub mod commands;
mod error;
pub mod events;
pub mod fields;
pub mod figures;
mod files;
pub mod filter;
pub mod hash;
mod history;
mod hparams;
mod id;
pub mod logs;
mod metadata;
mod run;
mod select;
mod store;
mod trash;

pub use error::ExperimentError;
pub use events::host_name;
pub use history::{Epoch, History};
pub use hparams::HParam;
pub use id::{IdParts, IdTemplate};
pub use metadata::{
    DatasetInfo, Metadata, ModelInfo, Results, SCHEMA_VERSION, Status, SystemInfo, TrainingConfig,
};
pub use run::{CHECKPOINTS, Experiment, FILES, LogRun, Marks, load_checkpoint, write_atomically};
pub use store::{Entry, ExperimentStore, LOCK_FILE, Selection};
pub use trash::TRASH;
