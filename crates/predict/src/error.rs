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
        problem: MissingModel,
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
    /// The model's channels cannot be chosen; the error lists those that are there.
    #[error(transparent)]
    Channels(#[from] ChannelError),
    /// The model's channels cannot be chosen at a site.
    #[error("{site}: {problem}")]
    SiteChannels {
        /// The site.
        site: String,
        /// Why they cannot.
        problem: ChannelError,
    },
    /// A recording cannot be resampled to the model's rate.
    #[error(transparent)]
    Rate(#[from] data::signal::SignalError),
    /// The recording of a site cannot be resampled to the model's rate.
    #[error("{site}: {problem}")]
    SiteRate {
        /// The site, or its file.
        site: String,
        /// Why it cannot.
        problem: data::signal::SignalError,
    },
    /// Files of a site have different samples for the same time.
    #[error(
        "{}: channel `{channel}`: {} and this file have different samples for the same {seconds:.3} s, and their times count \
         from the start of each file: classify each by itself",
        file.display(),
        other.display()
    )]
    OverlappingFiles {
        /// The channel.
        channel: String,
        /// The file with the later samples.
        file: PathBuf,
        /// The other.
        other: PathBuf,
        /// Seconds that both have.
        seconds: f64,
    },
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

/// Why there is no model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingModel {
    /// There is no such path, and it cannot be an ID.
    #[error("does not exist: expected an experiment, its folder model/, or a copy of that")]
    NoPath,
    /// There is no such folder.
    #[error("does not exist: expected an experiment or its folder model/")]
    NoFolder,
    /// The path holds other files.
    #[error(
        "contains no model: expected an experiment or its folder model/, with {} and model.safetensors",
        model::CARD_FILE
    )]
    OtherFiles,
    /// No path, and nothing to search for an ID.
    #[error(
        "there is no such path, and no experiment in {}: name another directory with --experiments-dir",
        experiments.display()
    )]
    NoExperiments {
        /// Directory of the experiments.
        experiments: PathBuf,
    },
    /// No path, and no ID.
    #[error(
        "there is no such path, and none of {count} experiments in {} has an ID that begins or ends so; \
         `experiment list` shows them", experiments.display()
    )]
    NoId {
        /// Number of experiments.
        count: usize,
        /// Directory of the experiments.
        experiments: PathBuf,
    },
    /// Several IDs begin or end so.
    #[error("{count} experiments in {} have such an ID: {}", experiments.display(), names.join(", "))]
    Ambiguous {
        /// Number of such experiments.
        count: usize,
        /// Directory of the experiments.
        experiments: PathBuf,
        /// Some of their IDs.
        names: Vec<String>,
    },
    /// The experiment has not written one.
    #[error("this experiment has no model{}", status.as_ref().map_or(String::new(), |status| format!("; its status is `{status}`")))]
    NotTrained {
        /// Its status, if its metadata have one.
        status: Option<String>,
    },
}

/// Why the channels of a model cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The number of channels differs, and none are named.
    #[error(
        "the model takes {wanted} channel(s), and there are {}: {}; choose with --channels", there.len(), there.join(", ")
    )]
    Number {
        /// Number of channels of the model.
        wanted: usize,
        /// Names of the available channels.
        there: Vec<String>,
    },
    /// Too few or too many channels are named.
    #[error("--channels names {named}, but the model takes {wanted}")]
    Named {
        /// Number of named channels.
        named: usize,
        /// Number of channels of the model.
        wanted: usize,
    },
    /// A name matches no channel, or several.
    #[error("`{name}` must match exactly one channel; available: {}", there.join(", "))]
    Match {
        /// The name.
        name: String,
        /// Names of the available channels.
        there: Vec<String>,
    },
    /// The channels of the training are not there.
    #[error(
        "the model was trained on {}, and there are {}: choose with --channels, in that order", trained.join(", "),
        there.join(", ")
    )]
    Trained {
        /// Names in the recordings that the model was trained on.
        trained: Vec<String>,
        /// Names of the available channels.
        there: Vec<String>,
    },
    /// The channels that match are not of one station.
    #[error("{} are of different stations: give full names to --channels, if that is meant", chosen.join(", "))]
    Stations {
        /// The channels.
        chosen: Vec<String>,
    },
    /// Two names match the same channel.
    #[error("--channels names {name} twice")]
    Twice {
        /// The channel.
        name: String,
    },
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
            | Self::Channels(_)
            | Self::SiteChannels { .. }
            | Self::Rate(_)
            | Self::SiteRate { .. }
            | Self::OverlappingFiles { .. }
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
