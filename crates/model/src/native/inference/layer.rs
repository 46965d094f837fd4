//! Parts of an inference program.

use super::finish::Finish;
use super::lines::Lines;
use super::packed::Packed;
use super::product::Blocks;

/// Index of the memory of a value.
pub(super) type Slot = usize;

/// Operation of a layer on its input, `[position][sample][channel]`.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A convolution with fewer products than taps, see [`Lines`].
    Lines(Box<Lines>, Packed),
    /// A convolution, or a dense layer as a pointwise one.
    Products(Blocks, Packed),
    /// A depthwise convolution; with one tap, a scaling.
    Depthwise {
        /// Input position under every tap of every output position; `None` in the padding.
        sources: Vec<Option<usize>>,
        /// `[tap][channel]`.
        kernel: Vec<f32>,
    },
    /// The maximum of every `columns` neighbouring columns, in lines of `width`.
    MaxPool { width: usize, columns: usize },
    /// The sum with another value.
    Add { other: Slot },
    /// Mean over all positions.
    Average,
}

/// One layer.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub operation: Operation,
    pub finish: Finish,
    pub from: Slot,
    pub to: Slot,
    /// Positions and channels of input and output.
    pub before: (usize, usize),
    pub after: (usize, usize),
}
