//! What an inference program is made of.

use super::finish::Finish;
use super::lines::Lines;
use super::packed::Packed;
use super::product::Blocks;

/// Where a value lies.
pub(super) type Slot = usize;

/// What a layer computes of its input, `[position][sample][channel]`.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A convolution in fewer products than it has taps.
    Lines(Box<Lines>, Packed),
    /// A convolution, or a dense layer as a pointwise one.
    Products(Blocks, Packed),
    /// A convolution channel by channel; with one tap, a scaling.
    Depthwise {
        /// The position under every tap of every position, none in the padding.
        sources: Vec<Option<usize>>,
        /// `[tap][channel]`.
        kernel: Vec<f32>,
    },
    /// The largest of every `columns` neighbouring columns, in lines of `width`.
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
    /// Positions and channels before and after.
    pub before: (usize, usize),
    pub after: (usize, usize),
}
