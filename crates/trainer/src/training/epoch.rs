//! The steps of one epoch, from its start or from a checkpoint within it.

use std::sync::atomic::Ordering;
use std::time::Instant;

use data::batch;
use model::{TrainingState, Weights};

use super::policy::LearningRate;
use super::state::{LoopState, Recorder, TrainingInput};
use crate::compute::{BoxedEngine, Samples};
use crate::error::TrainerError;
use crate::metrics::{Evaluation, cross_entropy};
use crate::progress::Progress;
use crate::recipe::background_label;

/// A training in progress.
pub struct Training<'a, R> {
    /// Its inputs.
    pub input: TrainingInput<'a>,
    /// Receives its results.
    pub recorder: &'a mut R,
    /// Engine with network and optimiser.
    pub engine: BoxedEngine<'a>,
    /// State of the loop over epochs.
    pub state: LoopState,
    /// Learning rate by step.
    pub rate: LearningRate,
    /// Best weights so far.
    pub best: Weights,
    /// Logits of steps taken earlier in this epoch by another process, before a checkpoint.
    pub earlier: Vec<f32>,
    /// Time of the last checkpoint.
    pub saved: Instant,
}

impl<'a, R: Recorder> Training<'a, R> {
    /// Number of samples of this epoch that were trained before it was resumed.
    pub fn position(&self) -> usize {
        self.earlier.len() / self.input.dataset.class_names.len()
    }

    /// Learning rate of the last step taken.
    pub fn learning_rate(&self) -> f64 {
        let last = self.engine.steps().saturating_sub(1);
        self.rate.of_step(self.state.learning_rate, last)
    }

    /// Saves a checkpoint between two epochs; `weights` are the engine's current weights.
    ///
    /// # Errors
    /// Those of the recorder.
    pub fn checkpoint(&mut self, weights: &Weights) -> Result<(), TrainerError> {
        self.saved = Instant::now();
        self.recorder.checkpoint(&self.state, || {
            Ok(TrainingState {
                weights: weights.clone(),
                best: self.best.clone(),
                average: self.engine.average()?,
                adam: self.engine.adam_state()?,
                logits: Vec::new(),
            })
        })
    }

    /// Saves a checkpoint within an epoch.
    fn checkpoint_within(&mut self) -> Result<(), TrainerError> {
        self.saved = Instant::now();
        self.recorder.checkpoint(&self.state, || {
            Ok(TrainingState {
                weights: self.engine.weights()?,
                best: self.best.clone(),
                average: self.engine.average()?,
                adam: self.engine.adam_state()?,
                logits: [&self.earlier[..], &self.engine.logits()?].concat(),
            })
        })
    }

    /// Takes the remaining steps of an epoch and returns its training metrics. If interrupted, saves a checkpoint and
    /// returns `None`.
    ///
    /// # Errors
    /// [`TrainerError::Diverged`], [`TrainerError::Stream`], or those of the recorder.
    pub fn epoch(&mut self, progress: &mut Progress) -> Result<Option<Evaluation>, TrainerError> {
        let TrainingInput {
            recipe, dataset, ..
        } = self.input;
        let split = &dataset.train;
        let classes = dataset.class_names.len();
        let epoch = self.state.epochs_run;
        let order = recipe
            .sampling
            .order(split, classes, recipe.seed, epoch as u64);
        let labels: Vec<u32> = order.iter().map(|&i| split.y[i]).collect();
        let done = self.position();
        let first_step = self.engine.steps() as usize - done.div_ceil(recipe.batch_size);
        progress.begin_epoch(epoch, split.len());
        progress.step(done);

        let Some(finite) = self.steps(&order[done..], progress)? else {
            return Ok(None);
        };
        let mut logits = std::mem::take(&mut self.earlier);
        logits.append(&mut self.engine.take_logits()?);
        // A diverged training ends before its last labels.
        let labels = &labels[..logits.len() / classes];
        let evaluation = Evaluation::new(&logits, labels, classes);
        if finite && evaluation.loss.is_finite() {
            return Ok(Some(evaluation));
        }
        let mut rows = logits.chunks_exact(classes).zip(labels);
        let bad = rows.position(|(row, y)| !cross_entropy(row, *y as usize).is_finite());
        let batch = bad.unwrap_or(labels.len() - 1) / recipe.batch_size;
        let samples = order.chunks(recipe.batch_size).nth(batch);
        Err(TrainerError::Diverged {
            epoch: epoch + 1,
            step: first_step + batch,
            loss: evaluation.loss,
            learning_rate: self.state.learning_rate,
            samples: samples.unwrap_or_default().to_vec(),
        })
    }

