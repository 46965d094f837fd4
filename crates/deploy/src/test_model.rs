//! Small networks with weights like those after training, for tests.

use std::collections::HashMap;

use model::rng::Rng;
use model::{Architecture, Bundle, InputShape, ModelKind, NamedTensor, Plan, TensorRole, Weights};
use serde_json::{Value, json};

/// A narrow network over `[2, 7, 16]`: no bias is zero, and no batch normalisation is the identity.
pub(crate) fn trained(kind: ModelKind) -> (Bundle, Architecture) {
    let preprocessing = json!({
        "segments": 7, "window": 64, "spectral": {"method": "none"}, "normalisation": "none", "statistics": null,
    });
    with_preprocessing(kind, InputShape::from([2, 7, 16]), preprocessing)
}

/// The same over another input, after `preprocessing`.
pub(crate) fn with_preprocessing(
    kind: ModelKind,
    input: InputShape,
    preprocessing: Value,
) -> (Bundle, Architecture) {
    let architecture = Architecture::narrowed(
        kind,
        input,
        3,
        if kind == ModelKind::DeepLarge { 32 } else { 4 },
    );
    let plan = Plan::new(&architecture).unwrap();
    let initial = Weights::init(&plan, 3);
    let tensors = plan.tensors.iter().zip(initial.tensors());
    let tensors = tensors.enumerate().map(|(i, (plan, tensor))| {
        let noise = noise(100 + i as u64, tensor.values.len());
        let values = tensor.values.iter().zip(noise);
        let values = values.map(|(value, noise)| match plan.role {
            TensorRole::Kernel { .. } => *value,
            TensorRole::Bias | TensorRole::Beta | TensorRole::MovingMean => 0.2 * noise,
            TensorRole::Gamma | TensorRole::MovingVariance => 1.0 + 0.4 * noise,
        });
        let tensor = NamedTensor {
            values: values.collect(),
            ..tensor.clone()
        };
        (tensor.name.clone(), tensor)
    });
    let weights = Weights::from_named(&plan, tensors.collect::<HashMap<_, _>>()).unwrap();
    let names = ["background", "footsteps", "vehicle"].map(String::from);
    let bundle = Bundle::new(&architecture, weights, names.to_vec(), preprocessing);
    (bundle, architecture)
}

/// Concatenated features of `count` windows.
pub(crate) fn features(architecture: &Architecture, count: usize) -> Vec<f32> {
    let values = noise(7, count * architecture.input.elements());
    values.into_iter().map(|v| 2.0 * v).collect()
}

/// Uniform between -1 and 1.
pub(crate) fn noise(stream: u64, count: usize) -> Vec<f32> {
    let mut rng = Rng::new(5, stream);
    (0..count).map(|_| 2.0 * rng.uniform() - 1.0).collect()
}
