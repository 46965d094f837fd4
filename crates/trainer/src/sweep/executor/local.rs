//! Executes workers as processes on this machine.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jobs::{Execution, Executor, program};

use super::StudyRuns;
use crate::error::{EndedWorker, TrainerError, UsageError, WorkerError};
use crate::memory;
use crate::progress::{Printer, RunsProgress};
use crate::sweep::plan::Study;
use crate::sweep::worker::Event;

/// One process per core, as many as fit in memory.
#[derive(Clone, Copy, Debug)]
pub struct Local {
    /// Maximum number of processes; `None` for one per core.
    pub workers: Option<usize>,
}

impl Executor<StudyRuns> for Local {
    fn check(&self) -> Result<(), TrainerError> {
        match self.workers {
            Some(0) => Err(UsageError::Zero { what: "--workers" }.into()),
            _ => Ok(()),
        }
    }

    fn execute(&self, work: &StudyRuns, interrupt: &AtomicBool) -> Result<Execution, TrainerError> {
        let StudyRuns { study, todo, .. } = work;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let wanted = self.workers.unwrap_or(cores).min(todo.len().max(1));
        let fitting = memory::processes(study.settings.memory);
        let workers = fitting.map_or(wanted, |fitting| wanted.min(fitting.max(1)));
        let mut progress = RunsProgress::new(todo.len(), workers);
        if workers < wanted {
            progress.say(&format!(
                "{workers} runs at a time instead of {wanted}: each needs about {} MiB of memory",
                study.settings.memory >> 20
            ));
        }
        let pool = Pool {
            study,
            program: program()?,
            voice: progress.voice(),
            stopping: AtomicBool::new(false),
            inputs: (0..workers).map(|_| Mutex::new(None)).collect(),
        };
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            let slots: Vec<_> = (0..workers)
                .map(|slot| {
                    let (sender, pool) = (sender.clone(), &pool);
                    scope.spawn(move || pool.keep(slot, &sender))
                })
                .collect();
            drop(sender);
            loop {
                match receiver.recv_timeout(Duration::from_millis(100)) {
                    Ok(Event::Take { .. }) => {}
                    Ok(Event::Done {
                        line,
                        test_f1,
                        problem,
                        ..
                    }) => {
                        let run = study
                            .lines
                            .get(line)
                            .map(|line| line.describe())
                            .unwrap_or_default();
                        progress.done(&run, test_f1, problem.as_deref());
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if interrupt.load(Ordering::Relaxed) && !pool.stopping.load(Ordering::Relaxed) {
                    progress.say("stopping: every run finishes its step and saves");
                    pool.stop();
                }
            }
            progress.end();
            for slot in slots {
                let kept = slot.join();
                kept.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(if interrupt.load(Ordering::Relaxed) {
                Execution::Interrupted
            } else {
                Execution::Finished
            })
        })
    }
}

/// Worker processes, one per slot.
struct Pool<'a> {
    study: &'a Study,
    program: std::path::PathBuf,
    voice: Printer,
    stopping: AtomicBool,
    /// Standard input of each worker. Workers stop when it closes, which also happens if this process is killed.
    inputs: Vec<Mutex<Option<ChildStdin>>>,
}

impl Pool<'_> {
    /// Keeps one worker running until no lines are left. A worker that dies while training is replaced.
    fn keep(&self, slot: usize, events: &Sender<Event>) -> Result<(), TrainerError> {
        loop {
            let Some(mut child) = self.start(slot)? else {
                return Ok(());
            };
            let mut trained = false;
            let out = child.stdout.take().into_iter();
            for line in out.flat_map(|out| BufReader::new(out).lines()) {
                let event = line.ok().and_then(|line| serde_json::from_str(&line).ok());
                if let Some(event) = event {
                    trained = true;
                    let _ = events.send(event);
                }
            }
            let status = child.wait().map_err(WorkerError::Start)?;
            let ended = matches!(status.code(), Some(0 | 130));
            if ended || self.stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
            let log = self.log(slot);
            let ended = EndedWorker { status, log };
            // It failed before it had anything to train: a new worker would fail the same way.
            if status.code().is_some() || !trained {
                return Err(WorkerError::Ended(ended).into());
            }
            self.voice
                .warn(&format!("{ended}; another takes its place"));
        }
    }

    fn log(&self, slot: usize) -> std::path::PathBuf {
        self.study.logs().join(format!("local-{slot}.log"))
    }

    /// Starts a worker unless the pool is stopping.
    fn start(&self, slot: usize) -> Result<Option<Child>, TrainerError> {
        let mut input = self.inputs[slot]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.stopping.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log(slot));
        let mut child = log
            .and_then(|log| {
                Command::new(&self.program)
                    .args(["sweep", "--with-parent", "--worker"])
                    .arg(&self.study.folder)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(log)
                    .spawn()
            })
            .map_err(WorkerError::Start)?;
        *input = child.stdin.take();
        Ok(Some(child))
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        for input in &self.inputs {
            *input.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}
