//! Fixes the form of the front end `bands`, for a dataset whose configuration names none.

use baselines::cache::{self, Key};
use data::{BandLayout, Dataset, DatasetConfig, Normalisation, Storage};
use serde_json::json;

use super::front_end_search::{COARSE, Form, FrontEndSearch};
use super::prepared::{Prepared, identity, load};
use super::trial::{Contender, Trial};
use crate::error::TrainerError;
use crate::memory;
use crate::progress::Progress;
use crate::training::Interrupt;

/// Raised whenever a search comes to other results, which are then not taken from the cache.
const VERSION: u32 = 6;

/// Samples of the shortest window in which the rhythm is tried: four for each part whose energy it compares.
const SHORTEST_WITH_RHYTHM: usize = 256;

const DIVERGED: &str =
    "a short trial of the forms of `bands` diverged: training with the usual bands alone";

/// Trials of forms, and the best so far.
struct Forms {
    trial: Trial,
    search: FrontEndSearch,
    /// The form of each way of the trial.
    ways: Vec<Form>,
    /// The data in the chosen form, if they were read again for it.
    best: Option<(DatasetConfig, Dataset)>,
}

impl Prepared {
    /// Chooses the form of the front end, if neither the dataset configuration nor the recipe sets the front end: first the
    /// number of bands, then whether features in time and the rhythm follow. The choice depends on the data, the augmentation
    /// and the weights of classes, not on the run's seed, network or device, and is cached.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of reading the data and of a training.
    pub fn choose_front_end(
        self,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Self, TrainerError> {
        let usual = Form::default();
        let kinds: [fn(&Self, Form) -> Vec<Form>; 2] = [Self::coarse, Self::with_time];
        if kinds.iter().all(|of| of(&self, usual).is_empty()) {
            return Ok(self);
        }
        let mut basis = self.basis_of_search("front_end", VERSION);
        basis["augmentation"] = json!(self.job.recipe.augmentation);
        // A budget leaves fewer forms.
        basis["in_time"] = json!(!self.with_time(usual).is_empty());
        let key = Key::new(&basis);
        if let Some(search) = cache::read::<FrontEndSearch>(&key) {
            return self.with_search(search, None, progress);
        }
        let mut trial = Trial::new(&self.dataset);
        trial.add(&self.contender(&self.dataset), &self.job.recipe, interrupt)?;
        if trial.diverged(0) {
            progress.say(DIVERGED);
            return Ok(self);
        }
        let mut forms = Forms {
            search: FrontEndSearch::new(trial.groups()),
            trial,
            ways: vec![usual],
            best: None,
        };
        for of in kinds {
            let base = forms.search.chosen();
            for form in of(&self, base) {
                if !self.try_form((form, base), &mut forms, interrupt, progress)? {
                    return Ok(self);
                }
            }
        }
        cache::store(&key, &forms.search);
        self.with_search(forms.search, forms.best, progress)
    }

    /// Tries a form after another. Returns whether it could be tried; if not, says why.
    fn try_form(
        &self,
        (form, against): (Form, Form),
        forms: &mut Forms,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<bool, TrainerError> {
        let config = self.config_with(form);
        if memory::check_data(&config, self.storage()).is_err() {
            progress.say(
                "too little memory to try other forms of `bands`: training with the usual bands alone \
                 (`spectral_processing` in the dataset configuration sets the front end)",
            );
            return Ok(false);
        }
        // One set of inputs at a time beside those of the usual form.
        forms.best = None;
        let dataset = self.read_again(&config, progress)?;
        let contender = self.contender(&dataset);
        forms.trial.add(&contender, &self.job.recipe, interrupt)?;
        let way = forms.ways.len();
        forms.ways.push(form);
        let base = forms.ways.iter().position(|own| *own == against);
        let found = forms.trial.loss([base.expect("it was tried"), way]);
        if forms.trial.diverged(way) || found.scores.iter().any(|loss| !loss.is_finite()) {
            progress.say(DIVERGED);
            return Ok(false);
        }
        if forms.search.is_taken(form, against, found) {
            forms.best = Some((config, dataset));
        }
        Ok(true)
    }

    /// How the run trains, on these data.
    fn contender<'a>(&self, dataset: &'a Dataset) -> Contender<'a> {
        Contender {
            dataset,
            augmentation: self.job.recipe.augmentation.settings(),
        }
    }

    /// The layout of the front end, if its form is an open question.
    fn open_layout(&self) -> Option<&BandLayout> {
        let is_open = self.leaves_front_end_open && self.has_features_to_augment();
        // Given weights expect certain features.
        let is_free = is_open && self.job.recipe.init_from.is_none();
        self.dataset
            .preprocessing
            .bands
            .as_ref()
            .filter(|_| is_free)
    }

    /// The form with few bands, if that makes a difference.
    fn coarse(&self, base: Form) -> Vec<Form> {
        let layout = self.open_layout();
        let layout = layout.filter(|layout| layout.bands() >= 2 * COARSE);
        layout
            .map(|_| base.with_coarse_bands())
            .into_iter()
            .collect()
    }

    /// The forms with features in time, where they can be computed.
    fn with_time(&self, base: Form) -> Vec<Form> {
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
        // Frames of a few samples have more features with them.
        let is_possible = |form: &Form| {
            BandLayout::new(&form.to(bands), layout.window).is_ok_and(|own| {
                own.features() <= layout.features()
                    || (form.rhythm && layout.window >= SHORTEST_WITH_RHYTHM)
            })
        };
        let forms = [base.with_time(false), base.with_time(true)];
        forms.into_iter().filter(is_possible).collect()
    }

    /// The configuration with this form.
    fn config_with(&self, form: Form) -> DatasetConfig {
        let mut config = self.config.clone();
        config.spectral.bands = form.to(&config.spectral.bands);
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
        if form != Form::default() {
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
