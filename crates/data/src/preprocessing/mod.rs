//! From a window on disk to a network's input.
//!
//! ```text
//! window [channels, samples]
//!   -> steps      (chain)       filters and the like, over whole windows
//!   -> features   (spectrum, welch, bands)  [channels, segments, bins]: samples, spectra or bands
//!   -> compress   (thresholds)  log or log1p of spectra, with floors relative to the training split
//!   -> normalise  (normalise)   mean 0 and deviation 1
//! ```
//!
//! [`Preprocessing`] holds every number of it and is stored with the model; [`Pipeline`] is its first half, planned, and
//! [`Sequence`] all of it for windows that overlap.

mod bands;
mod chain;
mod check;
mod normalise;
mod pipeline;
mod pipelines;
mod sequence;
mod settings;
mod spectrum;
mod steps;
mod thresholds;
mod welch;

use serde::{Deserialize, Serialize};

use crate::error::PreprocessingError;
use crate::segments::{Cut, SEGMENTS};

pub use self::bands::{BandLayout, FEW_BANDS};
pub use self::chain::{Chain, PlannedStep};
pub use self::normalise::{ConstantGuard, Normalisation, Statistics, StatisticsPasses};
pub use self::pipeline::Pipeline;
pub use self::sequence::Sequence;
pub use self::settings::{
    BandsConfig, Compression, DEFAULT_METHOD, NoneConfig, SpectralConfig, SpectralMethod,
    WelchConfig, WelchDetrend, WelchScaling, WelchWindow,
};
pub use self::steps::{BandSettings, EdgeSettings, Operation, Step};
pub use self::thresholds::Thresholds;
pub(crate) use self::{
    pipelines::Pipelines,
    steps::{Resolved, check_recording_steps, resolve},
    thresholds::Survey,
};

/// Everything between a window on disk and the network, as stored in `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preprocessing {
    /// Number of segments into which a window `[channels, samples]` is cut.
    pub segments: usize,
    /// Samples per window; `None` in models of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// Segments, and samples of each, if the training samples came in segments that no window becomes, such as spectra. Then
    /// there is no window length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_segments: Option<[usize; 2]>,
    /// Sampling rate of the windows in Hz, if the configuration gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling_rate: Option<f64>,
    /// Names of the channels in the recordings that the windows were cut from, in order, if the import told them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recording_channels: Vec<String>,
    /// Steps over the whole recordings that the windows were cut from, at the sampling rate of the windows. Windows on
    /// disk have them behind them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recording_steps: Vec<Step>,
    /// Steps over whole windows, at the sampling rate of `spectral`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// The front end.
    pub spectral: SpectralConfig,
    /// Every number of the front end `bands`, for models trained with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<BandLayout>,
    /// Scaling.
    pub normalisation: Normalisation,
    /// Statistics of the training split, for `dataset` and `band`.
    pub statistics: Option<Statistics>,
    /// Thresholds for silence; `None` in models of older versions, whose thresholds were absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
}

impl Preprocessing {
    /// Steps and front end without the parts that need a training split: features are not scaled and, without
    /// thresholds, not compressed.
    pub fn new(steps: Vec<Step>, spectral: SpectralConfig) -> Self {
        Self {
            segments: SEGMENTS,
            window: None,
            own_segments: None,
            sampling_rate: None,
            recording_channels: Vec::new(),
            recording_steps: Vec::new(),
            steps,
            spectral,
            bands: None,
            normalisation: Normalisation::None,
            statistics: None,
            thresholds: None,
        }
    }

    /// Plans the path from windows to features; each thread needs its own pipeline.
    ///
    /// # Errors
    /// If a step is impossible.
    pub fn pipeline(&self) -> Result<Pipeline, PreprocessingError> {
        Pipeline::new(&self.steps, &self.spectral, self.bands.as_ref())
    }

    /// Plans the path from windows that may overlap to inputs; each thread needs its own.
    ///
    /// # Errors
    /// If a step is impossible.
    pub fn sequence(&self) -> Result<Sequence, PreprocessingError> {
        Sequence::new(self)
    }

