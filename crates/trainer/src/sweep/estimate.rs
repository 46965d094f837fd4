//! How long a study takes, from one epoch of one of its runs.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::check::Checked;
use super::plan::{PlanLine, StudySettings};
use super::worker::job;
use crate::error::TrainerError;
use crate::recipe::Recipe;
use experiment::{ExperimentStore, History};

/// Time of one run, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// Seconds of an epoch.
    pub epoch: f64,
    /// Seconds of everything else: start, reading, judging, writing.
    pub beside: f64,
}

/// Removes a folder in the end.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Trains the first run for one epoch, on one thread, where nothing is kept.
///
/// # Errors
/// [`TrainerError`] with what the run says.
pub fn time(settings: &StudySettings, line: &PlanLine) -> Result<Timed, TrainerError> {
    let failed = |problem: String| TrainerError::Usage(format!("the timed run: {problem}"));
    let scratch = std::env::temp_dir().join(format!("trainer-timed-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).map_err(|error| failed(error.to_string()))?;
    let scratch = Scratch(scratch);
    let recipe = Recipe {
        epochs: 1,
        ..job(settings, line).recipe
    };
    let file = scratch.0.join("recipe.json");
    std::fs::write(&file, recipe.to_bytes()).map_err(|error| failed(error.to_string()))?;
    let experiments = scratch.0.join("experiments");
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
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
    let output = command
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let whole = started.elapsed().as_secs_f64();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(said.lines().last().unwrap_or_default().to_owned()));
    }
    let entry = ExperimentStore::new(&experiments).find("latest")?;
    let history: History = entry.history();
    let epoch = history
        .epochs
        .first()
        .map_or(whole, |epoch| epoch.elapsed_s);
    Ok(Timed {
        epoch,
        beside: (whole - epoch).max(0.0),
    })
}

/// Seconds of all runs, one after another.
pub fn total(timed: Timed, lines: &[PlanLine], checked: &Checked) -> f64 {
    let first = &lines[0].recipe;
    let run = |line: &PlanLine| {
        let epoch = timed.epoch * checked.relative_work(&line.recipe, first);
        timed.beside + epoch * line.recipe.epochs as f64
    };
    lines.iter().map(run).sum()
}
