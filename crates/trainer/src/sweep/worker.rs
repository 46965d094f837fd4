//! A worker: claims lines of a plan and trains them in turn until none is left.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use experiment::{CHECKPOINTS, Entry, ExperimentStore, IdTemplate, Status};
use jobs::{Availability, Claim, Claims, token};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plan::{PlanLine, Study, StudySettings};
use super::state::{self, LINE, LineState, STUDY};
use crate::error::{TrainerError, WorkerError};
use crate::job::{ComputeOptions, Job, Tracking};
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::run::run;
use crate::training::{Interrupt, StoppedBy};

/// Options of a worker.
#[derive(Clone, Debug, Default)]
pub struct WorkerOptions {
    /// Folder of the study.
    pub folder: PathBuf,
    /// Expected token of the study; `None` if the worker certainly sees the planner's folder.
    pub token: Option<String>,
    /// Train only this line.
    pub line: Option<usize>,
    /// Whether to wait for lines that others work on, in case they fail to finish.
    pub waits: bool,
}

/// Events reported on standard output, one JSON object per line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// The worker claimed a line.
    Take {
        /// Number of the line.
        line: usize,
    },
    /// The worker finished a line.
    Done {
        /// Number of the line.
        line: usize,
        /// Outcome of the run.
        outcome: Outcome,
        /// Macro F1 on the test split.
        test_f1: Option<f64>,
        /// Error message.
        problem: Option<String>,
    },
}

/// Outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Completed with results.
    Completed,
    /// The loss became non-finite.
    Diverged,
    /// Failed with an error.
    Failed,
    /// Interrupted; it can be resumed.
    Interrupted,
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEnd {
    /// No line is left to claim.
    NothingLeft,
    /// It was asked to stop.
    Interrupted,
}

/// Number of consecutive runs with unreadable data after which a worker gives up: the machine probably does not see
/// the data.
const MAX_BAD_INPUTS: usize = 3;

/// Sets `interrupt` when standard input closes: the parent is gone or wants the worker to stop.
pub fn stop_with_parent(interrupt: Interrupt) {
    std::thread::spawn(move || {
        let mut sink = [0; 64];
        while matches!(std::io::stdin().read(&mut sink), Ok(1..)) {}
        interrupt.store(true, Ordering::Relaxed);
    });
}

/// Works until no line is left.
///
/// # Errors
/// [`TrainerError`] if the study or the data of its runs cannot be read.
pub fn work(options: &WorkerOptions, interrupt: &Interrupt) -> Result<WorkerEnd, TrainerError> {
    if let Some(expected) = &options.token {
        token::check(&options.folder, expected)?;
    }
    let study = Study::load(&options.folder)?;
    // Parallelism comes from many processes, so each uses one thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build_global().map_err(WorkerError::Threads)?;
    let mut worker = Worker {
        states: state::read(&study)?,
        claims: Claims::new(study.claims()),
        study: &study,
        interrupt,
        bad_inputs: 0,
    };
    loop {
        let pass = worker.pass(options.line)?;
        match pass {
            PassResult::Interrupted => return Ok(WorkerEnd::Interrupted),
            // A worker that claimed a line a moment ago may have died before taking its lock.
            PassResult::Unborn => std::thread::sleep(LOOK_AGAIN),
            PassResult::Held if options.waits => std::thread::sleep(LOOK_AGAIN),
            PassResult::Held | PassResult::NothingLeft => return Ok(WorkerEnd::NothingLeft),
        }
    }
}

struct Worker<'a> {
    study: &'a Study,
    states: Vec<LineState>,
    claims: Claims,
    interrupt: &'a Interrupt,
    bad_inputs: usize,
}

/// Polling interval for lines that others work on.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

enum PassResult {
    NothingLeft,
    /// Others work on the remaining lines.
    Held,
    Unborn,
    Interrupted,
}