    /// Whether the same windows become the same inputs, so that a run with `other` can continue with `self`. A sampling
    /// rate or window length that only one of them stores makes no difference, nor what precedes the windows.
    pub fn makes_inputs_of(&self, other: &Self) -> bool {
        fn agree<T: PartialEq>(ours: Option<T>, theirs: Option<T>) -> bool {
            match (ours, theirs) {
                (Some(ours), Some(theirs)) => ours == theirs,
                _ => true,
            }
        }
        let as_other = Self {
            sampling_rate: other.sampling_rate,
            window: other.window,
            own_segments: other.own_segments,
            recording_channels: other.recording_channels.clone(),
            recording_steps: other.recording_steps.clone(),
            ..self.clone()
        };
        agree(self.sampling_rate, other.sampling_rate)
            && agree(self.window, other.window)
            && agree(self.own_segments, other.own_segments)
            && as_other == *other
    }

    /// Fixes the length of the windows and what depends on it: the layout of `bands`.
    ///
    /// # Errors
    /// If such windows are too short for it.
    pub(crate) fn set_window(&mut self, samples: usize) -> Result<(), PreprocessingError> {
        self.window = Some(samples);
        if self.spectral.method == SpectralMethod::Bands {
            let layout = BandLayout::new(&self.spectral.bands, samples)?;
            self.segments = layout.segments;
            self.bands = Some(layout);
        } else if let Some(length) = self.spectral.none.segment
            && self.spectral.cuts_short_segments()
        {
            let cut = self.spectral.cut(samples);
            let cut = cut.ok_or(PreprocessingError::UncuttableBy { samples, length })?;
            self.segments = cut.segments;
        }
        Ok(())
    }

    /// How windows of `samples` samples are cut into the segments of `none`, `fft` and `welch`; `None` if they cannot be, or
    /// were stored in other segments.
    pub fn cut(&self, samples: usize) -> Option<Cut> {
        let cut = self.spectral.cut(samples);
        cut.filter(|cut| cut.segments == self.segments)
    }

    /// Fixes the length of the windows, unless the samples come in segments of their own.
    ///
    /// # Errors
    /// As of [`Preprocessing::set_window`].
    pub(crate) fn set_samples(
        &mut self,
        window: usize,
        own_segments: Option<[usize; 2]>,
    ) -> Result<(), PreprocessingError> {
        self.own_segments = own_segments;
        match own_segments {
            Some(_) => Ok(()),
            None => self.set_window(window),
        }
    }

    /// Whether inputs have features of the whole window: power, features in time, correlation or rhythm.
    pub fn has_window_features(&self) -> bool {
        let bands = self.bands.as_ref();
        bands.is_some_and(|layout| layout.window_features() > 0)
    }

    /// Limit below which a standard deviation counts as zero.
    pub fn constant_guard(&self) -> ConstantGuard {
        thresholds::constant_guard(self.thresholds.as_ref())
    }

    /// Floor of `log` or unit of `log1p` in a channel.
    pub fn compression_threshold(&self, channel: usize) -> f32 {
        let compression = self.spectral.applied_compression();
        thresholds::compression_threshold(compression, self.thresholds.as_ref(), channel)
    }

    /// Compresses concatenated spectra of `shape` in place.
    pub fn compress(&self, values: &mut [f32], shape: [usize; 3]) {
        let compression = self.spectral.applied_compression();
        if compression != Compression::None {
            thresholds::compress(compression, self.thresholds.as_ref(), values, shape);
        }
    }

    /// Scales concatenated, compressed features of `shape`. With `batch`, the slice is the batch.
    pub fn normalise(&self, values: &mut [f32], shape: [usize; 3]) {
        let guard = self.constant_guard();
        let by_band = self.normalisation == Normalisation::Band;
        match (self.normalisation, &self.statistics) {
            (Normalisation::None, _) => normalise::zero_undefined(values),
            (Normalisation::Sample, _) => {
                for sample in values.chunks_exact_mut(shape.iter().product()) {
                    Statistics::of(sample, shape, false).apply(sample, shape, guard);
                }
            }
            (Normalisation::Dataset | Normalisation::Band, Some(statistics)) => {
                statistics.apply(values, shape, guard);
            }
            (Normalisation::Dataset | Normalisation::Band, None) | (Normalisation::Batch, _) => {
                Statistics::of(values, shape, by_band).apply(values, shape, guard);
            }
        }
    }
}

#[cfg(test)]
mod tests;
