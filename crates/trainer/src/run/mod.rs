//! A run in four stages. Each is a type that can only be made from the stage before:
//!
//! [`Prepared`] (input checked, nothing written) -> [`Claimed`] (experiment directory claimed) -> [`Trained`] (model
//! and logs written) -> [`Finished`] (metadata final).

mod augmentation;
mod augmentation_search;
mod baseline_comparison;
mod claimed;
mod distillation;
mod distillation_search;
mod finished;
mod front_end;
mod front_end_form;
mod front_end_search;
mod front_end_source;
mod paired;
mod prepared;
mod raw_samples;
mod site_shift;
mod trained;
mod trial;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::TrainerError;
use crate::job::Job;
use crate::progress::Progress;
use crate::training::Interrupt;

pub use baseline_comparison::{BaselineComparison, SEED, TestWindows};
pub use claimed::Claimed;
pub use finished::Finished;
pub use prepared::Prepared;
pub use trained::{Judgement, Trained};

/// Handles Ctrl-C and SIGTERM: the first signal stops the training after the current step, the second kills the
/// process.
///
/// # Errors
/// If the operating system refuses to register a handler.
pub fn interrupt_on_signals() -> std::io::Result<Interrupt> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let interrupt: Interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registered before the handler that sets the flag, so it only acts on a second signal.
        signal_hook::flag::register_conditional_shutdown(signal, 130, interrupt.clone())?;
        signal_hook::flag::register(signal, interrupt.clone())?;
    }
    Ok(interrupt)
}

/// Trains and records one run.
///
/// # Errors
/// [`TrainerError`]. Invalid input is detected before the experiment is created. Later failures mark the experiment
/// `failed` and store the error.
pub fn run(
    job: &Job,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> Result<Finished, TrainerError> {
    Prepared::new(job.clone(), progress)?
        .choose_augmentation(interrupt, progress)?
        .choose_front_end(interrupt, progress)?
        .choose_distillation(interrupt, progress)?
        .claim(progress)?
        .train(interrupt, progress)?
        .finish(progress)
}
