//! The length of the windows that the code takes.

use crate::{DeployError, TrainedModel};

/// Number of samples in a window.
///
/// # Errors
/// [`DeployError::FrontEnd`] if the model does not tell, or was not trained on windows.
pub(super) fn samples(model: &TrainedModel<'_>) -> Result<usize, DeployError> {
    let refuse = |problem: String| DeployError::FrontEnd(problem);
    if let Some([segments, length]) = model.preprocessing().own_segments {
        return Err(refuse(format!(
            "the training data came in {segments} segments of {length} values, such as spectra, which no window becomes: export \
             the network alone, as tflite or onnx"
        )));
    }
    model.window_samples().ok_or_else(|| {
        refuse("it does not say how many samples a window has: give --window-samples".into())
    })
}
