//! Errors of exports.

use model::{PlanError, WeightsError};

/// Why a value or a layer cannot be represented.
#[derive(Debug, thiserror::Error)]
pub enum RangeError {
    /// A value is NaN or infinite.
    #[error("values from {low} to {high} are not finite")]
    NotFinite {
        /// Smallest value.
        low: f32,
        /// Largest value.
        high: f32,
    },
    /// The range is too small or too large for a scale.
    #[error("values from {low} to {high} have no scale in float32")]
    NoScale {
        /// Smallest value.
        low: f32,
        /// Largest value.
        high: f32,
    },
    /// The output of a pool has another encoding than its input.
    #[error("a pool puts out what it reads, in the same units")]
    Pool,
    /// The units of two summands differ too much.
    #[error("summands of ranges too far apart")]
    Summands,
    /// The sums of a layer have coarser units than its output.
    #[error("a unit of its sums is {0} units of its output, which 8 bits cannot hold")]
    Units(f64),
    /// The sums of a layer exceed 32 bits.
    #[error("its sums may reach {0}, which 32 bits cannot hold")]
    Sums(i64),
    /// There are more weights than the format's 32-bit sizes hold.
    #[error("its weights are more than a TFLite file can hold")]
    Weights,
}

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
        problem: RangeError,
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
