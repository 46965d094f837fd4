//! `preprocessing:`, an ordered list of what is done to whole windows (or recordings) and their spectra.
//!
//! | step | what it does | as |
//! |---|---|---|
//! | `demean`, `detrend` | subtracts the mean, the straight line | `scipy.signal.detrend` |
//! | `band_pass: {low, high}`, `high_pass: {frequency}`, `low_pass: {frequency}` | Butterworth; `order` 4; `zero_phase` true | `sosfiltfilt`, `sosfilt` |
//! | `scale: factor` | multiplies, say by volts a count | |
//! | `standardise` | every channel of the window to mean 0 and deviation 1 | |
//! | `fft`, `welch: {...}` | spectra of the segments | `numpy.fft`, `scipy.signal.welch` |
//! | `log`, `log1p` | of spectra | |
//! | `normalise: dataset` | scales the inputs | |

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::{Compression, SpectralConfig, SpectralMethod, WelchConfig};
use crate::preprocess::Normalisation;

/// One step; see the module.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Subtracts the mean.
    Demean,
    /// Subtracts the straight line of least squares.
    Detrend,
    /// Keeps a band of frequencies.
    BandPass(BandSettings),
    /// Keeps frequencies above.
    HighPass(EdgeSettings),
    /// Keeps frequencies below.
    LowPass(EdgeSettings),
    /// Multiplies.
    Scale(f64),
    /// Mean 0 and deviation 1, a channel at a time.
    Standardise,
    /// Magnitudes of the discrete Fourier transform of every segment.
    Fft,
    /// Welch's power spectral density of every segment.
    Welch(WelchConfig),
    /// `ln v` of spectra.
    Log,
    /// `ln (1 + v)` of spectra.
    Log1p,
    /// Scales the inputs; the last step.
    Normalise(Normalisation),
}

/// Of a band-pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandSettings {
    /// Hz.
    pub low: f64,
    /// Hz.
    pub high: f64,
    /// Order of the prototype.
    #[serde(default = "order")]
    pub order: usize,
    /// Whether it is run forwards and backwards: no phase, but no sensor node can do it.
    #[serde(default = "yes")]
    pub zero_phase: bool,
}

/// Of a high-pass or low-pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeSettings {
    /// Hz.
    pub frequency: f64,
    /// Order.
    #[serde(default = "order")]
    pub order: usize,
    /// As of a band-pass.
    #[serde(default = "yes")]
    pub zero_phase: bool,
}

fn order() -> usize {
    4
}

fn yes() -> bool {
    true
}

/// All names, for messages.
const NAMES: &str = "demean, detrend, band_pass, high_pass, low_pass, scale, standardise, fft, welch, log, log1p, \
                     normalise";

impl Step {
    /// Its name in a configuration.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Demean => "demean",
            Self::Detrend => "detrend",
            Self::BandPass(_) => "band_pass",
            Self::HighPass(_) => "high_pass",
            Self::LowPass(_) => "low_pass",
            Self::Scale(_) => "scale",
            Self::Standardise => "standardise",
            Self::Fft => "fft",
            Self::Welch(_) => "welch",
            Self::Log => "log",
            Self::Log1p => "log1p",
            Self::Normalise(_) => "normalise",
        }
    }

    /// Where in the list it may stand: samples, spectra, compression, scaling.
    fn rank(&self) -> usize {
        match self {
            Self::Fft | Self::Welch(_) => 1,
            Self::Log | Self::Log1p => 2,
            Self::Normalise(_) => 3,
            _ => 0,
        }
    }

    /// Whether it works on samples, so on recordings too.
    pub fn is_of_samples(&self) -> bool {
        self.rank() == 0
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.name();
        macro_rules! one {
            ($value:expr) => {{
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(name, $value)?;
                map.end()
            }};
        }
        match self {
            Self::BandPass(settings) => one!(settings),
            Self::HighPass(settings) | Self::LowPass(settings) => one!(settings),
            Self::Scale(factor) => one!(factor),
            Self::Welch(settings) => one!(settings),
            Self::Normalise(normalisation) => one!(normalisation),
            _ => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

struct StepVisitor;

impl<'de> Visitor<'de> for StepVisitor {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a step: one of {NAMES}")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Step, E> {
        Ok(match name {
            "demean" => Step::Demean,
            "detrend" => Step::Detrend,
            "standardise" | "standardize" => Step::Standardise,
            "fft" => Step::Fft,
            "welch" => Step::Welch(WelchConfig::default()),
            "log" => Step::Log,
            "log1p" => Step::Log1p,
            "band_pass" | "high_pass" | "low_pass" | "scale" | "normalise" | "normalize" => {
                return Err(E::custom(format!(
                    "`{name}` needs values, as in `{name}: ...`"
                )));
            }
            _ => {
                return Err(E::custom(format!(
                    "unknown step `{name}`: expected one of {NAMES}"
                )));
            }
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Step, M::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(M::Error::custom("an empty step"));
        };
        let step = match name.as_str() {
            "band_pass" => Step::BandPass(map.next_value()?),
            "high_pass" => Step::HighPass(map.next_value()?),
            "low_pass" => Step::LowPass(map.next_value()?),
            "scale" => Step::Scale(map.next_value()?),
            "welch" => Step::Welch(map.next_value()?),
            "normalise" | "normalize" => Step::Normalise(map.next_value()?),
            _ => {
                return Err(M::Error::custom(format!(
                    "unknown step `{name}` with values: expected one of {NAMES}"
                )));
            }
        };
        match map.next_key::<String>()? {
            None => Ok(step),
            Some(next) => Err(M::Error::custom(format!(
                "`{next}` belongs into a step of its own, after `- `"
            ))),
        }
    }
}

/// Steps as what they change: samples, spectra, scaling.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    pub samples: Vec<Step>,
    pub spectral: Option<(SpectralMethod, Option<WelchConfig>)>,
    pub compression: Option<Compression>,
    pub normalisation: Option<Normalisation>,
}

/// Sorts a list, whose order must be one that can be done.
///
/// # Errors
/// Which step cannot stand where it stands.
pub(crate) fn resolve(steps: &[Step]) -> Result<Resolved, String> {
    let mut resolved = Resolved::default();
    for pair in steps.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        if before.rank() > after.rank() || (before.rank() == after.rank() && after.rank() > 0) {
            return Err(format!(
                "`{}` cannot come after `{}`",
                after.name(),
                before.name()
            ));
        }
    }
    for step in steps {
        match step {
            Step::Fft => resolved.spectral = Some((SpectralMethod::Fft, None)),
            Step::Welch(welch) => {
                resolved.spectral = Some((SpectralMethod::Welch, Some(welch.clone())))
            }
            Step::Log | Step::Log1p if resolved.spectral.is_none() => {
                return Err(format!(
                    "`{}` is of spectra: `fft` or `welch` comes before it",
                    step.name()
                ));
            }
            Step::Log => resolved.compression = Some(Compression::Log),
            Step::Log1p => resolved.compression = Some(Compression::Log1p),
            Step::Normalise(normalisation) => resolved.normalisation = Some(*normalisation),
            _ => resolved.samples.push(step.clone()),
        }
    }
    Ok(resolved)
}

