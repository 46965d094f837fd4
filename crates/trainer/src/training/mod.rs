//! The loop over epochs.
//!
//! - `state`: inputs, state and outcome of a training;
//! - `epoch`: the steps of one epoch;
//! - [`policy`]: learning rate, early stopping and plateau as pure values;
//! - [`calibration`]: temperature scaling.

pub mod calibration;
mod epoch;
pub mod policy;
mod state;

use std::sync::atomic::Ordering;
use std::time::Instant;

use model::{AdamConfig, Targets, TrainingState, Weights};

use crate::compute::{self, Average, Start};
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::recipe::{Keep, Recipe, Schedule};
use epoch::Training;
use policy::{LearningRate, Verdict};

pub use state::{
    EpochResult, Interrupt, LoopState, Outcome, Recorder, StoppedBy, Timing, TrainingInput,
};

/// Trains from the start or from a checkpoint, and passes every epoch to `recorder`. The result does not depend on
/// where a training was interrupted.
///
/// # Errors
/// Those of `recorder`, or [`TrainerError::Stream`].
pub fn train(
    input: &TrainingInput<'_>,
    progress: &mut Progress,
    recorder: &mut impl Recorder,
    from: Option<(TrainingState, LoopState)>,
) -> Result<Outcome, TrainerError> {
    let resumed = from.is_some();
    let (start, state) = match from {
        Some(from) => from,
        None => (first_state(input)?, LoopState::new(input.recipe)),
    };
    let mut training = begin(input, recorder, &start, state)?;
    if !resumed {
        training.checkpoint(&start.weights)?;
    }
    let mut timing = Timing::default();
    let (stopped_by, diverged) = epochs(&mut training, &mut timing, progress)?;
    let state = training.state;
    Ok(Outcome {
        stopped_by,
        epochs_run: state.epochs_run,
        best_epoch: state.best_epoch,
        best_weights: training.best,
        best_validation: state.best_validation,
        timing,
        diverged,
    })
}

/// Weights and optimiser state before the first step.
fn first_state(input: &TrainingInput<'_>) -> Result<TrainingState, TrainerError> {
    let weights = match input.initial {
        Some(weights) => weights.clone(),
        None => {
            let plan = model::Plan::new(input.architecture)?;
            let weights = Weights::init(&plan, input.recipe.seed);
            if input.recipe.zero_residuals == Some(true) {
                weights.with_zero_residuals(&plan)
            } else {
                weights
            }
        }
    };
    Ok(TrainingState {
        best: weights.clone(),
        average: input.recipe.average.map(|_| weights.clone()),
        weights,
        adam: Default::default(),
        logits: Vec::new(),
    })
}

/// Optimiser configuration of a recipe.
pub fn optimizer(recipe: &Recipe) -> AdamConfig {
    AdamConfig {
        weight_decay: recipe.decay(),
        ..AdamConfig::default()
    }
}

/// Creates the engine on its device.
fn begin<'a, R: Recorder>(
    input: &TrainingInput<'a>,
    recorder: &'a mut R,
    start: &TrainingState,
    state: LoopState,
) -> Result<Training<'a, R>, TrainerError> {
    let TrainingInput {
        recipe, dataset, ..
    } = *input;
    let batch = recipe.batch_size.min(dataset.train.len());
    let average = recipe.average.map(|decay| Average {
        decay,
        weights: start.average.clone().unwrap_or(start.weights.clone()),
    });
    let begin = Start {
        weights: start.weights.clone(),
        optimizer: optimizer(recipe),
        state: start.adam.clone(),
        average,
        frozen_layers: recipe.freeze,
    };
    let mut engine = compute::engine(input.target, batch, input.architecture, begin)?;
    let weights = recipe
        .class_weights
        .resolve(&dataset.train, &dataset.class_names)?;
    let targets = Targets::new(dataset.class_names.len(), recipe.smoothing() as f32);
    let targets = match weights {
        Some(weights) => targets.weighted(&weights),
        None => targets,
    };
    engine.set_targets(match input.teacher {
        Some(teacher) => targets.distilled(teacher, &dataset.train.y, recipe.share_of_teacher()),
        None => targets,
    })?;
    Ok(Training {
        input: *input,
        recorder,
        engine,
        state,
        rate: LearningRate::new(recipe, dataset.train.len()),
        best: start.best.clone(),
        earlier: start.logits.clone(),
        saved: Instant::now(),
    })
}

/// Runs the remaining epochs. Returns why training ended, and the error if the loss became non-finite.
fn epochs<R: Recorder>(
    training: &mut Training<'_, R>,
    timing: &mut Timing,
    progress: &mut Progress,
) -> Result<(StoppedBy, Option<TrainerError>), TrainerError> {
    let TrainingInput {
        recipe, interrupt, ..
    } = training.input;
    while training.state.epochs_run < recipe.epochs && !training.state.stopped {
        match one_epoch(training, timing, progress) {
            Ok(true) => {}
            Ok(false) => return Ok((StoppedBy::Interrupted, None)),
            Err(error @ TrainerError::Diverged { .. }) => {
                return Ok((StoppedBy::Diverged, Some(error)));
            }
            Err(error) => return Err(error),
        }
        if !training.state.stopped && interrupt.load(Ordering::Relaxed) {
            return Ok((StoppedBy::Interrupted, None));
        }
    }
    if training.state.stopped {
        return Ok((StoppedBy::EarlyStopping, None));
    }
    Ok((StoppedBy::Epochs, None))
}

/// Trains and evaluates one epoch, or the rest of it. Returns whether it was completed.
fn one_epoch<R: Recorder>(
    training: &mut Training<'_, R>,
    timing: &mut Timing,
    progress: &mut Progress,
) -> Result<bool, TrainerError> {
    let TrainingInput {
        recipe, dataset, ..
    } = training.input;
    let epoch = training.state.epochs_run;
    let trained = dataset.train.len() - training.position();
    let started = Instant::now();
    let Some(train) = training.epoch(progress)? else {
        return Ok(false);
    };
    let train_seconds = started.elapsed().as_secs_f64();
    timing.training += train_seconds;
    let started = Instant::now();
    let validation = training.engine.evaluate(&dataset.val, dataset)?;
    timing.validation += started.elapsed().as_secs_f64();
    let started = Instant::now();
    let learning_rate = training.learning_rate();
    let weights = training.engine.weights()?;
    let judged = training
        .engine
        .average()?
        .unwrap_or_else(|| weights.clone());
    let state = &mut training.state;
    let verdict = state.early_stopping.step(validation.loss);
    let best = match recipe.keep {
        Keep::Best => verdict == Verdict::Best,
        Keep::Last => true,
    };
    let result = EpochResult {
        epoch,
        learning_rate,
        train,
        validation: validation.clone(),
        weights: judged.clone(),
        best: verdict == Verdict::Best,
        trained,
        train_seconds,
    };
    training.recorder.epoch(result, progress)?;
    state.epochs_run = epoch + 1;
    state.learning_rate = match recipe.schedule {
        Schedule::Plateau => state.plateau.step(validation.loss, state.learning_rate),
        Schedule::Constant | Schedule::Cosine => state.learning_rate,
    };
    if best {
        state.best_epoch = Some(epoch);
        state.best_validation = Some(validation);
        training.best = judged;
    }
    // After the last epoch there is nothing left to stop.
    state.stopped = verdict == Verdict::Stop && state.epochs_run < recipe.epochs;
    training.checkpoint(&weights)?;
    timing.recording += started.elapsed().as_secs_f64();
    Ok(true)
}
