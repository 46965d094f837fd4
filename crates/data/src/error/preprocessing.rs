//! Errors of preprocessing: of its settings, of windows that do not fit it, and of stored models.

use crate::signal::SignalError;

/// Preprocessing cannot be done, or a window does not fit it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PreprocessingError {
    /// A filter cannot be designed.
    #[error("`{step}`: {problem}")]
    Filter {
        /// Name of the step.
        step: &'static str,
        /// What is wrong with the filter.
        problem: SignalError,
    },
    /// A filter or resampler cannot be applied.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The factor of `scale` is 0 or not finite.
    #[error("`scale`: the factor is {factor}: expected a finite number other than 0")]
    Scale {
        /// The factor.
        factor: f64,
    },
    /// Steps are in an impossible order.
    #[error("`{after}` cannot come after `{before}`")]
    Order {
        /// The earlier step.
        before: &'static str,
        /// The later step.
        after: &'static str,
    },
    /// Bands are compressed twice.
    #[error("`bands` are logarithms already: leave out `{step}`")]
    BandsCompressed {
        /// Name of the step.
        step: &'static str,
    },
    /// Compression without a spectrum.
    #[error("`{step}` compresses spectra: put `fft` or `welch` before it")]
    NoSpectrum {
        /// Name of the step.
        step: &'static str,
    },
    /// `preprocessing` and another key set the spectrum.
    #[error("sets a spectrum, and so does `spectral_processing.method`: remove one of them")]
    SpectrumTwice,
    /// `preprocessing` and another key set the scaling.
    #[error("has `normalise`, but `normalisation` is set too: remove one of them")]
    NormalisationTwice,
    /// A preset sets the spectrum by the list of steps.
    #[error("`preprocessing` sets a spectrum: use `spectral_processing` instead")]
    PresetSpectrum,
    /// A step for windows is among those for recordings.
    #[error("`{step}` works on windows: it belongs in `preprocessing` of dataset_config.yaml")]
    OfWindows {
        /// Name of the step.
        step: &'static str,
    },
    /// A setting of `spectral_processing` is out of range.
    #[error("`spectral_processing.{key}`: {problem}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The sample has the wrong number of dimensions.
    #[error(
        "the shape is {shape:?}; expected [channels, samples] such as [2, 1024], or [channels, segments, values] such as \
         [2, 7, 256]; a single channel is [1, samples]"
    )]
    Dimensions {
        /// The shape.
        shape: Vec<usize>,
    },
    /// The number of values is not the product of the shape.
    #[error("{values} values do not fill the shape {shape:?}")]
    ValueCount {
        /// Number of values.
        values: usize,
        /// The shape.
        shape: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error("value {position} is {value}: expected finite numbers")]
    NotFinite {
        /// Position in the sample, row-major, from 0.
        position: usize,
        /// The value.
        value: f32,
    },
    /// A window whose length does not allow half-overlapping segments.
    #[error("{}", uncuttable(*samples, *segments))]
    Uncuttable {
        /// Samples of the window.
        samples: usize,
        /// Number of segments.
        segments: usize,
    },
    /// A window cannot be cut into segments of the configured length.
    #[error(
        "windows of {samples} samples cannot be cut into half-overlapping segments of {length} samples: set `none.segment` \
         to an even number whose half divides {samples}, or leave it out"
    )]
    UncuttableBy {
        /// Samples of the window.
        samples: usize,
        /// Samples of a segment.
        length: usize,
    },
    /// The segments of a sample do not form a window.
    #[error(
        "the sample {shape:?} is cut into segments already, and they are not the {segments} half-overlapping ones of a \
         window [2, 1024]"
    )]
    NotOneWindow {
        /// Shape of the sample.
        shape: Vec<usize>,
        /// Number of segments of a window.
        segments: usize,
    },
    /// The segments of a sample do not form a window, which a setting needs.
    #[error("{problem}, which {needed_by}")]
    WindowNeeded {
        /// Why they do not.
        problem: Box<PreprocessingError>,
        /// What needs a window, with its verb.
        needed_by: &'static str,
    },
    /// The spectrum does not fit float32.
    #[error(
        "its spectrum is out of the range of float32: scale the samples, for example with `preprocessing: [{{scale: 1e-9}}]`"
    )]
    SpectrumRange,
    /// Segments are shorter than the stretches of Welch's method.
    #[error("segments of {samples} samples are shorter than `welch.nperseg` ({nperseg})")]
    SegmentTooShort {
        /// Samples of a segment.
        samples: usize,
        /// The setting.
        nperseg: usize,
    },
    /// The window has another length than those of the model.
    #[error("the window has {found} samples, those of the model have {expected}")]
    WindowLength {
        /// Samples of the window.
        found: usize,
        /// Samples of the model's windows.
        expected: usize,
    },
    /// The sample does not come in the segments that those of the training came in.
    #[error(
        "the sample {shape:?} does not come in the {} segments of {} values of the model's training, which are of no window: give it \
         as it was in the training data", expected[0], expected[1]
    )]
    OwnSegments {
        /// Shape of the sample.
        shape: Vec<usize>,
        /// Segments, and values of each.
        expected: [usize; 2],
    },
    /// The settings of `bands` do not fit the window.
    #[error(
        "`bands` does not fit a window of {window} samples: {segments} segments of {segment} samples every {hop}, each of \
         {frames} frames of {frame} every {frame_hop}"
    )]
    BandsDoNotFit {
        /// Samples of the window.
        window: usize,
        /// Segments of the window.
        segments: usize,
        /// Samples of a segment.
        segment: usize,
        /// Samples from one segment to the next.
        hop: usize,
        /// Frames of a segment.
        frames: usize,
        /// Samples of a frame.
        frame: usize,
        /// Samples from one frame to the next.
        frame_hop: usize,
    },
    /// More bands than bins.
    #[error(
        "a frame of {frame} samples has {bins} bins without that of frequency 0, too few for {bands} `bands`"
    )]
    TooManyBands {
        /// Samples of a frame.
        frame: usize,
        /// Its bins.
        bins: usize,
        /// The setting.
        bands: usize,
    },
    /// The input has another shape than when the training began.
    #[error("changed since the training began: the input is {found:?}, and was {expected:?}")]
    Changed {
        /// Shape of the input.
        found: [usize; 3],
        /// Shape when the training began.
        expected: [usize; 3],
    },
}

