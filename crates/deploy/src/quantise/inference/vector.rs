//! Vectors of 32-bit integers for each instruction set. Computations are written once, over [`Lanes`]. All operations
//! are exact, so the instruction set changes no result.
//!
//! # Safety
//! Methods of [`Lanes`] may be called if the instruction set was detected, with pointers valid for the stated number of
//! elements.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Channels that a tile computes at once: a multiple of the lanes of every vector.
pub(super) const PANEL: usize = 16;

/// A vector of integers.
pub(super) trait Lanes: Copy {
    const COUNT: usize;
    /// Rows of a tile of [`PANEL`] channels that leave registers for the operands.
    const ROWS: usize;
    unsafe fn splat(value: i32) -> Self;
    unsafe fn load(from: *const i32) -> Self;
    unsafe fn store(self, to: *mut i32);
    /// Loads and widens one 16-bit integer per lane.
    unsafe fn widen(from: *const i16) -> Self;
    /// Stores the low half of every lane as a 16-bit integer.
    unsafe fn narrow(self, to: *mut i16);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    /// Low halves of the products.
    unsafe fn multiply(self, other: Self) -> Self;
    /// Per lane, `self` plus the products of the two pairs of 16-bit integers in `a` and `b`.
    unsafe fn add_pairs(self, a: Self, b: Self) -> Self;
    /// Per lane, `self` plus the products of the four bytes of `a`, without sign, and those of `b`, with one.
    unsafe fn add_bytes(self, a: Self, b: Self) -> Self;
    /// Stores the low byte of every lane.
    unsafe fn store_bytes(self, to: *mut u8);
    /// `self * other / 2^31`, rounded to nearest, ties up; `other` must not be negative.
    unsafe fn doubling_high_product(self, other: Self) -> Self;
    unsafe fn and(self, other: Self) -> Self;
    /// All bits set in lanes where `self` is greater, none in the others.
    unsafe fn greater(self, other: Self) -> Self;
    /// Shifts each lane right, copying the sign.
    unsafe fn shift_right(self, bits: Self) -> Self;
    unsafe fn shift_right_by<const BITS: u32>(self) -> Self;
    unsafe fn shift_left<const BITS: u32>(self) -> Self;
    unsafe fn clamp(self, least: Self, most: Self) -> Self;
}

/// For processors without a specialised instruction set; compilers vectorise it.
#[derive(Clone, Copy)]
pub(super) struct Portable([i32; 4]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Self, both: impl Fn(i32, i32) -> i32) -> Self {
        Self(std::array::from_fn(|i| both(self.0[i], other.0[i])))
    }
}

