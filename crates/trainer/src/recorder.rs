//! Writes what a training gives into its experiment, in a thread of its own: logs, images and checkpoints do not
//! keep the next step waiting.
//!
//! Everything is written in the order it came. Where writing fails the training is told at its next word, and
//! ends with that error.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use experiment::{Epoch, Experiment};
use model::TrainingState;

use crate::error::TrainerError;
use crate::progress::Progress;
use crate::report;
use crate::resume::{Note, VERSION};
use crate::train::{EpochResult, LoopState, Recorder};

/// Messages that may wait to be written, two an epoch; then the training waits.
const WAITING: usize = 4;

/// What has to be known of a run to write of it.
pub struct Run {
    /// Training samples of an epoch.
    pub samples: usize,
    /// Whether checkpoints are written.
    pub checkpoints: bool,
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
/// What could not be written, or the error of `work`.
pub fn with<R>(
    experiment: &mut Experiment,
    class_names: &[String],
    run: Run,
    work: impl FnOnce(&mut Queue) -> Result<R, TrainerError>,
) -> Result<R, TrainerError> {
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
        let mut queue = Queue { sender, run };
        let writer = scope.spawn(move || write(experiment, class_names, receiver));
        let result = work(&mut queue);
        drop(queue);
        let written = writer.join();
        // What could not be written is why the training was stopped.
        written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        result
    })
}

fn write(
    experiment: &mut Experiment,
    class_names: &[String],
    messages: Receiver<Message>,
) -> Result<(), TrainerError> {
    for message in messages {
        match message {
            Message::Epoch(result, line) => {
                report::record_epoch(experiment, class_names, &result, &line)?;
            }
            Message::Checkpoint(states, elapsed_s) => {
                let (training, state) = *states;
                let note = Note {
                    version: VERSION,
                    state,
                    marks: experiment.marks()?,
                    elapsed_s,
                };
                let note = serde_json::to_string(&note).expect("a note is JSON");
                experiment.save_checkpoint(&training.to_bytes(&note)?)?;
            }
        }
    }
    Ok(())
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
        progress.end_epoch(&line, self.run.samples, result.train_seconds, result.best);
        self.send(Message::Epoch(Box::new(result), line))
    }

    fn checkpoint(
        &mut self,
        state: &LoopState,
        training: &dyn Fn() -> TrainingState,
    ) -> Result<(), TrainerError> {
        if !self.run.checkpoints {
            return Ok(());
        }
        let states = Box::new((training(), state.clone()));
        self.send(Message::Checkpoint(states, self.elapsed()))
    }
}
