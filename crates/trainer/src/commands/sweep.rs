//! `trainer sweep`: trains many runs from one file.

use std::path::{Path, PathBuf};

use clap::Args;
use data::demo;
use experiment::ExperimentStore;
use jobs::{Availability, Claims, Execution, Executor, Print, Slurm};

use crate::compute::Backend;
use crate::error::{StudyError, TrainerError, UsageError};
use crate::progress::{Progress, format_duration};
use crate::recipe::Recipe;
use crate::run::interrupt_on_signals;
use crate::sweep::check::StudyCheck;
use crate::sweep::estimate;
use crate::sweep::executor::{ExecutorName, Local, StudyRuns};
use crate::sweep::file::SweepFile;
use crate::sweep::plan::{self, PlanLine, STUDY_VERSION, Study, StudySettings, studies_dir};
use crate::sweep::state::{self, LineState};
use crate::sweep::worker::{WorkerEnd, WorkerOptions, stop_with_parent, work};
use crate::training::Interrupt;

/// Arguments of `trainer sweep`.
#[derive(Clone, Debug, Args)]
pub struct SweepArgs {
    /// Sweep file with a base recipe and the parameters to vary
    #[arg(
        value_name = "FILE.yaml",
        required_unless_present_any = ["resume", "worker"]
    )]
    pub file: Option<PathBuf>,
    /// Finish the missing runs of an existing study
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "dry_run"])]
    pub resume: Option<String>,
    /// How the runs are executed
    #[arg(long, value_enum, default_value = "local")]
    pub executor: ExecutorName,
    /// Number of parallel runs of the local executor [default: one per core, as memory allows]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Check and count the runs, and estimate their time from one epoch of the first; train nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Directory of the experiments; studies are stored next to it [default: the preset's, else experiments]
    #[arg(long, value_name = "DIR")]
    pub experiments_dir: Option<PathBuf>,
    /// Directory for the embedded demo
    #[arg(long, value_name = "DIR", default_value = "datasets")]
    pub datasets_dir: PathBuf,
    /// Run as a worker of the study in this folder; executors use this
    #[arg(long, value_name = "DIR", hide = true, conflicts_with_all = ["file", "resume", "dry_run"])]
    pub worker: Option<PathBuf>,
    /// Token of the worker's study
    #[arg(long, value_name = "TOKEN", hide = true, requires = "worker")]
    pub token: Option<String>,
    /// Train only this line
    #[arg(long, value_name = "N", hide = true, requires = "worker")]
    pub line: Option<usize>,
    /// Stop when standard input is closed
    #[arg(long, hide = true, requires = "worker")]
    pub with_parent: bool,
}

/// Result of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepResult {
    /// Text for standard output.
    pub text: String,
    /// 0 for success, 1 if some runs failed, 130 if interrupted.
    pub exit_code: u8,
}

/// Plans and executes a study, finishes an existing one, or runs as a worker.
///
/// # Errors
/// [`TrainerError`] if the file or the data are invalid; nothing has been written then.
pub fn sweep(arguments: &SweepArgs) -> Result<SweepResult, TrainerError> {
    if let Some(folder) = &arguments.worker {
        return worker(arguments, folder);
    }
    let executor: Box<dyn Executor<StudyRuns>> = match arguments.executor {
        ExecutorName::Local => Box::new(Local {
            workers: arguments.workers,
        }),
        ExecutorName::Slurm => Box::new(Slurm),
        ExecutorName::Print => Box::new(Print),
    };
    executor.check()?;
    let study = match (&arguments.resume, &arguments.file) {
        (Some(name), _) => {
            let given = arguments.experiments_dir.as_deref();
            let experiments = absolute(given.unwrap_or(Path::new("experiments")))?;
            Study::find(&experiments, name)?
        }
        (None, Some(path)) => {
            let (settings, lines, file, checked) = planned(arguments, path)?;
            if arguments.dry_run {
                return dry_run(arguments, &settings, &lines, &checked);
            }
            let study = Study::create(settings, lines, &file.text)?;
            eprintln!(
                "study {}: {} runs planned in {}",
                study.settings.name,
                study.lines.len(),
                study.folder.display()
            );
            study
        }
        (None, None) => return Err(StudyError::NoFile.into()),
    };
    execute(executor.as_ref(), study, arguments.resume.is_some())
}

