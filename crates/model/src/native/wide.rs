//! Plain loops, compiled once more for wider vectors and chosen at run time: the build is for any x86-64
//! processor, whose baseline has vectors of four. Widths change no result, since no loop here adds across
//! lanes and Rust never fuses a multiplication with an addition by itself.

/// What this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// The baseline of the target.
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The widest there is. The detection is cached by the standard library.
pub(super) fn width() -> Width {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
            return Width::Avx512;
        }
        if is_x86_feature_detected!("avx2") {
            return Width::Avx2;
        }
    }
    Width::Baseline
}

/// Defines a function whose loops are compiled for every [`Width`].
macro_rules! wide {
    ($(#[$attribute:meta])* pub(super) fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$attribute])*
        pub(super) fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn plain($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                #[allow(clippy::too_many_arguments)]
                fn avx2($($argument: $type),*) $(-> $result)? { plain($($argument),*) }
                #[target_feature(enable = "avx512f,avx512vl")]
                #[allow(clippy::too_many_arguments)]
                fn avx512($($argument: $type),*) $(-> $result)? { plain($($argument),*) }
                // SAFETY: the features were detected.
                #[allow(unsafe_code)]
                match $crate::native::wide::width() {
                    $crate::native::wide::Width::Avx512 => return unsafe { avx512($($argument),*) },
                    $crate::native::wide::Width::Avx2 => return unsafe { avx2($($argument),*) },
                    $crate::native::wide::Width::Baseline => {}
                }
            }
            plain($($argument),*)
        }
    };
}
pub(super) use wide;
