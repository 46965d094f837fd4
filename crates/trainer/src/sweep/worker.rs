//! Claims lines of a plan and trains them, one after another, until none is left.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use experiment::{CHECKPOINTS, Entry, ExperimentStore, IdTemplate, Status};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::claims::{Availability, Claim, Claims};
use super::plan::{PlanLine, Study, StudySettings};
use super::state::{self, LINE, LineState, STUDY};
use crate::error::TrainerError;
use crate::job::{ComputeOptions, Job, Tracking};
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::run::run;
use crate::training::{Interrupt, StoppedBy};

/// What a worker works on.
#[derive(Clone, Debug, Default)]
pub struct WorkerOptions {
    /// Folder of the study.
    pub folder: PathBuf,
    /// What the study's token must be; none where whoever started the worker sees the same folder.
    pub token: Option<String>,
    /// Only this line.
    pub line: Option<usize>,
    /// Whether it waits for lines that others work on, in case they do not finish them.
    pub waits: bool,
}

/// What a worker says on standard output, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// It claimed a line.
    Take {
        /// Number of the line.
        line: usize,
    },
    /// It is done with a line.
    Done {
        /// Number of the line.
        line: usize,
        /// What came of it.
        outcome: Outcome,
        /// Macro F1 on the test split.
        test_f1: Option<f64>,
        /// What went wrong.
        problem: Option<String>,
    },
}

/// What came of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Results.
    Completed,
    /// The loss ceased to be a number.
    Diverged,
    /// An error.
    Failed,
    /// It can go on.
    Interrupted,
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEnd {
    /// No line is left to claim.
    NothingLeft,
    /// It was told to stop.
    Interrupted,
}

/// Bad data in as many runs after another end the worker: more likely the machine does not see the data.
const MOST_BAD_INPUTS: usize = 3;

/// Sets `interrupt` when standard input ends: whoever started the worker is gone, or wants it to stop.
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
/// [`TrainerError`] where the study cannot be read, or its runs' data cannot.
pub fn work(options: &WorkerOptions, interrupt: &Interrupt) -> Result<WorkerEnd, TrainerError> {
    let found = Study::token(&options.folder)?;
    if options.token.as_ref().is_some_and(|token| *token != found) {
        return Err(TrainerError::Usage(format!(
            "{} is not the folder in which the study was planned: its token differs; a study's folder must be shared \
             by all machines that train it",
            options.folder.display()
        )));
    }
    let study = Study::load(&options.folder)?;
    // Runs are many: every one on a thread of its own process.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
    pool.build_global()
        .map_err(|error| TrainerError::Usage(format!("one thread: {error}")))?;
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
            Pass::Interrupted => return Ok(WorkerEnd::Interrupted),
            // Whoever began a line a moment ago may have died before it held the lock.
            Pass::Unborn => std::thread::sleep(LOOK_AGAIN),
            Pass::Held if options.waits => std::thread::sleep(LOOK_AGAIN),
            Pass::Held | Pass::NothingLeft => return Ok(WorkerEnd::NothingLeft),
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

/// Time between two looks at lines that others work on.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(500);

enum Pass {
    NothingLeft,
    /// Others work on what is left.
    Held,
    Unborn,
    Interrupted,
}

impl Worker<'_> {
    /// Tries every line once.
    fn pass(&mut self, only: Option<usize>) -> Result<Pass, TrainerError> {
        let (mut unborn, mut held) = (false, false);
        let attempts = self.claims.attempts()?;
        for line in &self.study.lines {
            if self.interrupt.load(Ordering::Relaxed) {
                return Ok(Pass::Interrupted);
            }
            if self.states[line.line].is_final() || only.is_some_and(|only| only != line.line) {
                continue;
            }
            let before = attempts.get(&line.line).copied().unwrap_or(0);
            match self.claims.availability(line.line, before) {
                Availability::Free(attempt) => {
                    let Some(claim) = self.claims.take(line.line, attempt)? else {
                        held = true;
                        continue;
                    };
                    if self.train(line, claim)? == Outcome::Interrupted {
                        return Ok(Pass::Interrupted);
                    }
                }
                Availability::Unborn => unborn = true,
                Availability::Held => held = true,
                Availability::Settled | Availability::GivenUp => {}
            }
        }
        Ok(match (unborn, held) {
            (true, _) => Pass::Unborn,
            (false, true) => Pass::Held,
            (false, false) => Pass::NothingLeft,
        })
    }

    /// Trains a line that this process holds.
    fn train(&mut self, line: &PlanLine, claim: Claim) -> Result<Outcome, TrainerError> {
        say(&Event::Take { line: line.line });
        if claim.attempt > 0 || self.states[line.line] != LineState::Missing {
            // Whoever held it before may have finished it, or left a checkpoint.
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
            Err(error) => {
                progress.say(&format!("error: {error}"));
                let outcome = match error {
                    TrainerError::Diverged { .. } => Outcome::Diverged,
                    _ => Outcome::Failed,
                };
                claim.settle(&format!("failed: {error}"))?;
                done(outcome, None, Some(error.to_string()));
                self.bad_inputs += usize::from(error.exit_code() == 2);
                if self.bad_inputs >= MOST_BAD_INPUTS {
                    return Err(error);
                }
                Ok(outcome)
            }
        }
    }

    /// The run of a line: a new one, or one that goes on.
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

/// The run of a line from its start.
pub fn job(settings: &StudySettings, line: &PlanLine) -> Job {
    let mut meta = settings.meta.clone();
    let own = [
        (STUDY, json!(settings.name)),
        (LINE, json!(line.line)),
        ("trial", json!(line.trial)),
        ("varied", json!(line.varied)),
        ("fold_name", json!(line.fold)),
    ];
    meta.extend(
        own.into_iter()
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
        // A study compares its runs with each other.
        baseline: false,
        resume: None,
        budget_kb: None,
    }
}

/// Tells whoever started the worker; nobody may be listening.
fn say(event: &Event) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", json!(event)).and_then(|()| out.flush());
}
