//! Which instruction sets this processor has.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};

use super::vector::{Isa, Portable, Vector};

/// The instruction sets that the code supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// All that this processor supports, the best one last.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 {
                all.push(Self::Avx2);
            }
            let avx512 =
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                all.push(Self::Avx512);
            }
        }
        all
    }

    /// The best one of this processor: the widest.
    pub fn best() -> Self {
        Self::all().pop().expect("there is always one")
    }

    /// Columns of a vector, and of the vector for a row's last columns.
    pub fn lanes(self) -> (usize, usize) {
        match self {
            Self::Portable => (Portable::LANES, <Portable as Isa>::Tail::LANES),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => (__m256::LANES, <__m256 as Isa>::Tail::LANES),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => (__m512::LANES, <__m512 as Isa>::Tail::LANES),
        }
    }
}
