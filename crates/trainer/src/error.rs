//! Everything that ends a training early, with its exit code.

use std::path::PathBuf;

/// Why a training did not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum TrainerError {
    /// A preset cannot be read.
    #[error("cannot read the preset {path}: {source}")]
    ReadPreset {
        /// The preset.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// A preset is malformed; the message has key, line and column.
    #[error("{path}: {message}")]
    Preset {
        /// The preset.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A setting makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Unknown network.
    #[error(transparent)]
    Model(#[from] model::UnknownModel),
    /// The network does not fit the data.
    #[error(transparent)]
    Plan(#[from] model::PlanError),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] data::DataError),
    /// A source that was read before the training cannot be read during it.
    #[error("{0}")]
    Stream(data::DataError),
    /// The experiment cannot be written.
    #[error(transparent)]
    Experiment(#[from] experiment::ExperimentError),
    /// The weights cannot be encoded.
    #[error("cannot encode the weights: {0}")]
    Weights(#[from] model::WeightsError),
    /// The model cannot be exported.
    #[error("cannot export the model: {0}")]
    Export(#[from] deploy::DeployError),
    /// A model of an experiment cannot be read.
    #[error("cannot read the model: {0}")]
    ReadModel(#[from] model::BundleError),
    /// The model cannot be used, or not with these windows.
    #[error(transparent)]
    Predict(#[from] predict::PredictError),
    /// A GPU failed.
    #[error("{device} failed: {problem}: {advice}")]
    Device {
        /// Its name.
        device: String,
        /// What it or its driver says.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// The loss is no number any more.
    #[error(
        "the loss is {loss} in epoch {epoch}, step {step} of the run, at learning rate {learning_rate}, training \
         samples {}: the weights have diverged; try a lower --learning-rate, and look at these samples",
        first_few(samples)
    )]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// First step whose loss is not finite, from 0.
        step: usize,
        /// The loss.
        loss: f64,
        /// Learning rate in force.
        learning_rate: f64,
        /// The step's samples: their positions in the training split, from 0.
        samples: Vec<usize>,
    },
}

impl TrainerError {
    /// 2 for bad usage, configuration or data; 1 for what failed while running.
    pub fn exit_code(&self) -> u8 {
        let usage = match self {
            Self::ReadPreset { .. }
            | Self::Preset { .. }
            | Self::Usage(_)
            | Self::Model(_)
            | Self::ReadModel(_)
            | Self::Plan(_) => true,
            Self::Data(error) => !error.is_machine_failure(),
            Self::Experiment(error) => error.is_usage(),
            Self::Export(error) => error.is_usage(),
            Self::Predict(error) => return error.exit_code(),
            Self::Stream(_) | Self::Weights(_) | Self::Device { .. } | Self::Diverged { .. } => {
                false
            }
        };
        if usage { 2 } else { 1 }
    }
}

/// The first of many numbers.
fn first_few(numbers: &[usize]) -> String {
    let shown: Vec<_> = numbers.iter().take(8).map(ToString::to_string).collect();
    match numbers.len() > shown.len() {
        true => format!("{}, ... ({} in all)", shown.join(", "), numbers.len()),
        false => shown.join(", "),
    }
}
