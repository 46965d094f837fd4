//! Everything that ends a prediction early, with its exit code.

use std::path::{Path, PathBuf};

/// Why windows were not classified.
#[derive(Debug, thiserror::Error)]
pub enum PredictError {
    /// There is no model at a path.
    #[error("{path}: {problem}")]
    NoModel {
        /// What was named.
        path: PathBuf,
        /// What was expected there.
        problem: String,
    },
    /// A file of the model cannot be used.
    #[error(transparent)]
    Bundle(#[from] model::BundleError),
    /// The model's preprocessing cannot be used.
    #[error("{path}: `preprocessing`: {problem}")]
    Preprocessing {
        /// `model.json`.
        path: PathBuf,
        /// Key, and what is wrong with it.
        problem: String,
    },
    /// A window cannot be classified.
    #[error("window {index}: {problem}")]
    Window {
        /// Its number among those that were given, from 0.
        index: usize,
        /// What is wrong.
        problem: String,
    },
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A result cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Standard input cannot be read.
    #[error("cannot read standard input: {0}")]
    Input(std::io::Error),
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// Whoever reads the results wants no more of them, as `head` does.
    #[error("the reader of the results has closed its end")]
    Closed,
}

impl PredictError {
    /// What is wrong with a file of data.
    pub(crate) fn source(path: &Path, problem: impl Into<String>) -> Self {
        Self::Data(data::DataError::Source {
            path: path.to_owned(),
            problem: problem.into(),
        })
    }

    /// 2 for bad usage, models or data; 1 for what failed while running; 130 where it was interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoModel { .. }
            | Self::Bundle(_)
            | Self::Preprocessing { .. }
            | Self::Window { .. }
            | Self::Usage(_) => 2,
            Self::Data(error) if error.is_machine_failure() => 1,
            Self::Data(_) => 2,
            Self::Write { .. } | Self::Input(_) => 1,
            Self::Interrupted => 130,
            Self::Closed => 0,
        }
    }
}
