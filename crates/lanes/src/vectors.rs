//! Vectors of float64 with the processor's instructions, for loops that compilers do not vectorise.
//!
//! A computation over rows of [`ROW`] numbers is a [`Kernel`]. It is written once, compiled for every instruction set,
//! and run with the widest that the processor supports. A row consists of `ROW / LANES` vectors. No operation adds
//! across lanes or fuses a multiplication with an addition, so every instruction set gives the same bits.
#![allow(unsafe_code)]

use std::ops::{Add, Mul, Sub};

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::Width;

/// Numbers per row.
pub const ROW: usize = 8;

/// A row, aligned so that no vector spans two cache lines.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub struct Row(pub [f64; ROW]);

/// Rows in two slices: four numbers of a row are in the first slice, and four at the same position in the second.
#[derive(Clone, Copy)]
pub struct Fours<'a, T> {
    low: &'a [T],
    high: &'a [T],
    /// The last position at which both slices have four numbers.
    last: usize,
}

impl<'a, T> Fours<'a, T> {
    /// Rows in two slices.
    ///
    /// # Panics
    /// If a slice is shorter than four numbers.
    #[inline]
    pub fn new(low: &'a [T], high: &'a [T]) -> Self {
        let shorter = low.len().min(high.len());
        assert!(shorter >= 4, "a row has four numbers in each slice");
        Self {
            low,
            high,
            last: shorter - 4,
        }
    }

    /// Four numbers of the row at a position: those in the first slice (`half` 0) or in the second.
    #[inline(always)]
    fn at(&self, place: usize, half: usize) -> *const T {
        assert!(place <= self.last);
        // Not an array of both, which compilers would write to memory for every row.
        let slice = if half == 0 { self.low } else { self.high };
        // SAFETY: both slices have four numbers at this position.
        unsafe { slice.as_ptr().add(place) }
    }
}

/// Destination of rows: four numbers from one position of a slice, and four from another.
pub struct FoursMut<'a> {
    all: &'a mut [f64],
    firsts: [usize; 2],
    /// The last position at which both parts have room for four numbers.
    last: usize,
}

impl<'a> FoursMut<'a> {
    /// Rows whose parts begin at `firsts`.
    ///
    /// # Panics
    /// If there is no room for one row.
    #[inline]
    pub fn new(all: &'a mut [f64], firsts: [usize; 2]) -> Self {
        let room = all.len().checked_sub(firsts[0].max(firsts[1]));
        let last = room.and_then(|room| room.checked_sub(4));
        Self {
            last: last.expect("there is room for four numbers"),
            all,
            firsts,
        }
    }

    /// Room for four numbers of the row at a position, in the first part (`half` 0) or the second.
    #[inline(always)]
    fn at(&mut self, place: usize, half: usize) -> *mut f64 {
        assert!(place <= self.last);
        let [low, high] = self.firsts;
        let first = if half == 0 { low } else { high };
        // SAFETY: there are four numbers at both positions.
        unsafe { self.all.as_mut_ptr().add(first + place) }
    }
}

/// A vector: a part of a row.
pub trait Vector: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// Replaces a part of a row.
    fn store(self, row: &mut Row, part: usize);
    /// Writes a part of the row at a position.
    fn scatter(self, to: &mut FoursMut<'_>, place: usize, part: usize);
}

