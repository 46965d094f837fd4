//! Products of matrices: vectorised loops with the same bits on every processor and for any number of
//! threads, since the order of every sum is fixed.

use lanes::wide;
use rayon::prelude::*;

/// Partial sums of a product of float64 rows: one of the widest vectors.
const PARTS: usize = 8;
/// Partial sums of a product of float32 rows.
const PARTS_32: usize = 16;
/// Columns over which float32 sums are precise enough; the sums over these are added in float64.
const STRETCH: usize = 512;

/// Adds the products of two short rows to the partial sums.
#[inline(always)]
fn multiply_add<T, const N: usize>(sums: &mut [T; N], a: &[T; N], b: &[T; N])
where
    T: Copy + std::ops::Mul<Output = T> + std::ops::AddAssign,
{
    for i in 0..N {
        sums[i] += a[i] * b[i];
    }
}

/// Products of one row with several of the same length.
#[inline(always)]
pub(crate) fn dots<const N: usize>(a: &[f64], b: [&[f64]; N]) -> [f64; N] {
    let (a, rest) = a.as_chunks::<PARTS>();
    let b = b.map(|b| b.as_chunks::<PARTS>());
    let whole = b.map(|(whole, _)| &whole[..a.len()]);
    let mut sums = [[0.0; PARTS]; N];
    for (i, a) in a.iter().enumerate() {
        for (sums, b) in sums.iter_mut().zip(whole) {
            multiply_add(sums, a, &b[i]);
        }
    }
    std::array::from_fn(|n| {
        let rest = rest.iter().zip(b[n].1).map(|(a, b)| a * b);
        sums[n].iter().sum::<f64>() + rest.sum::<f64>()
    })
}

/// `to += sum of factors times rows`.
#[inline(always)]
pub(crate) fn add_rows<const N: usize>(to: &mut [f64], factors: [f64; N], rows: [&[f64]; N]) {
    let rows = rows.map(|row| &row[..to.len()]);
    for (j, to) in to.iter_mut().enumerate() {
        let mut sum = *to;
        for n in 0..N {
            sum += factors[n] * rows[n][j];
        }
        *to = sum;
    }
}

wide! {
    /// Dot product.
    pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
        dots(a, [b])[0]
    }
}

wide! {
    /// `to += factor * values`.
    pub(crate) fn add(to: &mut [f64], factor: f64, values: &[f64]) {
        add_rows(to, [factor], [values]);
    }
}

wide! {
    /// Products of the rows of `a` with those of `b`, `[rows of a, rows of b]`. The rows of `b` begin every `stride`
    /// values.
    pub(crate) fn products(a: &[f64], b: &[f64], width: usize, stride: usize, out: &mut [f64]) {
        let count = b.len() / stride;
        for (a, out) in a.chunks_exact(width).zip(out.chunks_exact_mut(count)) {
            let row = |i: usize| &b[i * stride..][..width];
            let mut i = 0;
            while i + 4 <= count {
                out[i..i + 4].copy_from_slice(&dots(a, [row(i), row(i + 1), row(i + 2), row(i + 3)]));
                i += 4;
            }
            while i < count {
                out[i] = dots(a, [row(i)])[0];
                i += 1;
            }
        }
    }
}

wide! {
    /// Adds to each row of `to`, which begin every `stride` values, the sum of the rows of `values` times its column of
    /// `factors`, `[rows of values, rows of to]`.
    pub(crate) fn add_products(to: &mut [f64], stride: usize, factors: &[f64], values: &[f64], width: usize) {
        let count = to.len() / stride;
        let fours = values.chunks_exact(4 * width);
        let rest = fours.remainder();
        let done = values.len() - rest.len();
        for (four, factors) in fours.zip(factors.chunks_exact(4 * count)) {
            let row = |r: usize| &four[r * width..][..width];
            for (n, to) in to.chunks_exact_mut(stride).enumerate() {
                let factors = std::array::from_fn(|r| factors[r * count + n]);
                add_rows(&mut to[..width], factors, [row(0), row(1), row(2), row(3)]);
            }
        }
        for (row, factors) in rest.chunks_exact(width).zip(factors[done / width * count..].chunks_exact(count)) {
            for (n, to) in to.chunks_exact_mut(stride).enumerate() {
                add_rows(&mut to[..width], [factors[n]], [row]);
            }
        }
    }
}

wide! {
    /// Adds to the lower triangle of `to`, `[columns, columns]`, the products of the columns of `values` in a range.
    pub(crate) fn add_squares(to: &mut [f64], values: &[f64], width: usize, columns: std::ops::Range<usize>) {
        let size = columns.len();
        let fours = values.chunks_exact(4 * width);
        let rest = fours.remainder();
        for four in fours {
            let row = |r: usize| &four[r * width..][columns.clone()];
            let rows = [row(0), row(1), row(2), row(3)];
            for (i, to) in to.chunks_exact_mut(size).enumerate() {
                add_rows(&mut to[..=i], rows.map(|row| row[i]), rows);
            }
        }
        for row in rest.chunks_exact(width) {
            let row = &row[columns.clone()];
            for (i, to) in to.chunks_exact_mut(size).enumerate() {
                add_rows(&mut to[..=i], [row[i]], [row]);
            }
        }
    }
}

/// Product of two float32 rows, in stretches that keep their precision.
#[inline(always)]
fn dot_32(a: &[f32], b: &[f32]) -> f64 {
    let stretches = a.chunks(STRETCH).zip(b.chunks(STRETCH));
    stretches.map(|(a, b)| stretch(a, b)).sum()
}

