//! Fixes the form of the front end `bands`, for a dataset whose configuration names none.

use baselines::cache::{self, Key};
use data::{BandLayout, Dataset, DatasetConfig, FEW_BANDS, Normalisation, Storage};
use serde_json::json;

use super::front_end_form::Form;
use super::front_end_search::FrontEndSearch;
use super::prepared::{Prepared, identity, load, network};
use super::trial::{Effort, Trial, TrialSetup};
use crate::error::{TrainerError, UsageError};
use crate::progress::Progress;
use crate::training::Interrupt;
use crate::{budget, memory};

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 13;

/// Samples of the shortest window in which the rhythm is tried: four for each part whose energy it compares.
const SHORTEST_WITH_RHYTHM: usize = 256;

pub(super) const DIVERGED: &str =
    "a short trial of a form of `bands` diverged: no more forms are tried";

/// Trials of forms, and the best so far.
pub(super) struct Forms {
    pub trial: Trial,
    /// How much each is trained.
    pub effort: Effort,
    pub search: FrontEndSearch,
    /// The number of the chosen form in the trial.
    pub chosen: usize,
    /// The data in the chosen form, if they were read again for it.
    pub best: Option<(DatasetConfig, Dataset)>,
}

impl Prepared {
    /// Checks that network and front end fit the budget of flash. Where the configuration names no front end, few bands are
    /// taken if the usual ones do not fit.
    ///
    /// # Errors
    /// If neither fits, or those of reading the data again.
    pub fn fit_to_budget(mut self, progress: &mut Progress) -> Result<Self, TrainerError> {
        let kib = self.job.budget_kb;
        let preprocessing = &self.dataset.preprocessing;
        let Err(problem) = budget::say(kib, &self.architecture, preprocessing, progress) else {
            return Ok(self);
        };
        let is_over = matches!(problem, TrainerError::Usage(UsageError::OverBudget { .. }));
        let smaller = self.coarse(Form::USUAL).pop().filter(|_| is_over);
        let Some(form) = smaller else {
            return Err(problem);
        };
        let config = self.config_with(form);
        let dataset = self.read_again(&config, progress)?;
        progress.say(&format!(
            "the usual bands do not fit --budget-kb: training with {FEW_BANDS} bands"
        ));
        self.replace_inputs(config, dataset, progress)?;
        self.leaves_front_end_open = false;
        Ok(self)
    }

    /// Chooses the form of the front end, if neither the dataset configuration nor the recipe sets the front end: first the
    /// number of bands, then whether features of the window follow (the correlation of channels, those in time and the
    /// rhythm, the power), then the number of frames. At last, raw samples may take their place. The choice depends on the data,
    /// the augmentation and the weights of classes, not on the run's network or device, nor on its seed (unless that chooses the training windows, by `--label-ratio`), and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of reading the data and of a training.
    pub fn choose_front_end(
        self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        let usual = Form::USUAL;
        let kinds: [fn(&Self, Form) -> Vec<Form>; 5] = [
            Self::coarse,
            Self::with_correlation,
            Self::with_time,
            Self::with_power,
            Self::with_long_frames,
        ];
        if kinds.iter().all(|of| of(&self, usual).is_empty()) && !self.may_take_raw() {
            return Ok(self);
        }
        let mut basis = self.basis_of_search("front_end", VERSION);
        basis["augmentation"] = json!(self.job.recipe.augmentation);
        // A budget leaves fewer forms.
        basis["in_time"] = json!(!self.with_time(usual).is_empty());
        basis["raw"] = json!(self.may_take_raw());
        let key = Key::new(&basis);
        if let Some(search) = cache::read::<FrontEndSearch>(&key) {
            return self.with_search(search, None, progress);
        }
        let mut trial = Trial::new(&self.dataset);
        let usual_form = self.trial_setup(&self.dataset, Effort::SHORT);
        let chosen = trial.add(&usual_form, &self.job.recipe, interrupt)?;
        if trial.diverged(chosen) {
            progress.say(DIVERGED);
            return Ok(self);
        }
        let mut forms = Forms {
            search: FrontEndSearch::new(trial.groups(), trial.loss([chosen; 2]).scores[0]),
            trial,
            effort: Effort::SHORT,
            chosen,
            best: None,
        };
        if self.try_all(&kinds, &mut forms, interrupt, progress)?
            && self.try_raw(&mut forms, interrupt, progress)?
        {
            cache::store(&key, &forms.search);
        } else if forms.search.chosen() == usual {
            return Ok(self);
        }
        self.with_search(forms.search, forms.best, progress)
    }

