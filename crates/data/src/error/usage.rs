//! Requests that are impossible regardless of the content of files.

use super::preprocessing::PreprocessingError;

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// Only raw windows can be augmented or drawn, and these are features already.
    #[error("the inputs are no longer windows")]
    NoWindows,
    /// Augmentation needs whole windows, and segments do not form one.
    #[error("{0}, which augmentation needs")]
    Augmentation(PreprocessingError),
    /// A preset asks for what is impossible with these windows.
    #[error("the preset: {0}")]
    Preset(PreprocessingError),
    /// The preprocessing does not fit the windows.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// There is no split of this name.
    #[error("there is no split `{0}`: choose train, val or test")]
    UnknownSplit(String),
    /// Fractions of training, validation and test.
    #[error("{0:?}: the fractions of training and validation must be above 0")]
    Shares([f64; 3]),
    /// A figure cannot be drawn.
    #[error("{0}")]
    Figure(String),
    /// Spectra need two samples.
    #[error("windows of one sample have no spectrum")]
    OneSample,
    /// Windows of several shapes.
    #[error(
        "the windows of the {split} split are {found:?}, others {expected:?}: all must have one shape"
    )]
    Shapes {
        /// The split.
        split: &'static str,
        /// Its shape, `[channels, samples]`.
        found: [usize; 2],
        /// That of the windows before.
        expected: [usize; 2],
    },
    /// Too many windows for the baselines of every training.
    #[error("{0} windows take too long: `trainer baselines` fits them apart from the training")]
    TooManyWindows(usize),
    /// Data differ from what was read before.
    #[error("the data have changed since the training read them")]
    Changed,
}
