//! The front end of the model whose weights a training starts from: the weights expect its inputs.

use std::path::Path;

use data::{Preprocessing, SpectralConfig};
use model::CARD_FILE;

use crate::error::TrainerError;

/// How a model computes inputs from windows.
pub struct FrontEnd {
    preprocessing: Preprocessing,
}

impl FrontEnd {
    /// Reads the front end of the model named by `--init-from`; `None` if there is no `model.json` beside its weights.
    ///
    /// # Errors
    /// [`TrainerError`] if no model is found, or its `model.json` cannot be read.
    pub fn read(named: &str, experiments: &Path) -> Result<Option<Self>, TrainerError> {
        let weights = super::locate(named, experiments)?;
        let Some(card) = super::card(&weights)? else {
            return Ok(None);
        };
        let preprocessing = serde_json::from_value(card.preprocessing)
            .map_err(|error| super::no_card(&weights.with_file_name(CARD_FILE), &error))?;
        Ok(Some(Self { preprocessing }))
    }

    /// Its spectra, at the sampling rate of `other`.
    pub fn spectral_for(&self, other: &SpectralConfig) -> SpectralConfig {
        SpectralConfig {
            sampling_rate: other.sampling_rate,
            ..self.preprocessing.spectral.clone()
        }
    }

    /// The first key in which `other` computes other inputs from the same recordings.
    pub fn difference(&self, other: &Preprocessing) -> Option<&'static str> {
        let preprocessing = &self.preprocessing;
        let is_different = [
            (
                "spectral_processing",
                self.spectral_for(&other.spectral) != other.spectral,
            ),
            (
                "recording_preprocessing",
                preprocessing.recording_steps != other.recording_steps,
            ),
            ("preprocessing", preprocessing.steps != other.steps),
            (
                "normalisation",
                preprocessing.normalisation != other.normalisation,
            ),
        ];
        let mut found = is_different.into_iter().filter(|(_, is)| *is);
        found.next().map(|(key, _)| key)
    }
}
