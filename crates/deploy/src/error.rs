//! Errors of exports.

use model::{PlanError, WeightsError};

/// A model that cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// `preprocessing` of `model.json` cannot be read.
    #[error("`preprocessing` of model.json: {0}")]
    Preprocessing(#[from] serde_json::Error),
    /// Logits cannot be divided by the temperature.
    #[error("`temperature` of model.json is {0}: it must be a number above 0")]
    Temperature(f64),
    /// A weight is not finite.
    #[error("tensor `{tensor}` has values that are not finite: the training diverged")]
    NotFinite {
        /// Tensor name.
        tensor: String,
    },
    /// The network does not fit its input.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The weights cannot be encoded.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A value of the network cannot be represented with 8 bits.
    #[error("`{layer}`: {problem}")]
    Range {
        /// The layer that produces it.
        layer: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There are no windows to find ranges on.
    #[error("quantisation needs windows to find the ranges of values by, and there are none")]
    NoWindows,
    /// Stored 8-bit ranges cannot be used.
    #[error("{0}")]
    Stored(String),
    /// The C export does not support the front end.
    #[error("the preprocessing cannot be written in C: {0}")]
    FrontEnd(String),
}

impl DeployError {
    /// Whether another model or option would help (exit code 2), as opposed to a failure.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Preprocessing(_)
            | Self::Temperature(_)
            | Self::NotFinite { .. }
            | Self::Plan(_)
            | Self::Range { .. }
            | Self::NoWindows
            | Self::Stored(_)
            | Self::FrontEnd(_) => true,
            Self::Weights(_) => false,
        }
    }
}
