//! What a configuration says of the way from windows to features, which several keys can say.

use super::DatasetConfig;
use super::file::line_of;
use crate::error::DataError;
use crate::preprocessing::{
    Chain, DEFAULT_METHOD, Normalisation, SpectralConfig, SpectralMethod, Step, resolve,
};

impl DatasetConfig {
    /// The scaling: the configuration's own, or else `otherwise`, whose statistics of the training split are kept by
    /// band where the front end is `bands`.
    pub fn normalisation_or(&self, otherwise: Normalisation) -> Normalisation {
        let is_bands = self.spectral.method == SpectralMethod::Bands;
        let by_band = is_bands && otherwise == Normalisation::Dataset;
        let otherwise = if by_band {
            Normalisation::Band
        } else {
            otherwise
        };
        self.normalisation.unwrap_or(otherwise)
    }

    /// Sets the sampling rate from `sampling_rate` or `spectral_processing.sampling_rate`.
    pub(super) fn take_rate(&mut self, text: &str) -> Result<(), DataError> {
        let section = "spectral_processing";
        let of_section = self
            .content
            .get(section)
            .and_then(|own| own.get("sampling_rate"));
        let of_section = of_section.and_then(serde_json::Value::as_f64);
        let key = "sampling_rate";
        let error = |problem: String| DataError::Config {
            path: self.path.clone(),
            line: line_of(text, key, key),
            key: key.into(),
            problem,
        };
        if let Some(rate) = self.sampling_rate {
            if !(rate.is_finite() && rate > 0.0) {
                return Err(error(format!("{rate} is no rate in Hz")));
            }
            if let Some(other) = of_section.filter(|other| *other != rate) {
                let problem = format!("is {rate}, but `{section}.{key}` is {other}: leave one out");
                return Err(error(problem));
            }
            self.spectral.sampling_rate = rate;
        }
        self.sampling_rate = self.sampling_rate.or(of_section);
        Ok(())
    }

    /// Takes the list `preprocessing`, whose spectra and scaling stand for those of the other keys.
    pub(super) fn take_steps(&mut self, steps: &[Step], text: &str) -> Result<(), DataError> {
        let key = "preprocessing";
        let error = |problem: String| DataError::Config {
            path: self.path.clone(),
            line: line_of(text, key, key),
            key: key.into(),
            problem,
        };
        let resolved = resolve(steps).map_err(error)?;
        if resolved.spectral.is_some() && self.spectral.method != SpectralMethod::None {
            return Err(error(
                "names spectra, and so does `spectral_processing.method`: leave one out".into(),
            ));
        }
        if resolved.normalisation.is_some() && self.normalisation.is_some() {
            return Err(error(
                "has `normalise`, and there is `normalisation` too: leave one out".into(),
            ));
        }
        Chain::new(&resolved.samples, self.spectral.sampling_rate).map_err(error)?;
        self.names_front_end |= resolved.spectral.is_some();
        if !self.names_front_end {
            self.spectral.method = DEFAULT_METHOD;
        }
        resolved.apply(&mut self.spectral);
        self.normalisation = self.normalisation.or(resolved.normalisation);
        self.steps = resolved.samples;
        Ok(())
    }

    /// What is assumed of the front end without being said, as warnings.
    pub(crate) fn assumptions(&self) -> Vec<String> {
        let filters: Vec<&str> = self
            .steps
            .iter()
            .filter(|step| {
                matches!(
                    step,
                    Step::BandPass(_) | Step::HighPass(_) | Step::LowPass(_)
                )
            })
            .map(Step::name)
            .collect();
        let SpectralConfig { sampling_rate, .. } = self.spectral;
        match (self.sampling_rate, filters.first()) {
            (None, Some(filter)) => vec![format!(
                "no `sampling_rate` is given: `{filter}` takes it to be {sampling_rate} Hz"
            )],
            _ => Vec::new(),
        }
    }
}
