//! `spectral_processing`: the front end and its parameters.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::segments::{Cut, segment};
use crate::serde_skip::is_false;

/// The front end of a configuration without `spectral_processing` and without spectra in `preprocessing`.
pub const DEFAULT_METHOD: SpectralMethod = SpectralMethod::Bands;

/// Features of a segment.
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
    /// Log power in bands of equal width, relative to the level of the window, and the level; see
    /// [`super::BandLayout`].
    Bands,
}

/// Compression of spectral values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// None.
    #[default]
    None,
    /// `ln(max(v, floor))`, with one floor per channel, far below usual values in the training split.
    Log,
    /// `ln(1 + v / unit)`: linear near zero, so that noise below one unit stays small. The unit of a channel is one ADC
    /// count if the training split has integer multiples of one, otherwise a small fraction of its usual spectrum.
    Log1p,
}

/// `spectral_processing`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectralConfig {
    /// Type of spectrum.
    pub method: SpectralMethod,
    /// Sampling rate in Hz.
    pub sampling_rate: f64,
    /// Compression of spectral values; samples (`none`) are unchanged.
    pub compression: Compression,
    /// Parameters of Welch's method.
    pub welch: WelchConfig,
    /// Parameters of `bands`.
    #[serde(skip_serializing_if = "BandsConfig::is_default")]
    pub bands: BandsConfig,
    /// Parameters of `none`.
    #[serde(skip_serializing_if = "NoneConfig::is_default")]
    pub none: NoneConfig,
}

impl SpectralConfig {
    /// How windows of `samples` samples are cut into the segments of `none`, `fft` and `welch`; `None` if they cannot be.
    pub fn cut(&self, samples: usize) -> Option<Cut> {
        let length = match (self.method, self.none.segment) {
            (SpectralMethod::None, Some(length)) => length,
            _ => segment(samples)?,
        };
        Cut::by_halves(samples, length)
    }

    /// Whether raw samples are cut into segments of a configured length.
    pub(super) fn cuts_short_segments(&self) -> bool {
        self.method == SpectralMethod::None && self.none.segment.is_some()
    }

    /// The compression applied to the values of the method: samples are unchanged, and bands are already logarithms.
    pub fn applied_compression(&self) -> Compression {
        match self.method {
            SpectralMethod::None | SpectralMethod::Bands => Compression::None,
            SpectralMethod::Fft | SpectralMethod::Welch => self.compression,
        }
    }

    /// Refuses invalid numbers.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if !(self.sampling_rate.is_finite() && self.sampling_rate > 0.0) {
            let problem = format!("{} is not a sampling rate in Hz", self.sampling_rate);
            return Err(("sampling_rate", problem));
        }
        if self.method == SpectralMethod::Bands && self.compression != Compression::None {
            let problem = "`bands` are logarithms already: leave it out".to_owned();
            return Err(("compression", problem));
        }
        self.welch.check()?;
        self.none.check()?;
        self.bands.check()
    }
}

impl Default for SpectralConfig {
    fn default() -> Self {
        Self {
            method: SpectralMethod::None,
            sampling_rate: 512.0,
            compression: Compression::None,
            welch: WelchConfig::default(),
            bands: BandsConfig::default(),
            none: NoneConfig::default(),
        }
    }
}

/// Maximum transform length and number of segments, so that a mistyped number does not request all memory.
const LARGEST: usize = 1 << 20;

/// Floors of `bands`: logarithms of float32 numbers have no room for smaller ones.
pub(super) const FLOORS: std::ops::RangeInclusive<f64> = 1e-30..=1.0;