    /// Tries all forms, one kind after the other. Returns whether all could be tried.
    fn try_all(
        &self,
        kinds: &[fn(&Self, Form) -> Vec<Form>],
        forms: &mut Forms,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<bool, TrainerError> {
        for of_kind in kinds {
            let base = (forms.search.chosen(), forms.chosen);
            for form in of_kind(self, base.0) {
                if !self.try_form((form, base), forms, interrupt, progress)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Tries a form after another, which has a number in the trial. Returns whether it could be tried; if not, says why.
    pub(super) fn try_form(
        &self,
        (form, (against, number)): (Form, (Form, usize)),
        forms: &mut Forms,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<bool, TrainerError> {
        // No form takes much less than the usual one: streamed windows are kept whole.
        if memory::check_data(&self.config, self.storage()).is_err() {
            progress.say(
                "too little memory to try more forms of `bands` (`spectral_processing` in the dataset configuration sets \
                 the front end)",
            );
            return Ok(false);
        }
        let config = self.config_with(form);
        // One set of inputs at a time beside those of the usual form.
        forms.best = None;
        let dataset = self.read_again(&config, progress)?;
        let setup = self.trial_setup(&dataset, forms.effort);
        let tried = forms.trial.add(&setup, &self.job.recipe, interrupt)?;
        let found = forms.trial.loss([number, tried]);
        if forms.trial.diverged(tried) || found.scores.iter().any(|loss| !loss.is_finite()) {
            progress.say(DIVERGED);
            return Ok(false);
        }
        if forms.search.is_taken(form, against, found) {
            forms.chosen = tried;
            forms.best = Some((config, dataset));
        }
        Ok(true)
    }

    /// How the run trains, on these data.
    pub(super) fn trial_setup<'a>(&self, dataset: &'a Dataset, effort: Effort) -> TrialSetup<'a> {
        TrialSetup {
            dataset,
            augmentation: self.job.recipe.augmentation.settings(),
            teacher: None,
            effort,
        }
    }

    /// The layout of the front end, if its form is an open question.
    pub(super) fn open_layout(&self) -> Option<&BandLayout> {
        let is_open = self.leaves_front_end_open && self.has_features_to_augment();
        // Given weights expect certain features, and so do those of a run that is resumed.
        let is_free = is_open && self.job.recipe.init_from.is_none() && self.job.resume.is_none();
        self.dataset
            .preprocessing
            .bands
            .as_ref()
            .filter(|_| is_free)
    }

    /// The form with few bands, if that makes a difference.
    fn coarse(&self, base: Form) -> Vec<Form> {
        let layout = self.open_layout();
        let layout = layout.filter(|layout| layout.bands() >= 2 * FEW_BANDS);
        layout
            .map(|_| base.with_coarse_bands())
            .into_iter()
            .collect()
    }

    /// The forms with features in time.
    fn with_time(&self, base: Form) -> Vec<Form> {
        self.possible(&[base.with_time(false), base.with_time(true)])
    }

    /// The form with the power of the window.
    fn with_power(&self, base: Form) -> Vec<Form> {
        self.possible(&[base.with_power()])
    }

    /// The form with the correlation of channels, if there are several.
    fn with_correlation(&self, base: Form) -> Vec<Form> {
        let [channels, ..] = self.dataset.train.shape;
        let form = Some(base.with_correlation()).filter(|_| channels > 1);
        self.possible(form.as_slice())
    }

    /// The form with one frame per segment, if that makes a difference and few bands were enough: where narrow bands are
    /// needed, some networks lose more than short trials show.
    fn with_long_frames(&self, base: Form) -> Vec<Form> {
        let layout = self.open_layout();
        let layout = layout.filter(|layout| base.coarse && layout.frames > 1);
        layout
            .map(|_| base.with_long_frames())
            .into_iter()
            .collect()
    }

    /// Those of some forms with features of the whole window that can be computed.
    fn possible(&self, forms: &[Form]) -> Vec<Form> {
        let Some(layout) = self.open_layout() else {
            return Vec::new();
        };
        let is_scaled_apart = matches!(
            self.dataset.preprocessing.normalisation,
            Normalisation::Band | Normalisation::Dataset
        );
        // Firmware that takes single samples cannot compute them.
        if !is_scaled_apart || self.job.budget_kb.is_some() {
            return Vec::new();
        }
        let bands = &self.dataset.preprocessing.spectral.bands;
        // Frames of a few samples have more features with them. That is worth it for the rhythm of windows that have one.
        let is_possible = |form: &Form| {
            BandLayout::new(&form.bands(bands), layout.window).is_ok_and(|of_form| {
                of_form.features() <= layout.features()
                    || (form.rhythm && layout.window >= SHORTEST_WITH_RHYTHM)
            })
        };
        forms.iter().copied().filter(is_possible).collect()
    }

    /// The configuration with this form.
    pub(super) fn config_with(&self, form: Form) -> DatasetConfig {
        let mut config = self.config.clone();
        config.spectral = form.of(&config.spectral);
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
        let form = search.chosen();
        if form != Form::USUAL {
            // The inputs in the usual form are of no use any more.
            let dataset = &mut self.dataset;
            for split in [&mut dataset.train, &mut dataset.val, &mut dataset.test] {
                *split = split.subset(&[]);
            }
            let (config, dataset) = match read {
                Some(read) => read,
                None => {
                    let config = self.config_with(form);
                    let dataset = self.read_again(&config, progress)?;
                    (config, dataset)
                }
            };
            self.replace_inputs(config, dataset, progress)?;
        }
        self.front_end_search = Some(search);
        Ok(self)
    }

    /// Takes the same data with another front end, and the network for their inputs.
    ///
    /// # Errors
    /// If the network cannot take such inputs, or memory does not suffice for it.
    fn replace_inputs(
        &mut self,
        config: DatasetConfig,
        dataset: Dataset,
        progress: &Progress,
    ) -> Result<(), TrainerError> {
        (self.architecture, self.plan) = network(&self.job, &dataset)?;
        let kib = self.job.budget_kb;
        budget::say(kib, &self.architecture, &dataset.preprocessing, progress)?;
        let recipe = &mut self.job.recipe;
        memory::check_batch(
            &self.architecture,
            &dataset,
            recipe.batch_size,
            &self.target,
        )?;
        recipe.spectral_processing = Some(dataset.preprocessing.spectral.clone());
        // That of raw samples is another one.
        recipe.normalisation = Some(dataset.preprocessing.normalisation);
        if let Some(data) = &mut recipe.data {
            data.input_shape = dataset.train.shape.to_vec();
        }
        (self.dataset, self.config) = (dataset, config);
        Ok(())
    }

    /// Reads the splits with another front end.
    pub(super) fn read_again(
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
