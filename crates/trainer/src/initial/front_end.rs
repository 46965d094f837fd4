//! The front end of the model whose weights a training starts from: the weights expect its inputs.

use std::io::ErrorKind;
use std::path::Path;

use data::{Preprocessing, SpectralConfig};
use model::{CARD_FILE, ModelCard};

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
        let path = super::locate(named, experiments)?.with_file_name(CARD_FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(super::wrong(&path, error)),
        };
        let wrong = |error: serde_json::Error| unreadable(&path, &error);
        let card: ModelCard = serde_json::from_slice(&bytes).map_err(wrong)?;
        let preprocessing = serde_json::from_value(card.preprocessing).map_err(wrong)?;
        Ok(Some(Self { preprocessing }))
    }

    /// Its spectra, at the sampling rate of `other`.
    pub fn spectral_for(&self, other: &SpectralConfig) -> SpectralConfig {
        SpectralConfig {
            sampling_rate: other.sampling_rate,
            ..self.preprocessing.spectral.clone()
        }
    }

    /// The first key in which `other` computes other inputs from the same windows.
    pub fn difference(&self, other: &Preprocessing) -> Option<&'static str> {
        let own = &self.preprocessing;
        let is_different = [
            (
                "spectral_processing",
                self.spectral_for(&other.spectral) != other.spectral,
            ),
            ("preprocessing", own.steps != other.steps),
            ("normalisation", own.normalisation != other.normalisation),
        ];
        let mut found = is_different.into_iter().filter(|(_, is)| *is);
        found.next().map(|(key, _)| key)
    }
}

fn unreadable(path: &Path, error: &serde_json::Error) -> TrainerError {
    let problem = format!(
        "not the description of a model ({error}), so its front end is not known: name the file with the weights alone, in \
         another folder, and `spectral_processing` in the dataset configuration"
    );
    super::wrong(path, problem)
}
