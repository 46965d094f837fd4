//! Instruction set of the processor, and code compiled for it.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256i, __m512i};

use super::vector::{Lanes, Portable};

/// Instruction sets with specialised kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// With VNNI, which multiplies and adds pairs, or four bytes, in one instruction.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// [`Lanes::ROWS`].
    pub fn rows(self) -> usize {
        match self {
            Self::Portable => Portable::ROWS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => <__m256i as Lanes>::ROWS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => <__m512i as Lanes>::ROWS,
        }
    }

    /// Whether an instruction multiplies and adds four bytes per lane.
    pub fn multiply_bytes(self) -> bool {
        match self {
            Self::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => true,
        }
    }

    /// Those that this processor supports, the best last.
    pub fn available() -> Vec<Self> {
        let mut found = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                found.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni")
            {
                found.push(Self::Avx512);
            }
        }
        found
    }
}

/// A computation with lanes.
pub(super) trait Body {
    /// Runs the computation.
    ///
    /// # Safety
    /// See [`Lanes`].
    unsafe fn run<L: Lanes>(self);
}

impl Instructions {
    /// Runs `body`, compiled for these instructions.
    ///
    /// # Safety
    /// The processor must support them; see also `body`.
    #[inline]
    pub unsafe fn run<B: Body>(self, body: B) {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        unsafe fn avx2<B: Body>(body: B) {
            // SAFETY: the caller upholds the contract of `run`.
            unsafe { body.run::<__m256i>() }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
        unsafe fn avx512<B: Body>(body: B) {
            // SAFETY: the caller upholds the contract of `run`.
            unsafe { body.run::<__m512i>() }
        }
        // SAFETY: the caller upholds this function's contract.
        unsafe {
            match self {
                Self::Portable => body.run::<Portable>(),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => avx2(body),
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => avx512(body),
            }
        }
    }
}
