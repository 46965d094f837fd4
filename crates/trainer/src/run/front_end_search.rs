//! The choice which features the front end `bands` adds to its spectra, based on the data.
//!
//! Features in time and the rhythm help where classes differ in how signals come and go, and harm where that depends on the
//! background of a site. A small network is therefore trained with and without, and validation decides.

use data::BandsConfig;
use serde::{Deserialize, Serialize};

use super::trial::Paired;

/// Features beside the spectra.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Added {
    /// Features in time.
    Time,
    /// Features in time, and the rhythm.
    TimeAndRhythm,
}

impl Added {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 2] = [Self::Time, Self::TimeAndRhythm];

    /// `bands` with them.
    pub fn to(self, bands: &BandsConfig) -> BandsConfig {
        BandsConfig {
            time: true,
            rhythm: self == Self::TimeAndRhythm,
            ..bands.clone()
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Time => "with features in time",
            Self::TimeAndRhythm => "with features in time and the rhythm",
        }
    }
}

/// Which features the front end adds, and why; stored as `front_end_choice` in the metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEndSearch {
    /// Cross-entropy after short trainings without any, on the validation split.
    loss_without: f64,
    /// Number of groups of the validation split.
    groups: usize,
    /// Those that were tried.
    tried: Vec<Tried>,
    /// Those that the front end adds.
    chosen: Option<Added>,
}

/// Features that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Tried {
    added: Added,
    /// Cross-entropy after short trainings with them.
    loss: f64,
    /// Standard error of the difference to that without, over groups; `None` if there is one group only.
    standard_error: Option<f64>,
}

impl FrontEndSearch {
    /// Nothing tried yet, with this number of groups.
    pub fn new(groups: usize) -> Self {
        Self {
            loss_without: f64::NAN,
            groups,
            tried: Vec::new(),
            chosen: None,
        }
    }

    /// Takes note of a trial without and with these features. Returns whether they are the best so far.
    pub fn is_better(&mut self, added: Added, found: Paired) -> bool {
        let [loss_without, loss] = found.scores;
        self.loss_without = loss_without;
        let standard_error = Some(found.standard_error).filter(|error| error.is_finite());
        let best = self.tried.iter().find(|own| Some(own.added) == self.chosen);
        let is_lowest = best.is_none_or(|best| loss < best.loss);
        let is_clear =
            standard_error.is_some_and(|error| loss_without - loss > critical(self.groups) * error);
        self.tried.push(Tried {
            added,
            loss,
            standard_error,
        });
        let is_better = is_clear && is_lowest;
        if is_better {
            self.chosen = Some(added);
        }
        is_better
    }

    /// The features that the front end adds.
    pub fn chosen(&self) -> Option<Added> {
        self.chosen
    }

    /// Message to the user.
    pub fn message(&self) -> String {
        let tried = self.tried.iter().map(|own| {
            let error = match own.standard_error {
                Some(error) => format!(" (standard error of the difference {error:.3})"),
                None => String::new(),
            };
            format!("{:.3} {}{error}", own.loss, own.added.name())
        });
        let tried: Vec<String> = tried.collect();
        let is_lower = self.tried.iter().any(|own| own.loss < self.loss_without);
        let chosen = match self.chosen {
            Some(added) => added.name(),
            None if is_lower => "with spectra alone, since so small a gain may be chance",
            None => "with spectra alone",
        };
        format!(
            "in short trials, the validation loss over {} is {:.3} with the spectra of `bands` alone, {}: training {chosen} \
             (`spectral_processing` in the dataset configuration sets it)",
            support::words::counted(self.groups, "group"),
            self.loss_without,
            tried.join(", "),
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
    fn features_must_be_clearly_better() {
        let chosen = |without, with, standard_error, groups| {
            let found = Paired {
                scores: [without, with],
                standard_error,
            };
            FrontEndSearch::new(groups).is_better(Added::Time, found)
        };
        assert!(chosen(1.01, 0.85, 0.05, 32));
        assert!(!chosen(0.05, 0.17, 0.01, 72));
        assert!(!chosen(0.66, 0.65, 0.01, 28));
        // A few groups agree by chance.
        assert!(chosen(0.6, 0.5, 0.05, 32) && !chosen(0.6, 0.5, 0.05, 4));
        assert!(!chosen(0.6, 0.1, f64::INFINITY, 1) && !chosen(f64::NAN, 0.1, 0.01, 30));
        assert!(!chosen(0.6, f64::NAN, 0.01, 30));
    }

    /// Of those that are clearly better than none, the one with the lowest loss.
    #[test]
    fn the_best_of_several_is_taken() {
        let mut search = FrontEndSearch::new(30);
        let mut add = |added, loss, standard_error| {
            let scores = [0.9, loss];
            let found = Paired {
                scores,
                standard_error,
            };
            search.is_better(added, found)
        };
        assert!(add(Added::Time, 0.8, 0.02));
        assert!(!add(Added::TimeAndRhythm, 0.85, 0.02));
        assert!(!add(Added::TimeAndRhythm, 0.7, 0.2));
        assert!(add(Added::TimeAndRhythm, 0.7, 0.02));
        assert_eq!(search.chosen(), Some(Added::TimeAndRhythm));
        let message = search.message();
        assert!(
            message.contains("over 30 groups is 0.900 with the spectra of `bands` alone, 0.800 with features in time (standard"),
            "{message}"
        );
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
