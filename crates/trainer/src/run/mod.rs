//! One run in four stages, each a type that only the stage before can make:
//!
//! [`Prepared`] (input read and checked, nothing written) -> [`Claimed`] (an experiment holds the run) -> [`Trained`]
//! (model and logs written) -> [`Finished`] (metadata closed).

mod claimed;
mod finished;
mod prepared;
mod trained;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::TrainerError;
use crate::job::Job;
use crate::progress::Progress;
use crate::training::Interrupt;

pub use claimed::Claimed;
pub use finished::Finished;
pub use prepared::Prepared;
pub use trained::{Judgement, Trained};

/// Registers Ctrl-C and SIGTERM: the first ends the training after the step, the second the process.
///
/// # Errors
/// Where the operating system refuses.
pub fn interrupt_on_signals() -> std::io::Result<Interrupt> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let interrupt: Interrupt = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registered first, so that it sees the flag of an earlier signal only.
        signal_hook::flag::register_conditional_shutdown(signal, 130, interrupt.clone())?;
        signal_hook::flag::register(signal, interrupt.clone())?;
    }
    Ok(interrupt)
}

/// Trains.
///
/// # Errors
/// [`TrainerError`]. Everything that can be wrong with the input is found before the experiment
/// exists; what fails later leaves an experiment marked `failed` with the error.
pub fn run(
    job: &Job,
    interrupt: &Interrupt,
    progress: &mut Progress,
) -> Result<Finished, TrainerError> {
    Prepared::new(job.clone(), progress)?
        .claim(progress)?
        .train(interrupt, progress)?
        .finish(progress)
}
