//! 'Same' convolutions over channels-last rows as gathers and one matrix product.
//!
//! Activations are `[batch * height * width, channels]`: a row is one position of one sample. Burn's
//! `Conv2d` expects channels first and pays for the permutation and for a slow backward pass on
//! CPUs; a product over rows does neither. Two exact forms:
//!
//! - im2col: gather the rows under every tap, then one product. Copies `taps * in` values a position.
//! - shift-and-add: one product with the kernels of all taps side by side, then gather and add the
//!   small outputs. Copies `taps * out` values a position: cheaper where the layer narrows, as the
//!   first layer does (256 bins to 12 or 32 channels), whose input is then never copied.

use burn::tensor::{Device, Int, Tensor, TensorData};

/// How a convolution is computed; see above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConvForm {
    /// One tap, stride 1: the rows as they are.
    Pointwise,
    /// Gather, then one product.
    Im2col,
    /// One product, then add the shifted outputs.
    ShiftAdd,
}

/// Geometry of a convolution over one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Geometry {
    pub height: usize,
    pub width: usize,
    pub kernel: (usize, usize),
    /// Along the width.
    pub stride: usize,
}

/// First input index under tap 0 of output 0: minus the padding before the data. The odd column of
/// padding goes after the data, as in TensorFlow's 'SAME'.
fn pad_before(input: usize, kernel: usize, stride: usize) -> usize {
    let output = input.div_ceil(stride);
    ((output - 1) * stride + kernel).saturating_sub(input) / 2
}

impl Geometry {
    pub fn positions_in(&self) -> usize {
        self.height * self.width
    }

    pub fn positions_out(&self) -> usize {
        self.height * self.width.div_ceil(self.stride)
    }

    pub fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// The form that copies least for `channels` inputs and `out` outputs a position: shift-and-add
    /// where it copies clearly less than im2col.
    pub fn form(&self, channels: usize, out: usize) -> ConvForm {
        match self.taps() {
            1 if self.stride == 1 => ConvForm::Pointwise,
            2.. if 2 * out <= channels => ConvForm::ShiftAdd,
            _ => ConvForm::Im2col,
        }
    }

    /// Input position under every tap of every output position (tap index fastest), none where the
    /// tap is in the padding.
    pub fn sources(&self) -> Vec<Option<usize>> {
        let (kh, kw) = self.kernel;
        let top = pad_before(self.height, kh, 1);
        let left = pad_before(self.width, kw, self.stride);
        let mut sources = Vec::with_capacity(self.positions_out() * self.taps());
        for row in 0..self.height {
            for column in (0..self.width).step_by(self.stride) {
                for i in 0..kh {
                    for j in 0..kw {
                        let y = (row + i).checked_sub(top).filter(|y| *y < self.height);
                        let x = (column + j).checked_sub(left).filter(|x| *x < self.width);
                        sources.push(y.zip(x).map(|(y, x)| y * self.width + x));
                    }
                }
            }
        }
        sources
    }
}

/// Which rows to gather for a batch of `batch` samples. Row `batch * positions_in * fan` is a row of
/// zeros that stands for the padding; with `fan` products a row (shift-and-add), tap `t` reads
/// product `t`.
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

/// Gathers rows of `x`, reading zeros where the index names the row after the last.
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
    match geometry.form(channels, out) {
        ConvForm::Pointwise => x.matmul(kernel),
        ConvForm::ShiftAdd => {
            let side_by_side = kernel
                .reshape([taps, channels, out])
                .swap_dims(0, 1)
                .reshape([channels, taps * out]);
            let products = x.matmul(side_by_side).reshape([rows * taps, out]);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_that_of_tensorflow() {
        // (input, kernel, stride) -> padding before the data; see the module's reference.
        for (case, expected) in [
            ((7, 2, 1), 0),
            ((7, 3, 1), 1),
            ((2, 2, 1), 0),
            ((7, 7, 2), 3),
            ((4, 3, 2), 0),
            ((7, 3, 2), 1),
            ((4, 1, 2), 0),
            ((1, 3, 1), 1),
        ] {
            let (input, kernel, stride) = case;
            assert_eq!(pad_before(input, kernel, stride), expected, "{case:?}");
        }
    }
}
