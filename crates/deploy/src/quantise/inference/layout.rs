//! Where values lie, which positions go through one product, and kernels as products read them.

use crate::network::Shape;

use super::kernels::{Pairs, Run};
use super::vector::PANEL;

/// Where numbers of a value lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    pub shape: Shape,
    /// Numbers from one position to the next: an even one.
    pub stride: usize,
}

impl Layout {
    pub fn new(shape: Shape) -> Self {
        let stride = shape.channels.next_multiple_of(2);
        Self { shape, stride }
    }

    /// Numbers of a sample.
    pub fn length(&self) -> usize {
        self.shape.positions() * self.stride
    }
}

/// Positions of the output that read the same taps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    pub runs: Vec<Run>,
    /// Where each begins to read and to write, from the start of a sample.
    pub rows: Vec<(usize, usize)>,
}

/// Of weights by tap, input and output; zeros up to pairs and panels.
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
