//! What a configuration says of the way from windows to features, which several keys can say.

use super::DatasetConfig;
use super::file::line_of;
use crate::error::DataError;
use crate::preprocessing::{
    Chain, DEFAULT_METHOD, Normalisation, Resolved, SpectralConfig, SpectralMethod, Step, resolve,
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
        let path = self.path.clone();
        let error = |problem: String| DataError::Config {
            path: path.clone(),
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
        self.adopt(resolved).map_err(error)?;
        if !self.names_front_end {
            self.spectral.method = DEFAULT_METHOD;
        }
        Ok(())
    }

    /// Takes what a list of steps says, which contradicts nothing.
    fn adopt(&mut self, resolved: Resolved) -> Result<(), String> {
        Chain::new(&resolved.samples, self.spectral.sampling_rate)?;
        self.names_front_end |= resolved.spectral.is_some();
        resolved.apply(&mut self.spectral);
        self.normalisation = self.normalisation.or(resolved.normalisation);
        self.steps = resolved.samples;
        Ok(())
    }

    /// Takes the front end and the steps of a training preset, where the configuration names none of its own.
    /// `spectral` keeps the configuration's sampling rate where there is one.
    ///
    /// # Errors
    /// [`DataError::Usage`] where a step cannot be done at the sampling rate of the windows.
    pub fn set_defaults(
        &mut self,
        spectral: Option<&SpectralConfig>,
        steps: Option<&[Step]>,
    ) -> Result<(), DataError> {
        let error = |problem: String| DataError::Usage(format!("the preset: {problem}"));
        if let Some(spectral) = spectral.filter(|_| !self.names_front_end) {
            spectral.check().map_err(|(key, problem)| {
                error(format!("`spectral_processing.{key}`: {problem}"))
            })?;
            self.spectral = spectral.clone();
            if let Some(rate) = self.sampling_rate {
                self.spectral.sampling_rate = rate;
            }
            self.names_front_end = true;
        }
        let Some(steps) = steps.filter(|_| self.steps.is_empty()) else {
            return Ok(());
        };
        let resolved = resolve(steps).map_err(error)?;
        if resolved.spectral.is_some() {
            let problem = "`preprocessing` names spectra: give them as `spectral_processing`";
            return Err(error(problem.into()));
        }
        self.adopt(resolved).map_err(error)
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