    /// Labels of samples for the engine's [`Targets`](model::Targets).
    fn labels(&self, order: &[usize]) -> Vec<u32> {
        let TrainingInput {
            dataset, teacher, ..
        } = self.input;
        let classes = dataset.class_names.len();
        let label = |&i: &usize| match teacher {
            Some(_) => (classes + i) as u32,
            None => dataset.train.y[i],
        };
        order.iter().map(label).collect()
    }

    /// Takes a step for every batch of the samples `order`. Returns whether all numbers stayed finite, or `None` if
    /// interrupted.
    fn steps(
        &mut self,
        order: &[usize],
        progress: &mut Progress,
    ) -> Result<Option<bool>, TrainerError> {
        let TrainingInput {
            recipe,
            dataset,
            interrupt,
            checkpoint_every,
            ..
        } = self.input;
        let (split, preprocessing) = (&dataset.train, &dataset.preprocessing);
        let done = self.position();
        let labels = &self.labels(order)[..];
        let augmentation = recipe.augmentation.settings();
        let direct = self
            .engine
            .direct(split, preprocessing)
            .filter(|_| augmentation.is_none());
        if direct.is_some() {
            self.engine.begin_epoch(order, labels)?;
        }
        let epoch = self.state.epochs_run as u64;
        let (mut interrupted, mut finite, mut failed) = (false, true, Ok(()));
        let mut taken = 0;
        // Returns whether to continue.
        let mut step = |samples: Samples<'a, '_>| {
            interrupted = interrupt.load(Ordering::Relaxed);
            if !interrupted {
                let count = samples.count();
                let base = self.state.learning_rate;
                let rate = self.rate.of_step(base, self.engine.steps());
                match self.engine.step(samples, rate, recipe.seed) {
                    Ok(is_finite) => finite = is_finite,
                    Err(error) => failed = Err(error),
                }
                progress.step(count);
                taken += count;
            }
            let due = self.saved.elapsed() >= checkpoint_every;
            if finite && failed.is_ok() && taken > 0 && (due || interrupted) {
                failed = self.checkpoint_within();
            }
            !interrupted && finite && failed.is_ok()
        };
        let lists = order.chunks(recipe.batch_size);
        if let Some(x) = direct {
            let mut first = 0;
            lists
                .zip(labels.chunks(recipe.batch_size))
                .all(|(indices, y)| {
                    first += indices.len();
                    step(Samples::Indexed {
                        x,
                        indices,
                        y,
                        first: first - indices.len(),
                    })
                });
        } else {
            let augmenting = batch::Augmenting {
                augmentation: &augmentation,
                background: background_label(&augmentation, &dataset.class_names)?,
                seed: recipe.seed,
                epoch,
                first: done,
            };
            let mut labels = labels.chunks(recipe.batch_size);
            batch::for_each_augmented(split, preprocessing, Some(augmenting), lists, |batch| {
                let y = labels.next().expect("a batch a list").to_vec();
                step(Samples::Batch(batch::Batch { y, ..batch }))
            })
            .map_err(TrainerError::Stream)?;
        }
        failed?;
        Ok((!interrupted).then_some(finite))
    }
}
