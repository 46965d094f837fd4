//! Options of `predict recording` that select the executor for an archive.

use clap::{Args, ValueEnum};
use jobs::SlurmSettings;

use crate::error::PredictError;

/// Executor selectable by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExecutorName {
    /// This process
    #[default]
    Local,
    /// Tasks of a Slurm job array
    Slurm,
    /// None: print one command per day, for other schedulers
    Print,
}

/// How the days of an archive are shared between processes.
#[derive(Clone, Debug, Default, Args)]
pub struct ShareArgs {
    /// For an archive: who analyses its days
    #[arg(long, value_enum, default_value = "local")]
    pub executor: ExecutorName,
    /// Number of Slurm array tasks [default: one per day, at most 100]; each takes days until none is left
    #[arg(long, value_name = "N")]
    pub tasks: Option<usize>,
    /// Maximum number of Slurm tasks running at the same time
    #[arg(long, value_name = "N")]
    pub array_limit: Option<usize>,
    /// Option of `sbatch`, such as --sbatch=--time=4:00:00; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    pub sbatch: Vec<String>,
    /// Run as a worker on the archive with this token; executors use this
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub worker: Option<String>,
    /// Analyse only this day
    #[arg(long, value_name = "NAME", hide = true, requires = "worker")]
    pub day: Option<String>,
}

impl ShareArgs {
    /// Refuses options of archives for other recordings.
    ///
    /// # Errors
    /// [`PredictError::Usage`] naming an option.
    pub(super) fn refuse(&self) -> Result<(), PredictError> {
        let given = [
            ("--executor", self.executor != ExecutorName::Local),
            ("--tasks", self.tasks.is_some()),
            ("--array-limit", self.array_limit.is_some()),
            ("--sbatch", !self.sbatch.is_empty()),
            ("--worker", self.worker.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => usage(format!("{option} is for archives: give the folder of one")),
            None => Ok(()),
        }
    }

    /// Resources for Slurm.
    ///
    /// # Errors
    /// [`PredictError::Usage`] naming an invalid option.
    pub(super) fn settings(&self) -> Result<SlurmSettings, PredictError> {
        for (option, number) in [("--tasks", self.tasks), ("--array-limit", self.array_limit)] {
            if number == Some(0) {
                return usage(format!("{option} must be at least 1"));
            }
        }
        Ok(SlurmSettings {
            tasks: self.tasks,
            array_limit: self.array_limit,
            options: self.sbatch.clone(),
            ..SlurmSettings::default()
        })
    }
}

/// An error about the request.
pub(super) fn usage<T>(problem: impl Into<String>) -> Result<T, PredictError> {
    Err(PredictError::Usage(problem.into()))
}
