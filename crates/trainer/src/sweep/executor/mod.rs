//! Executors, which run the workers of a study.

mod local;
mod print;
mod slurm;

use clap::ValueEnum;

use super::plan::Study;
use crate::error::TrainerError;
use crate::training::Interrupt;

pub use local::Local;
pub use print::Print;
pub use slurm::Slurm;

/// Executor selectable by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExecutorName {
    /// Processes on this machine
    #[default]
    Local,
    /// Tasks of a Slurm job array
    Slurm,
    /// None: print one command per line, for other schedulers
    Print,
}

/// Result of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Execution {
    /// No line is left to claim.
    Finished,
    /// It was asked to stop.
    Interrupted,
    /// Others do the work; the text is for standard output.
    Elsewhere(String),
}

/// Runs the workers of a study.
pub trait Executor {
    /// Checks the requirements before anything is written.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] describing what is missing.
    fn check(&self) -> Result<(), TrainerError>;

    /// Trains the lines `todo` of a study.
    ///
    /// # Errors
    /// [`TrainerError`] if no worker could be started.
    fn execute(
        &self,
        study: &Study,
        todo: &[usize],
        interrupt: &Interrupt,
    ) -> Result<Execution, TrainerError>;
}

/// Path of this program, which workers run.
fn program() -> Result<std::path::PathBuf, TrainerError> {
    std::env::current_exe()
        .map_err(|error| TrainerError::Usage(format!("cannot find this program's file: {error}")))
}

/// Quotes a word for a shell command.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