#[inline(always)]
fn stretch(a: &[f32], b: &[f32]) -> f64 {
    let (a, rest_a) = a.as_chunks::<PARTS_32>();
    let (b, rest_b) = b.as_chunks::<PARTS_32>();
    let mut sums = [0.0; PARTS_32];
    for (a, b) in a.iter().zip(b) {
        multiply_add(&mut sums, a, b);
    }
    add_rest(sums, rest_a, rest_b)
}

/// The sum of the partial sums, to which the last products are added.
#[inline(always)]
fn add_rest(mut sums: [f32; PARTS_32], a: &[f32], b: &[f32]) -> f64 {
    for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
        *sum += a * b;
    }
    sums.iter().map(|&sum| f64::from(sum)).sum()
}

/// Products of one row with four others of the same length. Each is summed as in [`dot_32`].
#[inline(always)]
fn dots_32(a: &[f32], b: [&[f32]; 4]) -> [f64; 4] {
    let mut totals = [0.0; 4];
    for (k, a) in a.chunks(STRETCH).enumerate() {
        let at = k * STRETCH..k * STRETCH + a.len();
        let (a, rest) = a.as_chunks::<PARTS_32>();
        let [b0, b1, b2, b3] = b.map(|b| b[at.clone()].as_chunks::<PARTS_32>());
        let [mut s0, mut s1, mut s2, mut s3] = [[0.0; PARTS_32]; 4];
        let rows = a.iter().zip(b0.0).zip(b1.0).zip(b2.0).zip(b3.0);
        for ((((a, b0), b1), b2), b3) in rows {
            multiply_add(&mut s0, a, b0);
            multiply_add(&mut s1, a, b1);
            multiply_add(&mut s2, a, b2);
            multiply_add(&mut s3, a, b3);
        }
        totals[0] += add_rest(s0, rest, b0.1);
        totals[1] += add_rest(s1, rest, b1.1);
        totals[2] += add_rest(s2, rest, b2.1);
        totals[3] += add_rest(s3, rest, b3.1);
    }
    totals
}

wide! {
    /// Products of a float32 row with the rows of `b`.
    fn products_of_row_32(a: &[f32], b: &[f32], out: &mut [f64]) {
        let row = |i: usize| &b[i * a.len()..][..a.len()];
        let mut i = 0;
        while i + 4 <= out.len() {
            out[i..i + 4].copy_from_slice(&dots_32(a, [row(i), row(i + 1), row(i + 2), row(i + 3)]));
            i += 4;
        }
        while i < out.len() {
            out[i] = dot_32(a, row(i));
            i += 1;
        }
    }
}

/// Rows of `b` whose products with all rows of `a` are computed while they are in the cache.
const ROWS_32: usize = 16;

/// Products of the rows of `a` with those of `b`, `[rows of a, rows of b]`, on all threads.
pub(crate) fn products_32(a: &[f32], b: &[f32], width: usize) -> Vec<f64> {
    let count = b.len() / width;
    let mut out = vec![0.0; a.len() / width * count];
    let tiles = out.par_chunks_mut(ROWS_32 * count.max(1));
    tiles
        .zip(a.par_chunks(ROWS_32 * width))
        .for_each(|(out, a)| {
            for (k, b) in b.chunks(ROWS_32 * width).enumerate() {
                for (a, out) in a.chunks_exact(width).zip(out.chunks_exact_mut(count)) {
                    let out = &mut out[k * ROWS_32..][..b.len() / width];
                    products_of_row_32(a, b, out);
                }
            }
        });
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Numbers without a pattern, from -1 to 1.
    pub(crate) fn numbers(count: usize) -> Vec<f64> {
        let number = |i: usize| ((i * 7919 + 13) % 1009) as f64 / 504.5 - 1.0;
        (0..count).map(number).collect()
    }

    pub(crate) fn plain_dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn products_by_hand() {
        let (width, stride) = (21, 22);
        let (a, b) = (numbers(7 * width), numbers(6 * stride));
        let mut out = vec![0.0; 7 * 6];
        products(&a, &b, width, stride, &mut out);
        let mut sums = numbers(6 * stride);
        let before = sums.clone();
        add_products(&mut sums, stride, &out, &a, width);
        for i in 0..7 {
            for j in 0..6 {
                let expected = plain_dot(&a[i * width..][..width], &b[j * stride..][..width]);
                assert!((out[i * 6 + j] - expected).abs() < 1e-12);
            }
        }
        for j in 0..6 {
            for x in 0..stride {
                let column = (0..7).map(|i| out[i * 6 + j] * a.get(i * width + x).unwrap_or(&0.0));
                let added = if x < width { column.sum() } else { 0.0 };
                let expected = before[j * stride + x] + added;
                assert!((sums[j * stride + x] - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn squares_of_some_columns() {
        let values = numbers(7 * 10);
        let mut found = vec![0.0; 16];
        add_squares(&mut found, &values, 10, 3..7);
        for i in 0..4 {
            for j in 0..=i {
                let column = |c: usize| (0..7).map(move |r| r * 10 + 3 + c);
                let pairs = column(i).zip(column(j));
                let expected: f64 = pairs.map(|(a, b)| values[a] * values[b]).sum();
                assert!((found[i * 4 + j] - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn products_in_single_precision() {
        let width = 1234;
        let of = |count: usize| -> Vec<f32> {
            numbers(count * width).iter().map(|v| *v as f32).collect()
        };
        let (a, b) = (of(19), of(35));
        let found = products_32(&a, &b, width);
        for (i, a) in a.chunks(width).enumerate() {
            for (j, b) in b.chunks(width).enumerate() {
                let pairs = a.iter().zip(b);
                let expected: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                assert!((found[i * 35 + j] - expected).abs() < 1e-4, "{i} {j}");
            }
        }
    }
}
