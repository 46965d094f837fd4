//! 'Same' convolutions in the samples-first layout: activations are `[batch * height * width, channels]`, and a row
//! is one position of one sample. This is the layout for CPUs ([`super::conv`] has the other). Two exact forms:
//!
//! - im2col: gather the rows under every tap, then one product. Copies `taps * in` values per position.
//! - shift-and-add: one product with the kernels of all taps side by side, then gather and add the outputs. Copies
//!   `taps * out` values per position, which is less in a narrowing layer such as the first (256 bins to 12 or 32
//!   channels).

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::kernel::taps_to_columns;
use crate::geometry::Geometry;

/// Form of a convolution; see the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConvForm {
    /// Pointwise with stride 1: uses the rows directly.
    Pointwise,
    /// Gather, then one product.
    Im2col,
    /// One product, then add the shifted outputs.
    ShiftAdd,
}

/// The form that copies the least for `channels` inputs and `out` outputs per position. Shift-and-add is chosen only
/// if it copies clearly less.
pub(crate) fn form(geometry: &Geometry, channels: usize, out: usize) -> ConvForm {
    match geometry.taps() {
        1 if geometry.stride == 1 => ConvForm::Pointwise,
        2.. if 2 * out <= channels => ConvForm::ShiftAdd,
        _ => ConvForm::Im2col,
    }
}

/// Indices of the rows to gather for a batch of `batch` samples. Row `batch * positions_in * fan` is a row of zeros
/// that represents padding. With `fan` products per row (shift-and-add), tap `t` reads product `t`.
pub(crate) fn gather_index(
    geometry: &Geometry,
    batch: usize,
    fan: usize,
    device: &Device,
) -> Tensor<1, Int> {
    let sources = geometry.sources();
    let taps = geometry.taps();
    let zero_row = batch * geometry.positions_in() * fan;
    let mut index = Vec::with_capacity(batch * sources.len());
    for sample in 0..batch {
        let first = sample * geometry.positions_in();
        for (i, source) in sources.iter().enumerate() {
            let tap = if fan > 1 { i % taps } else { 0 };
            let row = source.map_or(zero_row, |source| (first + source) * fan + tap);
            index.push(row as i64);
        }
    }
    let length = index.len();
    Tensor::from_data(TensorData::new(index, [length]), device)
}

/// Gathers rows of `x`; the index after the last row reads zeros.
fn gather(x: Tensor<2>, index: Tensor<1, Int>) -> Tensor<2> {
    let [_, channels] = x.dims();
    let zeros = Tensor::zeros([1, channels], &x.device());
    Tensor::cat(vec![x, zeros], 0).select(0, index)
}

/// Convolution without bias.
///
/// # Shapes
/// `x` `[batch * positions_in, in]`, `kernel` `[taps * in, out]`; the result
/// `[batch * positions_out, out]`.
pub(crate) fn convolve(
    x: Tensor<2>,
    kernel: Tensor<2>,
    geometry: &Geometry,
    index: impl FnOnce(usize) -> Tensor<1, Int>,
) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let [_, out] = kernel.dims();
    let taps = geometry.taps();
    let rows_out = rows / geometry.positions_in() * geometry.positions_out();
    match form(geometry, channels, out) {
        ConvForm::Pointwise => x.matmul(kernel),
        ConvForm::ShiftAdd => {
            let products = x.matmul(taps_to_columns(kernel, taps));
            let products = products.reshape([rows * taps, out]);
            gather(products, index(taps))
                .reshape([rows_out, taps, out])
                .sum_dim(1)
                .reshape([rows_out, out])
        }
        ConvForm::Im2col => gather(x, index(1))
            .reshape([rows_out, taps * channels])
            .matmul(kernel),
    }
}

/// Depthwise convolution without bias, stride 1.
///
/// # Shapes
/// `x` `[batch * positions, channels]`, `kernel` `[taps, channels]`; the result like `x`.
pub(crate) fn depthwise(
    x: Tensor<2>,
    kernel: Tensor<2>,
    geometry: &Geometry,
    index: impl FnOnce(usize) -> Tensor<1, Int>,
) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let taps = geometry.taps();
    let columns = gather(x, index(1)).reshape([rows, taps, channels]);
    (columns * kernel.reshape([1, taps, channels]))
        .sum_dim(1)
        .reshape([rows, channels])
}
