//! Whether a trained network uses the features in time of the front end `bands`.
//!
//! Half of the training samples lack them, so the network works with and without. They help where classes differ in
//! how signals come and go, and harm where that depends on the background of a site: the validation split decides.

use model::Weights;
use serde::Serialize;

use super::prepared::Prepared;
use crate::compute::{self, Start};
use crate::error::TrainerError;
use crate::training::calibration::{fit_temperature, loss_at};

/// Validation losses at the best temperature of each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TimeChoice {
    /// With the features in time.
    pub loss_with: f64,
    /// Without them.
    pub loss_without: f64,
}

impl TimeChoice {
    /// Classifies the validation split with and without the features in time, and leaves them out of all splits if
    /// they do not help; `None` if there are no such features.
    ///
    /// # Errors
    /// Those of [`compute::Engine::classify`].
    pub fn apply(prepared: &mut Prepared, weights: &Weights) -> Result<Option<Self>, TrainerError> {
        if !prepared.dataset.uses_time() || prepared.dataset.val.is_empty() {
            return Ok(None);
        }
        let loss_with = calibrated_loss(prepared, weights)?;
        let Some(values) = prepared.dataset.leave_out_time() else {
            return Ok(None);
        };
        let choice = Self {
            loss_with,
            loss_without: calibrated_loss(prepared, weights)?,
        };
        if choice.is_used() {
            prepared.dataset.restore_time(&values);
        }
        Ok(Some(choice))
    }

    /// Whether the features are used: not if the network is as good without them.
    pub fn is_used(&self) -> bool {
        // If a loss is not a number, nothing shows that leaving them out does no harm.
        !matches!(
            self.loss_without.partial_cmp(&self.loss_with),
            Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
        )
    }

    /// Message to the user.
    pub fn message(&self) -> String {
        format!(
            "the features in time are {}: calibrated validation loss {:.4} with them, {:.4} without",
            if self.is_used() { "used" } else { "not used" },
            self.loss_with,
            self.loss_without
        )
    }
}

/// Loss on the validation split at its best temperature.
fn calibrated_loss(prepared: &Prepared, weights: &Weights) -> Result<f64, TrainerError> {
    let dataset = &prepared.dataset;
    let batch = prepared.job.recipe.batch_size.min(dataset.train.len());
    let start = Start::for_evaluation(weights);
    let mut engine = compute::engine(&prepared.target, batch, &prepared.architecture, start)?;
    let (logits, labels) = (engine.classify(&dataset.val, dataset)?, &dataset.val.y);
    Ok(loss_at(&logits, labels, fit_temperature(&logits, labels)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_in_time_must_earn_their_place() {
        let is_used = |loss_with, loss_without| {
            TimeChoice {
                loss_with,
                loss_without,
            }
            .is_used()
        };
        assert!(is_used(0.3, 0.4));
        assert!(!is_used(0.4, 0.3));
        assert!(!is_used(0.3, 0.3));
        assert!(is_used(0.3, f64::NAN) && is_used(f64::NAN, f64::NAN));
    }
}
