//! Fixes whether the front end of a dataset whose configuration names none has features in time.

use baselines::cache::{self, Key};
use data::{BandLayout, BandsConfig, Dataset, DatasetConfig, Normalisation, Storage};
use serde_json::json;

use super::front_end_search::FrontEndSearch;
use super::prepared::{Prepared, identity, load};
use super::trial::{Contender, Trial};
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::training::Interrupt;

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 3;

impl Prepared {
    /// Chooses whether the front end has features in time, if neither the dataset configuration nor the recipe sets
    /// the front end. The choice depends on the data, the augmentation and the weights of classes, not on the run's seed,
    /// network or device, and is cached.
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
        if let Some(search) = known.filter(|search| !search.has_time()) {
            return Ok(self.with_search(search, progress));
        }
        let storage = self.job.recipe.storage(self.job.compute.stream);
        if memory::check_data(&config, storage).is_err() {
            progress.say(
                "too little memory to try the features in time of `bands` as well: training without them \
                 (`spectral_processing: {method: bands, bands: {time: true}}` in the dataset configuration adds them)",
            );
            return Ok(self);
        }
        if known.is_some() {
            // The choice is made, so these inputs are of no use.
            let dataset = &mut self.dataset;
            for split in [&mut dataset.train, &mut dataset.val, &mut dataset.test] {
                *split = split.subset(&[]);
            }
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
                let Some(search) = FrontEndSearch::new(&trial) else {
                    progress.say(
                        "a short trial with or without the features in time of `bands` diverged: training without them",
                    );
                    return Ok(self);
                };
                cache::store(&key, &search);
                search
            }
        };
        if search.has_time() {
            self.job.recipe.spectral_processing = Some(dataset.preprocessing.spectral.clone());
            (self.dataset, self.config) = (dataset, config);
        }
        Ok(self.with_search(search, progress))
    }

    /// Says and keeps what was found.
    fn with_search(mut self, search: FrontEndSearch, progress: &Progress) -> Self {
        progress.say(&search.message());
        self.front_end_search = Some(search);
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
        let mut dataset = load(config, storage, progress)?;
        if identity(&dataset) != self.identity {
            let option = format!("--dataset-config {}", config.path.display());
            let problem = "the data changed while they were read: start again";
            return Err(TrainerError::option(option, problem));
        }
        if let Some(kept) = &self.learned_from {
            dataset.train = dataset.train.subset(kept);
        }
        Ok(dataset)
    }
}
