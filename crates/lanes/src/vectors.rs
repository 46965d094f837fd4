//! Vectors of float32 and float64 with the processor's instructions, for loops that compilers do not vectorise.
//!
//! A computation over rows of 64 bytes is a [`Kernel`]. It is written once, compiled for every instruction set, and run
//! with the widest that the processor supports. A row consists of [`Isa::PARTS`] vectors. No operation adds across lanes,
//! and only [`Arithmetic::mul_add`] and [`Arithmetic::mul_sub_from`] round a product and a sum once, so every instruction set
//! gives the same bits.
#![allow(unsafe_code)]

mod fours;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Mul, Sub};

use crate::Width;
pub use fours::{Fours, FoursMut, Part, PartMut};

/// Numbers of float64 per row.
pub const ROW: usize = 8;

/// A row, aligned so that no vector spans two cache lines: `Row<[f64; 8]>` or `Row<[f32; 16]>`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Row<A>(pub A);

/// The types of numbers in vectors: float32 and float64.
pub trait Float: Copy + sealed::Run {
    /// The numbers of a row.
    type Array: Copy + Default + AsRef<[Self]>;
    /// Numbers per row.
    const ROW: usize;
    /// The nearest number of this type.
    fn nearest(value: f64) -> Self;
}

impl Float for f64 {
    type Array = [f64; ROW];
    const ROW: usize = ROW;
    #[inline(always)]
    fn nearest(value: f64) -> Self {
        value
    }
}

impl Float for f32 {
    type Array = [f32; 2 * ROW];
    const ROW: usize = 2 * ROW;
    #[inline(always)]
    fn nearest(value: f64) -> Self {
        value as f32
    }
}

/// Arithmetic of vectors.
pub trait Arithmetic: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// `self * factor + summand`, rounded once.
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// `from - self * factor`, rounded once.
    fn mul_sub_from(self, factor: Self, from: Self) -> Self;
}

/// A vector: a part of a row.
pub trait Vector<T: Float>: Arithmetic {
    /// Replaces a part of a row.
    fn store(self, row: &mut Row<T::Array>, part: usize);
    /// Writes a part of the row at a position.
    fn scatter<const A: bool>(self, to: &mut PartMut<'_, T, A>, place: usize);
}

/// Types of numbers from which rows of `T` are gathered: `T` itself, and float32, which becomes float64.
pub trait Source<T: Float>: Copy {
    /// A part of the row at a position.
    fn gather<I: Isa<T>, const A: bool>(isa: I, from: Part<'_, Self, A>, place: usize)
    -> I::Vector;
}

impl<T: Float> Source<T> for T {
    #[inline(always)]
    fn gather<I: Isa<T>, const A: bool>(isa: I, from: Part<'_, T, A>, place: usize) -> I::Vector {
        isa.gather(from, place)
    }
}

impl Source<f64> for f32 {
    #[inline(always)]
    fn gather<I: Isa<f64>, const A: bool>(
        isa: I,
        from: Part<'_, f32, A>,
        place: usize,
    ) -> I::Vector {
        isa.gather_f32(from, place)
    }
}

/// An instruction set that the processor supports, with its vectors of `T`. A value of this type proves that they may be
/// used.
pub trait Isa<T: Float>: Copy {
    /// Vectors per row.
    const PARTS: usize;
    /// Numbers per vector.
    const LANES: usize = T::ROW / Self::PARTS;
    /// Its vector type.
    type Vector: Vector<T>;
    /// A part of all rows, to gather from; `A` only if they are adjacent.
    #[inline(always)]
    fn part<'a, S, const A: bool>(self, rows: &Fours<'a, S>, part: usize) -> Part<'a, S, A> {
        assert!(part < Self::PARTS && (!A || rows.are_adjacent(T::ROW)));
        rows.starting_at(part * Self::LANES)
    }
    /// How many of the first parts hold all lanes that are not repetitions.
    #[inline(always)]
    fn parts(self, rows: &FoursMut<'_, T>) -> usize {
        rows.lanes().div_ceil(Self::LANES).min(Self::PARTS)
    }
    /// A part of all rows, to write to; `A` only if they are adjacent.
    #[inline(always)]
    fn part_mut<'a, const A: bool>(
        self,
        rows: &'a mut FoursMut<'_, T>,
        part: usize,
    ) -> PartMut<'a, T, A> {
        assert!(part < Self::PARTS && (!A || rows.are_adjacent(T::ROW)));
        rows.starting_at(part * Self::LANES)
    }
    /// The same number in all lanes.
    fn splat(self, value: T) -> Self::Vector;
    /// A part of a row.
    fn load(self, row: &Row<T::Array>, part: usize) -> Self::Vector;
    /// A part of the row at a position.
    fn gather<const A: bool>(self, from: Part<'_, T, A>, place: usize) -> Self::Vector;
    /// A part of the row of float32 numbers at a position.
    fn gather_f32<const A: bool>(self, from: Part<'_, f32, A>, place: usize) -> Self::Vector;
}

/// A computation written for any instruction set.
pub trait Kernel<T: Float> {
    /// Runs the computation. This method and everything it calls must be `#[inline(always)]`, to be compiled with the
    /// instructions of `isa`.
    fn run<I: Isa<T>>(self, isa: I);
}

/// Runs a computation with the widest vectors of this processor.
pub fn run<T: Float>(kernel: impl Kernel<T>) {
    T::run_with(Width::detect(), kernel);
}

mod sealed {
    use super::Kernel;
    use crate::Width;

    /// Runs kernels with any vectors that the processor supports.
    pub trait Run: Sized {
        fn run_with(width: Width, kernel: impl Kernel<Self>)
        where
            Self: super::Float;
    }
}

macro_rules! run_with {
    ($float:ty) => {
        impl sealed::Run for $float {
            fn run_with(width: Width, kernel: impl Kernel<$float>) {
                #[cfg(target_arch = "x86_64")]
                {
                    #[target_feature(enable = "avx512f,avx512vl,fma")]
                    fn avx512(kernel: impl Kernel<$float>) {
                        kernel.run(unsafe { x86::Avx512::new() });
                    }
                    #[target_feature(enable = "avx2,fma")]
                    fn avx2(kernel: impl Kernel<$float>) {
                        kernel.run(unsafe { x86::Avx2::new() });
                    }
                    // SAFETY: the features were detected.
                    unsafe {
                        match width {
                            Width::Avx512 => avx512(kernel),
                            Width::Avx2 => avx2(kernel),
                            Width::Baseline => kernel.run(x86::Sse2::new()),
                        }
                    }
                }
                #[cfg(not(target_arch = "x86_64"))]
                {
                    let Width::Baseline = width;
                    kernel.run(portable::Portable);
                }
            }
        }
    };
}

run_with!(f32);
run_with!(f64);

#[cfg(test)]
mod tests;
