//! Fixes the augmentation of a run whose recipe leaves it to the data.

use baselines::cache::{self, Key};
use data::{Augmentation, Normalisation};
use serde_json::{Value, json};

use super::augmentation_search::AugmentationSearch;
use super::prepared::Prepared;
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::recipe::AugmentationChoice;
use crate::training::Interrupt;

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 6;

impl Prepared {
    /// Chooses the augmentation if the recipe does not. The choice depends only on the data, not on the run's seed,
    /// network or device, and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn choose_augmentation(
        mut self,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Self, TrainerError> {
        if self.job.recipe.augmentation != AugmentationChoice::Auto {
            return Ok(self);
        }
        let mut chosen = Augmentation::standard();
        if self.has_features_to_augment() {
            let search = self.search(interrupt)?;
            if let Some(message) = search.message() {
                progress.say(&message);
            }
            chosen = search.chosen();
            self.augmentation_search = Some(search);
        }
        self.job.recipe.augmentation = chosen.into();
        Ok(self)
    }

    fn search(&self, interrupt: &Interrupt) -> Result<AugmentationSearch, TrainerError> {
        let key = Key::new(&self.basis_of_search("search", VERSION));
        if let Some(search) = cache::read(&key) {
            return Ok(search);
        }
        let search = AugmentationSearch::new(&self.dataset, &self.job.recipe, interrupt)?;
        cache::store(&key, &search);
        Ok(search)
    }

    /// Everything that the result of a search depends on.
    pub(super) fn basis_of_search(&self, name: &str, version: u32) -> Value {
        let recipe = &self.job.recipe;
        json!({
            name: version,
            "data": self.identity,
            "classes": self.dataset.class_names,
            "learned_from": self.learned_from,
            "preprocessing": self.dataset.preprocessing,
            "fold": [json!(recipe.fold), json!(recipe.held_out)],
            "loss": [json!(recipe.class_weights), json!(recipe.sampling)],
        })
    }

    /// Whether responses and levels change inputs at all, and validation is not the training split.
    pub(super) fn has_features_to_augment(&self) -> bool {
        let preprocessing = &self.dataset.preprocessing;
        let (train, val) = (&self.dataset.train, &self.dataset.val);
        preprocessing.bands.is_some()
            && preprocessing.normalisation != Normalisation::None
            && train.fingerprint != val.fingerprint
    }
}
