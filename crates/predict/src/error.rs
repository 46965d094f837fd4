//! Errors of predictions, with their exit codes.

use std::path::{Path, PathBuf};

/// Error from opening a model or classifying data.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// A path does not lead to a model.
    #[error("{path}: {problem}")]
    NoModel {
        /// The path.
        path: PathBuf,
        /// What was expected there.
        problem: String,
    },
    /// A file of the model is unusable.
    #[error(transparent)]
    Bundle(#[from] model::BundleError),
    /// The model's preprocessing is unusable.
    #[error("{path}: `preprocessing`: {problem}")]
    Preprocessing {
        /// Path of `model.json`.
        path: PathBuf,
        /// The key and its problem.
        problem: String,
    },
    /// The 8-bit network is missing or unusable.
    #[error("{path}: {problem}")]
    Int8 {
        /// Path of the stored ranges.
        path: PathBuf,
        /// What is wrong with them, and what to do.
        problem: String,
    },
    /// A window cannot be classified.
    #[error("window {index}: {problem}")]
    Window {
        /// Index of the window, from 0.
        index: usize,
        /// Description of the problem.
        problem: String,
    },
    /// The data are unusable.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// An option is invalid.
    #[error("{0}")]
    Usage(String),
    /// A result cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// Work cannot be claimed, or workers cannot be started.
    #[error(transparent)]
    Job(#[from] jobs::JobError),
    /// Standard input cannot be read.
    #[error("cannot read standard input: {0}")]
    Input(std::io::Error),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// The reader of the results has closed the pipe, as `head` does.
    #[error("the reader of the results has closed its end")]
    Closed,
}

impl PredictError {
    /// An error about a data file.
    pub(crate) fn source(path: &Path, problem: impl Into<String>) -> Self {
        Self::Data(data::DataError::Source {
            path: path.to_owned(),
            problem: problem.into().into(),
        })
    }

    /// 2 for invalid usage, models or data; 1 for failures at run time; 130 after an interruption.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoModel { .. }
            | Self::Bundle(_)
            | Self::Preprocessing { .. }
            | Self::Int8 { .. }
            | Self::Window { .. }
            | Self::Usage(_) => 2,
            Self::Data(error) if error.is_machine_failure() => 1,
            Self::Data(_) => 2,
            Self::Job(error) if error.is_usage() => 2,
            Self::Job(_) => 1,
            Self::Write { .. } | Self::Input(_) => 1,
            Self::Interrupted => 130,
            Self::Closed => 0,
        }
    }
}
