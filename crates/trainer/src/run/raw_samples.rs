//! The last trial for the front end: raw samples in short segments.

use data::{Augmentation, BandLayout};
use model::ModelKind;

use super::front_end::{DIVERGED, Forms};
use super::front_end_form::Form;
use super::prepared::Prepared;
use super::trial::Effort;
use crate::error::TrainerError;
use crate::progress::Progress;
use crate::training::Interrupt;

/// Samples of the windows in which raw samples are tried. Inputs of longer ones would be larger than those of the usual form.
const WINDOWS: std::ops::RangeInclusive<usize> = 64..=1024;

impl Prepared {
    /// Tries raw samples after the form taken so far, if they may be taken, with a network of its own. Returns whether all
    /// could be tried.
    pub(super) fn try_raw(
        &self,
        forms: &mut Forms,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<bool, TrainerError> {
        if !self.may_take_raw() {
            return Ok(true);
        }
        forms.effort = Effort::OF_RAW_SAMPLES;
        let chosen = forms.search.chosen();
        if chosen != Form::USUAL && forms.best.is_none() {
            let config = self.config_with(chosen);
            let dataset = self.read_again(&config, progress)?;
            forms.best = Some((config, dataset));
        }
        let best = forms.best.as_ref().map_or(&self.dataset, |(_, data)| data);
        let setup = self.trial_setup(best, forms.effort);
        let number = forms.trial.add(&setup, &self.job.recipe, interrupt)?;
        if forms.trial.diverged(number) {
            progress.say(DIVERGED);
            return Ok(false);
        }
        // Kept while raw samples are tried: reading the data again takes longer than the trial.
        let before = forms.best.take();
        let base = (chosen, number);
        let could = self.try_form((Form::RAW, base), forms, interrupt, progress)?;
        let Some(raw) = forms.best.take() else {
            forms.best = before;
            return Ok(could);
        };
        forms.search.forget_last();
        let data = before.as_ref().map_or(&self.dataset, |(_, data)| data);
        let numbers = [number, forms.chosen];
        for (number, data) in numbers.into_iter().zip([data, &raw.1]) {
            let setup = self.trial_setup(data, Effort::OF_RAW_SAMPLES_AGAIN);
            let recipe = &self.job.recipe;
            forms.trial.train_more(number, &setup, recipe, interrupt)?;
        }
        let could = !numbers.iter().any(|number| forms.trial.diverged(*number));
        if !could {
            progress.say(DIVERGED);
        }
        let found = forms.trial.loss(numbers);
        let is_taken = could && forms.search.is_taken(Form::RAW, chosen, found);
        forms.best = if is_taken { Some(raw) } else { before };
        Ok(could)
    }

    /// Whether raw samples may be taken: windows can be cut into short segments, no augmentation is for spectra alone, and
    /// the network does not grow too slow with so many segments.
    pub(super) fn may_take_raw(&self) -> bool {
        let recipe = &self.job.recipe;
        let is_standard = recipe.augmentation.settings() == Augmentation::standard();
        let fits = |layout: &BandLayout| {
            let spectral = Form::RAW.of(&self.dataset.preprocessing.spectral);
            WINDOWS.contains(&layout.window) && spectral.cut(layout.window).is_some()
        };
        is_standard
            && recipe.model != ModelKind::DeepLarge
            && self.job.budget_kb.is_none()
            && self.open_layout().is_some_and(fits)
    }
}
