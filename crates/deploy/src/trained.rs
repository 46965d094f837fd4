//! The input of an export.

use data::Preprocessing;
use model::{Architecture, Bundle, InputShape, Plan, Weights};

use crate::DeployError;

/// A file of an exported model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Path below the model's directory, with `/` between its parts.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

impl ModelFile {
    pub(crate) fn new(path: &str, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
        }
    }
}

/// A network with its weights and preprocessing.
#[derive(Debug)]
pub struct TrainedModel<'a> {
    bundle: &'a Bundle,
    plan: Plan,
    input: InputShape,
    preprocessing: Preprocessing,
    window: Option<usize>,
    temperature: f64,
}

impl<'a> TrainedModel<'a> {
    /// Checks a bundle as stored in an experiment.
    ///
    /// # Errors
    /// [`DeployError`] if the network does not fit its input, or `model.json` has an invalid preprocessing or
    /// temperature.
    pub fn new(bundle: &'a Bundle, architecture: &Architecture) -> Result<Self, DeployError> {
        let preprocessing: Preprocessing =
            serde_json::from_value(bundle.card.preprocessing.clone())?;
        let temperature = bundle.card.temperature;
        if !(temperature.is_finite() && temperature > 0.0) {
            return Err(DeployError::Temperature(temperature));
        }
        Ok(Self {
            bundle,
            temperature,
            plan: Plan::new(architecture)?,
            input: architecture.input,
            window: preprocessing.window,
            preprocessing,
        })
    }

    /// Sets the number of samples of a raw window, if the model does not store it.
    #[must_use]
    pub fn with_window(self, samples: usize) -> Self {
        Self {
            window: Some(samples),
            ..self
        }
    }

    /// What the network computes.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Shape of one sample of the network's input.
    pub fn input(&self) -> InputShape {
        self.input
    }

    /// Weights, in the order of the plan's tensors.
    pub fn weights(&self) -> &Weights {
        &self.bundle.weights
    }

    /// Name of the network.
    pub fn architecture_name(&self) -> &str {
        &self.bundle.card.architecture
    }

    /// Class names, one a logit.
    pub fn class_names(&self) -> &[String] {
        &self.bundle.card.class_names
    }

    /// From windows to inputs.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// What was done to the recordings of the training before windows were cut from them, as JSON, if anything: no export
    /// contains it.
    pub fn recording_steps(&self) -> Option<String> {
        let steps = &self.preprocessing.recording_steps;
        (!steps.is_empty()).then(|| serde_json::json!(steps).to_string())
    }

    /// What logits are divided by before the softmax.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Samples of a raw window, as stored or given, or derived from the input; see [`Preprocessing::window_samples`].
    pub fn window_samples(&self) -> Option<usize> {
        let derived = || self.preprocessing.window_samples(self.input.dims());
        self.window.or_else(derived)
    }

    /// `model.json`.
    pub fn card(&self) -> Vec<u8> {
        self.bundle.card.to_bytes()
    }

    /// `model.safetensors`.
    ///
    /// # Errors
    /// [`DeployError::Weights`] if the weights cannot be encoded.
    pub fn safetensors(&self) -> Result<Vec<u8>, DeployError> {
        let [(_, weights), _] = self.bundle.files()?;
        Ok(weights)
    }
}
