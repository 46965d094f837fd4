//! Studies: many runs from one file.
//!
//! - [`mod@file`]: the sweep file: a base recipe and what varies;
//! - [`space`]: varied parameters and their values, as a grid or at random;
//! - [`folds`]: which groups each run tests;
//! - [`plan`]: the runs of a study, one recipe per line, written before training starts;
//! - [`state`]: which runs are done, derived from the experiments;
//! - [`worker`]: claims lines (crate `jobs`) and trains them in turn;
//! - [`executor`]: runs workers: local processes, Slurm, or printed commands;
//! - [`check`]: reads the data and refuses runs that cannot be trained;
//! - [`estimate`]: estimates the duration of a study from one timed run.
//!
//! On disk, next to the experiments directory:
//! ```text
//! studies/{name}/
//!   plan.jsonl     one run a line
//!   study.json     where they compute and write
//!   sweep.yaml     the file they came from
//!   token          by which a task knows that it sees the same folder
//!   claims/{line}.{attempt}/
//!   logs/          what the workers said
//! ```
//! Nothing else is stored. Results are in the experiments, which name their study and line.

pub mod check;
pub mod error;
pub mod estimate;
pub mod executor;
pub mod file;
pub mod folds;
pub mod plan;
pub mod space;
pub mod state;
pub mod worker;
