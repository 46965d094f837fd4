//! Reasons why a SavedModel has no signature for raw windows.

/// Largest matrix of a filter over a whole window, in bytes.
pub(super) const LARGEST_MATRIX: usize = 64 << 20;

/// Reason why the graph cannot classify raw windows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LeftOut {
    /// Inputs depend on their neighbours in the batch.
    #[error("`normalisation: batch` scales inputs by the other samples of their batch")]
    BatchStatistics,
    /// Features in time may be undefined, and no graph scales the others without them.
    #[error("`normalisation: sample` does not go with features of the window: train with `band`")]
    TimeOfSample,
    /// The number of samples of a window does not follow from the model.
    #[error(
        "the model does not say how many samples a window has: {features} spectral values a segment can come of many \
         lengths"
    )]
    UnknownWindow {
        /// Features of a segment.
        features: usize,
    },
    /// The training samples came in segments that no window becomes.
    #[error(
        "the training data came in {} segments of {} values, such as spectra, which no window becomes", segments[0], segments[1]
    )]
    OwnSegments {
        /// Segments, and values of each.
        segments: [usize; 2],
    },
    /// The preprocessing of a window does not give the network's input.
    #[error(
        "windows of {samples} samples do not become the network's input {input:?}: the training data came in segments \
         of their own"
    )]
    Shape {
        /// Samples of a window.
        samples: usize,
        /// `[channels, segments, features]`.
        input: [usize; 3],
    },
    /// A filter over a long window.
    #[error(
        "`{step}` over {samples} samples would be a matrix of {mebibytes} MiB; at most {} are written",
        LARGEST_MATRIX >> 20
    )]
    LargeFilter {
        /// Name of the step.
        step: &'static str,
        /// Samples of a window.
        samples: usize,
        /// Size of the matrix.
        mebibytes: usize,
    },
    /// A step that is not possible over these windows.
    #[error("{problem}")]
    Step {
        /// What is wrong.
        problem: String,
    },
}