impl Worker<'_> {
    /// Tries every line once.
    fn pass(&mut self, only: Option<usize>) -> Result<PassResult, TrainerError> {
        let (mut unborn, mut held) = (false, false);
        let attempts = self.claims.attempts()?;
        for line in &self.study.lines {
            if self.interrupt.load(Ordering::Relaxed) {
                return Ok(PassResult::Interrupted);
            }
            if self.states[line.line].is_final() || only.is_some_and(|only| only != line.line) {
                continue;
            }
            let item = line.item();
            let before = attempts.get(&item).copied().unwrap_or(0);
            match self.claims.availability(&item, before) {
                Availability::Free(attempt) => {
                    let Some(claim) = self.claims.take(&item, attempt)? else {
                        // Both of two workers that claim a line at the same moment may have given way.
                        unborn = true;
                        continue;
                    };
                    if self.train(line, claim)? == Outcome::Interrupted {
                        return Ok(PassResult::Interrupted);
                    }
                }
                Availability::Unborn => unborn = true,
                Availability::Held => held = true,
                Availability::Settled | Availability::GivenUp => {}
            }
        }
        Ok(match (unborn, held) {
            (true, _) => PassResult::Unborn,
            (false, true) => PassResult::Held,
            (false, false) => PassResult::NothingLeft,
        })
    }

    /// Trains a line that this process has claimed.
    fn train(&mut self, line: &PlanLine, claim: Claim) -> Result<Outcome, TrainerError> {
        say(&Event::Take { line: line.line });
        if claim.attempt > 0 || self.states[line.line] != LineState::Missing {
            // An earlier worker may have finished it or left a checkpoint.
            self.states = state::read(self.study)?;
        }
        let done = |outcome, test_f1, problem| {
            let line = line.line;
            say(&Event::Done {
                line,
                outcome,
                test_f1,
                problem,
            });
            outcome
        };
        if self.states[line.line].is_final() {
            claim.settle("done before")?;
            return Ok(done(Outcome::Completed, None, None));
        }
        let mut progress = Progress::new(line.recipe.epochs);
        progress.say(&format!("== line {}: {}", line.line, line.describe()));
        let job = self.job(line);
        let finished = job.and_then(|job| run(&job, self.interrupt, &mut progress));
        match finished {
            Ok(finished) if finished.outcome.stopped_by == StoppedBy::Interrupted => {
                claim.release()?;
                Ok(done(Outcome::Interrupted, None, None))
            }
            Ok(finished) => {
                self.bad_inputs = 0;
                claim.settle(&finished.metadata.experiment_id)?;
                let f1 = finished.judgement.test.report().f1.macro_;
                Ok(done(Outcome::Completed, Some(f1), None))
            }
            Err(TrainerError::Interrupted) => {
                claim.release()?;
                Ok(done(Outcome::Interrupted, None, None))
            }
            Err(error) => {
                progress.say(&format!("error: {error}"));
                let outcome = match error {
                    TrainerError::Diverged { .. } => Outcome::Diverged,
                    _ => Outcome::Failed,
                };
                claim.settle(&format!("failed: {error}"))?;
                done(outcome, None, Some(error.to_string()));
                self.bad_inputs += usize::from(error.exit_code() == 2);
                if self.bad_inputs >= MAX_BAD_INPUTS {
                    return Err(error);
                }
                Ok(outcome)
            }
        }
    }

    /// The job of a line: a new run or a resumed one.
    fn job(&self, line: &PlanLine) -> Result<Job, TrainerError> {
        let settings = &self.study.settings;
        let job = job(settings, line);
        let LineState::Unfinished(id, status) = &self.states[line.line] else {
            return Ok(job);
        };
        let entry = ExperimentStore::new(&settings.experiments_dir).find(id)?;
        if *status == Status::Unknown || !has_checkpoint(&entry) {
            return Ok(job);
        }
        Ok(Job {
            recipe: Recipe::of_experiment(&entry)?,
            resume: Some(entry),
            ..job
        })
    }
}

fn has_checkpoint(entry: &Entry) -> bool {
    let mut names = CHECKPOINTS.iter();
    names.any(|name| entry.directory.join(name).exists())
}

/// The job of a new run.
pub fn job(settings: &StudySettings, line: &PlanLine) -> Job {
    let mut meta = settings.meta.clone();
    let fields = [
        (STUDY, json!(settings.name)),
        (LINE, json!(line.line)),
        ("trial", json!(line.trial)),
        ("varied", json!(line.varied)),
        ("fold_name", json!(line.fold)),
    ];
    meta.extend(
        fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value)),
    );
    Job {
        recipe: line.recipe.clone(),
        compute: ComputeOptions {
            backend: settings.backend,
            device: settings.device,
            threads: None,
            stream: settings.stream,
        },
        tracking: Tracking {
            experiments_dir: settings.experiments_dir.clone(),
            datasets_dir: settings.datasets_dir.clone(),
            id_template: IdTemplate::default(),
            extra_subdirectories: Vec::new(),
            meta,
            tags: settings.tags.clone(),
            notes: settings.notes.clone(),
            untracked: false,
            checkpoint_every: std::time::Duration::from_secs_f64(
                settings.checkpoint_minutes * 60.0,
            ),
        },
        // A study compares its runs with each other instead of with baselines.
        baseline: false,
        resume: None,
        budget_kb: None,
    }
}

/// Reports to the parent process, which may be gone.
fn say(event: &Event) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", json!(event)).and_then(|()| out.flush());
}
