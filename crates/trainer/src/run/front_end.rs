//! Whether the front end of a dataset whose configuration names none has features in time.
//!
//! They help where classes differ in how signals come and go, and harm where that depends on the background of a site. A
//! small network is therefore trained with and without, and validation decides.

use baselines::cache::{self, Key};
use data::{BandLayout, BandsConfig, Dataset, DatasetConfig, Normalisation, Storage};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::prepared::Prepared;
use super::trial::{Contender, Paired, Trial};
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::recipe::DEFAULT_NORMALISATION;
use crate::training::Interrupt;

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 2;

/// Whether the front end has features in time, and why; stored as `front_end_choice` in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrontEndSearch {
    /// Cross-entropy after short trainings without them, on the validation split.
    loss_without_time: f64,
    /// The same with them.
    loss_with_time: f64,
    /// Standard error of their difference, over groups; 0 if there is one group only.
    standard_error: f64,
    /// Number of groups.
    groups: usize,
    /// Whether the front end has them.
    time: bool,
}

impl FrontEndSearch {
    fn new(found: Paired, groups: usize) -> Self {
        let [loss_without_time, loss_with_time] = found.scores;
        let standard_error = found.standard_error;
        let gain = loss_without_time - loss_with_time;
        Self {
            loss_without_time,
            loss_with_time,
            standard_error: if standard_error.is_finite() {
                standard_error
            } else {
                0.0
            },
            groups,
            time: gain > critical(groups) * standard_error,
        }
    }

    /// Message to the user.
    fn message(&self) -> String {
        format!(
            "in short trials, the validation loss is {:.3} with the features in time of `bands` and {:.3} without: training \
             {} them (`spectral_processing` in the dataset configuration sets it)",
            self.loss_with_time,
            self.loss_without_time,
            if self.time { "with" } else { "without" }
        )
    }
}

/// Quantile 0.95 of Student's t distribution for the mean of `groups`, by its expansion around the normal distribution:
/// a gain of that many standard errors is due to chance once in twenty times.
fn critical(groups: usize) -> f64 {
    let freedom = groups.saturating_sub(1).max(1) as f64;
    1.645 + 1.524 / freedom + 1.420 / freedom.powi(2)
}

impl Prepared {
    /// Chooses whether the front end has features in time, if neither the dataset configuration nor the recipe sets
    /// the front end. The choice depends only on the data and the augmentation, and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of reading the data and of a training.
    pub fn choose_front_end(
        mut self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        if !self.may_have_time() {
            return Ok(self);
        }
        let mut config = self.config.clone();
        config.spectral.bands.time = true;
        let mut basis = self.basis_of_search("front_end", VERSION);
        basis["augmentation"] = json!(self.job.recipe.augmentation);
        let key = Key::new(&basis);
        let known: Option<FrontEndSearch> = cache::read(&key);
        if known.is_some_and(|search| !search.time) {
            return Ok(self.with_search(known, progress));
        }
        let storage = self.job.recipe.storage(self.job.compute.stream);
        if memory::check_data(&config, storage).is_err() {
            progress.say(
                "too little memory to try the features in time of `bands` as well: training without them \
                 (`spectral_processing: {method: bands, bands: {time: true}}` in the dataset configuration adds them)",
            );
            return Ok(self);
        }
        let dataset = self.read_again(&config, storage, progress)?;
        let search = match known {
            Some(search) => search,
            None => {
                let ways = [&self.dataset, &dataset].map(|dataset| Contender {
                    dataset,
                    augmentation: self.job.recipe.augmentation.settings(),
                });
                let trial = Trial::new(ways, &self.job.recipe, interrupt)?;
                let search = FrontEndSearch::new(trial.loss(), trial.groups());
                cache::store(&key, &search);
                search
            }
        };
        if search.time {
            self.job.recipe.spectral_processing = Some(dataset.preprocessing.spectral.clone());
            (self.dataset, self.config) = (dataset, config);
        }
        Ok(self.with_search(Some(search), progress))
    }

    /// Says and keeps what was found.
    fn with_search(mut self, search: Option<FrontEndSearch>, progress: &Progress) -> Self {
        if let Some(search) = &search {
            progress.say(&search.message());
        }
        self.front_end_search = search;
        self
    }

    /// Whether features in time are an open question.
    fn may_have_time(&self) -> bool {
        let (recipe, preprocessing) = (&self.job.recipe, &self.dataset.preprocessing);
        let Some(layout) = &preprocessing.bands else {
            return false;
        };
        let config = BandsConfig {
            time: true,
            ..preprocessing.spectral.bands.clone()
        };
        // Frames of a few samples have more features with those in time.
        let is_as_large = BandLayout::new(&config, layout.window)
            .is_ok_and(|own| own.features() == layout.features());
        let is_scaled_apart = matches!(
            preprocessing.normalisation,
            Normalisation::Band | Normalisation::Dataset
        );
        // Firmware that takes single samples cannot compute them, and given weights expect certain features.
        let is_free = self.job.budget_kb.is_none() && recipe.init_from.is_none();
        self.leaves_front_end_open
            && is_free
            && is_as_large
            && is_scaled_apart
            && self.has_features_to_augment()
    }

    /// Reads the splits with another front end.
    fn read_again(
        &self,
        config: &DatasetConfig,
        storage: Storage,
        progress: &mut Progress,
    ) -> Result<Dataset, TrainerError> {
        let read = Dataset::watch(config, DEFAULT_NORMALISATION, storage, &mut |loading| {
            progress.reading(loading);
        });
        progress.end_steps();
        let mut dataset = read?;
        if let Some(kept) = &self.learned_from {
            dataset.train = dataset.train.subset(kept);
        }
        Ok(dataset)
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
            FrontEndSearch::new(found, groups).time
        };
        assert!(chosen(1.01, 0.85, 0.05, 32));
        assert!(!chosen(0.05, 0.17, 0.01, 72));
        assert!(!chosen(0.66, 0.65, 0.01, 28));
        // A few groups agree by chance.
        assert!(chosen(0.6, 0.5, 0.05, 32) && !chosen(0.6, 0.5, 0.05, 4));
        assert!(!chosen(0.6, 0.1, f64::INFINITY, 1));
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        for (groups, expected) in [(5, 2.132), (11, 1.812), (31, 1.697), (1000, 1.646)] {
            assert!(
                (critical(groups) / expected - 1.0).abs() < 0.01,
                "{groups}"
            );
        }
    }
}