impl Resolved {
    /// The spectral settings these make of `config`.
    pub fn apply(&self, config: &mut SpectralConfig) {
        if let Some((method, welch)) = &self.spectral {
            config.method = *method;
            config.compression = self.compression.unwrap_or_default();
            if let Some(welch) = welch {
                config.welch = welch.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Chain;

    fn parse(text: &str) -> Result<Vec<Step>, String> {
        crate::config::parse_yaml(text)
    }

    #[test]
    fn lists_are_read_and_written() {
        let text = "[demean, {band_pass: {low: 2, high: 90}}, {scale: 0.5}, standardise, {welch: {nperseg: 64}}, log, \
                    {normalise: dataset}]";
        let steps = parse(text).unwrap();
        let band = BandSettings {
            low: 2.0,
            high: 90.0,
            order: 4,
            zero_phase: true,
        };
        assert_eq!(steps[1], Step::BandPass(band));
        let json = serde_json::to_string(&steps).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Step>>(&json).unwrap(), steps);
        let resolved = resolve(&steps).unwrap();
        assert_eq!(resolved.samples.len(), 4);
        assert_eq!(resolved.normalisation, Some(Normalisation::Dataset));
        let mut spectral = SpectralConfig::default();
        resolved.apply(&mut spectral);
        assert_eq!(
            (spectral.method, spectral.compression),
            (SpectralMethod::Welch, Compression::Log)
        );
        assert_eq!(spectral.welch.nperseg, 64);
    }

    #[test]
    fn what_cannot_be_done_is_named() {
        for (text, problem) in [
            ("[smooth]", "unknown step `smooth`"),
            ("[band_pass]", "`band_pass` needs values"),
            ("[{band_pass: {low: 2}}]", "missing field `high`"),
            (
                "[{band_pass: {low: 2, high: 9, corner: 3}}]",
                "unknown field `corner`",
            ),
            (
                "[{scale: 2, demean: 1}]",
                "`demean` belongs into a step of its own",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
        for (text, problem) in [
            ("[fft, demean]", "`demean` cannot come after `fft`"),
            ("[log]", "`fft` or `welch` comes before"),
            ("[fft, welch]", "`welch` cannot come after `fft`"),
        ] {
            let error = resolve(&parse(text).unwrap()).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
        let steps = parse("[{low_pass: {frequency: 300}}]").unwrap();
        assert!(
            Chain::new(&steps, 512.0)
                .unwrap_err()
                .starts_with("`low_pass`: 300 Hz does not lie")
        );
    }

    #[test]
    fn chains_run_in_order() {
        let chain =
            Chain::new(&parse("[demean, {scale: 2}, standardise]").unwrap(), 100.0).unwrap();
        let mut x = [1.0, 3.0];
        chain.apply(&mut x).unwrap();
        assert_eq!(x, [-1.0, 1.0]);
        let mut constant = [4.0; 3];
        chain.apply(&mut constant).unwrap();
        assert_eq!(constant, [0.0; 3]);
    }
}
