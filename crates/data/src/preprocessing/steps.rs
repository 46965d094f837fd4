//! `preprocessing:`, an ordered list of operations on whole windows (or recordings) and their spectra.
//!
//! | step | what it does | as |
//! |---|---|---|
//! | `demean`, `detrend` | subtracts the mean, the straight line | `scipy.signal.detrend` |
//! | `band_pass: {low, high}`, `high_pass: {frequency}`, `low_pass: {frequency}` | Butterworth; `order` 4; `zero_phase` true | `sosfiltfilt`, `sosfilt` |
//! | `scale: factor` | multiplies, for example by volts per count | |
//! | `standardise` | scales each channel of the window to mean 0 and standard deviation 1 | |
//! | `fft`, `welch: {...}` | spectra of the segments | `numpy.fft`, `scipy.signal.welch` |
//! | `bands: {...}` | log power in bands | |
//! | `log`, `log1p` | compresses spectra | |
//! | `normalise: dataset` | normalises the inputs | |
//!
//! A new step is one row of the table below. If no [`Operation`] implements it, add one; the compiler then lists the
//! places that must compute it: [`super::chain`], and the exports of the crate `deploy`.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::normalise::Normalisation;
use super::settings::{BandsConfig, Compression, SpectralConfig, SpectralMethod, WelchConfig};
use crate::error::PreprocessingError;
use crate::signal::Band;

/// Effect of a step. The order of the variants is the order of steps: any number over samples, then at most one of
/// each.
#[derive(Clone, Debug, PartialEq)]
enum Effect {
    /// On samples.
    Samples(Operation),
    /// From samples to spectra.
    Spectra(SpectralStep),
    /// On the values of spectra.
    Values(Compression),
    /// On finished features.
    Features(Normalisation),
}

impl Effect {
    fn rank(&self) -> usize {
        match self {
            Self::Samples(_) => 0,
            Self::Spectra(_) => 1,
            Self::Values(_) => 2,
            Self::Features(_) => 3,
        }
    }
}

/// Operation on the samples of a channel, `[samples]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operation {
    /// Subtracts the mean.
    Demean,
    /// Subtracts the least-squares line.
    Detrend,
    /// Subtracts the mean and divides by the standard deviation.
    Standardise,
    /// Multiplies.
    Scale(f64),
    /// A Butterworth filter.
    Filter {
        /// Order of the prototype.
        order: usize,
        /// Frequencies that pass, in Hz.
        band: Band,
        /// Whether it filters in both directions.
        zero_phase: bool,
    },
}

impl Operation {
    fn filter(order: usize, band: Band, zero_phase: bool) -> Self {
        Self::Filter {
            order,
            band,
            zero_phase,
        }
    }
}

