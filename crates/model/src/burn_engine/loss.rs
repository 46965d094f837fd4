//! Cross-entropy and its targets.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Int, Tensor};

/// One-hot targets of a batch, weighted by class (weight 1 without `weights`). Rows after the last label are zero
/// padding.
///
/// # Shapes
/// Result `[size, classes]`, flattened.
pub fn targets(labels: &[u32], size: usize, classes: usize, weights: Option<&[f32]>) -> Vec<f32> {
    let mut targets = vec![0.0; size * classes];
    for (row, label) in targets.chunks_exact_mut(classes).zip(labels) {
        let label = *label as usize;
        row[label] = weights.map_or(1.0, |weights| weights[label]);
    }
    targets
}

/// Mean softmax cross-entropy over the batch.
///
/// # Shapes
/// `logits` `[batch, classes]`, `targets` `[batch]` with class indices; the result `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let picked = log_softmax(logits, 1).gather(1, targets.reshape([batch, 1]));
    picked.mean().neg()
}

/// Like [`cross_entropy`], with each sample weighted by its class.
///
/// # Shapes
/// `logits` `[batch, classes]`, `targets` `[batch]`, `class_weights` `[classes, 1]`; the result `[1]`.
pub fn weighted_cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    class_weights: Option<&Tensor<2>>,
) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let mut picked = log_softmax(logits, 1).gather(1, targets.clone().reshape([batch, 1]));
    if let Some(weights) = class_weights {
        picked = picked * weights.clone().select(0, targets);
    }
    picked.mean().neg()
}

/// Gradient of the mean cross-entropy over `count` samples with respect to the logits; `targets` as returned by
/// [`targets`].
pub(crate) fn gradient(logits: Tensor<2>, targets: Tensor<2>, count: usize) -> Tensor<2> {
    // Zero for padding.
    let weights = targets.clone().sum_dim(1);
    (softmax(logits, 1) * weights - targets) * (1.0 / count as f64)
}
