//! 'Same' convolutions over channels-last rows as gathers of rows and products, with positions first: rows are
//! `[height * width * batch, channels]`. The rows under every tap are gathered side by side, a thread a value, and multiplied
//! with the kernel at once. The way back gathers too ([`crate::backward`]): no two threads add to one value.
//!
//! Samples first: [`crate::rows`], which autodiff goes through and CPUs compute 1.1 to 2.8 times faster.
//!
//! Burn's `Conv2d` expects channels first and pays for a slow backward pass on CPUs and on GPUs without matrix units.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::rows::{ConvForm, form};

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

/// Which way through a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Way {
    /// From inputs to outputs.
    There,
    /// From products of every input with the kernel of every tap, `[rows * taps, out]`, to outputs.
    Products,
    /// From gradients of outputs to those of inputs.
    Back,
}

/// Bytes of gathered rows from which on a layer that narrows multiplies first: below, fewer kernels count more than less
/// memory.
const MANY: usize = 16 << 20;

/// Whether the products of `rows` rows with the kernels of all taps are made first and gathered then, because that copies
/// much less. The first layer, from 256 bins to a few channels, is such a one.
pub(crate) fn multiplies_first(
    geometry: &Geometry,
    rows: usize,
    channels: usize,
    out: usize,
) -> bool {
    let gathered = rows * geometry.taps() * channels * size_of::<f32>();
    let copies_less = form(geometry, channels, out) == ConvForm::ShiftAdd;
    copies_less && geometry.stride == 1 && gathered >= MANY
}

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

/// The rows under the taps of a convolution, on a device.
#[derive(Clone, Debug)]
pub(crate) struct Picks {
    /// Row to read for every row of the result and tap (fastest). What lies in the padding names row 0.
    index: Tensor<1, Int>,
    /// Zero where the row lies in the padding, else one `[rows * taps, 1]`; none without padding.
    inside: Option<Tensor<2>>,
}

impl Picks {
    /// Of a batch of `batch` samples with positions first; none where every row reads itself.
    pub fn new(geometry: &Geometry, batch: usize, way: Way, device: &Device) -> Option<Self> {
        let taps = geometry.taps();
        if taps == 1 && geometry.stride == 1 {
            return None;
        }
        let sources = geometry.sources();
        let read = match way {
            Way::There | Way::Products => sources,
            Way::Back => {
                let mut back = vec![None; geometry.positions_in() * taps];
                for (i, source) in sources.iter().enumerate() {
                    if let Some(source) = source {
                        back[source * taps + i % taps] = Some(i / taps);
                    }
                }
                back
            }
        };
        let rows = read.len() / taps * batch;
        let tap = |i: usize| read[i / (batch * taps) * taps + i % taps];
        let sample = |i: usize| i / taps % batch;
        let count = rows * taps;
        let row = |i: usize, p: usize| match way {
            Way::Products => (p * batch + sample(i)) * taps + i % taps,
            _ => p * batch + sample(i),
        };
        let index = (0..count).map(|i| tap(i).map_or(0, |p| row(i, p)) as i64);
        let index = TensorData::new(index.collect(), [count]);
        let inside = read.contains(&None).then(|| {
            let inside = (0..count).map(|i| f32::from(tap(i).is_some()));
            Tensor::from_data(TensorData::new(inside.collect(), [count, 1]), device)
        });
        Some(Self {
            index: Tensor::from_data(index, device),
            inside,
        })
    }
}

/// The rows under every tap side by side: `x` `[rows, channels]` to `[rows', taps * channels]`.
pub(crate) fn columns(x: Tensor<2>, picks: Option<&Picks>, taps: usize) -> Tensor<2> {
    let Some(Picks { index, inside }) = picks else {
        return x;
    };
    let [_, channels] = x.dims();
    let [count] = index.dims();
    let picked = x.select(0, index.clone());
    let picked = match inside {
        Some(inside) => picked * inside.clone(),
        None => picked,
    };
    picked.reshape([count / taps, taps * channels])
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
