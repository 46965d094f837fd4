//! Studies: many runs from one file.
//!
//! - [`mod@file`]: the sweep file: a base recipe, and what varies;
//! - [`space`]: parameters and the values they take, as a grid or at random;
//! - [`folds`]: which groups every run tests;
//! - [`plan`]: the runs of a study, one recipe a line, written before anything trains;
//! - [`state`]: which of them are done, read from the experiments;
//! - [`claims`]: who works on which line, by directories;
//! - [`worker`]: claims lines and trains them, one after another;
//! - [`executor`]: who runs workers: local processes, Slurm, or a person;
//! - [`check`]: reads the data and refuses what cannot be trained;
//! - [`estimate`]: how long a study takes, from one timed run.
//!
//! On disk, beside the experiments directory:
//! ```text
//! studies/{name}/
//!   plan.jsonl     one run a line
//!   study.json     where they compute and write
//!   sweep.yaml     the file they came from
//!   token          by which a task knows that it sees the same folder
//!   claims/{line}.{attempt}/
//!   logs/          what the workers said
//! ```
//! Nothing else is kept: results are in the experiments, which name their study and line.

pub mod check;
pub mod claims;
pub mod estimate;
pub mod executor;
pub mod file;
pub mod folds;
pub mod plan;
pub mod space;
pub mod state;
pub mod worker;
