//! Errors that end a training, with their exit codes.

mod backend;
mod recipe;
mod study;
mod usage;

use std::path::{Path, PathBuf};

use data::error::not_found;

pub use backend::BackendError;
pub use recipe::RecipeError;
pub use study::{EndedWorker, StudyError, WorkerError};
pub use usage::{DatasetError, ExportError, MovedData, ResumeError, UsageError};

/// Error from starting or running a training.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// A preset cannot be read.
    #[error("cannot read the preset {path}: {source}{}", not_found(path, source))]
    ReadPreset {
        /// Path of the preset.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A recipe cannot be read.
    #[error("cannot read the recipe {path}: {source}")]
    ReadRecipe {
        /// Path of the recipe.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A preset or a stored recipe is invalid.
    #[error("{place}: {problem}")]
    RecipeFile {
        /// The file, or the experiment and its file.
        place: String,
        /// What is wrong.
        problem: RecipeError,
    },
    /// The recipe, of command line, preset and defaults, is invalid.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A setting is invalid.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The backend or the device is not available.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The dataset of an experiment is missing or unsuitable.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// An export cannot be written as requested.
    #[error(transparent)]
    ExportRequest(#[from] ExportError),
    /// A study cannot be started or found.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// Unknown network.
    #[error(transparent)]
    Model(#[from] model::UnknownModel),
    /// The network does not fit the input shape.
    #[error(transparent)]
    Plan(#[from] model::PlanError),
    /// The data are invalid.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// A streamed source could be read before the training but no longer during it.
    #[error("{0}")]
    Stream(data::DataError),
    /// The experiment cannot be written.
    #[error(transparent)]
    Experiment(#[from] experiment::ExperimentError),
    /// Work cannot be claimed, or workers cannot be started.
    #[error(transparent)]
    Job(#[from] jobs::JobError),
    /// The weights cannot be encoded.
    #[error("cannot encode the weights: {0}")]
    Weights(#[from] model::WeightsError),
    /// The model cannot be exported.
    #[error("cannot export the model: {0}")]
    Export(#[from] deploy::DeployError),
    /// The model of an experiment cannot be read.
    #[error("cannot read the model: {0}")]
    ReadModel(#[from] model::BundleError),
    /// The model cannot be used, or not with these windows.
    #[error(transparent)]
    Predict(#[from] predict::PredictError),
    /// The processes of a study cannot work.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The thread that writes the experiment has ended; its own error says why.
    #[error("the recorder has stopped")]
    Recorder,
    /// A GPU failed.
    #[error("{device} failed: {problem}: {advice}")]
    Device {
        /// Device name.
        device: String,
        /// Message of the device or its driver.
        problem: String,
        /// Advice.
        advice: &'static str,
    },
    /// Ctrl-C or SIGTERM before there is an experiment.
    #[error("interrupted before the training began; nothing was written")]
    Interrupted,
    /// The loss is not finite.
    #[error(
        "the loss is {loss} in epoch {epoch}, step {step} of the run, at learning rate {learning_rate}, training \
         samples {}: the weights have diverged; try a lower --learning-rate, and look at these samples",
        first_few(samples)
    )]
    Diverged {
        /// Epoch, counted from 1.
        epoch: usize,
        /// First step with a non-finite loss, counted from 0.
        step: usize,
        /// Value of the loss.
        loss: f64,
        /// Learning rate of the step.
        learning_rate: f64,
        /// Positions of the step's samples in the training split, counted from 0.
        samples: Vec<usize>,
    },
}

impl TrainerError {
    /// An option that is impossible; `option` has its value where that helps.
    pub(crate) fn option(option: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        let (option, problem) = (option.into(), problem.to_string());
        UsageError::Option { option, problem }.into()
    }

    /// A file whose content is impossible.
    pub(crate) fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        let (path, problem) = (path.to_owned(), problem.to_string());
        UsageError::File { path, problem }.into()
    }

    /// 2 for invalid usage, configuration or data; 130 for an interruption, as in shells; 1 for failures at run time.
    pub fn exit_code(&self) -> u8 {
        let usage = match self {
            Self::ReadPreset { .. }
            | Self::ReadRecipe { .. }
            | Self::RecipeFile { .. }
            | Self::Recipe(_)
            | Self::Usage(_)
            | Self::Backend(_)
            | Self::Dataset(_)
            | Self::ExportRequest(_)
            | Self::Study(_)
            | Self::Model(_)
            | Self::ReadModel(_)
            | Self::Plan(_) => true,
            Self::Data(error) => !error.is_machine_failure(),
            Self::Experiment(error) => error.is_usage(),
            Self::Job(error) => error.is_usage(),
            Self::Export(error) => error.is_usage(),
            Self::Predict(error) => return error.exit_code(),
            Self::Worker(error) => return error.exit_code(),
            Self::Interrupted => return 130,
            Self::Stream(_)
            | Self::Weights(_)
            | Self::Recorder
            | Self::Device { .. }
            | Self::Diverged { .. } => false,
        };
        if usage { 2 } else { 1 }
    }
}

/// Formats the first few of many numbers.
fn first_few(numbers: &[usize]) -> String {
    let shown: Vec<_> = numbers.iter().take(8).map(ToString::to_string).collect();
    if numbers.len() > shown.len() {
        format!("{}, ... ({} in all)", shown.join(", "), numbers.len())
    } else {
        shown.join(", ")
    }
}