/// Types of numbers that rows are gathered from: float64, and float32, which becomes float64.
pub trait Number: Copy {
    /// A part of the row at a position.
    fn gather<I: Isa>(isa: I, from: Fours<'_, Self>, place: usize, part: usize) -> I::F64;
}

impl Number for f64 {
    #[inline(always)]
    fn gather<I: Isa>(isa: I, from: Fours<'_, f64>, place: usize, part: usize) -> I::F64 {
        isa.gather(from, place, part)
    }
}

impl Number for f32 {
    #[inline(always)]
    fn gather<I: Isa>(isa: I, from: Fours<'_, f32>, place: usize, part: usize) -> I::F64 {
        isa.gather_widened(from, place, part)
    }
}

/// An instruction set that the processor supports. A value of this type proves that its vectors may be used.
pub trait Isa: Copy {
    /// Numbers per vector; a divisor of [`ROW`].
    const LANES: usize;
    /// Its vector type.
    type F64: Vector;
    /// The same number in all lanes.
    fn splat(self, value: f64) -> Self::F64;
    /// A part of a row.
    fn load(self, row: &Row, part: usize) -> Self::F64;
    /// A part of the row at a position.
    fn gather(self, from: Fours<'_, f64>, place: usize, part: usize) -> Self::F64;
    /// A part of the row of float32 numbers at a position.
    fn gather_widened(self, from: Fours<'_, f32>, place: usize, part: usize) -> Self::F64;
}

/// A computation written for any instruction set.
pub trait Kernel {
    /// Runs the computation. This method and everything it calls must be `#[inline(always)]`, to be compiled with the
    /// instructions of `isa`.
    fn run<I: Isa>(self, isa: I);
}

/// Runs a computation with the widest vectors of this processor.
pub fn run(kernel: impl Kernel) {
    run_with(Width::detect(), kernel);
}

fn run_with(width: Width, kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl")]
        fn avx512(kernel: impl Kernel) {
            kernel.run(Avx512(()));
        }
        #[target_feature(enable = "avx2")]
        fn avx2(kernel: impl Kernel) {
            kernel.run(Avx2(()));
        }
        // SAFETY: the features were detected.
        unsafe {
            match width {
                Width::Avx512 => avx512(kernel),
                Width::Avx2 => avx2(kernel),
                Width::Baseline => kernel.run(Sse2(())),
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let Width::Baseline = width;
        kernel.run(Portable(()));
    }
}

/// Implements [`Isa`] and [`Vector`] with intrinsics. Only this module can create an instruction set, and vectors need
/// one; therefore the intrinsics may be called.
#[cfg(target_arch = "x86_64")]
macro_rules! isa {
    ($isa:ident, $vector:ident($inner:ty), $lanes:literal, $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident,
     |$at:ident, $part:ident| $gather:expr, |$at_32:ident, $part_32:ident| $widened:expr,
     |$vector_out:ident, $to:ident, $part_out:ident| $scatter:expr) => {
        #[derive(Clone, Copy)]
        struct $isa(());

        #[derive(Clone, Copy)]
        struct $vector($inner);

        impl Isa for $isa {
            const LANES: usize = $lanes;
            type F64 = $vector;
            #[inline(always)]
            fn splat(self, value: f64) -> $vector {
                // SAFETY: in all of these, the processor supports the instructions, and rows are as long as the parts.
                $vector(unsafe { $set1(value) })
            }
            #[inline(always)]
            fn load(self, row: &Row, part: usize) -> $vector {
                assert!(part < ROW / $lanes);
                $vector(unsafe { $load(row.0.as_ptr().add(part * $lanes)) })
            }
            #[inline(always)]
            fn gather(self, from: Fours<'_, f64>, place: usize, $part: usize) -> $vector {
                assert!($part < ROW / $lanes);
                let $at = |half: usize| from.at(place, half);
                $vector(unsafe { $gather })
            }
            #[inline(always)]
            fn gather_widened(
                self,
                from: Fours<'_, f32>,
                place: usize,
                $part_32: usize,
            ) -> $vector {
                assert!($part_32 < ROW / $lanes);
                let $at_32 = |half: usize| from.at(place, half);
                $vector(unsafe { $widened })
            }
        }

        impl Vector for $vector {
            #[inline(always)]
            fn store(self, row: &mut Row, part: usize) {
                assert!(part < ROW / $lanes);
                unsafe { $store(row.0.as_mut_ptr().add(part * $lanes), self.0) }
            }
            #[inline(always)]
            fn scatter(self, to: &mut FoursMut<'_>, place: usize, $part_out: usize) {
                assert!($part_out < ROW / $lanes);
                let ($vector_out, mut $to) = (self.0, |half: usize| to.at(place, half));
                unsafe { $scatter }
            }
        }

        impl Add for $vector {
            type Output = Self;
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                Self(unsafe { $add(self.0, other.0) })
            }
        }

        impl Sub for $vector {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(unsafe { $sub(self.0, other.0) })
            }
        }

        impl Mul for $vector {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(unsafe { $mul(self.0, other.0) })
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
isa!(
    Avx512,
    V512(__m512d),
    8,
    _mm512_set1_pd,
    _mm512_load_pd,
    _mm512_store_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    |at, _part| {
        let low = _mm512_castpd256_pd512(_mm256_loadu_pd(at(0)));
        _mm512_insertf64x4::<1>(low, _mm256_loadu_pd(at(1)))
    },
    |at, _part| {
        let (low, high) = (_mm_loadu_ps(at(0)), _mm_loadu_ps(at(1)));
        _mm512_cvtps_pd(_mm256_set_m128(high, low))
    },
    |vector, to, _part| {
        _mm256_storeu_pd(to(0), _mm512_castpd512_pd256(vector));
        _mm256_storeu_pd(to(1), _mm512_extractf64x4_pd::<1>(vector));
    }
);
#[cfg(target_arch = "x86_64")]
isa!(
    Avx2,
    V256(__m256d),
    4,
    _mm256_set1_pd,
    _mm256_load_pd,
    _mm256_store_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    |at, part| _mm256_loadu_pd(at(part)),
    |at, part| _mm256_cvtps_pd(_mm_loadu_ps(at(part))),
    |vector, to, part| _mm256_storeu_pd(to(part), vector)
);
#[cfg(target_arch = "x86_64")]
isa!(
    Sse2,
    V128(__m128d),
    2,
    _mm_set1_pd,
    _mm_load_pd,
    _mm_store_pd,
    _mm_add_pd,
    _mm_sub_pd,
    _mm_mul_pd,
    |at, part| _mm_loadu_pd(at(part / 2).add(part % 2 * 2)),
    |at, part| {
        let two = at(part / 2).add(part % 2 * 2);
        _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(two.cast())))
    },
    |vector, to, part| _mm_storeu_pd(to(part / 2).add(part % 2 * 2), vector)
);

/// For processors without intrinsics here.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
struct Portable(());

/// Two numbers, since all 64-bit processors have vectors of that width.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
struct Pair([f64; 2]);

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Isa for Portable {
    const LANES: usize = 2;
    type F64 = Pair;
    #[inline(always)]
    fn splat(self, value: f64) -> Pair {
        Pair([value; 2])
    }
    #[inline(always)]
    fn load(self, row: &Row, part: usize) -> Pair {
        Pair([row.0[2 * part], row.0[2 * part + 1]])
    }
    #[inline(always)]
    fn gather(self, from: Fours<'_, f64>, place: usize, part: usize) -> Pair {
        let two = from.at(place, part / 2).cast::<[f64; 2]>();
        // SAFETY: four numbers are there.
        Pair(unsafe { two.add(part % 2).read() })
    }
    #[inline(always)]
    fn gather_widened(self, from: Fours<'_, f32>, place: usize, part: usize) -> Pair {
        let two = from.at(place, part / 2).cast::<[f32; 2]>();
        // SAFETY: four numbers are there.
        Pair(unsafe { two.add(part % 2).read() }.map(f64::from))
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Vector for Pair {
    #[inline(always)]
    fn store(self, row: &mut Row, part: usize) {
        row.0[2 * part..2 * part + 2].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn scatter(self, to: &mut FoursMut<'_>, place: usize, part: usize) {
        let half = to.at(place, part / 2).cast::<[f64; 2]>();
        // SAFETY: four numbers are there.
        unsafe { half.add(part % 2).write(self.0) }
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
macro_rules! operator {
    ($operator:ident, $method:ident) => {
        impl $operator for Pair {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self([0, 1].map(|i| self.0[i].$method(other.0[i])))
            }
        }
    };
}

#[cfg(any(test, not(target_arch = "x86_64")))]
operator!(Add, add);
#[cfg(any(test, not(target_arch = "x86_64")))]
operator!(Sub, sub);
#[cfg(any(test, not(target_arch = "x86_64")))]
operator!(Mul, mul);

#[cfg(test)]
mod tests;
