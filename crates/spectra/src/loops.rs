//! Loops over samples and bins, which the compiler vectorises for the full width of the processor. Sums have many
//! parts, so that no addition waits for the one before it; the parts are the same on every processor.

use crate::fft::Complex;
use lanes::wide;

/// Number of parts of a sum: four of the widest vectors.
const PARTS: usize = 32;

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
    let mut length = PARTS;
    while length > 1 {
        length /= 2;
        for i in 0..length {
            sums[i] += sums[i + length];
        }
    }
    sums[0]
}

/// Sum of the terms of pairs of values of two slices of equal length.
#[inline(always)]
fn sum_of_pairs<T: Copy>(first: &[T], second: &[T], term: impl Fn(T, T) -> f64) -> f64 {
    // Partial sums side by side, in the same order on every machine.
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let ((first, own_rest), (second, rest)) =
        (first.as_chunks::<LANES>(), second.as_chunks::<LANES>());
    for (a, b) in first.iter().zip(second) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += term(*a, *b);
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(own_rest.iter().zip(rest)) {
        *sum += term(*a, *b);
    }
    sums.iter().sum()
}

wide! {
    /// Sum of the values. Every four of them, of one part each, are added as float32.
    pub fn sum(values: &[f32]) -> f64 {
        let (fours, rest) = values.as_chunks::<{ 4 * PARTS }>();
        let mut sums = [0.0; PARTS];
        for four in fours {
            let parts = four.as_chunks::<PARTS>().0;
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum += f64::from((parts[0][i] + parts[1][i]) + (parts[2][i] + parts[3][i]));
            }
        }
        sum_of(&sums, |sum: f64| sum) + sum_of(rest, f64::from)
    }
}

wide! {
    /// Mean of the samples.
    pub fn mean(samples: &[f32]) -> f64 {
        sum_of(samples, f64::from) / samples.len() as f64
    }
}

wide! {
    /// Mean of the samples, and their mean square around it.
    pub fn mean_and_square(samples: &[f32]) -> [f64; 2] {
        let mean = sum_of(samples, f64::from) / samples.len() as f64;
        let square = |v: f32| (f64::from(v) - mean) * (f64::from(v) - mean);
        [mean, sum_of(samples, square) / samples.len() as f64]
    }
}

/// Partial sums of squares and of fourth powers, and largest magnitudes.
struct Powers<const N: usize>([[f64; N]; 3]);

impl<const N: usize> Powers<N> {
    /// Adds samples minus `mean`, at most one to each part. One power after the other: all in one loop are not vectorised.
    #[inline(always)]
    fn add(&mut self, samples: &[f32], mean: f64) {
        let [squares, fourths, largest] = &mut self.0;
        let mut values = [0.0; N];
        for (value, sample) in values.iter_mut().zip(samples) {
            *value = f64::from(*sample) - mean;
        }
        let count = samples.len().min(N);
        for (largest, value) in largest.iter_mut().zip(&values[..count]) {
            let size = value.abs();
            *largest = if size > *largest { size } else { *largest };
        }
        for (sum, value) in squares.iter_mut().zip(&mut values[..count]) {
            *value *= *value;
            *sum += *value;
        }
        for (sum, square) in fourths.iter_mut().zip(&values[..count]) {
            *sum += square * square;
        }
    }
}

wide! {
    /// Sum of squares, sum of fourth powers and largest magnitude of the samples minus `mean`.
    pub fn powers(samples: &[f32], mean: f64) -> [f64; 3] {
        // Partial sums side by side, in the same order on every machine.
        const LANES: usize = 8;
        let mut sums = Powers([[0.0; LANES]; 3]);
        let (whole, rest) = samples.as_chunks::<LANES>();
        for samples in whole {
            sums.add(samples, mean);
        }
        sums.add(rest, mean);
        let Powers([squares, fourths, largest]) = sums;
        let largest = largest.iter().copied().fold(0.0, f64::max);
        [squares.iter().sum(), fourths.iter().sum(), largest]
    }
}

