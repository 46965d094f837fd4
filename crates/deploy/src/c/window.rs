//! The length of the windows that the code takes.

use data::SpectralMethod;

use crate::{DeployError, TrainedModel};

/// Number of samples in a window, from the model or its features.
///
/// # Errors
/// [`DeployError::FrontEnd`] if the model does not tell, or was not trained on windows.
pub(super) fn samples(model: &TrainedModel<'_>) -> Result<usize, DeployError> {
    let preprocessing = model.preprocessing();
    let refuse = |problem: String| DeployError::FrontEnd(problem);
    if let Some([segments, length]) = preprocessing.own_segments {
        return Err(refuse(format!(
            "the training data came in {segments} segments of {length} values, such as spectra, which no window becomes: export \
             the network alone, as tflite or onnx"
        )));
    }
    let from_features = match preprocessing.spectral.method {
        SpectralMethod::None | SpectralMethod::Fft => Some(4 * model.input().channels),
        SpectralMethod::Welch => None,
        SpectralMethod::Bands => preprocessing.bands.as_ref().map(|layout| layout.window),
    };
    let samples = model.window_samples().or(from_features);
    samples.ok_or_else(|| {
        refuse("it does not say how many samples a window has: give --window-samples".into())
    })
}
