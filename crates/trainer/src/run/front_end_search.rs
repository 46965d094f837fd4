//! The choice whether the front end `bands` has features in time, based on the data.
//!
//! They help where classes differ in how signals come and go, and harm where that depends on the background of a site. A
//! small network is therefore trained with and without, and validation decides.

use serde::{Deserialize, Serialize};

use super::trial::{Paired, Trial};

/// Whether the front end has features in time, and why; stored as `front_end_choice` in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEndSearch {
    /// Cross-entropy after short trainings without them, on the validation split.
    loss_without_time: f64,
    /// The same with them.
    loss_with_time: f64,
    /// Standard error of their difference, over groups; `None` if there is one group only.
    standard_error: Option<f64>,
    /// Number of groups.
    groups: usize,
    /// Whether the front end has them.
    time: bool,
}

impl FrontEndSearch {
    /// Decides by a trial without and with features in time; `None` if one of them diverged.
    pub fn new(trial: &Trial) -> Option<Self> {
        let found = trial.loss();
        let is_finite = found.scores.iter().all(|loss| loss.is_finite());
        (is_finite && !trial.diverged()).then(|| Self::by_losses(found, trial.groups()))
    }

    fn by_losses(found: Paired, groups: usize) -> Self {
        let [loss_without_time, loss_with_time] = found.scores;
        let gain = loss_without_time - loss_with_time;
        let standard_error = Some(found.standard_error).filter(|error| error.is_finite());
        let time = standard_error.is_some_and(|error| gain > critical(groups) * error);
        Self {
            loss_without_time,
            loss_with_time,
            standard_error,
            groups,
            time,
        }
    }

    /// Whether the front end has them.
    pub fn has_time(&self) -> bool {
        self.time
    }

    /// Message to the user.
    pub fn message(&self) -> String {
        let chosen = if self.time {
            "training with them"
        } else if self.loss_with_time < self.loss_without_time {
            "training without them, since so small a gain may be chance"
        } else {
            "training without them"
        };
        let error = match self.standard_error {
            Some(error) => format!(
                "standard error of the difference {error:.3}, over {} groups",
                self.groups
            ),
            None => "over a single group".into(),
        };
        format!(
            "in short trials, the validation loss is {:.3} with the features in time of `bands` and {:.3} without ({error}): \
             {chosen} (`spectral_processing` in the dataset configuration sets it)",
            self.loss_with_time, self.loss_without_time,
        )
    }
}

/// Quantile 0.95 of Student's t distribution for the mean of `groups`: a gain of that many standard errors is due to chance
/// once in twenty times.
fn critical(groups: usize) -> f64 {
    const OF_FEW: [f64; 3] = [6.314, 2.920, 2.353];
    match groups {
        0 | 1 => f64::INFINITY,
        2..=4 => OF_FEW[groups - 2],
        // The expansion around the normal distribution.
        _ => {
            let freedom = (groups - 1) as f64;
            1.645 + 1.524 / freedom + 1.420 / freedom.powi(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_in_time_must_be_clearly_better() {
        let chosen = |without, with, standard_error, groups| {
            let found = Paired {
                scores: [without, with],
                standard_error,
            };
            FrontEndSearch::by_losses(found, groups).time
        };
        assert!(chosen(1.01, 0.85, 0.05, 32));
        assert!(!chosen(0.05, 0.17, 0.01, 72));
        assert!(!chosen(0.66, 0.65, 0.01, 28));
        // A few groups agree by chance.
        assert!(chosen(0.6, 0.5, 0.05, 32) && !chosen(0.6, 0.5, 0.05, 4));
        assert!(!chosen(0.6, 0.1, f64::INFINITY, 1) && !chosen(f64::NAN, 0.1, 0.01, 30));
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        for (groups, expected) in [
            (2, 6.314),
            (5, 2.132),
            (11, 1.812),
            (31, 1.697),
            (1000, 1.646),
        ] {
            assert!((critical(groups) / expected - 1.0).abs() < 0.01, "{groups}");
        }
    }
}
