//! Estimates the duration of a study from one epoch of one run.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::check::StudyCheck;
use super::plan::{PlanLine, StudySettings};
use super::worker::job;
use crate::error::{TrainerError, WorkerError};
use crate::recipe::Recipe;
use experiment::{ExperimentStore, History};

/// Measured time of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunTime {
    /// Seconds per epoch.
    pub epoch: f64,
    /// Seconds of everything else: start-up, reading, evaluation, writing.
    pub overhead: f64,
}

/// A temporary folder, removed on drop.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Trains the first run for one epoch on one thread and keeps nothing.
///
/// # Errors
/// [`TrainerError`] of the run.
pub fn time(settings: &StudySettings, line: &PlanLine) -> Result<RunTime, TrainerError> {
    let scratch = std::env::temp_dir().join(format!("trainer-timed-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(WorkerError::StartTimed)?;
    let scratch = Scratch(scratch);
    let recipe = Recipe {
        epochs: 1,
        ..job(settings, line).recipe
    };
    let file = scratch.0.join("recipe.json");
    std::fs::write(&file, recipe.to_bytes()).map_err(WorkerError::StartTimed)?;
    let experiments = scratch.0.join("experiments");
    let program = std::env::current_exe().map_err(WorkerError::StartTimed)?;
    let mut command = Command::new(program);
    command
        .args(["--threads", "1", "--backend", settings.backend.name()])
        .args(["--recipe".as_ref(), file.as_os_str()])
        .args(["--experiments-dir".as_ref(), experiments.as_os_str()])
        .args(["--datasets-dir".as_ref(), settings.datasets_dir.as_os_str()])
        .stdin(Stdio::null());
    if settings.stream {
        command.arg("--stream");
    }
    let started = Instant::now();
    let output = command.output().map_err(WorkerError::StartTimed)?;
    let whole = started.elapsed().as_secs_f64();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let (status, message) = (output.status, stderr.lines().last().unwrap_or_default());
        let message = message.to_owned();
        return Err(WorkerError::Timed { status, message }.into());
    }
    let entry = ExperimentStore::new(&experiments).find("latest")?;
    let history: History = entry.history();
    let epoch = history
        .epochs
        .first()
        .map_or(whole, |epoch| epoch.elapsed_s);
    Ok(RunTime {
        epoch,
        overhead: (whole - epoch).max(0.0),
    })
}

/// Estimated seconds of all runs in sequence.
pub fn total(timed: RunTime, lines: &[PlanLine], checked: &StudyCheck) -> f64 {
    let first = &lines[0].recipe;
    let run = |line: &PlanLine| {
        let epoch = timed.epoch * checked.relative_work(&line.recipe, first);
        timed.overhead + epoch * line.recipe.epochs as f64
    };
    lines.iter().map(run).sum()
}
