//! Memory layout of values, groups of positions for one product, and packed kernels.

use crate::network::Shape;

use super::kernels::{Pairs, Run};
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

    /// Numbers per sample.
    pub fn length(&self) -> usize {
        self.shape.positions() * self.stride
    }
}

/// Positions of the output that read the same taps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub runs: Vec<Run>,
    /// Offsets within a sample at which each begins to read and to write.
    pub rows: Vec<(usize, usize)>,
}

/// Packs weights by tap, input and output, zero-padded to pairs and panels.
pub(super) fn pack(
    taps: usize,
    (inputs, outputs): (usize, usize),
    weight: impl Fn(usize, usize, usize) -> i16,
) -> Vec<Pairs> {
    let mut packed = Vec::new();
    for panel in (0..outputs).step_by(PANEL) {
        for tap in 0..taps {
            for input in (0..inputs).step_by(2) {
                packed.push(Pairs(std::array::from_fn(|lane| {
                    [input, input + 1].map(|input| {
                        let is_there = input < inputs && panel + lane < outputs;
                        if is_there {
                            weight(tap, input, panel + lane)
                        } else {
                            0
                        }
                    })
                })));
            }
        }
    }
    packed
}
