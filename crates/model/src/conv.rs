//! 'Same' convolutions over channels-last rows as products and picks of rows, in two layouts.
//!
//! Positions first, `[height * width * batch, channels]`: what a tap reads is a shifted position, and a position is one
//! contiguous block of `batch * channels` values. Padding and shifting pick a few dozen long rows, and their way back adds
//! a few dozen long rows: a GPU has a thread for every value of one, where rows of single samples would leave it a thread a
//! channel. Stride 1: one product with the kernel of every tap, of which every output position picks and adds its taps'
//! rows; other strides read few positions, which are picked first.
//!
//! Samples first: [`crate::rows`], which CPUs compute 1.1 to 2.8 times faster.
//!
//! Burn's `Conv2d` expects channels first and pays for a slow backward pass on CPUs and on GPUs without matrix units.

use burn::tensor::{Device, Int, Tensor, TensorData};

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

/// The positions that the taps of a convolution read, on a device.
#[derive(Clone, Debug)]
pub(crate) struct Picks {
    /// Row to read for every tap (slowest) and output position. What lies in the padding names row 0.
    index: Tensor<1, Int>,
    /// Zero where the row lies in the padding, else one `[taps * positions_out, 1]`; none without padding.
    inside: Option<Tensor<2>>,
}

impl Picks {
    /// From the products of every tap, or from the input.
    pub fn new(geometry: &Geometry, products: bool, device: &Device) -> Self {
        let sources = geometry.sources();
        let taps = geometry.taps();
        let positions = geometry.positions_out();
        let fan = if products { geometry.positions_in() } else { 0 };
        let read = |i: usize| sources[i % positions * taps + i / positions];
        let count = taps * positions;
        let index = (0..count).map(|i| read(i).map_or(0, |p| i / positions * fan + p) as i64);
        let index = TensorData::new(index.collect(), [count]);
        let padded = (0..count).any(|i| read(i).is_none());
        let inside = padded.then(|| {
            let inside = (0..count).map(|i| f32::from(read(i).is_some()));
            let inside = TensorData::new(inside.collect(), [count, 1]);
            Tensor::from_data(inside, device)
        });
        Self {
            index: Tensor::from_data(index, device),
            inside,
        }
    }

    /// `[rows, length]` to `[taps * positions_out, length]`.
    fn of(self, x: Tensor<2>) -> Tensor<2> {
        let picked = x.select(0, self.index);
        match self.inside {
            Some(inside) => picked * inside,
            None => picked,
        }
    }
}

/// Convolution without bias.
///
/// # Shapes
/// `x` `[positions_in * batch, in]`, `kernel` `[taps * in, out]`; the result
/// `[positions_out * batch, out]`.
pub(crate) fn convolve(
    x: Tensor<2>,
    kernel: Tensor<2>,
    geometry: &Geometry,
    picks: impl FnOnce(bool) -> Picks,
) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let [_, out] = kernel.dims();
    let taps = geometry.taps();
    let batch = rows / geometry.positions_in();
    let rows_out = batch * geometry.positions_out();
    if taps == 1 && geometry.stride == 1 {
        return x.matmul(kernel);
    }
    let kernel = kernel.reshape([taps, channels, out]);
    let products = if geometry.stride == 1 {
        let products = x.reshape([1, rows, channels]).matmul(kernel);
        picks(true).of(products.reshape([taps * geometry.positions_in(), batch * out]))
    } else {
        let picked = picks(false).of(x.reshape([geometry.positions_in(), batch * channels]));
        let products = picked.reshape([taps, rows_out, channels]).matmul(kernel);
        products.reshape([taps * geometry.positions_out(), batch * out])
    };
    let added = products.reshape([taps, rows_out * out]).sum_dim(0);
    added.reshape([rows_out, out])
}

/// Depthwise convolution without bias, stride 1.
///
/// # Shapes
/// `x` `[positions * batch, channels]`, `kernel` `[taps, channels]`; the result like `x`.
pub(crate) fn depthwise(
    x: Tensor<2>,
    kernel: Tensor<2>,
    geometry: &Geometry,
    picks: impl FnOnce(bool) -> Picks,
) -> Tensor<2> {
    let [rows, channels] = x.dims();
    let taps = geometry.taps();
    let batch = rows / geometry.positions_in();
    let columns = picks(false).of(x.reshape([geometry.positions_in(), batch * channels]));
    let products = columns.reshape([taps, rows, channels]) * kernel.reshape([taps, 1, channels]);
    products.sum_dim(0).reshape([rows, channels])
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
