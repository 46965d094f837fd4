//! Registers of products whose sums take nearly all of them.
#![allow(unsafe_code)]

use std::arch::x86_64::__m256;

/// The same vector, computed before anything after it is read from memory. If all registers are taken, compilers otherwise
/// read the numbers of the next row early, and keep a sum in memory instead: every addition to it then waits for the memory.
#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn settled(mut vector: __m256) -> __m256 {
    // SAFETY: the assembly contains no instruction.
    unsafe {
        std::arch::asm!("/* {0} */", inout(ymm_reg) vector, options(nostack, preserves_flags));
    }
    vector
}
