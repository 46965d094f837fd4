//! What an inference program is made of.

use super::lines::Lines;
use super::packed::Packed;
use super::product::Blocks;
use super::vector::Vector;

/// Where a value lies.
pub(super) type Slot = usize;

/// What is done to the sums of a layer: `rectify(rectify(sum + bias) * scale + shift)`, where either rectifier and the
/// scaling may be missing. A batch normalisation behind a rectifier is the scaling, so that it costs one
/// multiply-add while the sums are in registers, and the zeros that the next convolution pads with stay zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Finish {
    /// As long as the vectors that read it, as all of these.
    pub bias: Vec<f32>,
    pub relu: bool,
    pub scaling: Option<(Vec<f32>, Vec<f32>)>,
    pub relu_after: bool,
}

impl Finish {
    /// Makes its numbers `length` long.
    pub fn pad(&mut self, length: usize) {
        self.bias.resize(length, 0.0);
        if let Some((scale, shift)) = &mut self.scaling {
            scale.resize(length, 0.0);
            shift.resize(length, 0.0);
        }
    }

    /// What follows the bias, for columns from `column` on.
    ///
    /// # Safety
    /// As [`Vector`] says; its numbers are as many as are read.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub unsafe fn rest<V: Vector>(&self, sum: V, column: usize) -> V {
        // SAFETY: as promised to this function.
        unsafe {
            let mut value = if self.relu { sum.rectified() } else { sum };
            if let Some((scale, shift)) = &self.scaling {
                let scale = V::load(scale.as_ptr().add(column));
                let shift = V::load(shift.as_ptr().add(column));
                value = value.multiply_add(scale, shift);
            }
            if self.relu_after {
                value = value.rectified();
            }
            value
        }
    }
}

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
    /// The larger of pairs of neighbouring columns, in lines of `width`.
    MaxPool { width: usize },
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
