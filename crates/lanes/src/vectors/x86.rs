//! Vectors of x86-64 processors.

use std::arch::x86_64::*;
use std::ops::{Add, Mul, Sub};

use super::{Arithmetic, Float, Isa, Part, PartMut, Row, Vector};

/// Defines an instruction set.
macro_rules! set {
    ($(#[$attribute:meta])* $set:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub(super) struct $set(());

        impl $set {
            /// # Safety
            /// The processor must support these instructions.
            #[inline(always)]
            pub(super) unsafe fn new() -> Self {
                Self(())
            }
        }
    };
}

set! {
    /// Vectors of 512 bits.
    Avx512
}
set! {
    /// Vectors of 256 bits.
    Avx2
}
set! {
    /// Vectors of 128 bits.
    Sse2
}

/// Implements [`Isa`] and [`Vector`] with intrinsics. Vectors need a value of their instruction set, and only `new` creates
/// one; therefore the intrinsics may be called.
macro_rules! isa {
    ($set:ident, $float:ty, $vector:ident($inner:ty), $parts:literal,
     $set1:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $mul_add:ident, $mul_sub_from:ident,
     |$at:ident| $gather:expr, |$at_32:ident| $gather_32:expr, |$out:ident, $to:ident| $scatter:expr,
     adjacent: |$from:ident| $whole:expr, |$from_32:ident| $whole_32:expr, $storeu:ident) => {
        #[derive(Clone, Copy)]
        pub(super) struct $vector($inner);

        impl Isa<$float> for $set {
            const PARTS: usize = $parts;
            type Vector = $vector;
            #[inline(always)]
            fn splat(self, value: $float) -> $vector {
                // SAFETY: in all of these, the processor supports the instructions, and rows are as long as the parts.
                $vector(unsafe { $set1(value) })
            }
            #[inline(always)]
            fn load(self, row: &Row<<$float as Float>::Array>, part: usize) -> $vector {
                assert!(part < $parts);
                let lanes = <$float as Float>::ROW / $parts;
                $vector(unsafe { $load(row.0.as_ptr().add(part * lanes)) })
            }
            #[inline(always)]
            fn gather<const A: bool>(self, from: Part<'_, $float, A>, place: usize) -> $vector {
                if A {
                    let $from = from.at(place, 0);
                    return $vector(unsafe { $whole });
                }
                let $at = |group: usize| from.at(place, group);
                $vector(unsafe { $gather })
            }
            #[inline(always)]
            fn gather_f32<const A: bool>(self, from: Part<'_, f32, A>, place: usize) -> $vector {
                if A {
                    let $from_32 = from.at(place, 0);
                    return $vector(unsafe { $whole_32 });
                }
                let $at_32 = |group: usize| from.at(place, group);
                $vector(unsafe { $gather_32 })
            }
        }

        impl Vector<$float> for $vector {
            #[inline(always)]
            fn store(self, row: &mut Row<<$float as Float>::Array>, part: usize) {
                assert!(part < $parts);
                let lanes = <$float as Float>::ROW / $parts;
                unsafe { $store(row.0.as_mut_ptr().add(part * lanes), self.0) }
            }
            #[inline(always)]
            fn scatter<const A: bool>(self, to: &mut PartMut<'_, $float, A>, place: usize) {
                if A {
                    return unsafe { $storeu(to.at(place, 0), self.0) };
                }
                let ($out, mut $to) = (self.0, |group: usize| to.at(place, group));
                unsafe { $scatter }
            }
        }

        impl Arithmetic for $vector {
            #[inline(always)]
            fn mul_add(self, factor: Self, summand: Self) -> Self {
                Self(unsafe { $mul_add(self.0, factor.0, summand.0) })
            }
            #[inline(always)]
            fn mul_sub_from(self, factor: Self, from: Self) -> Self {
                Self(unsafe { $mul_sub_from(self.0, factor.0, from.0) })
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

isa!(
    Avx512,
    f64,
    F64x8(__m512d),
    1,
    _mm512_set1_pd,
    _mm512_load_pd,
    _mm512_store_pd,
    _mm512_add_pd,
    _mm512_sub_pd,
    _mm512_mul_pd,
    _mm512_fmadd_pd,
    _mm512_fnmadd_pd,
    |at| {
        let low = _mm512_castpd256_pd512(_mm256_loadu_pd(at(0)));
        _mm512_insertf64x4::<1>(low, _mm256_loadu_pd(at(1)))
    },
    |at| {
        let (low, high) = (_mm_loadu_ps(at(0)), _mm_loadu_ps(at(1)));
        _mm512_cvtps_pd(_mm256_set_m128(high, low))
    },
    |vector, to| {
        _mm256_storeu_pd(to(0), _mm512_castpd512_pd256(vector));
        _mm256_storeu_pd(to(1), _mm512_extractf64x4_pd::<1>(vector));
    },
    adjacent: |from| _mm512_loadu_pd(from),
    |from| _mm512_cvtps_pd(_mm256_loadu_ps(from)),
    _mm512_storeu_pd
);
isa!(
    Avx512,
    f32,
    F32x16(__m512),
    1,
    _mm512_set1_ps,
    _mm512_load_ps,
    _mm512_store_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_mul_ps,
    _mm512_fmadd_ps,
    _mm512_fnmadd_ps,
    |at| sixteen(at(0), at(1), at(2), at(3)),
    |at| sixteen(at(0), at(1), at(2), at(3)),
    |vector, to| {
        _mm_storeu_ps(to(0), _mm512_castps512_ps128(vector));
        _mm_storeu_ps(to(1), _mm512_extractf32x4_ps::<1>(vector));
        _mm_storeu_ps(to(2), _mm512_extractf32x4_ps::<2>(vector));
        _mm_storeu_ps(to(3), _mm512_extractf32x4_ps::<3>(vector));
    },
    adjacent: |from| _mm512_loadu_ps(from),
    |from| _mm512_loadu_ps(from),
    _mm512_storeu_ps
);
isa!(
    Avx2,
    f64,
    F64x4(__m256d),
    2,
    _mm256_set1_pd,
    _mm256_load_pd,
    _mm256_store_pd,
    _mm256_add_pd,
    _mm256_sub_pd,
    _mm256_mul_pd,
    _mm256_fmadd_pd,
    _mm256_fnmadd_pd,
    |at| _mm256_loadu_pd(at(0)),
    |at| _mm256_cvtps_pd(_mm_loadu_ps(at(0))),
    |vector, to| _mm256_storeu_pd(to(0), vector),
    adjacent: |from| _mm256_loadu_pd(from),
    |from| _mm256_cvtps_pd(_mm_loadu_ps(from)),
    _mm256_storeu_pd
);
isa!(
    Avx2,
    f32,
    F32x8(__m256),
    2,
    _mm256_set1_ps,
    _mm256_load_ps,
    _mm256_store_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_mul_ps,
    _mm256_fmadd_ps,
    _mm256_fnmadd_ps,
    |at| _mm256_loadu2_m128(at(1), at(0)),
    |at| _mm256_loadu2_m128(at(1), at(0)),
    |vector, to| {
        _mm_storeu_ps(to(0), _mm256_castps256_ps128(vector));
        _mm_storeu_ps(to(1), _mm256_extractf128_ps::<1>(vector));
    },
    adjacent: |from| _mm256_loadu_ps(from),
    |from| _mm256_loadu_ps(from),
    _mm256_storeu_ps
);
isa!(
    Sse2,
    f64,
    F64x2(__m128d),
    4,
    _mm_set1_pd,
    _mm_load_pd,
    _mm_store_pd,
    _mm_add_pd,
    _mm_sub_pd,
    _mm_mul_pd,
    mul_add_pd,
    mul_sub_from_pd,
    |at| _mm_loadu_pd(at(0)),
    |at| _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(at(0).cast()))),
    |vector, to| _mm_storeu_pd(to(0), vector),
    adjacent: |from| _mm_loadu_pd(from),
    |from| _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd(from.cast()))),
    _mm_storeu_pd
);
isa!(
    Sse2,
    f32,
    F32x4(__m128),
    4,
    _mm_set1_ps,
    _mm_load_ps,
    _mm_store_ps,
    _mm_add_ps,
    _mm_sub_ps,
    _mm_mul_ps,
    mul_add_ps,
    mul_sub_from_ps,
    |at| _mm_loadu_ps(at(0)),
    |at| _mm_loadu_ps(at(0)),
    |vector, to| _mm_storeu_ps(to(0), vector),
    adjacent: |from| _mm_loadu_ps(from),
    |from| _mm_loadu_ps(from),
    _mm_storeu_ps
);

/// Four numbers from each of four positions.
///
/// # Safety
/// The processor supports AVX-512, and there are four numbers at every position.
#[inline(always)]
unsafe fn sixteen(a: *const f32, b: *const f32, c: *const f32, d: *const f32) -> __m512 {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        let row = _mm512_castps128_ps512(_mm_loadu_ps(a));
        let row = _mm512_insertf32x4::<1>(row, _mm_loadu_ps(b));
        let row = _mm512_insertf32x4::<2>(row, _mm_loadu_ps(c));
        _mm512_insertf32x4::<3>(row, _mm_loadu_ps(d))
    }
}

