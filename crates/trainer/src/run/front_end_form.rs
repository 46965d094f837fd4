//! Forms of the front end that short trials choose from.

use data::{BandsConfig, FEW_BANDS, NoneConfig, SpectralConfig, SpectralMethod};
use serde::{Deserialize, Serialize};

/// Samples of a segment in the form with raw samples. The first layer then sees 32 neighbouring samples, at every eighth one
/// alike, so networks learn the shape of a signal wherever it is in the window.
pub(super) const RAW_SEGMENT: usize = 16;

/// A form of the front end: `bands`, or raw samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Whether frames have [`FEW_BANDS`] bands, and not as many as usual.
    pub coarse: bool,
    /// Whether there are features in time.
    pub time: bool,
    /// Whether there is the rhythm.
    pub rhythm: bool,
    /// Whether there is the power of the window.
    #[serde(default)]
    pub power: bool,
    /// Whether there is the correlation of channels.
    #[serde(default)]
    pub correlation: bool,
    /// Whether segments have one frame, as long as the segment, and not as many as usual.
    #[serde(default)]
    pub long_frames: bool,
    /// Whether the samples themselves are the input, without any of these.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
}

impl Form {
    /// Many bands, and spectra alone.
    pub const USUAL: Self = Self {
        coarse: false,
        time: false,
        rhythm: false,
        power: false,
        correlation: false,
        long_frames: false,
        raw: false,
    };

    /// No spectra: the samples of short segments.
    pub const RAW: Self = Self {
        raw: true,
        ..Self::USUAL
    };

    /// The same with [`FEW_BANDS`] bands.
    pub fn with_coarse_bands(self) -> Self {
        Self {
            coarse: true,
            ..self
        }
    }

    /// The same with features in time, and perhaps the rhythm.
    pub fn with_time(self, rhythm: bool) -> Self {
        Self {
            time: true,
            rhythm,
            ..self
        }
    }

    /// The same with the power of the window.
    pub fn with_power(self) -> Self {
        Self {
            power: true,
            ..self
        }
    }

    /// The same with the correlation of channels.
    pub fn with_correlation(self) -> Self {
        Self {
            correlation: true,
            ..self
        }
    }

    /// The same with one frame per segment.
    pub fn with_long_frames(self) -> Self {
        Self {
            long_frames: true,
            ..self
        }
    }

    /// Whether it has fewer features, and no others.
    pub(super) fn is_simpler_than(self, other: Self) -> bool {
        self.is_coarser_than(other) || self == other.with_long_frames()
    }

    /// Whether it has fewer bands, and is the same otherwise.
    pub(super) fn is_coarser_than(self, other: Self) -> bool {
        self == other.with_coarse_bands()
    }

    /// The front end in this form.
    pub fn of(self, usual: &SpectralConfig) -> SpectralConfig {
        if self.raw {
            return SpectralConfig {
                method: SpectralMethod::None,
                none: NoneConfig {
                    segment: Some(RAW_SEGMENT),
                },
                ..usual.clone()
            };
        }
        SpectralConfig {
            bands: self.bands(&usual.bands),
            ..usual.clone()
        }
    }

    /// `bands` in this form.
    pub fn bands(self, bands: &BandsConfig) -> BandsConfig {
        BandsConfig {
            bands: if self.coarse {
                Some(FEW_BANDS)
            } else {
                bands.bands
            },
            time: self.time,
            rhythm: self.rhythm,
            power: self.power,
            correlation: self.correlation,
            frames: if self.long_frames { 1 } else { bands.frames },
            ..bands.clone()
        }
    }

    pub(super) fn name(self) -> String {
        if self.raw {
            return "raw samples in short segments".into();
        }
        let parts = [
            (self.coarse, format!("{FEW_BANDS} bands")),
            (self.time, "features in time".to_owned()),
            (self.rhythm, "the rhythm".to_owned()),
            (self.power, "the power of the window".to_owned()),
            (self.correlation, "the correlation of channels".to_owned()),
            (self.long_frames, "one frame per segment".to_owned()),
        ];
        let parts = parts.into_iter().filter(|(has, _)| *has);
        let parts: Vec<String> = parts.map(|(_, name)| name).collect();
        match &parts[..] {
            [] => "the usual bands alone".into(),
            [one] => one.clone(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        }
    }
}