fn worker(arguments: &SweepArgs, folder: &Path) -> Result<SweepResult, TrainerError> {
    let interrupt = stop_on_signals();
    if arguments.with_parent {
        stop_with_parent(interrupt.clone());
    }
    let options = WorkerOptions {
        folder: folder.to_owned(),
        token: arguments.token.clone(),
        line: arguments.line,
        waits: arguments.with_parent,
    };
    let exit_code = match work(&options, &interrupt)? {
        WorkerEnd::NothingLeft => 0,
        WorkerEnd::Interrupted => 130,
    };
    Ok(SweepResult {
        text: String::new(),
        exit_code,
    })
}

/// Ctrl-C and SIGTERM stop the training after the current step. Repeated signals change nothing, since a scheduler
/// may send them both to the worker and to the shell that forwards them.
fn stop_on_signals() -> Interrupt {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let interrupt = Interrupt::default();
    for signal in [SIGINT, SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, interrupt.clone()) {
            eprintln!("warning: signals will stop at once, without saving: {error}");
        }
    }
    interrupt
}

fn absolute(path: &Path) -> Result<PathBuf, TrainerError> {
    std::path::absolute(path).map_err(|error| TrainerError::file(path, error))
}

/// Reads the file and its data and plans the runs. Nothing is written except the embedded demo.
fn planned(
    arguments: &SweepArgs,
    path: &Path,
) -> Result<(StudySettings, Vec<PlanLine>, SweepFile, StudyCheck), TrainerError> {
    let mut file = SweepFile::load(path)?;
    let mut settings = settings(arguments, &file)?;
    let studies = studies_dir(&settings.experiments_dir);
    if !arguments.dry_run {
        plan::refuse_taken(&studies.join(&file.name), &file.name)?;
        let store = ExperimentStore::new(&settings.experiments_dir);
        if state::exists(&store, &file.name)? {
            return Err(StudyError::ExperimentsExist {
                name: file.name,
                folder: settings.experiments_dir,
            }
            .into());
        }
    }
    for recipe in &mut file.recipes {
        recipe.dataset_config = Some(match &recipe.dataset_config {
            Some(config) => absolute(config)?,
            None => absolute(&demo::ensure(&settings.datasets_dir)?)?,
        });
    }
    let mut progress = Progress::new(0);
    let checked = StudyCheck::new(&settings, &file.recipes, file.folds.as_ref(), &mut progress)?;
    settings.memory = checked.memory;
    let lines = plan::lines(&file, &|recipe: &Recipe| checked.folds(recipe));
    Ok((settings, lines, file, checked))
}

fn settings(arguments: &SweepArgs, file: &SweepFile) -> Result<StudySettings, TrainerError> {
    let options = &file.preset.options;
    let experiments = arguments
        .experiments_dir
        .clone()
        .or_else(|| options.experiments_dir.clone())
        .unwrap_or_else(|| PathBuf::from("experiments"));
    let checkpoint_minutes = options.checkpoint_minutes.unwrap_or(10.0);
    if !(checkpoint_minutes.is_finite() && checkpoint_minutes > 0.0) {
        let (what, value) = ("checkpoint_minutes", checkpoint_minutes);
        return Err(UsageError::NotPositive { what, value }.into());
    }
    Ok(StudySettings {
        version: STUDY_VERSION,
        name: file.name.clone(),
        experiments_dir: absolute(&experiments)?,
        datasets_dir: absolute(&arguments.datasets_dir)?,
        backend: options.backend.unwrap_or(Backend::Native),
        device: options.device,
        stream: options.stream,
        checkpoint_minutes,
        tags: options.tags.clone(),
        notes: options.notes.clone(),
        meta: options.meta.clone(),
        memory: 0,
        slurm: file.slurm.clone(),
    })
}