/// Generates everything that differs by step from a table of steps: the type, names, effects, and how they are read and
/// written. A step is its name, or a mapping of its name to its values; `alone` has the values of a step without a
/// mapping.
macro_rules! steps {
    (
        plain { $( $(#[$plain_doc:meta])* $plain:ident = $plain_name:literal $(| $plain_alias:literal)* => $plain_effect:expr; )* }
        valued { $( $(#[$valued_doc:meta])* $valued:ident($value:ty) = $valued_name:literal $(| $valued_alias:literal)* $(, alone $alone:expr)? => |$settings:ident| $valued_effect:expr; )* }
    ) => {
        /// One step; see the module.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Step {
            $( $(#[$plain_doc])* $plain, )*
            $( $(#[$valued_doc])* $valued($value), )*
        }

        /// All names, for messages.
        const NAMES: &[&str] = &[$($plain_name,)* $($valued_name,)*];

        impl Step {
            /// Its name in a configuration.
            pub fn name(&self) -> &'static str {
                match self {
                    $( Self::$plain => $plain_name, )*
                    $( Self::$valued(_) => $valued_name, )*
                }
            }

            fn effect(&self) -> Effect {
                match self {
                    $( Self::$plain => $plain_effect, )*
                    $( Self::$valued($settings) => $valued_effect, )*
                }
            }

            /// The step of this name without values; `None` if the name is unknown, or values are missing.
            fn alone(name: &str) -> Option<Option<Self>> {
                match name {
                    $( $plain_name $(| $plain_alias)* => Some(Some(Self::$plain)), )*
                    $( $valued_name $(| $valued_alias)* => {
                        #[allow(unused_mut, unused_assignments)] // needed for steps with values
                        let mut step = None;
                        $( step = Some(Self::$valued($alone)); )?
                        Some(step)
                    } )*
                    _ => None,
                }
            }

            /// The step of this name with the following values; `None` if no step of the name has any.
            fn with_values<'de, M: MapAccess<'de>>(name: &str, map: &mut M) -> Result<Option<Self>, M::Error> {
                match name {
                    $( $valued_name $(| $valued_alias)* => map.next_value().map(|value| Some(Self::$valued(value))), )*
                    _ => Ok(None),
                }
            }
        }

        impl Serialize for Step {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$plain => serializer.serialize_str($plain_name), )*
                    $( Self::$valued(value) => {
                        let mut map = serializer.serialize_map(Some(1))?;
                        map.serialize_entry($valued_name, value)?;
                        map.end()
                    } )*
                }
            }
        }
    };
}

steps! {
    plain {
        /// Subtracts the mean.
        Demean = "demean" => Effect::Samples(Operation::Demean);
        /// Subtracts the straight line of least squares.
        Detrend = "detrend" => Effect::Samples(Operation::Detrend);
        /// Mean 0 and deviation 1, a channel at a time.
        Standardise = "standardise" | "standardize" => Effect::Samples(Operation::Standardise);
        /// Magnitudes of the discrete Fourier transform of every segment.
        Fft = "fft" => Effect::Spectra(SpectralStep::Fft);
        /// `ln v` of spectra.
        Log = "log" => Effect::Values(Compression::Log);
        /// `ln (1 + v / unit)` of spectra.
        Log1p = "log1p" => Effect::Values(Compression::Log1p);
    }
    valued {
        /// Keeps a band of frequencies.
        BandPass(BandSettings) = "band_pass" => |band|
            Effect::Samples(Operation::filter(band.order, Band::Pass(band.low, band.high), band.zero_phase));
        /// Keeps frequencies above.
        HighPass(EdgeSettings) = "high_pass" => |edge|
            Effect::Samples(Operation::filter(edge.order, Band::High(edge.frequency), edge.zero_phase));
        /// Keeps frequencies below.
        LowPass(EdgeSettings) = "low_pass" => |edge|
            Effect::Samples(Operation::filter(edge.order, Band::Low(edge.frequency), edge.zero_phase));
        /// Multiplies.
        Scale(f64) = "scale" => |factor| Effect::Samples(Operation::Scale(*factor));
        /// Welch's power spectral density of every segment.
        Welch(WelchConfig) = "welch", alone WelchConfig::default() => |welch|
            Effect::Spectra(SpectralStep::Welch(welch.clone()));
        /// Logarithms of the power in bands of the window.
        Bands(BandsConfig) = "bands", alone BandsConfig::default() => |bands|
            Effect::Spectra(SpectralStep::Bands(bands.clone()));
        /// Scales the inputs; the last step.
        Normalise(Normalisation) = "normalise" | "normalize" => |normalisation| Effect::Features(*normalisation);
    }
}

/// Settings of a band-pass.
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
    /// Whether the filter runs forwards and backwards, which gives zero phase.
    #[serde(default = "yes")]
    pub zero_phase: bool,
}

/// Settings of a high-pass or low-pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeSettings {
    /// Hz.
    pub frequency: f64,
    /// Order.
    #[serde(default = "order")]
    pub order: usize,
    /// As for a band-pass.
    #[serde(default = "yes")]
    pub zero_phase: bool,
}

fn order() -> usize {
    4
}

fn yes() -> bool {
    true
}

impl Step {
    /// The operation on samples; `None` for a step over spectra or features.
    pub fn operation(&self) -> Option<Operation> {
        match self.effect() {
            Effect::Samples(operation) => Some(operation),
            Effect::Spectra(_) | Effect::Values(_) | Effect::Features(_) => None,
        }
    }

    /// Whether it works on samples, and thus also on recordings.
    pub fn is_of_samples(&self) -> bool {
        self.operation().is_some()
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
        write!(f, "a step: one of {}", NAMES.join(", "))
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Step, E> {
        match Step::alone(name) {
            Some(Some(step)) => Ok(step),
            Some(None) => Err(E::custom(format!(
                "`{name}` needs values, as in `{name}: ...`"
            ))),
            None => Err(E::custom(format!(
                "unknown step `{name}`: expected one of {}",
                NAMES.join(", ")
            ))),
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Step, M::Error> {
        let Some(name) = map.next_key::<String>()? else {
            return Err(M::Error::custom("an empty step"));
        };
        let Some(step) = Step::with_values(&name, &mut map)? else {
            return Err(M::Error::custom(format!(
                "unknown step `{name}` with values: expected one of {}",
                NAMES.join(", ")
            )));
        };
        match map.next_key::<String>()? {
            None => Ok(step),
            Some(next) => Err(M::Error::custom(format!(
                "`{next}` is a separate step: write it after another `- `"
            ))),
        }
    }
}

/// Refuses steps that cannot be done on whole recordings.
///
/// # Errors
/// If one works on windows.
pub(crate) fn check_recording_steps(steps: &[Step]) -> Result<(), PreprocessingError> {
    match steps.iter().find(|step| !step.is_of_samples()) {
        Some(step) => Err(PreprocessingError::OfWindows { step: step.name() }),
        None => Ok(()),
    }
}

/// Steps sorted by their effect: samples, spectra, scaling.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    pub samples: Vec<Step>,
    pub spectral: Option<SpectralStep>,
    pub compression: Option<Compression>,
    pub normalisation: Option<Normalisation>,
}

/// A front end with its values, if it has any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SpectralStep {
    Fft,
    Welch(WelchConfig),
    Bands(BandsConfig),
}

/// Sorts a list of steps by their effect; their order must be possible.
///
/// # Errors
/// If a step cannot follow the one before it.
pub(crate) fn resolve(steps: &[Step]) -> Result<Resolved, PreprocessingError> {
    let mut resolved = Resolved::default();
    for pair in steps.windows(2) {
        let (before, after) = (pair[0].effect().rank(), pair[1].effect().rank());
        if before > after || (before == after && !pair[0].is_of_samples()) {
            return Err(PreprocessingError::Order {
                before: pair[0].name(),
                after: pair[1].name(),
            });
        }
    }
    for step in steps {
        match step.effect() {
            Effect::Samples(_) => resolved.samples.push(step.clone()),
            Effect::Spectra(spectral) => resolved.spectral = Some(spectral),
            Effect::Values(compression) => {
                let step = step.name();
                match resolved.spectral {
                    Some(SpectralStep::Fft | SpectralStep::Welch(_)) => {}
                    Some(SpectralStep::Bands(_)) => {
                        return Err(PreprocessingError::BandsCompressed { step });
                    }
                    None => return Err(PreprocessingError::NoSpectrum { step }),
                }
                resolved.compression = Some(compression);
            }
            Effect::Features(normalisation) => resolved.normalisation = Some(normalisation),
        }
    }
    Ok(resolved)
}

impl Resolved {
    /// Applies these settings to `config`.
    pub fn apply(&self, config: &mut SpectralConfig) {
        let Some(spectral) = &self.spectral else {
            return;
        };
        config.compression = self.compression.unwrap_or_default();
        match spectral {
            SpectralStep::Fft => config.method = SpectralMethod::Fft,
            SpectralStep::Welch(welch) => {
                config.method = SpectralMethod::Welch;
                config.welch = welch.clone();
            }
            SpectralStep::Bands(bands) => {
                config.method = SpectralMethod::Bands;
                config.bands = bands.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests;
