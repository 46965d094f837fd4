//! Loops over samples and bins, which the compiler turns into vector instructions of the processor's full width. Sums are
//! taken in eight parts, so that no addition waits for the one before it; the parts are the same on every processor.

use lanes::wide;
use realfft::num_complex::Complex;

/// Parts of a sum.
const PARTS: usize = 8;

/// Sum of the terms.
#[inline(always)]
fn sum_of<T: Copy>(values: &[T], term: impl Fn(T) -> f64) -> f64 {
    let mut sums = [0.0; PARTS];
    let (whole, rest) = values.as_chunks::<PARTS>();
    for part in whole {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += term(*value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += term(*value);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

wide! {
    /// Sum of the values.
    pub(super) fn sum(values: &[f64]) -> f64 {
        sum_of(values, |v| v)
    }
}

wide! {
    /// Mean of the samples.
    pub(super) fn mean(samples: &[f32]) -> f64 {
        sum_of(samples, f64::from) / samples.len() as f64
    }
}

wide! {
    /// Mean square of the samples around their mean.
    pub(super) fn mean_square(samples: &[f32]) -> f64 {
        let mean = sum_of(samples, f64::from) / samples.len() as f64;
        let square = |v: f32| (f64::from(v) - mean) * (f64::from(v) - mean);
        sum_of(samples, square) / samples.len() as f64
    }
}

wide! {
    /// The samples less `mean`, times the window.
    pub(super) fn windowed(samples: &[f32], mean: f64, window: &[f64], out: &mut [f64]) {
        for ((value, sample), w) in out.iter_mut().zip(samples).zip(window) {
            *value = (f64::from(*sample) - mean) * w;
        }
    }
}

wide! {
    /// Squared magnitudes of bins.
    pub(super) fn squares(bins: &[Complex<f64>], out: &mut [f64]) {
        for (square, bin) in out.iter_mut().zip(bins) {
            *square = bin.norm_sqr();
        }
    }
}

wide! {
    /// Magnitudes of bins. Spectra are far from the ends of float64's range: no need of `hypot`.
    pub(super) fn magnitudes(bins: &[Complex<f64>], out: &mut [f32]) {
        for (magnitude, bin) in out.iter_mut().zip(bins) {
            *magnitude = bin.norm_sqr().sqrt() as f32;
        }
    }
}

wide! {
    /// Whether every value is a finite number.
    pub(super) fn are_finite(values: &[f32]) -> bool {
        values.iter().fold(true, |all, v| all & v.is_finite())
    }
}

wide! {
    /// `values / divisors * scale + floor`, in place.
    pub(super) fn levelled(values: &mut [f64], divisors: &[f64], scale: f64, floor: f64) {
        for (value, divisor) in values.iter_mut().zip(divisors) {
            *value = *value * scale / divisor + floor;
        }
    }
}

wide! {
    /// The values less `removed`.
    pub(super) fn less(values: &[f64], removed: f64, out: &mut [f32]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = (value - removed) as f32;
        }
    }
}

wide! {
    /// Whether the values, as many here as there, are the same to the bit.
    pub(super) fn are_same(values: &[f32], others: &[f32]) -> bool {
        let pairs = values.iter().zip(others);
        pairs.fold(true, |all, (a, b)| all & (a.to_bits() == b.to_bits()))
    }
}

wide! {
    /// Whether bin `n - i` of a spectrum is bin `i`, to the bit. Bin 0 and, of an even number, the middle one have no other.
    pub(super) fn is_mirrored(row: &[f32]) -> bool {
        let (first, second) = row.split_at(row.len() / 2 + 1);
        let pairs = second.iter().zip(first[1..=second.len()].iter().rev());
        pairs.fold(true, |all, (a, b)| all & (a.to_bits() == b.to_bits()))
    }
}

wide! {
    /// Makes the second half of a spectrum the mirror image of the first.
    pub(super) fn mirror(row: &mut [f32]) {
        let (first, second) = row.split_at_mut(row.len() / 2 + 1);
        let mirrored = first[1..=second.len()].iter().rev();
        second.iter_mut().zip(mirrored).for_each(|(to, from)| *to = *from);
    }
}
