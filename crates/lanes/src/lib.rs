//! Vectorised loops: plain Rust, compiled for several vector widths and selected at run time. The build itself targets
//! any x86-64 processor, whose baseline has vectors of four float32. The width changes no result, since the compiler
//! never adds across lanes and Rust never fuses a multiplication with an addition by itself.
//!
//! ```
//! lanes::wide! {
//!     /// `a *= factor`.
//!     fn scale(a: &mut [f32], factor: f32) {
//!         for a in a {
//!             *a *= factor;
//!         }
//!     }
//! }
//! let mut values = [1.0, 2.0, 3.0];
//! scale(&mut values, 2.0);
//! assert_eq!(values, [2.0, 4.0, 6.0]);
//! ```

pub mod text;
mod transpose;
mod vectors;

pub use transpose::{Shape, transpose, transpose_less};
pub use vectors::{
    Arithmetic, Float, Fours, FoursMut, Isa, Kernel, Part, PartMut, ROW, Row, Source, Vector, run,
};

/// Vector width of a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// The baseline of the target.
    Baseline,
    /// Vectors of 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Vectors of 512 bits.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Width {
    /// The widest that this processor supports. The standard library caches the detection.
    #[inline]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            // Every processor with such vectors fuses multiplications and additions.
            let is_fused = is_x86_feature_detected!("fma");
            let is_widest =
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            if is_fused && is_widest {
                return Self::Avx512;
            }
            if is_fused && is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }

    /// Whether a vector of this width holds a [`Row`].
    pub fn holds_row(self) -> bool {
        match self {
            Self::Baseline => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => false,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => true,
        }
    }

    /// All widths up to the widest that this processor supports.
    #[cfg(test)]
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            let widest = Self::detect();
            all.extend((widest != Self::Baseline).then_some(Self::Avx2));
            all.extend((widest == Self::Avx512).then_some(widest));
        }
        all
    }
}

/// Defines a function whose loops are compiled for every [`Width`]. Functions that it calls must be `#[inline(always)]` to
/// be compiled with it. `mul_add` of numbers is an instruction in all but the baseline of x86-64, where it is a call.
#[macro_export]
macro_rules! wide {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$attribute])*
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn plain($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($argument: $type),*) $(-> $result)? { plain($($argument),*) }
                #[target_feature(enable = "avx512f,avx512vl,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx512($($argument: $type),*) $(-> $result)? { plain($($argument),*) }
                // SAFETY: the features were detected.
                #[allow(unsafe_code)]
                match $crate::Width::detect() {
                    $crate::Width::Avx512 => return unsafe { avx512($($argument),*) },
                    $crate::Width::Avx2 => return unsafe { avx2($($argument),*) },
                    $crate::Width::Baseline => {}
                }
            }
            plain($($argument),*)
        }
    };
}
