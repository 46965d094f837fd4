//! The front end of a configuration, which several keys can describe.

use super::DatasetConfig;
use super::class_names::twins;
use super::places::Lines;
use crate::error::{DataError, PreprocessingError, UsageError};
use crate::preprocessing::{
    Chain, DEFAULT_METHOD, Normalisation, Operation, Preprocessing, Resolved, SpectralConfig,
    SpectralMethod, Step, check_recording_steps, resolve,
};

/// Hz that hardly any network is trained at.
const SLOW: f64 = 0.9;

impl DatasetConfig {
    /// The configured scaling, or else `otherwise`. With the front end `bands`, its training statistics are kept per
    /// band.
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

    /// What it tells of the preprocessing; the rest depends on the training split.
    pub(crate) fn preprocessing(&self) -> Preprocessing {
        Preprocessing {
            sampling_rate: self.sampling_rate,
            recording_channels: self.recording_channels.clone(),
            recording_steps: self.recording_steps.clone(),
            ..Preprocessing::new(self.steps.clone(), self.spectral.clone())
        }
    }

    /// Sets the sampling rate from `sampling_rate` or `spectral_processing.sampling_rate`.
    pub(super) fn take_rate(&mut self, lines: Lines<'_>) -> Result<(), DataError> {
        let section = "spectral_processing";
        let of_section = self
            .content
            .get(section)
            .and_then(|section| section.get("sampling_rate"))
            .and_then(serde_json::Value::as_f64);
        let key = "sampling_rate";
        let error = |problem: String| DataError::Config {
            path: self.path.clone(),
            line: lines.line_of(key, key),
            key: key.into(),
            problem,
        };
        if let Some(rate) = self.sampling_rate {
            if !(rate.is_finite() && rate > 0.0) {
                return Err(error(format!("{rate} is not a sampling rate in Hz")));
            }
            if let Some(other) = of_section.filter(|other| *other != rate) {
                let problem =
                    format!("is {rate}, but `{section}.{key}` is {other}: remove one of them");
                return Err(error(problem));
            }
            self.spectral.sampling_rate = rate;
        }
        self.sampling_rate = self.sampling_rate.or(of_section);
        Ok(())
    }

    /// Applies the list `preprocessing`, whose spectrum and scaling replace those of other keys.
    pub(super) fn take_steps(&mut self, steps: &[Step], lines: Lines<'_>) -> Result<(), DataError> {
        let key = "preprocessing";
        let path = self.path.clone();
        let error = |problem: PreprocessingError| DataError::Config {
            path: path.clone(),
            line: lines.line_of(key, key),
            key: key.into(),
            problem: problem.to_string(),
        };
        let resolved = resolve(steps).map_err(error)?;
        if resolved.spectral.is_some() && self.spectral.method != SpectralMethod::None {
            return Err(error(PreprocessingError::SpectrumTwice));
        }
        if resolved.normalisation.is_some() && self.normalisation.is_some() {
            return Err(error(PreprocessingError::NormalisationTwice));
        }
        self.adopt(resolved).map_err(error)?;
        if !self.names_front_end {
            self.spectral.method = DEFAULT_METHOD;
        }
        Ok(())
    }

    /// Checks the list `recording_preprocessing`.
    pub(super) fn check_recording_steps(&self, lines: Lines<'_>) -> Result<(), DataError> {
        let key = "recording_preprocessing";
        check_recording_steps(&self.recording_steps).map_err(|problem| DataError::Config {
            path: self.path.clone(),
            line: lines.line_of(key, key),
            key: key.into(),
            problem: problem.to_string(),
        })
    }

    /// Applies resolved steps; contradictions with other keys are errors.
    fn adopt(&mut self, resolved: Resolved) -> Result<(), PreprocessingError> {
        Chain::new(&resolved.samples, self.spectral.sampling_rate)?;
        self.names_front_end |= resolved.spectral.is_some();
        resolved.apply(&mut self.spectral);
        self.normalisation = self.normalisation.or(resolved.normalisation);
        self.steps = resolved.samples;
        Ok(())
    }

    /// Applies front end and steps of a training preset if the configuration has none. A configured sampling rate takes
    /// precedence over that of `spectral`.
    ///
    /// # Errors
    /// [`DataError::Usage`] if a step is impossible at the sampling rate of the windows.
    pub fn set_defaults(
        &mut self,
        spectral: Option<&SpectralConfig>,
        steps: Option<&[Step]>,
    ) -> Result<(), DataError> {
        let error = |problem| DataError::from(UsageError::Preset(problem));
        if let Some(spectral) = spectral.filter(|_| !self.names_front_end) {
            spectral
                .check()
                .map_err(|(key, problem)| error(PreprocessingError::Setting { key, problem }))?;
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
            return Err(error(PreprocessingError::PresetSpectrum));
        }
        self.adopt(resolved).map_err(error)
    }

    /// Warnings about assumed values of the front end, and about names of classes that look like labels.
    pub(crate) fn assumptions(&self) -> Vec<String> {
        let rate = self.assumed_rate();
        let names = self.names_of_others();
        rate.into_iter()
            .chain(names)
            .chain(self.twin_names())
            .chain(self.slow_rate())
            .chain(self.without_value())
            .collect()
    }

    /// A warning of keys without a value, which may be meant as `none`.
    fn without_value(&self) -> Option<String> {
        let is_null = |key: &&&str| {
            self.content
                .get(**key)
                .is_some_and(serde_json::Value::is_null)
        };
        let keys = ["normalisation", "normalization", "spectral_processing"];
        let key = keys.iter().find(is_null)?;
        let none = if *key == "spectral_processing" {
            "`{method: none}`"
        } else {
            "`none`"
        };
        Some(format!(
            "`{key}` has no value, so its default counts; for none, write {none}"
        ))
    }

    /// A warning of classes whose names are the numbers of others.
    fn names_of_others(&self) -> Option<String> {
        let names = self.task.class_names.as_ref()?;
        let is_other = |(at, name): &(usize, &String)| {
            let number = name.parse::<usize>();
            number.is_ok_and(|number| number != *at && number < names.len())
        };
        let (at, name) = names.iter().enumerate().find(is_other)?;
        Some(format!(
            "the class with the label {at} is called `{name}`, as if its label were {name}: labels that are numbers count from 0 in \
             the order of `class_names`"
        ))
    }

    /// A warning of classes whose names differ in upper and lower case only.
    fn twin_names(&self) -> Option<String> {
        let (one, other) = twins(self.task.class_names.as_ref()?)?;
        Some(format!(
            "`class_names`: `{one}` and `{other}` differ in upper and lower case only, and are two classes"
        ))
    }

    /// A warning of a sampling rate that rather is one in kHz.
    fn slow_rate(&self) -> Option<String> {
        let rate = self.sampling_rate.filter(|rate| *rate < SLOW)?;
        Some(format!(
            "`sampling_rate` is {rate} Hz, one sample in {:.1} s: if it is in kHz, write {}",
            1.0 / rate,
            1000.0 * rate
        ))
    }

    fn assumed_rate(&self) -> Option<String> {
        let filters: Vec<&str> = self
            .steps
            .iter()
            .filter(|step| matches!(step.operation(), Some(Operation::Filter { .. })))
            .map(Step::name)
            .collect();
        let SpectralConfig { sampling_rate, .. } = self.spectral;
        match (self.sampling_rate, filters.first()) {
            (None, Some(filter)) => Some(format!(
                "no `sampling_rate` is given: `{filter}` assumes {sampling_rate} Hz"
            )),
            _ => None,
        }
    }
}
