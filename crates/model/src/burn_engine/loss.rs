//! Cross-entropy.

use burn::tensor::activation::{log_softmax, softmax};
use burn::tensor::{Int, Tensor};

/// Mean softmax cross-entropy over the batch.
///
/// # Shapes
/// `logits` `[batch, classes]`, `targets` `[batch]` with class indices; the result `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let picked = log_softmax(logits, 1).gather(1, targets.reshape([batch, 1]));
    picked.mean().neg()
}

/// Like [`cross_entropy`], for targets that are not one class.
///
/// # Shapes
/// `logits` and `targets` `[batch, classes]`, the latter as from [`Targets::of`](crate::Targets::of); the result `[1]`.
pub fn soft_cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    (log_softmax(logits, 1) * targets).sum() * (-1.0 / batch as f64)
}

/// Gradient of [`soft_cross_entropy`] over `count` samples with respect to the logits.
pub(crate) fn gradient(logits: Tensor<2>, targets: Tensor<2>, count: usize) -> Tensor<2> {
    // Zero for padding.
    let weights = targets.clone().sum_dim(1);
    (softmax(logits, 1) * weights - targets) * (1.0 / count as f64)
}
