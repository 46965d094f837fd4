//! Vectorised multipliers of channels.
#![allow(unsafe_code)]

use super::super::Multiplier;
use super::vector::{Lanes, PANEL};

/// Multipliers of channels in the form that lanes need.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Multipliers {
    value: Vec<i32>,
    /// Bits to shift right.
    right: Vec<i32>,
    /// These bits as a mask, and half of it.
    mask: Vec<i32>,
    half: Vec<i32>,
}

impl Multipliers {
    /// Multipliers of channels, zero-padded to a whole panel. None may shift left.
    pub fn new(multipliers: &[Multiplier]) -> Self {
        let mut all = Self::default();
        for multiplier in multipliers {
            // The shift of a zero multiplier has no meaning.
            let right = (-multiplier.shift).max(0);
            let mask = ((1i64 << right) - 1) as i32;
            all.value.push(multiplier.value);
            all.right.push(right.min(31));
            all.mask.push(mask);
            all.half.push(mask >> 1);
        }
        let length = multipliers.len().next_multiple_of(PANEL);
        for list in [&mut all.value, &mut all.right, &mut all.mask, &mut all.half] {
            list.resize(length, 0);
        }
        all
    }

    /// The same multiplier in every lane.
    pub fn splat(multiplier: Multiplier) -> Self {
        Self::new(&[multiplier; PANEL])
    }
}

/// Multipliers of as many channels as there are lanes.
#[derive(Clone, Copy)]
pub(super) struct Scaling<L> {
    value: L,
    right: L,
    mask: L,
    half: L,
}

impl<L: Lanes> Scaling<L> {
    /// Loads the multipliers from channel `at` on.
    ///
    /// # Safety
    /// There must be as many as there are lanes.
    #[inline(always)]
    pub unsafe fn load(multipliers: &Multipliers, at: usize) -> Self {
        debug_assert!(at + L::COUNT <= multipliers.value.len());
        // SAFETY: the caller upholds this function's contract; all lists have one length.
        unsafe {
            Self {
                value: L::load(multipliers.value.as_ptr().add(at)),
                right: L::load(multipliers.right.as_ptr().add(at)),
                mask: L::load(multipliers.mask.as_ptr().add(at)),
                half: L::load(multipliers.half.as_ptr().add(at)),
            }
        }
    }

    /// [`Multiplier::apply`] for multipliers that do not shift left.
    ///
    /// # Safety
    /// See [`Lanes`].
    #[inline(always)]
    pub unsafe fn apply(&self, x: L) -> L {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let product = x.doubling_high_product(self.value);
            let below = product.and(self.mask);
            // One more for negative numbers, whose ties also round away from zero.
            let threshold = self.half.subtract(product.shift_right_by::<31>());
            let floor = product.shift_right(self.right);
            floor.subtract(below.greater(threshold))
        }
    }
}