/// Parameters of `bands`. Lengths are in samples; missing ones follow from the window length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BandsConfig {
    /// Segments of a window.
    pub segments: usize,
    /// Samples of a segment; default: the segments overlap by half and fill the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<usize>,
    /// Samples from one segment to the next; default: half a segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop: Option<usize>,
    /// Frames of a segment, each of which has a spectrum.
    pub frames: usize,
    /// Samples of a frame; default: the segment if it has one frame, otherwise half of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<usize>,
    /// Samples from one frame to the next; default: a segment's hop divided by its frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_hop: Option<usize>,
    /// Bands of a frame; default: 63 (64 with one frame per segment; of several frames 60 with `time`, 31 with `rhythm` and
    /// 28 with both, one fewer with `power` and three with `correlation`), fewer if a frame has fewer bins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<usize>,
    /// Added to the power of a band, as a fraction of the mean square of its channel in the window.
    pub floor: f64,
    /// Whether the level of the window is subtracted from the bands and kept as a feature of every frame.
    pub level: bool,
    /// Whether features of the window in time follow in every frame.
    #[serde(skip_serializing_if = "is_false")]
    pub time: bool,
    /// Whether the rhythm of the window follows in every frame.
    #[serde(skip_serializing_if = "is_false")]
    pub rhythm: bool,
    /// Whether the power of the window follows in every frame.
    #[serde(skip_serializing_if = "is_false")]
    pub power: bool,
    /// Whether the correlation of each channel with the next follows in every frame.
    #[serde(skip_serializing_if = "is_false")]
    pub correlation: bool,
}

impl Default for BandsConfig {
    fn default() -> Self {
        Self {
            segments: crate::segments::SEGMENTS,
            segment: None,
            hop: None,
            frames: 4,
            frame: None,
            frame_hop: None,
            bands: None,
            floor: 1e-7,
            level: true,
            time: false,
            rhythm: false,
            power: false,
            correlation: false,
        }
    }
}

impl BandsConfig {
    /// Whether there are features of the whole window: those in time, the rhythm, the power or the correlation.
    pub fn has_window_features(&self) -> bool {
        self.time || self.rhythm || self.power || self.correlation
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let lengths = [
            ("segments", Some(self.segments)),
            ("segment", self.segment),
            ("hop", self.hop),
            ("frames", Some(self.frames)),
            ("frame", self.frame),
            ("frame_hop", self.frame_hop),
            ("bands", self.bands),
        ];
        for (key, value) in lengths {
            if let Some(value) = value.filter(|value| !(1..=LARGEST).contains(value)) {
                return Err((key, format!("{value} must be from 1 to {LARGEST}")));
            }
        }
        if !FLOORS.contains(&self.floor) {
            let problem = format!("{} must be from 1e-30 to 1", self.floor);
            return Err(("floor", problem));
        }
        Ok(())
    }
}

/// Parameters of `none`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoneConfig {
    /// Samples of a segment, an even number; default: a quarter of the window. Segments overlap by half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<usize>,
}

impl NoneConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    fn check(self) -> Result<(), (&'static str, String)> {
        let is_possible = |n: &usize| (2..=LARGEST).contains(n) && n.is_multiple_of(2);
        match self.segment.filter(|n| !is_possible(n)) {
            Some(n) => Err((
                "segment",
                format!("{n} must be an even number from 2 to {LARGEST}"),
            )),
            None => Ok(()),
        }
    }
}

/// Parameters of `scipy.signal.welch`, with the same names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WelchConfig {
    /// Samples of one windowed stretch.
    pub nperseg: usize,
    /// Samples shared by two neighbouring stretches.
    pub noverlap: usize,
    /// Length of the transform, at least `nperseg`; zeros are appended.
    pub nfft: usize,
    /// `hann`, `hamming` or `boxcar`, periodic.
    pub window: WelchWindow,
    /// `density` (V^2/Hz) or `spectrum` (V^2).
    pub scaling: WelchScaling,
    /// `constant` (removes the mean) or `false`.
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

impl WelchConfig {
    fn check(&self) -> Result<(), (&'static str, String)> {
        let Self {
            nperseg,
            noverlap,
            nfft,
            ..
        } = *self;
        if nperseg == 0 || noverlap >= nperseg {
            let problem = format!("{noverlap} must be less than `nperseg`, which is {nperseg}");
            return Err(("noverlap", problem));
        }
        if nfft < nperseg || nfft > LARGEST {
            let problem = format!("{nfft} must be from `nperseg` ({nperseg}) to {LARGEST}");
            return Err(("nfft", problem));
        }
        Ok(())
    }
}

/// Window function of a stretch.
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
    /// Power per Hz.
    Density,
    /// Power.
    Spectrum,
}

/// What is removed from a stretch before the window function.
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
        #[serde(untagged, expecting = "detrend is `constant` or `false`")]
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
