//! The decision whether a network learns from a teacher as well as from labels.

use serde::{Deserialize, Serialize};

use super::paired::MOST_WORSE;

/// Share of the teacher in training. It has most of the gain of a larger one, and harms less where the trials err.
const SHARE: f64 = 0.5;

/// What the network learns from besides labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Teacher {
    /// Class probabilities of the training windows, if the network learns from them.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    pub probabilities: Option<Vec<f32>>,
    /// How that was decided, for the metadata; `None` if the recipe says it, or trials would not.
    pub search: Option<DistillationSearch>,
}

/// How it was decided whether to learn from a teacher; stored as `distillation_choice` in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistillationSearch {
    /// Validation loss of a small network that learns from labels alone.
    pub loss: f64,
    /// That of one that learns from the teacher.
    pub loss_with_teacher: f64,
}

impl DistillationSearch {
    /// The share of the teacher in training: none where the loss is clearly higher with it, or not finite. Larger networks
    /// learn more by heart than that of the trial, so they gain where it gains nothing.
    pub fn chosen(&self) -> f64 {
        if self.loss_with_teacher <= self.loss * (1.0 + MOST_WORSE) {
            SHARE
        } else {
            0.0
        }
    }

    /// Message to the user.
    pub fn message(&self) -> String {
        let how = if self.chosen() > 0.0 {
            "with half of every target from simple classifiers fitted to other recordings"
        } else {
            "with labels alone, and without targets from simple classifiers"
        };
        format!(
            "a trial chose the targets: training {how} (--distillation sets it); validation loss {:.3} with targets from them, \
             {:.3} with labels alone",
            self.loss_with_teacher, self.loss
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clearly_higher_loss_decides() {
        let chosen = |loss, loss_with_teacher| {
            DistillationSearch {
                loss,
                loss_with_teacher,
            }
            .chosen()
        };
        for (alone, with) in [(0.7, 0.6), (0.7, 0.7), (0.7, 0.706)] {
            assert_eq!(chosen(alone, with), SHARE, "{alone} {with}");
        }
        for (alone, with) in [(0.7, 0.708), (0.7, f64::NAN), (f64::NAN, 0.7)] {
            assert_eq!(chosen(alone, with), 0.0, "{alone} {with}");
        }
    }
}
