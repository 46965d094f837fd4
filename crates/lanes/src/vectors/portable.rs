//! Vectors for processors without intrinsics here.
#![cfg(any(test, not(target_arch = "x86_64")))]

use std::ops::{Add, Mul, Sub};

use super::{Arithmetic, Float, Isa, Part, PartMut, Row, Vector};

/// Vectors of 128 bits, which all 64-bit processors have.
#[derive(Clone, Copy)]
pub(super) struct Portable;

#[derive(Clone, Copy)]
pub(super) struct Lanes<A>(A);

/// Implements [`Isa`] and [`Vector`].
macro_rules! portable {
    ($float:ty, $lanes:literal) => {
        impl Isa<$float> for Portable {
            const PARTS: usize = <$float as Float>::ROW / $lanes;
            type Vector = Lanes<[$float; $lanes]>;
            #[inline(always)]
            fn splat(self, value: $float) -> Self::Vector {
                Lanes([value; $lanes])
            }
            #[inline(always)]
            fn load(self, row: &Row<<$float as Float>::Array>, part: usize) -> Self::Vector {
                Lanes(row.0.as_chunks().0[part])
            }
            #[inline(always)]
            fn gather<const A: bool>(
                self,
                from: Part<'_, $float, A>,
                place: usize,
            ) -> Self::Vector {
                let lanes = from.at(place, 0).cast::<[$float; $lanes]>();
                // SAFETY: four numbers are there.
                Lanes(unsafe { lanes.read() })
            }
            #[inline(always)]
            fn gather_f32<const A: bool>(
                self,
                from: Part<'_, f32, A>,
                place: usize,
            ) -> Self::Vector {
                let lanes = from.at(place, 0).cast::<[f32; $lanes]>();
                // SAFETY: four numbers are there.
                Lanes(unsafe { lanes.read() }.map(<$float>::from))
            }
        }

        impl Arithmetic for Lanes<[$float; $lanes]> {
            #[inline(always)]
            fn mul_add(self, factor: Self, summand: Self) -> Self {
                let lane = |i: usize| self.0[i].mul_add(factor.0[i], summand.0[i]);
                Self(std::array::from_fn(lane))
            }
            #[inline(always)]
            fn mul_sub_from(self, factor: Self, from: Self) -> Self {
                let lane = |i: usize| (-self.0[i]).mul_add(factor.0[i], from.0[i]);
                Self(std::array::from_fn(lane))
            }
        }

        impl Vector<$float> for Lanes<[$float; $lanes]> {
            #[inline(always)]
            fn store(self, row: &mut Row<<$float as Float>::Array>, part: usize) {
                row.0.as_chunks_mut().0[part] = self.0;
            }
            #[inline(always)]
            fn scatter<const A: bool>(self, to: &mut PartMut<'_, $float, A>, place: usize) {
                let lanes = to.at(place, 0).cast::<[$float; $lanes]>();
                // SAFETY: there is room for four numbers.
                unsafe { lanes.write(self.0) }
            }
        }
    };
}

portable!(f64, 2);
portable!(f32, 4);

macro_rules! operator {
    ($operator:ident, $method:ident) => {
        impl<T: $operator<Output = T> + Copy, const N: usize> $operator for Lanes<[T; N]> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(std::array::from_fn(|i| self.0[i].$method(other.0[i])))
            }
        }
    };
}

operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