impl Lanes for Portable {
    const COUNT: usize = 4;
    const ROWS: usize = 2;
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        Self(unsafe { from.cast::<[i32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { to.cast::<[i32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn widen(from: *const i16) -> Self {
        // SAFETY: the caller upholds this function's contract.
        Self(unsafe { from.cast::<[i16; 4]>().read_unaligned() }.map(i32::from))
    }
    #[inline(always)]
    unsafe fn narrow(self, to: *mut i16) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            to.cast::<[i16; 4]>()
                .write_unaligned(self.0.map(|v| v as i16));
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.with(other, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        self.with(other, i32::wrapping_sub)
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        self.with(other, i32::wrapping_mul)
    }
    #[inline(always)]
    unsafe fn add_pairs(self, a: Self, b: Self) -> Self {
        let products = a.with(b, |a, b| {
            i32::from(a as i16) * i32::from(b as i16) + (a >> 16) * (b >> 16)
        });
        self.with(products, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn add_bytes(self, a: Self, b: Self) -> Self {
        let products = a.with(b, |a, b| {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            let products = a.iter().zip(b);
            products
                .map(|(a, b)| i32::from(*a) * i32::from(b as i8))
                .sum()
        });
        self.with(products, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            to.cast::<[u8; 4]>()
                .write_unaligned(self.0.map(|v| v as u8))
        }
    }
    #[inline(always)]
    unsafe fn doubling_high_product(self, other: Self) -> Self {
        self.with(other, |a, b| {
            ((i64::from(a) * i64::from(b) + (1 << 30)) >> 31) as i32
        })
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self) -> Self {
        self.with(other, |a, b| -i32::from(a > b))
    }
    #[inline(always)]
    unsafe fn shift_right(self, bits: Self) -> Self {
        self.with(bits, |a, b| a >> b)
    }
    #[inline(always)]
    unsafe fn shift_right_by<const BITS: u32>(self) -> Self {
        Self(self.0.map(|v| v >> BITS))
    }
    #[inline(always)]
    unsafe fn shift_left<const BITS: u32>(self) -> Self {
        Self(self.0.map(|v| v << BITS))
    }
    #[inline(always)]
    unsafe fn clamp(self, least: Self, most: Self) -> Self {
        self.with(least, i32::max).with(most, i32::min)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for __m256i {
    const COUNT: usize = 8;
    const ROWS: usize = 6;
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_set1_epi32(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_storeu_si256(to.cast(), self) }
    }
    #[inline(always)]
    unsafe fn widen(from: *const i16) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast())) }
    }
    #[inline(always)]
    unsafe fn narrow(self, to: *mut i16) {
        // SAFETY: the caller upholds this function's contract. Values fit 16 bits, so that nothing saturates.
        unsafe {
            let both = _mm256_packs_epi32(self, self);
            let low = _mm256_castsi256_si128(_mm256_permute4x64_epi64::<0b1000>(both));
            _mm_storeu_si128(to.cast(), low);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_add_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_sub_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_mullo_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn add_pairs(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_add_epi32(self, _mm256_madd_epi16(a, b)) }
    }
    #[inline(always)]
    unsafe fn add_bytes(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller upholds this function's contract. Even and odd bytes become pairs of 16-bit integers.
        unsafe {
            let even = _mm256_and_si256(a, _mm256_set1_epi16(255));
            let odd = _mm256_srli_epi16::<8>(a);
            let sum = self.add_pairs(even, _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(b)));
            sum.add_pairs(odd, _mm256_srai_epi16::<8>(b))
        }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            let mut lanes = [0i32; 8];
            Lanes::store(self, lanes.as_mut_ptr());
            to.cast::<[u8; 8]>().write_unaligned(lanes.map(|v| v as u8));
        }
    }
    #[inline(always)]
    unsafe fn doubling_high_product(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract. The results are bits 31 to 62 of the products of even
        // and of odd lanes.
        unsafe {
            let half = _mm256_set1_epi64x(1 << 30);
            let even = _mm256_add_epi64(_mm256_mul_epi32(self, other), half);
            let odd = _mm256_mul_epi32(
                _mm256_srli_epi64::<32>(self),
                _mm256_srli_epi64::<32>(other),
            );
            let odd = _mm256_add_epi64(odd, half);
            let (even, odd) = (_mm256_srli_epi64::<31>(even), _mm256_slli_epi64::<1>(odd));
            _mm256_blend_epi32::<0b1010_1010>(even, odd)
        }
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_and_si256(self, other) }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_cmpgt_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn shift_right(self, bits: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_srav_epi32(self, bits) }
    }
    #[inline(always)]
    unsafe fn shift_right_by<const BITS: u32>(self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_srav_epi32(self, _mm256_set1_epi32(BITS as i32)) }
    }
    #[inline(always)]
    unsafe fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_sllv_epi32(self, _mm256_set1_epi32(BITS as i32)) }
    }
    #[inline(always)]
    unsafe fn clamp(self, least: Self, most: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_min_epi32(_mm256_max_epi32(self, least), most) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for __m512i {
    const COUNT: usize = 16;
    const ROWS: usize = 12;
    #[inline(always)]
    unsafe fn splat(value: i32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_set1_epi32(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const i32) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut i32) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_storeu_si512(to.cast(), self) }
    }
    #[inline(always)]
    unsafe fn widen(from: *const i16) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_cvtepi16_epi32(_mm256_loadu_si256(from.cast())) }
    }
    #[inline(always)]
    unsafe fn narrow(self, to: *mut i16) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm256_storeu_si256(to.cast(), _mm512_cvtepi32_epi16(self)) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_add_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_sub_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_mullo_epi32(self, other) }
    }
    #[inline(always)]
    unsafe fn add_pairs(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_dpwssd_epi32(self, a, b) }
    }
    #[inline(always)]
    unsafe fn add_bytes(self, a: Self, b: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_dpbusd_epi32(self, a, b) }
    }
    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(self)) }
    }
    #[inline(always)]
    unsafe fn doubling_high_product(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract. Works as with half as many lanes.
        unsafe {
            let half = _mm512_set1_epi64(1 << 30);
            let even = _mm512_add_epi64(_mm512_mul_epi32(self, other), half);
            let odd = _mm512_mul_epi32(
                _mm512_srli_epi64::<32>(self),
                _mm512_srli_epi64::<32>(other),
            );
            let odd = _mm512_add_epi64(odd, half);
            let (even, odd) = (_mm512_srli_epi64::<31>(even), _mm512_slli_epi64::<1>(odd));
            _mm512_mask_blend_epi32(0b1010_1010_1010_1010, even, odd)
        }
    }
    #[inline(always)]
    unsafe fn and(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_and_si512(self, other) }
    }
    #[inline(always)]
    unsafe fn greater(self, other: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_maskz_set1_epi32(_mm512_cmpgt_epi32_mask(self, other), -1) }
    }
    #[inline(always)]
    unsafe fn shift_right(self, bits: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_srav_epi32(self, bits) }
    }
    #[inline(always)]
    unsafe fn shift_right_by<const BITS: u32>(self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_srai_epi32::<BITS>(self) }
    }
    #[inline(always)]
    unsafe fn shift_left<const BITS: u32>(self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_slli_epi32::<BITS>(self) }
    }
    #[inline(always)]
    unsafe fn clamp(self, least: Self, most: Self) -> Self {
        // SAFETY: the caller upholds this function's contract.
        unsafe { _mm512_min_epi32(_mm512_max_epi32(self, least), most) }
    }
}
