//! Prints one command per run, for schedulers without an executor of their own.

use super::{Execution, Executor, program, quoted};
use crate::error::TrainerError;
use crate::sweep::plan::Study;
use crate::training::Interrupt;

/// Prints one command per line to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Print;

impl Executor for Print {
    fn check(&self) -> Result<(), TrainerError> {
        Ok(())
    }

    fn execute(
        &self,
        study: &Study,
        todo: &[usize],
        _: &Interrupt,
    ) -> Result<Execution, TrainerError> {
        let program = quoted(&program()?.display().to_string());
        let folder = quoted(&study.folder.display().to_string());
        let token = Study::token(&study.folder)?;
        let commands = todo.iter().map(|line| {
            format!("{program} sweep --worker {folder} --token {token} --line {line}\n")
        });
        Ok(Execution::Elsewhere(commands.collect()))
    }
}
