//! Knowledge distillation: targets that are partly the probabilities of simple classifiers which have not seen the recording
//! ([`baselines::teacher`]).
//!
//! Where training and validation windows come from different sites or days, a network may learn its training recordings by
//! heart, and such targets help. Where the classifiers are much worse than the network, they harm. A small network is
//! therefore trained with and without them, and validation decides.

use baselines::cache::{self, Key};
use baselines::teacher::teach;
use serde_json::json;

use super::augmentation_search::sites_differ;
use super::distillation_search::{DistillationSearch, Teacher};
use super::prepared::Prepared;
use super::trial::{Effort, Trial, TrialSetup};
use crate::error::TrainerError;
use crate::metrics::probabilities;
use crate::progress::Progress;
use crate::training::Interrupt;
use crate::training::calibration::fit_temperature;

/// Raised whenever the trials come to other results, which are then not taken from the cache.
const VERSION: u32 = 2;

/// Share of the teacher in the trials: more, so that they show what it does.
const SHARE_IN_TRIALS: f64 = 0.9;

impl Prepared {
    /// Decides whether the network learns from a teacher, if the recipe does not, and asks the teacher. The decision depends
    /// on the data, the front end, the augmentation and the weights of classes, not on the run's network, device or seed
    /// (unless that chooses the training windows, by `--label-ratio`), and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], those of a training, or if the recipe wants a teacher that cannot be fitted.
    pub fn choose_distillation(
        mut self,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Self, TrainerError> {
        let Some(share) = self.job.recipe.distillation else {
            let search = self.search_distillation(interrupt, progress)?;
            self.teacher = search.unwrap_or_default();
            let chosen = self.teacher.search.as_ref();
            self.job.recipe.distillation = Some(chosen.map_or(0.0, DistillationSearch::chosen));
            return Ok(self);
        };
        if share > 0.0 {
            let probabilities = self.ask_teacher().map_err(|problem| {
                let problem = format!("there is no teacher for this: {problem}");
                TrainerError::option(format!("--distillation {share}"), problem)
            })?;
            self.teacher.probabilities = Some(probabilities);
        }
        Ok(self)
    }

    /// The decision with the teacher, if sites differ and a teacher can be fitted.
    fn search_distillation(
        &self,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Option<Teacher>, TrainerError> {
        let recipe = &self.job.recipe;
        // Given weights know more than a short training can learn, and some windows need no group.
        let is_open = recipe.init_from.is_none()
            && self.job.resume.is_none()
            && self.has_features_to_augment()
            && self.dataset.train.group_names().is_some();
        if !is_open || !self.sites_differ()? {
            return Ok(None);
        }
        let mut basis = self.basis_of_search("distillation", VERSION);
        basis["augmentation"] = json!(recipe.augmentation);
        let key = Key::new(&basis);
        let cached = cache::read::<DistillationSearch>(&key);
        // A teacher that is not wanted is not asked again.
        if let Some(search) = cached.filter(|search| search.chosen() == 0.0) {
            progress.say(&search.message());
            return Ok(Some(Teacher {
                probabilities: None,
                search: Some(search),
            }));
        }
        let Ok(probabilities) = self.ask_teacher() else {
            return Ok(None);
        };
        let search = match cached {
            Some(search) => search,
            None => {
                let search = self.try_teacher(&probabilities, interrupt)?;
                cache::store(&key, &search);
                search
            }
        };
        progress.say(&search.message());
        Ok(Some(Teacher {
            probabilities: (search.chosen() > 0.0).then_some(probabilities),
            search: Some(search),
        }))
    }

    /// Whether training and validation windows come from different sites or days.
    fn sites_differ(&self) -> Result<bool, TrainerError> {
        match &self.augmentation_search {
            Some(search) => Ok(search.sites_differ()),
            None => sites_differ(&self.dataset).map_err(TrainerError::Stream),
        }
    }

    /// The class probabilities of the training windows in use, calibrated by their labels.
    fn ask_teacher(&self) -> Result<Vec<f32>, data::DataError> {
        let logits = teach(&self.config, self.quick_options())?;
        let temperature = fit_temperature(&logits, &self.dataset.train.y);
        let classes = self.dataset.class_names.len();
        let probabilities = probabilities(&logits, classes, temperature);
        Ok(probabilities.into_iter().map(|p| p as f32).collect())
    }

    fn try_teacher(
        &self,
        teacher: &[f32],
        interrupt: &Interrupt,
    ) -> Result<DistillationSearch, TrainerError> {
        let (mut trial, recipe) = (Trial::new(&self.dataset), &self.job.recipe);
        let mut numbers = [0; 2];
        let teachers = [None, Some((teacher, SHARE_IN_TRIALS))];
        for (number, teacher) in numbers.iter_mut().zip(teachers) {
            let setup = TrialSetup {
                dataset: &self.dataset,
                augmentation: recipe.augmentation.settings(),
                teacher,
                effort: Effort::WHOLE,
            };
            *number = trial.add(&setup, recipe, interrupt)?;
        }
        let [loss, loss_with_teacher] = trial.loss(numbers).scores;
        let diverged = numbers.iter().any(|number| trial.diverged(*number));
        Ok(DistillationSearch {
            loss,
            loss_with_teacher: if diverged {
                f64::NAN
            } else {
                loss_with_teacher
            },
        })
    }
}
