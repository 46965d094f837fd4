//! Settings of the learning rate schedule and of early stopping.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::error::RecipeError;

/// Learning rate schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Constant
    Constant,
    /// Reduced when the validation loss stops improving
    Plateau,
    /// Half a cosine down to zero at the last step
    #[default]
    Cosine,
}

/// Epoch whose weights are kept and evaluated on the test split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Epoch with the lowest validation loss
    Best,
    /// Last epoch
    #[default]
    Last,
}

/// When to stop early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStoppingSettings {
    /// Number of epochs without a lower validation loss; `None` disables early stopping.
    pub patience: Option<usize>,
}

/// When to reduce the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauSettings {
    /// Number of epochs without improvement.
    pub patience: usize,
    /// Factor applied to the learning rate, between 0 and 1.
    pub factor: f64,
    /// Lowest learning rate.
    pub min_learning_rate: f64,
    /// Minimum decrease of the loss that counts as an improvement.
    pub min_delta: f64,
}

impl Default for PlateauSettings {
    fn default() -> Self {
        Self {
            patience: 3,
            factor: 0.5,
            min_learning_rate: 1e-7,
            min_delta: 1e-4,
        }
    }
}

impl PlateauSettings {
    /// Refuses values out of range.
    pub(super) fn check(&self) -> Result<(), RecipeError> {
        let rate = self.min_learning_rate;
        let delta = self.min_delta;
        let ranges = [
            (
                "plateau.factor",
                self.factor,
                self.factor > 0.0 && self.factor < 1.0,
                "between 0 and 1",
            ),
            (
                "plateau.min_learning_rate",
                rate,
                rate.is_finite() && rate >= 0.0,
                "0 or more",
            ),
            (
                "plateau.min_delta",
                delta,
                delta.is_finite() && delta >= 0.0,
                "0 or more",
            ),
        ];
        RecipeError::check_ranges(ranges)
    }
}
