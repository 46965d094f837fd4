//! `spectral_processing`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// What stands in the place of a segment's samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpectralMethod {
    /// The samples themselves.
    #[default]
    None,
    /// Magnitude of the discrete Fourier transform, all bins.
    Fft,
    /// Welch's estimate of the power spectral density, one-sided.
    Welch,
}

/// What spectral values are replaced by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Themselves.
    #[default]
    None,
    /// `ln(v)`, no less than `ln(1e-6)`.
    Log,
    /// `ln(1 + v)`: near zero linear, so noise below one unit (one ADC count) stays small.
    Log1p,
}

/// `spectral_processing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectralConfig {
    /// Which spectrum.
    pub method: SpectralMethod,
    /// Sampling rate in Hz.
    pub sampling_rate: f64,
    /// How the range of spectral values is compressed; samples (`none`) are left alone.
    pub compression: Compression,
    /// Parameters of Welch's method.
    pub welch: WelchConfig,
}

impl Default for SpectralConfig {
    fn default() -> Self {
        Self {
            method: SpectralMethod::None,
            sampling_rate: 512.0,
            compression: Compression::None,
            welch: WelchConfig::default(),
        }
    }
}

/// Parameters of `scipy.signal.welch`, by the same names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WelchConfig {
    /// Samples of one windowed stretch.
    pub nperseg: usize,
    /// Samples two neighbouring stretches share.
    pub noverlap: usize,
    /// Length of the transform, at least `nperseg`; zeros are appended.
    pub nfft: usize,
    /// `hann`, `hamming` or `boxcar`, periodic.
    pub window: WelchWindow,
    /// `density` (V^2/Hz) or `spectrum` (V^2).
    pub scaling: WelchScaling,
    /// `constant` (the mean is removed) or `false`.
    pub detrend: WelchDetrend,
}

impl Default for WelchConfig {
    fn default() -> Self {
        Self {
            nperseg: 32,
            noverlap: 16,
            nfft: 64,
            window: WelchWindow::Hann,
            scaling: WelchScaling::Density,
            detrend: WelchDetrend::Constant,
        }
    }
}

/// Window of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WelchWindow {
    /// Raised cosine.
    Hann,
    /// Hamming.
    Hamming,
    /// None.
    Boxcar,
}

/// Unit of the estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WelchScaling {
    /// Power a Hz.
    Density,
    /// Power.
    Spectrum,
}

/// What is removed from a stretch before its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WelchDetrend {
    /// Its mean.
    Constant,
    /// Nothing.
    None,
}

impl<'de> Deserialize<'de> for WelchDetrend {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Flag(bool),
            Name(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Flag(false) => Ok(Self::None),
            Raw::Name(name) if name == "constant" => Ok(Self::Constant),
            Raw::Name(name) if name == "none" => Ok(Self::None),
            _ => Err(D::Error::custom("detrend is `constant` or `false`")),
        }
    }
}
