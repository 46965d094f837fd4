//! Prints one command per item, for schedulers without an executor of their own.

use std::sync::atomic::AtomicBool;

use crate::{Execution, Executor, Work, command};

/// Prints one command per line to standard output.
#[derive(Clone, Copy, Debug)]
pub struct Print;

impl<W: Work> Executor<W> for Print {
    fn check(&self) -> Result<(), W::Error> {
        Ok(())
    }

    fn execute(&self, work: &W, _: &AtomicBool) -> Result<Execution, W::Error> {
        let mut text = String::new();
        for arguments in work.single() {
            text.push_str(&command(&arguments)?);
            text.push('\n');
        }
        Ok(Execution::Elsewhere(text))
    }
}
