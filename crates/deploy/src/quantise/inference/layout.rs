//! Memory layout of values, groups of positions for one product, and packed kernels.

use crate::network::Shape;

use super::kernels::{Run, Words};
use super::vector::PANEL;

/// Memory layout of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    pub shape: Shape,
    /// Distance from one position to the next; even.
    pub stride: usize,
}

impl Layout {
    pub fn new(shape: Shape) -> Self {
        let stride = shape.channels.next_multiple_of(2);
        Self { shape, stride }
    }

    /// Distance from one position to the next in bytes, in words of four.
    pub fn byte_words(&self) -> usize {
        self.shape.channels.div_ceil(4)
    }

    /// Numbers per sample.
    pub fn length(&self) -> usize {
        self.shape.positions() * self.stride
    }
}

/// Positions of the output that read the same taps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub runs: Vec<Run>,
    /// For each position, the first word of a sample that it reads and the first number that it writes.
    pub rows: Vec<(usize, usize)>,
    /// Bias per channel, zero-padded to a whole panel, if it is not that of the layer.
    pub bias: Vec<i32>,
}

/// Packs weights by tap, input and output, zero-padded to words of `N` weights and to panels.
pub(super) fn pack<const N: usize>(
    taps: usize,
    (inputs, outputs): (usize, usize),
    weight: impl Fn(usize, usize, usize) -> i16,
) -> Vec<Words> {
    let mut packed = Vec::new();
    for panel in (0..outputs).step_by(PANEL) {
        for tap in 0..taps {
            for first in (0..inputs).step_by(N) {
                packed.push(Words(std::array::from_fn(|lane| {
                    word(std::array::from_fn::<_, N, _>(|i| {
                        let is_there = first + i < inputs && panel + lane < outputs;
                        if is_there {
                            weight(tap, first + i, panel + lane)
                        } else {
                            0
                        }
                    }))
                })));
            }
        }
    }
    packed
}

/// A word of two or four weights, the first in the lowest bits.
fn word<const N: usize>(weights: [i16; N]) -> i32 {
    const { assert!(N == 2 || N == 4) };
    let bits = 32 / N;
    let parts = weights.iter().enumerate();
    parts.fold(0, |word, (i, weight)| {
        let part = i32::from(*weight) & ((1 << bits) - 1);
        word | part << (i * bits)
    })
}
