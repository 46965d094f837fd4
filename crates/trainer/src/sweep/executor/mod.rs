//! Who runs the workers of a study.

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

/// An executor by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExecutorName {
    /// Processes of this machine
    #[default]
    Local,
    /// Tasks of a Slurm job array
    Slurm,
    /// Nobody: one command a line, for anything else
    Print,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Execution {
    /// No line is left to claim.
    Finished,
    /// It was told to stop.
    Interrupted,
    /// Others work on it; a text for standard output.
    Elsewhere(String),
}

/// Runs workers.
pub trait Executor {
    /// Refuses what cannot run, before anything is written.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] with what is missing.
    fn check(&self) -> Result<(), TrainerError>;

    /// Has the lines `todo` of a study trained.
    ///
    /// # Errors
    /// [`TrainerError`] where no worker could be started.
    fn execute(
        &self,
        study: &Study,
        todo: &[usize],
        interrupt: &Interrupt,
    ) -> Result<Execution, TrainerError>;
}

/// The program that workers run.
fn program() -> Result<std::path::PathBuf, TrainerError> {
    std::env::current_exe()
        .map_err(|error| TrainerError::Usage(format!("cannot find this program's file: {error}")))
}

/// A word of a shell's command.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
