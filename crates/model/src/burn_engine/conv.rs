//! 'Same' convolutions over channels-last rows as gathers of rows and products, with positions first: rows are
//! `[height * width * batch, channels]`. The rows under every tap are gathered side by side, a thread a value, and multiplied
//! with the kernel at once. The way back gathers too ([`super::backward`]): no two threads add to one value.
//!
//! Samples first: [`super::rows`], which autodiff goes through and CPUs compute 1.1 to 2.8 times faster.
//!
//! Burn's `Conv2d` expects channels first and pays for a slow backward pass on CPUs and on GPUs without matrix units.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::rows::{ConvForm, form};
use crate::geometry::Geometry;

/// What a convolution gathers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum GatherKind {
    /// From inputs to outputs.
    Forward,
    /// From products of every input with the kernel of every tap, `[rows * taps, out]`, to outputs.
    ForwardProducts,
    /// From gradients of outputs to those of inputs.
    Backward,
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

/// The rows under the taps of a convolution, on a device.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    /// Row to read for every row of the result and tap (fastest). What lies in the padding names row 0.
    index: Tensor<1, Int>,
    /// Zero where the row lies in the padding, else one `[rows * taps, 1]`; none without padding.
    inside: Option<Tensor<2>>,
}

impl Gather {
    /// Of a batch of `batch` samples with positions first; none where every row reads itself.
    pub fn new(
        geometry: &Geometry,
        batch: usize,
        kind: GatherKind,
        device: &Device,
    ) -> Option<Self> {
        let taps = geometry.taps();
        if taps == 1 && geometry.stride == 1 {
            return None;
        }
        let sources = geometry.sources();
        let read = match kind {
            GatherKind::Forward | GatherKind::ForwardProducts => sources,
            GatherKind::Backward => {
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
        let row = |i: usize, p: usize| match kind {
            GatherKind::ForwardProducts => (p * batch + sample(i)) * taps + i % taps,
            GatherKind::Forward | GatherKind::Backward => p * batch + sample(i),
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
pub(crate) fn columns(x: Tensor<2>, gather: Option<&Gather>, taps: usize) -> Tensor<2> {
    let Some(Gather { index, inside }) = gather else {
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
