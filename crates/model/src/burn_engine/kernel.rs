//! The two layouts of a convolution's kernel.

use burn::tensor::Tensor;

/// Kernel `[taps * in, out]` with those of all taps side by side, `[in, taps * out]`.
pub(crate) fn side_by_side(kernel: Tensor<2>, taps: usize) -> Tensor<2> {
    let [fan, out] = kernel.dims();
    let inputs = fan / taps;
    kernel
        .reshape([taps, inputs, out])
        .swap_dims(0, 1)
        .reshape([inputs, taps * out])
}

/// And back.
pub(crate) fn one_after_another(kernel: Tensor<2>, taps: usize) -> Tensor<2> {
    let [inputs, all] = kernel.dims();
    let out = all / taps;
    kernel
        .reshape([inputs, taps, out])
        .swap_dims(0, 1)
        .reshape([taps * inputs, out])
}