wide! {
    /// Mean squares of the samples minus `mean` in parts of the samples, which differ in length by one at most.
    pub fn mean_squares_of_parts(samples: &[f32], mean: f64, out: &mut [f64]) {
        // Partial sums side by side, in the same order on every machine.
        const LANES: usize = 8;
        let parts = out.len();
        // A division for every edge would take as long as a part.
        let (whole, rest) = (samples.len() / parts, samples.len() % parts);
        let edge = |i: usize| i * whole + if rest == 0 { 0 } else { i * rest / parts };
        for (i, out) in out.iter_mut().enumerate() {
            let part = &samples[edge(i)..edge(i + 1)];
            let mut sums = [0.0; LANES];
            let square = |sample: f32| (f64::from(sample) - mean) * (f64::from(sample) - mean);
            let (whole, rest) = part.as_chunks::<LANES>();
            for samples in whole {
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum += square(*sample);
                }
            }
            for (sum, sample) in sums.iter_mut().zip(rest) {
                *sum += square(*sample);
            }
            *out = sums.iter().sum::<f64>() / part.len() as f64;
        }
    }
}

/// Means of parts of `N` samples, minus `mean`.
#[inline(always)]
fn means_of_each<const N: usize>(samples: &[f32], mean: f64, out: &mut [f64]) {
    for (part, out) in samples.as_chunks::<N>().0.iter().zip(out) {
        let mut sums = part.map(f64::from);
        let mut length = N;
        while length > 1 {
            length /= 2;
            for i in 0..length {
                sums[i] += sums[i + length];
            }
        }
        *out = sums[0] * (1.0 / N as f64) - mean;
    }
}

wide! {
    /// Means of parts of the samples, which differ in length by one at most, minus `mean`.
    pub fn means_of_parts(samples: &[f32], mean: f64, out: &mut [f64]) {
        let parts = out.len();
        match (samples.len() / parts, samples.len() % parts) {
            (4, 0) => means_of_each::<4>(samples, mean, out),
            (16, 0) => means_of_each::<16>(samples, mean, out),
            (whole, rest) => {
                let edge = |i: usize| i * whole + if rest == 0 { 0 } else { i * rest / parts };
                for (i, out) in out.iter_mut().enumerate() {
                    let part = &samples[edge(i)..edge(i + 1)];
                    let sum = part.iter().fold(0.0, |sum, sample| sum + f64::from(*sample));
                    *out = sum / part.len() as f64 - mean;
                }
            }
        }
    }
}

wide! {
    /// Mean of the products of two channels of equal length, each minus its mean.
    pub fn mean_product(channels: [&[f32]; 2], means: [f64; 2]) -> f64 {
        let [first, second] = channels;
        sum_of_pairs(first, second, |a: f32, b: f32| (f64::from(a) - means[0]) * (f64::from(b) - means[1]))
            / first.len() as f64
    }
}

wide! {
    /// Mean of the products of values of two slices of equal length.
    pub fn product_of_means(first: &[f64], second: &[f64]) -> f64 {
        sum_of_pairs(first, second, |a, b| a * b) / first.len() as f64
    }
}

wide! {
    /// Adds the products of each value and the one `lag` places later to `sums[lag - 1]`. The last 32 values have no product
    /// of their own.
    pub fn autocorrelation(values: &[f64], sums: &mut [f64; 32]) {
        let mut local_sums = *sums;
        for (value, later) in values.iter().zip(values[1..].array_windows::<32>()) {
            for (sum, later) in local_sums.iter_mut().zip(later) {
                *sum += value * later;
            }
        }
        *sums = local_sums;
    }
}

wide! {
    /// Samples minus `mean`, multiplied by the window.
    pub fn windowed(samples: &[f32], mean: f64, window: &[f64], out: &mut [f64]) {
        for ((value, sample), w) in out.iter_mut().zip(samples).zip(window) {
            *value = (f64::from(*sample) - mean) * w;
        }
    }
}

