//! What can go wrong.

use model::{PlanError, WeightsError};

/// A model that cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// `preprocessing` of `model.json` cannot be read.
    #[error("`preprocessing` of model.json: {0}")]
    Preprocessing(#[from] serde_json::Error),
    /// Logits cannot be divided by it.
    #[error("`temperature` of model.json is {0}: it must be a number above 0")]
    Temperature(f64),
    /// The network does not fit its input.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The weights cannot be encoded.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