fn dry_run(
    arguments: &SweepArgs,
    settings: &StudySettings,
    lines: &[PlanLine],
    checked: &StudyCheck,
) -> Result<SweepResult, TrainerError> {
    let count = |of: &dyn Fn(&PlanLine) -> String| {
        let all: std::collections::BTreeSet<String> = lines.iter().map(of).collect();
        all.len()
    };
    let timed = estimate::time(settings, &lines[0])?;
    let total = estimate::total(timed, lines, checked);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = arguments.workers.unwrap_or(cores).min(lines.len());
    Ok(SweepResult {
        text: format!(
            "study {}: {} runs ({} trials, {} folds, {} seeds)\none epoch of the first run takes {:.2} s, everything else {:.2} s; \
             all runs take about {} of one core, {} on {workers} cores\neach needs about {} MiB of memory; \
             nothing was written\n",
            settings.name,
            lines.len(),
            count(&|line| line.trial.to_string()),
            count(&|line| line.fold.clone().unwrap_or_default()),
            count(&|line| line.seed.to_string()),
            timed.epoch,
            timed.overhead,
            format_duration(total),
            format_duration(total / workers as f64),
            settings.memory >> 20,
        ),
        exit_code: 0,
    })
}

/// Trains the missing runs.
fn execute(
    executor: &dyn Executor<StudyRuns>,
    study: Study,
    resumed: bool,
) -> Result<SweepResult, TrainerError> {
    let interrupt = interrupt_on_signals().unwrap_or_else(|error| {
        eprintln!("warning: Ctrl-C will stop at once: {error}");
        Interrupt::default()
    });
    let states = state::read(&study)?;
    let todo: Vec<usize> = (0..states.len())
        .filter(|line| !states[*line].is_final())
        .collect();
    if todo.is_empty() {
        return Ok(summary(&study, &states));
    }
    if resumed {
        reopen(&study, &todo)?;
    }
    let work = StudyRuns::new(study, todo)?;
    match executor.execute(&work, &interrupt)? {
        Execution::Elsewhere(text) => Ok(SweepResult { text, exit_code: 0 }),
        ended => {
            let mut summary = summary(&work.study, &state::read(&work.study)?);
            if ended == Execution::Interrupted {
                summary.exit_code = 130;
            }
            Ok(summary)
        }
    }
}

/// Makes failed or abandoned lines available again.
fn reopen(study: &Study, todo: &[usize]) -> Result<(), TrainerError> {
    let claims = Claims::new(study.claims());
    let attempts = claims.attempts()?;
    for &line in todo {
        let item = plan::item(line);
        let attempts = attempts.get(&item).copied().unwrap_or(0);
        let availability = claims.availability(&item, attempts);
        if matches!(availability, Availability::Settled | Availability::GivenUp) {
            claims.reopen(&item, attempts)?;
        }
    }
    Ok(())
}

/// Counts the runs by state.
fn summary(study: &Study, states: &[LineState]) -> SweepResult {
    let count = |wanted: &dyn Fn(&LineState) -> bool| states.iter().filter(|s| wanted(s)).count();
    let completed = count(&|state| matches!(state, LineState::Completed(_)));
    let diverged = count(&|state| matches!(state, LineState::Diverged(_)));
    let unfinished = states.len() - completed - diverged;
    let name = &study.settings.name;
    let mut text = format!(
        "study {name}: {completed} of {} runs completed",
        states.len()
    );
    if diverged > 0 {
        text.push_str(&format!(", {diverged} diverged"));
    }
    if unfinished > 0 {
        text.push_str(&format!(
            ", {unfinished} left: trainer sweep --resume {name} (logs: {})",
            study.logs().display()
        ));
    }
    text.push_str(&format!("\nresults: experiment study {name}\n"));
    SweepResult {
        text,
        exit_code: u8::from(unfinished > 0),
    }
}