wide! {
    /// Values multiplied by a factor.
    pub fn multiples(values: &[f64], factor: f64, out: &mut [f32]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = (value * factor) as f32;
        }
    }
}

wide! {
    /// Squared magnitudes of bins.
    pub fn squares(bins: &[Complex<f64>], out: &mut [f64]) {
        for (square, bin) in out.iter_mut().zip(bins) {
            *square = bin.norm_sqr();
        }
    }
}

wide! {
    /// Magnitudes of bins. Spectra are far from the limits of float64, so `hypot` is not needed.
    pub fn magnitudes(bins: &[Complex<f64>], out: &mut [f32]) {
        for (magnitude, bin) in out.iter_mut().zip(bins) {
            *magnitude = bin.norm_sqr().sqrt() as f32;
        }
    }
}

wide! {
    /// Square roots of quarters of the values.
    pub fn roots_of_quarters(values: &[f64], out: &mut [f32]) {
        for (out, value) in out.iter_mut().zip(values) {
            *out = (0.25 * value).sqrt() as f32;
        }
    }
}

wide! {
    /// Whether every value is a finite number.
    pub fn are_finite(values: &[f32]) -> bool {
        values.iter().fold(true, |all, v| all & v.is_finite())
    }
}

wide! {
    /// Sum of the products of values of two slices of equal length.
    pub fn sum_of_products(values: &[f32], factors: &[f64]) -> f64 {
        values.iter().zip(factors).fold(0.0, |sum, (value, factor)| sum + f64::from(*value) * factor)
    }
}

/// The larger of two numbers, as a single instruction.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

wide! {
    /// The largest magnitude.
    pub fn largest_magnitude(values: &[f32]) -> f32 {
        values.iter().fold(0.0, |largest, value| larger(largest, value.abs()))
    }
}

wide! {
    /// Adds values to sums.
    pub fn add(values: &[f64], sums: &mut [f64]) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value;
        }
    }
}

wide! {
    /// Products of values and factors.
    pub fn products(values: &[f64], factors: &[f64], out: &mut [f32]) {
        for ((out, value), factor) in out.iter_mut().zip(values).zip(factors) {
            *out = (value * factor) as f32;
        }
    }
}

wide! {
    /// Means from sums of `1 / factor` numbers that are multiplied by `scales`, and what rounding to float32 loses of them.
    pub fn scaled_means(sums: &[f64], scales: &[f32], factor: f64, means: &mut [f32], rests: &mut [f32]) {
        for (((sum, scale), mean), rest) in sums.iter().zip(scales).zip(means).zip(rests) {
            let exact = sum * factor * f64::from(*scale);
            *mean = exact as f32;
            *rest = (exact - f64::from(*mean)) as f32;
        }
    }
}

wide! {
    /// Whether the values of two slices of equal length are identical bit for bit.
    pub fn are_same(values: &[f32], others: &[f32]) -> bool {
        let pairs = values.iter().zip(others);
        pairs.fold(true, |all, (a, b)| all & (a.to_bits() == b.to_bits()))
    }
}

wide! {
    /// Whether bin `n - i` of a spectrum equals bin `i` bit for bit. Bin 0 and, for even lengths, the middle bin have
    /// no partner.
    pub fn is_mirrored(row: &[f32]) -> bool {
        let (first, second) = row.split_at(row.len() / 2 + 1);
        let pairs = second.iter().zip(first[1..=second.len()].iter().rev());
        pairs.fold(true, |all, (a, b)| all & (a.to_bits() == b.to_bits()))
    }
}

wide! {
    /// Makes the second half of a spectrum the mirror image of the first.
    pub fn mirror(row: &mut [f32]) {
        let (first, second) = row.split_at_mut(row.len() / 2 + 1);
        let mirrored = first[1..=second.len()].iter().rev();
        second.iter_mut().zip(mirrored).for_each(|(to, from)| *to = *from);
    }
}
