//! Writes the results of a training on its own thread, so that logs, images and checkpoints do not delay the next
//! step.
//!
//! Everything is written in order. If logs or a checkpoint cannot be written, training continues with a warning:
//! missing data is retried with the next epoch, and the last good checkpoint stays. Only a run whose first checkpoint
//! cannot be written ends, since nothing of it could be kept.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use experiment::{Epoch, Experiment, ExperimentError};
use model::TrainingState;

use crate::error::TrainerError;
use crate::progress::{Printer, Progress};
use crate::report;
use crate::resume::{CheckpointHeader, VERSION};
use crate::training::{EpochResult, LoopState, Recorder};

/// Capacity of the queue, with two messages per epoch. When it is full, training waits.
const QUEUE_CAPACITY: usize = 4;

/// Properties of the run that the recorder needs.
pub struct RunInfo {
    /// Whether checkpoints are written.
    pub checkpoints: bool,
    /// Whether a checkpoint exists already.
    pub resumed: bool,
    /// When this process began to train.
    pub started: Instant,
    /// Seconds trained by earlier processes.
    pub before: f64,
}

enum Message {
    Epoch(Box<EpochResult>, Epoch),
    Checkpoint(Box<(TrainingState, LoopState)>, f64),
}

/// The sending side of the queue.
pub struct Queue {
    sender: SyncSender<Message>,
    run: RunInfo,
}

/// Calls `work` with a recorder that writes to `experiment`, and waits until everything is written. Classes are named
/// by `class_names`.
///
/// # Errors
/// The error that made recording impossible, or the error of `work`.
pub fn with<R>(
    experiment: &mut Experiment,
    class_names: &[String],
    run: RunInfo,
    voice: Printer,
    work: impl FnOnce(&mut Queue) -> Result<R, TrainerError>,
) -> Result<R, TrainerError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(QUEUE_CAPACITY);
        let mut writer = Writer {
            experiment,
            class_names,
            logs: ReportOnce::new("the logs", voice.clone()),
            checkpoints: ReportOnce::new("the checkpoint", voice),
            kept: run.resumed,
        };
        let mut queue = Queue { sender, run };
        let writer = scope.spawn(move || writer.write(receiver));
        let result = work(&mut queue);
        drop(queue);
        let written = writer.join();
        // If writing failed, that is why training stopped.
        written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        result
    })
}

/// Reports once that something cannot be written, and once that it can again.
struct ReportOnce {
    what: &'static str,
    voice: Printer,
    failing: bool,
}

impl ReportOnce {
    fn new(what: &'static str, voice: Printer) -> Self {
        Self {
            what,
            voice,
            failing: false,
        }
    }

    fn report(&mut self, result: Result<(), ExperimentError>) {
        let what = self.what;
        match result {
            Err(error) if !self.failing => self.voice.warn(&format!(
                "{error}. Training goes on; {what} will be tried again after every epoch"
            )),
            Ok(()) if self.failing => self.voice.say(&format!("{what} can be written again")),
            _ => return,
        }
        self.failing = !self.failing;
    }
}

struct Writer<'a> {
    experiment: &'a mut Experiment,
    class_names: &'a [String],
    logs: ReportOnce,
    checkpoints: ReportOnce,
    /// Whether there is a good checkpoint.
    kept: bool,
}

impl Writer<'_> {
    fn write(&mut self, messages: Receiver<Message>) -> Result<(), TrainerError> {
        for message in messages {
            match message {
                Message::Epoch(result, line) => {
                    let (names, experiment) = (self.class_names, &mut self.experiment);
                    let recorded = report::record_epoch(experiment, names, &result, &line);
                    self.logs.report(recorded);
                }
                Message::Checkpoint(states, elapsed_s) => {
                    let (training, state) = *states;
                    self.checkpoint(training, state, elapsed_s)?;
                }
            }
        }
        Ok(())
    }

    fn checkpoint(
        &mut self,
        training: TrainingState,
        state: LoopState,
        elapsed_s: f64,
    ) -> Result<(), TrainerError> {
        let (marks, synced) = self.experiment.marks();
        if synced.is_err() {
            self.logs.report(synced);
        }
        let header = CheckpointHeader {
            version: VERSION,
            state,
            marks,
            elapsed_s,
        };
        let header = serde_json::to_string(&header).expect("a header is JSON");
        let saved = self
            .experiment
            .save_checkpoint(&training.to_bytes(&header)?);
        match saved {
            Err(error) if !self.kept => return Err(error.into()),
            saved => self.checkpoints.report(saved),
        }
        self.kept = true;
        Ok(())
    }
}

impl Queue {
    fn elapsed(&self) -> f64 {
        self.run.before + self.run.started.elapsed().as_secs_f64()
    }

    fn send(&self, message: Message) -> Result<(), TrainerError> {
        // The receiver disconnects only after an error, which `with` returns instead of this one.
        self.sender
            .send(message)
            .map_err(|_| TrainerError::Recorder)
    }
}

impl Recorder for Queue {
    fn epoch(&mut self, result: EpochResult, progress: &mut Progress) -> Result<(), TrainerError> {
        let line = report::epoch_line(&result, self.elapsed());
        progress.end_epoch(&line, result.trained, result.train_seconds, result.best);
        self.send(Message::Epoch(Box::new(result), line))
    }

    fn checkpoint(
        &mut self,
        state: &LoopState,
        training: impl FnOnce() -> Result<TrainingState, TrainerError>,
    ) -> Result<(), TrainerError> {
        if !self.run.checkpoints {
            return Ok(());
        }
        let states = Box::new((training()?, state.clone()));
        self.send(Message::Checkpoint(states, self.elapsed()))
    }
}
