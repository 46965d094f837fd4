//! Conversion between the two layouts of a convolution kernel.

use burn::tensor::Tensor;

/// Kernel `[taps * in, out]` to `[in, taps * out]`.
pub(crate) fn taps_to_columns(kernel: Tensor<2>, taps: usize) -> Tensor<2> {
    let [fan, out] = kernel.dims();
    let inputs = fan / taps;
    kernel
        .reshape([taps, inputs, out])
        .swap_dims(0, 1)
        .reshape([inputs, taps * out])
}

/// Kernel `[in, taps * out]` to `[taps * in, out]`.
pub(crate) fn columns_to_taps(kernel: Tensor<2>, taps: usize) -> Tensor<2> {
    let [inputs, all] = kernel.dims();
    let out = all / taps;
    kernel
        .reshape([inputs, taps, out])
        .swap_dims(0, 1)
        .reshape([taps * inputs, out])
}
