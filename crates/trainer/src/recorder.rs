//! Writes what a training gives into its experiment, in a thread of its own: logs, images and checkpoints do not
//! keep the next step waiting.
//!
//! Everything is written in the order it came. Where logs or a checkpoint cannot be written the training goes on
//! and says so: what is missing is tried again with the next epoch, and the last good checkpoint stays. Only a
//! run whose first checkpoint cannot be written ends: nothing of it could be kept.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use experiment::{Epoch, Experiment, ExperimentError};
use model::TrainingState;

use crate::error::TrainerError;
use crate::progress::{Progress, Voice};
use crate::report;
use crate::resume::{Note, VERSION};
use crate::training::{EpochResult, LoopState, Recorder};

/// Messages that may wait to be written, two an epoch; then the training waits.
const WAITING: usize = 4;

/// What has to be known of a run to write of it.
pub struct Run {
    /// Whether checkpoints are written.
    pub checkpoints: bool,
    /// Whether there is one already.
    pub resumed: bool,
    /// Start of this process' training.
    pub started: Instant,
    /// Seconds of training before it.
    pub before: f64,
}

enum Message {
    Epoch(Box<EpochResult>, Epoch),
    Checkpoint(Box<(TrainingState, LoopState)>, f64),
}

/// The training's end of the queue.
pub struct Queue {
    sender: SyncSender<Message>,
    run: Run,
}

/// Calls `work` with a recorder that writes into `experiment`, whose logits are of `class_names`, and waits until all is written.
///
/// # Errors
/// Why nothing could be written, or the error of `work`.
pub fn with<R>(
    experiment: &mut Experiment,
    class_names: &[String],
    run: Run,
    voice: Voice,
    work: impl FnOnce(&mut Queue) -> Result<R, TrainerError>,
) -> Result<R, TrainerError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let mut writer = Writer {
            experiment,
            class_names,
            logs: Trouble::new("the logs", voice.clone()),
            checkpoints: Trouble::new("the checkpoint", voice),
            kept: run.resumed,
        };
        let mut queue = Queue { sender, run };
        let writer = scope.spawn(move || writer.write(receiver));
        let result = work(&mut queue);
        drop(queue);
        let written = writer.join();
        // What could not be written is why the training was stopped.
        written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        result
    })
}

/// Says once that something cannot be written, and once that it can again.
struct Trouble {
    what: &'static str,
    voice: Voice,
    failing: bool,
}

impl Trouble {
    fn new(what: &'static str, voice: Voice) -> Self {
        Self {
            what,
            voice,
            failing: false,
        }
    }

    fn seen(&mut self, result: Result<(), ExperimentError>) {
        let what = self.what;
        match result {
            Err(error) if !self.failing => self.voice.warn(&format!(
                "{error}. Training goes on; {what} will be tried again after every epoch"
            )),
            Ok(()) if self.failing => self.voice.say(&format!("{what} could be written again")),
            _ => return,
        }
        self.failing = !self.failing;
    }
}

struct Writer<'a> {
    experiment: &'a mut Experiment,
    class_names: &'a [String],
    logs: Trouble,
    checkpoints: Trouble,
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
                    self.logs.seen(recorded);
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
            self.logs.seen(synced);
        }
        let note = Note {
            version: VERSION,
            state,
            marks,
            elapsed_s,
        };
        let note = serde_json::to_string(&note).expect("a note is JSON");
        let saved = self.experiment.save_checkpoint(&training.to_bytes(&note)?);
        match saved {
            Err(error) if !self.kept => return Err(error.into()),
            saved => self.checkpoints.seen(saved),
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
        // The other end is gone only after an error, which `with` returns instead of this one.
        self.sender
            .send(message)
            .map_err(|_| TrainerError::Usage("nothing can be written any more".into()))
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
