//! Errors of the store and of running experiments.

use std::path::{Path, PathBuf};

/// Why an experiment cannot be claimed, written, found or read.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// The experiments directory cannot be used.
    #[error(
        "cannot create an experiment in {}: {source}; {}",
        shown(path),
        advice(source)
    )]
    Claim {
        /// The experiments directory.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Something below an experiment's directory cannot be written.
    #[error("cannot write {}: {source}; {}", shown(path), advice(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// `metadata.json` is malformed.
    #[error("{}: {source}", shown(path))]
    Metadata {
        /// The file.
        path: PathBuf,
        /// Cause, with line and column.
        source: serde_json::Error,
    },
    /// No experiment matches.
    #[error("no experiment matches `{id}` in {}", shown(path))]
    NotFound {
        /// What was asked for.
        id: String,
        /// The experiments directory.
        path: PathBuf,
    },
    /// Several experiments match.
    #[error("`{id}` is ambiguous; it matches:\n  {}", candidates.join("\n  "))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// The experiments that match.
        candidates: Vec<String>,
    },
    /// A process trains it.
    #[error("{id} is running: another process holds its lock")]
    Running {
        /// The experiment.
        id: String,
    },
    /// An ID template is malformed.
    #[error("ID template `{template}`: {problem}")]
    Template {
        /// The template.
        template: String,
        /// What is wrong.
        problem: String,
    },
    /// A filter cannot be read.
    #[error("--filter: {problem}\n  {expression}\n  {}^", " ".repeat(*column))]
    Filter {
        /// The expression.
        expression: String,
        /// Characters before the problem.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A figure cannot be drawn.
    #[error("cannot draw a figure: {0}")]
    Figure(String),
}

/// Text from others without control characters, or those that turn the direction of writing.
pub fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean = |c: char| {
        if c.is_control() || turns(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    text.chars().map(clean).collect()
}

/// A path, as it may be shown: names of others can hold anything.
fn shown(path: &Path) -> String {
    plain(&path.display().to_string())
}

/// What to do about a failed write.
fn advice(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::PermissionDenied => "choose a directory you may write to with --experiments-dir",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space or choose another disk with --experiments-dir"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only: choose another with --experiments-dir"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "something that is no directory is in the way"
        }
        _ => "check the path and the disk",
    }
}

impl ExperimentError {
    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// Whether what was asked for is wrong (exit code 2) rather than the machine failing (1).
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Running { .. }
            | Self::Template { .. }
            | Self::Filter { .. }
            | Self::Usage(_) => true,
            Self::Claim { source, .. } => {
                use std::io::ErrorKind;
                matches!(
                    source.kind(),
                    ErrorKind::PermissionDenied
                        | ErrorKind::NotADirectory
                        | ErrorKind::AlreadyExists
                        | ErrorKind::ReadOnlyFilesystem
                )
            }
            _ => false,
        }
    }
}
