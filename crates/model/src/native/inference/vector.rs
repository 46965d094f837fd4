//! Vectors of the current processor. Computations are written once over [`Vector`] and compiled for every instruction
//! set by [`Isa`]. The width changes no result: nothing adds across lanes, and every processor rounds a fused
//! multiply-add once.
//!
//! # Safety
//! The methods of a vector may be called if its instruction set was detected, with pointers to as many values as it has
//! lanes.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A vector of values.
pub(super) trait Vector: Copy {
    const LANES: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    unsafe fn multiply(self, other: Self) -> Self;
    /// `self * factor + summand`, rounded once.
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self;
    /// The larger of `self` and `other`; `self` if either is NaN.
    unsafe fn larger(self, other: Self) -> Self;
    /// `max(self, 0)`; NaN stays NaN.
    #[inline(always)]
    unsafe fn rectified(self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { self.larger(Self::splat(0.0)) }
    }
}

/// An operation on consecutive values of rows of the same length, one vector at a time.
pub(super) trait Body {
    /// Processes `V::LANES` values from `i` on.
    ///
    /// # Safety
    /// See [`Vector`], for `V::LANES` values from `i` on.
    unsafe fn at<V: Vector>(&self, i: usize);
}

/// An operation on a tile of `R` rows by `N` vectors and, if `T` is 1, a narrower one.
pub(super) trait Tiled {
    /// Processes the tile.
    ///
    /// # Safety
    /// See [`Vector`], for the whole tile.
    unsafe fn tile<V: Isa, const R: usize, const N: usize, const T: usize>(&self);
}

/// An instruction set, named by its widest vector.
pub(super) trait Isa: Vector {
    /// Vector for the last columns of a row, if they fit; narrower if that is faster.
    type Tail: Vector;
    /// Rows of a tile with one, two and three vectors that leave registers for the operands.
    const ROWS: [usize; 3];
    fn low(self) -> Self::Tail;
    /// The same vector, computed before anything after it is read from memory; unsafe as the methods of [`Vector`].
    #[inline(always)]
    unsafe fn settled(self) -> Self {
        self
    }
    /// Whether `store_first` takes a single instruction.
    const MASKS: bool = false;
    /// Stores the first `count` values, fewer than all, where [`Self::MASKS`] is set; unsafe as the methods of [`Vector`].
    unsafe fn store_first(self, _to: *mut f32, _count: usize) {
        unreachable!("only with masks");
    }
    /// Processes a tile with this instruction set.
    ///
    /// # Safety
    /// See [`Tiled::tile`].
    unsafe fn tile<const R: usize, const N: usize, const T: usize>(tile: &impl Tiled);
    /// Applies `body` to rows of `length` values. Values may be processed twice only if `body` reads and writes
    /// different ones.
    ///
    /// # Safety
    /// See [`Body::at`], for all values.
    unsafe fn sweep<B: Body>(length: usize, body: &B);
}

/// [`Isa::sweep`] without the instruction set. Short rows are processed with narrower vectors.
#[inline(always)]
unsafe fn sweep<V: Isa, B: Body>(length: usize, body: &B) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        if length >= V::LANES {
            sweep_by::<V, B>(length, body);
        } else if length >= V::Tail::LANES {
            sweep_by::<V::Tail, B>(length, body);
        } else {
            (0..length).for_each(|i| body.at::<f32>(i));
        }
    }
}

/// Applies `body` one vector at a time; the last vector overlaps the one before.
#[inline(always)]
unsafe fn sweep_by<V: Vector, B: Body>(length: usize, body: &B) {
    // SAFETY: every vector ends before `length`; the rest is as promised to this function.
    unsafe {
        let mut i = 0;
        while i + V::LANES <= length {
            body.at::<V>(i);
            i += V::LANES;
        }
        if i < length {
            body.at::<V>(length - V::LANES);
        }
    }
}

impl Vector for f32 {
    const LANES: usize = 1;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        value
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { *from }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { *to = self }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self + other
    }
    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        self - other
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        self * other
    }
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        self.mul_add(factor, summand)
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

/// For processors without a specialised instruction set; compilers vectorise it.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Self, both: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| both(self.0[i], other.0[i])))
    }
}

