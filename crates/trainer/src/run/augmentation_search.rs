//! The choice between `standard` and `new_sites` augmentation, based on the data.
//!
//! `new_sites` helps if validation windows come from other sites or days than training windows, and costs accuracy if
//! they do not. The splits are therefore compared first. Only if they differ, a small network is trained with each
//! augmentation, and validation decides.

use data::{Augmentation, DataError, Dataset};
use serde::{Deserialize, Serialize};

use super::paired::Paired;
use super::site_shift::separability;
use super::trial::{Effort, Trial, TrialSetup};
use crate::error::TrainerError;
use crate::recipe::Recipe;
use crate::training::Interrupt;

/// Separability of the splits above which they count as recorded at different sites. Splits by recording within one
/// site reach 0.8 by chance if they have few recordings; those by station or day had 0.9 and more.
const DIFFERENT_SITES: f64 = 0.85;

/// By how much of the loss `new_sites` may be worse in the trials, whatever the standard error.
const MOST_WORSE: f64 = 0.05;

/// Whether training and validation windows come from different sites or days.
///
/// # Errors
/// [`DataError`] if a streamed source can no longer be read.
pub fn sites_differ(dataset: &Dataset) -> Result<bool, DataError> {
    Ok(separability(dataset)? >= DIFFERENT_SITES)
}

/// How the augmentation of a dataset is chosen; stored as `augmentation_choice` in the metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AugmentationSearch {
    /// See [`separability`].
    separability: f64,
    /// The trials, if the splits differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<Losses>,
}

impl AugmentationSearch {
    /// Compares the splits, and tries both augmentations if they differ.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let separability = separability(dataset).map_err(TrainerError::Stream)?;
        let mut search = Self {
            separability,
            trial: None,
        };
        if search.sites_differ() {
            search.trial = Some(Losses::new(dataset, recipe, interrupt)?);
        }
        Ok(search)
    }

    /// Whether training and validation windows come from different sites or days.
    pub fn sites_differ(&self) -> bool {
        self.separability >= DIFFERENT_SITES
    }

    /// The chosen augmentation.
    pub fn chosen(&self) -> Augmentation {
        let trial = self.trial.as_ref();
        trial
            .map_or(Candidate::Standard, |trial| trial.chosen)
            .settings()
    }

    /// Message to the user, if the splits differ.
    pub fn message(&self) -> Option<String> {
        let trial = self.trial.as_ref()?;
        let error = trial.standard_error;
        let error = error.map(|error| format!(" (standard error of the difference {error:.3})"));
        Some(format!(
            "training and validation windows come from different sites or days (their spectra tell them apart: AUC {:.2}); \
             in short trials, validation loss is {:.3} with standard augmentation and {:.3} with new_sites{}: \
             training with {} (--augmentation sets it)",
            self.separability,
            trial.loss_of_standard,
            trial.loss_of_new_sites,
            error.unwrap_or_default(),
            trial.chosen.name()
        ))
    }
}

/// The augmentations between which trials decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Candidate {
    Standard,
    NewSites,
}

impl Candidate {
    fn settings(self) -> Augmentation {
        match self {
            Self::Standard => Augmentation::standard(),
            Self::NewSites => Augmentation::new_sites(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::NewSites => "new_sites",
        }
    }

    /// `NewSites`, unless its loss is higher by more than chance: the splits differ, so what `Standard` costs at a third site
    /// is seen only in part.
    fn by_losses(found: Paired) -> Self {
        let [standard, new_sites] = found.scores;
        if new_sites - standard <= found.standard_error.min(MOST_WORSE * standard) {
            Self::NewSites
        } else {
            Self::Standard
        }
    }
}

/// Cross-entropy of the validation split after short trainings with either augmentation. Macro F1 after so few epochs depends
/// on the seed by more than the augmentations differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Losses {
    loss_of_standard: f64,
    loss_of_new_sites: f64,
    /// Standard error of their difference, over groups; `None` if there is one group only.
    standard_error: Option<f64>,
    chosen: Candidate,
}

impl Losses {
    fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let mut trial = Trial::new(dataset);
        for candidate in [Candidate::Standard, Candidate::NewSites] {
            let setup = TrialSetup {
                dataset,
                augmentation: candidate.settings(),
                teacher: None,
                effort: Effort::OF_AUGMENTATION,
            };
            trial.add(&setup, recipe, interrupt)?;
        }
        let found = trial.loss([0, 1]);
        let [loss_of_standard, loss_of_new_sites] = found.scores;
        Ok(Self {
            loss_of_standard,
            loss_of_new_sites,
            standard_error: Some(found.standard_error).filter(|error| error.is_finite()),
            chosen: Candidate::by_losses(found),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_sites_is_refused_only_where_it_is_clearly_worse() {
        let chosen = |standard, new_sites, standard_error| {
            let scores = [standard, new_sites];
            let found = Paired {
                scores,
                standard_error,
            };
            Candidate::by_losses(found).name()
        };
        assert_eq!(chosen(0.43, 0.07, 0.02), "new_sites");
        assert_eq!(chosen(1.01, 1.02, 0.03), "new_sites");
        assert_eq!(chosen(1.01, 1.05, 0.03), "standard");
        // With few recordings the error is large, but only a limited loss is accepted.
        assert_eq!(chosen(0.45, 0.5, 0.2), "standard");
        assert_eq!(chosen(0.45, 0.46, f64::INFINITY), "new_sites");
        assert_eq!(chosen(0.45, f64::NAN, 0.2), "standard");
    }
}