/// Fused operations without instructions for them, which only old processors lack: number by number.
macro_rules! fused {
    ($mul_add:ident, $mul_sub_from:ident, $inner:ty, [$float:ty; $lanes:literal]) => {
        #[inline(always)]
        unsafe fn $mul_add(a: $inner, b: $inner, c: $inner) -> $inner {
            // SAFETY: vectors are as large as arrays of their numbers, and every bit pattern is a number.
            unsafe {
                let [a, b, c]: [[$float; $lanes]; 3] = std::mem::transmute([a, b, c]);
                let sums: [$float; $lanes] = std::array::from_fn(|i| a[i].mul_add(b[i], c[i]));
                std::mem::transmute(sums)
            }
        }
        #[inline(always)]
        unsafe fn $mul_sub_from(a: $inner, b: $inner, c: $inner) -> $inner {
            // SAFETY: as above.
            unsafe {
                let [a, b, c]: [[$float; $lanes]; 3] = std::mem::transmute([a, b, c]);
                let sums: [$float; $lanes] = std::array::from_fn(|i| (-a[i]).mul_add(b[i], c[i]));
                std::mem::transmute(sums)
            }
        }
    };
}

fused!(mul_add_pd, mul_sub_from_pd, __m128d, [f64; 2]);
fused!(mul_add_ps, mul_sub_from_ps, __m128, [f32; 4]);
