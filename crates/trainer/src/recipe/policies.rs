//! Settings of the learning rate and of the policies over epochs.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// How the learning rate changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It does not
    Constant,
    /// Lower whenever the validation loss stops improving
    Plateau,
    /// Along half a cosine to zero at the last step
    #[default]
    Cosine,
}

/// Which weights of a training are kept and judged on the test split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Those of the epoch with the lowest validation loss
    Best,
    /// Those of the last epoch
    #[default]
    Last,
}

/// When to stop because nothing improves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStoppingSettings {
    /// Epochs without a lower validation loss; none for no early stopping.
    pub patience: Option<usize>,
}

/// When to lower the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauSettings {
    /// Epochs without improvement.
    pub patience: usize,
    /// Factor of the learning rate, in (0, 1).
    pub factor: f64,
    /// Lowest learning rate.
    pub min_learning_rate: f64,
    /// A loss lower by less than this is no improvement.
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
    /// Refuses numbers that make no sense.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(self.factor > 0.0 && self.factor < 1.0) {
            return Err(format!(
                "the plateau's factor {} is not in (0, 1)",
                self.factor
            ));
        }
        let others = [
            ("min_learning_rate", self.min_learning_rate),
            ("min_delta", self.min_delta),
        ];
        match others.iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            Some((name, value)) => Err(format!("`plateau.{name}` is {value}: expected 0 or more")),
            None => Ok(()),
        }
    }
}