impl Vector for Portable {
    const LANES: usize = 4;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        let sums = |i: usize| self.0[i].mul_add(factor.0[i], summand.0[i]);
        Self(std::array::from_fn(sums))
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        self.with(other, |a, b| if b > a { b } else { a })
    }
}

impl Isa for Portable {
    type Tail = Self;
    const ROWS: [usize; 3] = [8, 4, 4];
    #[inline(always)]
    fn low(self) -> Self {
        self
    }
    unsafe fn tile<const R: usize, const N: usize, const T: usize>(tile: &impl Tiled) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { tile.tile::<Self, R, N, T>() }
    }
    unsafe fn sweep<B: Body>(length: usize, body: &B) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { sweep::<Self, B>(length, body) }
    }
}

/// Implements [`Vector`] with intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! vector {
    ($vector:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $fma:ident, $max:ident) => {
        impl Vector for $vector {
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: in all of these, the caller upholds the function's contract.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                unsafe { $store(to, self) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                unsafe { $add(self, other) }
            }
            #[inline(always)]
            unsafe fn subtract(self, other: Self) -> Self {
                unsafe { $sub(self, other) }
            }
            #[inline(always)]
            unsafe fn multiply(self, other: Self) -> Self {
                unsafe { $mul(self, other) }
            }
            #[inline(always)]
            unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
                unsafe { $fma(self, factor, summand) }
            }
            #[inline(always)]
            unsafe fn larger(self, other: Self) -> Self {
                // If either operand is NaN, the instruction returns the second one.
                unsafe { $max(other, self) }
            }
        }
    };
}

/// Implements [`Isa`] for a vector whose instruction set has these features.
#[cfg(target_arch = "x86_64")]
macro_rules! isa {
    ($vector:ty, $features:literal, $tail:ty, $rows:expr, $low:expr, {$($masks:tt)*}) => {
        impl Isa for $vector {
            $($masks)*
            type Tail = $tail;
            const ROWS: [usize; 3] = $rows;
            #[inline(always)]
            fn low(self) -> $tail {
                $low(self)
            }
            unsafe fn tile<const R: usize, const N: usize, const T: usize>(tile: &impl Tiled) {
                #[target_feature(enable = $features)]
                unsafe fn compiled<const R: usize, const N: usize, const T: usize>(
                    tile: &impl Tiled,
                ) {
                    unsafe { tile.tile::<$vector, R, N, T>() }
                }
                // SAFETY: in both, the caller upholds the function's contract; the features were detected.
                unsafe { compiled::<R, N, T>(tile) }
            }
            unsafe fn sweep<B: Body>(length: usize, body: &B) {
                #[target_feature(enable = $features)]
                unsafe fn compiled<B: Body>(length: usize, body: &B) {
                    unsafe { sweep::<$vector, B>(length, body) }
                }
                unsafe { compiled(length, body) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
vector!(
    __m128,
    4,
    _mm_set1_ps,
    _mm_loadu_ps,
    _mm_storeu_ps,
    _mm_add_ps,
    _mm_sub_ps,
    _mm_mul_ps,
    _mm_fmadd_ps,
    _mm_max_ps
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m256,
    8,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps,
    _mm256_max_ps
);
#[cfg(target_arch = "x86_64")]
vector!(
    __m512,
    16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps,
    _mm512_max_ps
);
// Half a vector takes half the time on processors that split vectors, and as long as a whole one on others.
#[cfg(target_arch = "x86_64")]
isa!(
    __m256,
    "avx2,fma",
    __m128,
    [8, 6, 4],
    |v| unsafe { _mm256_castps256_ps128(v) },
    {
        #[inline(always)]
        unsafe fn settled(self) -> Self {
            // SAFETY: the caller upholds this function's contract.
            unsafe { crate::native::registers::settled(self) }
        }
    }
);
#[cfg(target_arch = "x86_64")]
isa!(
    __m512,
    "avx512f,avx512vl,avx2,fma",
    __m256,
    [8, 8, 8],
    |v| unsafe { _mm512_castps512_ps256(v) },
    {
        const MASKS: bool = true;
        #[inline(always)]
        unsafe fn store_first(self, to: *mut f32, count: usize) {
            unsafe { _mm512_mask_storeu_ps(to, (1 << count) - 1, self) }
        }
    }
);