impl PreprocessingError {
    /// Whether the error follows from the front end and the window length, regardless of the window's values.
    pub(crate) fn is_of_front_end(&self) -> bool {
        matches!(
            self,
            Self::Uncuttable { .. }
                | Self::UncuttableBy { .. }
                | Self::SegmentTooShort { .. }
                | Self::BandsDoNotFit { .. }
                | Self::TooManyBands { .. }
        )
    }
}

/// The name of a scaling is unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown normalisation `{name}`: choose sample, dataset, band, batch or none")]
pub struct UnknownNormalisation {
    /// The name.
    pub name: String,
}

/// The stored preprocessing of a model is unusable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoredError {
    /// A setting of the front end is out of range.
    #[error("`spectral.{key}`: {problem}")]
    Spectral {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A step cannot be done.
    #[error("`steps`: {0}")]
    Steps(#[from] PreprocessingError),
    /// A step cannot be done on recordings.
    #[error("`recording_steps`: {0}")]
    RecordingSteps(PreprocessingError),
    /// The sampling rate is out of range.
    #[error("`sampling_rate`: {rate} is not a valid rate in Hz")]
    SamplingRate {
        /// The rate.
        rate: f64,
    },
    /// The window is empty or implausibly long.
    #[error("`window`: {samples} samples are out of range: expected 1 to {limit}")]
    Window {
        /// Samples of the window.
        samples: usize,
        /// Largest plausible number.
        limit: usize,
    },
    /// The layout of the bands is inconsistent.
    #[error("`bands`: {0}")]
    Bands(LayoutError),
    /// The number of statistics does not fit the input.
    #[error(
        "`statistics`: {means} means and {deviations} deviations do not fit {channels} channels of {bins} values"
    )]
    StatisticsCount {
        /// Number of means.
        means: usize,
        /// Number of standard deviations.
        deviations: usize,
        /// Channels of the input.
        channels: usize,
        /// Values per channel.
        bins: usize,
    },
    /// A statistic is not finite, or a deviation is negative.
    #[error("`statistics`: a mean or a deviation is not a valid number")]
    StatisticsValue,
    /// The statistics are missing.
    #[error("`statistics` is missing, which `{normalisation}` needs")]
    NoStatistics {
        /// Name of the scaling.
        normalisation: String,
    },
    /// A threshold for constant values is out of range.
    #[error("`thresholds`: `constant`: {value} is out of range: expected a finite number from 0")]
    Constant {
        /// The threshold.
        value: f64,
    },
    /// A threshold of compression is out of range.
    #[error("`thresholds`: `compression` must be above 0")]
    Compression,
    /// The number of thresholds does not fit the input.
    #[error("`thresholds`: `compression` has {found} values for {channels} channels")]
    CompressionCount {
        /// Number of thresholds.
        found: usize,
        /// Channels of the input.
        channels: usize,
    },
    /// The features do not fit the network.
    #[error(
        "windows of {window} samples become {} segments of {} values, but the network takes {} of {}",
        found.0, found.1, expected.0, expected.1
    )]
    InputShape {
        /// Samples of a window.
        window: usize,
        /// Segments, and values of a segment.
        found: (usize, usize),
        /// Those of the network's input.
        expected: (usize, usize),
    },
}

/// The layout of the front end `bands` is inconsistent.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LayoutError {
    /// A length is zero or implausible.
    #[error("a length is out of range")]
    Length,
    /// The frames do not fit the window.
    #[error("frames reach beyond the window of {window} samples")]
    BeyondWindow {
        /// Samples of the window.
        window: usize,
    },
    /// The edges of the bands are not in rising order.
    #[error("`edges` must rise from 1 on, to half the frame at most")]
    Edges,
    /// The floor is out of range.
    #[error("`floor`: {floor} is not from 1e-30 to 1")]
    Floor {
        /// The floor.
        floor: f64,
    },
}

fn uncuttable(samples: usize, segments: usize) -> String {
    let whole = samples / 8 * 8;
    if whole == 0 {
        return format!(
            "a window of {samples} samples is too short for {segments} segments: are the channels last? Windows are stored as \
             [channels, samples]"
        );
    }
    format!(
        "a window of {samples} samples cannot be cut into {segments} half-overlapping segments: the number must be a multiple \
         of 8; cut windows to {whole}, or leave out `spectral_processing` for `bands`, which take other lengths"
    )
}
