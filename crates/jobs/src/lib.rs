//! Work that many processes share: the runs of a study, the station-days of an archive.
//!
//! - [`Work`]: items to do, and the command of a worker that claims items until none is left;
//! - [`Executor`]: starts workers. [`Slurm`] and [`Print`] serve every kind of work;
//! - [`Claims`]: decide which worker does which item;
//! - [`token`]: by which a worker knows that it sees the folder in which the work was planned.

mod claims;
mod print;
mod slurm;
pub mod token;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub use claims::{Availability, Claim, Claims, MAX_DEATHS};
pub use print::Print;
pub use slurm::{Slurm, SlurmSettings};

/// Error from claiming work or starting workers.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// The request is invalid, or something is missing on this machine.
    #[error("{0}")]
    Usage(String),
}

impl JobError {
    /// Whether the user's request is wrong (exit code 2) rather than the machine failing (exit code 1).
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage(_))
    }
}

/// Result of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Execution {
    /// No item is left to claim.
    Finished,
    /// It was asked to stop.
    Interrupted,
    /// Others do the work; the text is for standard output.
    Elsewhere(String),
}

/// Items that any number of processes claim and do.
pub trait Work {
    /// Error of the program that does the work.
    type Error: From<JobError>;

    /// Name of the work, without spaces.
    fn name(&self) -> &str;

    /// Number of items that are not done.
    fn left(&self) -> usize;

    /// Shared folder of the work, absolute.
    fn folder(&self) -> &Path;

    /// Folder for the workers' output, absolute.
    fn logs(&self) -> PathBuf;

    /// Resources for Slurm.
    fn slurm(&self) -> &SlurmSettings;

    /// Arguments of this program for a worker that claims items until none is left.
    fn worker(&self) -> Vec<String>;

    /// Arguments of this program for every item that is not done.
    fn single(&self) -> Vec<Vec<String>>;

    /// What to tell the user about the Slurm job with this number.
    fn submitted(&self, job: &str) -> String;

    /// What to do after `sbatch` refused the job.
    fn after_refusal(&self) -> String;
}

/// Starts workers.
pub trait Executor<W: Work> {
    /// Checks the requirements before anything is written.
    ///
    /// # Errors
    /// A description of what is missing.
    fn check(&self) -> Result<(), W::Error>;

    /// Does the remaining work, or starts the workers that do it.
    ///
    /// # Errors
    /// If no worker can be started.
    fn execute(&self, work: &W, interrupt: &AtomicBool) -> Result<Execution, W::Error>;
}

/// Path of this program, which workers run.
///
/// # Errors
/// [`JobError::Usage`] if the system does not report it.
pub fn program() -> Result<PathBuf, JobError> {
    std::env::current_exe()
        .map_err(|error| JobError::Usage(format!("cannot find this program's file: {error}")))
}

/// A shell command that runs this program.
fn command(arguments: &[String]) -> Result<String, JobError> {
    let program = program()?.display().to_string();
    let words: Vec<String> = std::iter::once(&program)
        .chain(arguments)
        .map(|word| quoted(word))
        .collect();
    Ok(words.join(" "))
}

/// Quotes a word for a shell command.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_expand_them() {
        for (word, expected) in [
            ("--on=0.8", "--on=0.8"),
            ("", "''"),
            ("a b", "'a b'"),
            ("$HOME/*", "'$HOME/*'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(word), expected);
            let shell = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quoted(word))])
                .output();
            assert_eq!(shell.unwrap().stdout, word.as_bytes());
        }
    }
}
