//! Fixes which features in time the front end has, for a dataset whose configuration names none.

use baselines::cache::{self, Key};
use data::{BandLayout, Dataset, DatasetConfig, Normalisation, Storage};
use serde_json::json;

use super::front_end_search::{Added, FrontEndSearch};
use super::prepared::{Prepared, identity, load};
use super::trial::{Contender, Trial};
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::training::Interrupt;

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 4;

const DIVERGED: &str =
    "a short trial of the features in time of `bands` diverged: training without them";

impl Prepared {
    /// Chooses which features in time the front end has, if neither the dataset configuration nor the recipe sets the front
    /// end. The choice depends on the data, the augmentation and the weights of classes, not on the run's seed, network or
    /// device, and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of reading the data and of a training.
    pub fn choose_front_end(
        self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        let candidates = self.candidates();
        if candidates.is_empty() {
            return Ok(self);
        }
        let mut basis = self.basis_of_search("front_end", VERSION);
        basis["augmentation"] = json!(self.job.recipe.augmentation);
        let key = Key::new(&basis);
        if let Some(search) = cache::read::<FrontEndSearch>(&key) {
            return self.with_search(search, None, progress);
        }
        let augmentation = self.job.recipe.augmentation.settings();
        let mut trial = Trial::new(&self.dataset);
        let mut search = FrontEndSearch::new(trial.groups());
        let way = Contender {
            dataset: &self.dataset,
            augmentation: augmentation.clone(),
        };
        trial.add(&way, &self.job.recipe, interrupt)?;
        if trial.diverged(0) {
            progress.say(DIVERGED);
            return Ok(self);
        }
        let mut best = None;
        for (added, way) in candidates.into_iter().zip(1..) {
            let config = self.config_with(added);
            if memory::check_data(&config, self.storage()).is_err() {
                progress.say(
                    "too little memory to try the features in time of `bands` as well: training without them \
                     (`spectral_processing: {method: bands, bands: {time: true, rhythm: true}}` in the dataset configuration \
                     adds them)",
                );
                return Ok(self);
            }
            // One set of inputs at a time beside those without.
            best = None;
            let dataset = self.read_again(&config, progress)?;
            let contender = Contender {
                dataset: &dataset,
                augmentation: augmentation.clone(),
            };
            trial.add(&contender, &self.job.recipe, interrupt)?;
            let found = trial.loss([0, way]);
            let is_finite = found.scores.iter().all(|loss| loss.is_finite());
            if !is_finite || trial.diverged(way) {
                progress.say(DIVERGED);
                return Ok(self);
            }
            if search.is_better(added, found) {
                best = Some((config, dataset));
            }
        }
        cache::store(&key, &search);
        self.with_search(search, best, progress)
    }

    /// Features in time that are an open question.
    fn candidates(&self) -> Vec<Added> {
        let (recipe, preprocessing) = (&self.job.recipe, &self.dataset.preprocessing);
        let Some(layout) = &preprocessing.bands else {
            return Vec::new();
        };
        let is_scaled_apart = matches!(
            preprocessing.normalisation,
            Normalisation::Band | Normalisation::Dataset
        );
        // Firmware that takes single samples cannot compute them, and given weights expect certain features.
        let is_free = self.job.budget_kb.is_none() && recipe.init_from.is_none();
        let is_open = self.leaves_front_end_open
            && is_free
            && is_scaled_apart
            && self.has_features_to_augment();
        // Frames of a few samples have more features with them.
        let is_as_large = |added: &Added| {
            BandLayout::new(&added.to(&preprocessing.spectral.bands), layout.window)
                .is_ok_and(|own| own.features() == layout.features())
        };
        let all = Added::ALL.into_iter();
        all.filter(|added| is_open && is_as_large(added)).collect()
    }

    /// The configuration with these features.
    fn config_with(&self, added: Added) -> DatasetConfig {
        let mut config = self.config.clone();
        config.spectral.bands = added.to(&config.spectral.bands);
        config
    }

    fn storage(&self) -> Storage {
        self.job.recipe.storage(self.job.compute.stream)
    }

    /// Says and keeps what was found, and takes the front end that was chosen; `read` if it is in memory.
    fn with_search(
        mut self,
        search: FrontEndSearch,
        read: Option<(DatasetConfig, Dataset)>,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        progress.say(&search.message());
        if let Some(added) = search.chosen() {
            // The inputs without it are of no use any more.
            let dataset = &mut self.dataset;
            for split in [&mut dataset.train, &mut dataset.val, &mut dataset.test] {
                *split = split.subset(&[]);
            }
            let (config, dataset) = match read {
                Some(read) => read,
                None => {
                    let config = self.config_with(added);
                    let dataset = self.read_again(&config, progress)?;
                    (config, dataset)
                }
            };
            self.job.recipe.spectral_processing = Some(dataset.preprocessing.spectral.clone());
            (self.dataset, self.config) = (dataset, config);
        }
        self.front_end_search = Some(search);
        Ok(self)
    }

    /// Reads the splits with another front end.
    fn read_again(
        &self,
        config: &DatasetConfig,
        progress: &mut Progress,
    ) -> Result<Dataset, TrainerError> {
        let mut dataset = load(config, self.storage(), progress)?;
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
