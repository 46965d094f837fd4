//! Matrix products of the shapes these networks have, read where the operands lie.
//!
//! Libraries for large matrices copy both operands into panels first; at these sizes that copying, and the
//! gathering of columns that turns a convolution into one product, take as long as the product itself.
//! Here one [`Product`] is a convolution: for every place of the result it sums over runs of the inner
//! dimension, one a kernel tap, so a tap that lies in the padding costs nothing and nothing is gathered. The
//! rows of a tile are the same position of different samples.
//!
//! A kernel broadcasts elements of `a`, strided any way, and loads vectors of `b`, whose columns lie side by
//! side; the sums of a tile stay in registers over all its runs.
//!
//! Every element of the result is one chain of fused multiply-adds over its runs, in order, whatever tile or
//! processor computes it: the bits depend on neither.
#![allow(unsafe_code)]

use std::ops::Range;

/// Offsets of one run of the inner dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Into `a`.
    pub a: usize,
    /// Into `b`.
    pub b: usize,
}

/// One block of the result, `rows x columns` from offset `c` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub c: usize,
    /// Its runs, in the product's list. A block may be visited several times.
    pub runs: Range<usize>,
    /// Whether this visit is the block's first: it starts as the product says, later ones add.
    pub first: bool,
    /// Whether it is the last: the rectifier, where asked for, follows.
    pub last: bool,
}

/// What a block holds before its first run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    Zero,
    /// The same in every row.
    Bias(&'a [f32]),
    /// What it held before.
    Add,
}

/// For every place: `c[i][j] = start + sum over runs, p of a[run.a + i * a_row + p * a_inner] *
/// b[run.b + p * b_inner + j]`, rows of `c` lying `c_row` apart.
pub(super) struct Product<'a> {
    pub rows: usize,
    pub columns: usize,
    /// Steps of every run.
    pub inner: usize,
    pub a: &'a [f32],
    pub a_row: usize,
    pub a_inner: usize,
    pub b: &'a [f32],
    pub b_inner: usize,
    pub c_row: usize,
    pub places: &'a [Place],
    pub runs: &'a [Run],
    pub start: Start<'a>,
    pub relu: bool,
}

impl Product<'_> {
    /// Computes it with the best kernel of this processor.
    ///
    /// # Panics
    /// Where an element lies outside its slice.
    pub fn write(&self, c: &mut [f32]) {
        self.check(c);
        if self.rows * self.columns > 0 {
            kernel_of_this_cpu()(self, c);
        }
    }

    /// All that the kernels read and write lies inside the slices.
    fn check(&self, c: &[f32]) {
        if self.rows * self.columns == 0 {
            return;
        }
        let c_end = (self.rows - 1) * self.c_row + self.columns;
        for place in self.places {
            assert!(place.c + c_end <= c.len(), "the result");
            assert!(place.runs.end <= self.runs.len(), "the runs");
        }
        if self.inner > 0 {
            let a_last = (self.rows - 1) * self.a_row + (self.inner - 1) * self.a_inner;
            let b_end = (self.inner - 1) * self.b_inner + self.columns;
            for run in self.runs {
                assert!(run.a + a_last < self.a.len(), "the left matrix");
                assert!(run.b + b_end <= self.b.len(), "the right matrix");
            }
        }
        if let Start::Bias(bias) = self.start {
            assert!(self.columns <= bias.len(), "the bias");
        }
    }
}

type Kernel = fn(&Product<'_>, &mut [f32]);

fn kernel_of_this_cpu() -> Kernel {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return avx512::write;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return avx2::write;
        }
    }
    portable
}

/// For processors without a kernel of their own. `mul_add` keeps the one rounding of the others.
fn portable(p: &Product<'_>, c: &mut [f32]) {
    for place in p.places {
        for i in 0..p.rows {
            let row = &mut c[place.c + i * p.c_row..][..p.columns];
            match p.start {
                _ if !place.first => {}
                Start::Zero => row.fill(0.0),
                Start::Bias(bias) => row.copy_from_slice(&bias[..p.columns]),
                Start::Add => {}
            }
            for run in &p.runs[place.runs.clone()] {
                for step in 0..p.inner {
                    let left = p.a[run.a + i * p.a_row + step * p.a_inner];
                    let right = &p.b[run.b + step * p.b_inner..][..p.columns];
                    for (c, right) in row.iter_mut().zip(right) {
                        *c = left.mul_add(*right, *c);
                    }
                }
            }
            if p.relu && place.last {
                row.iter_mut()
                    .for_each(|c| *c = if 0.0 > *c { 0.0 } else { *c });
            }
        }
    }
}

/// Calls the kernel for so many rows.
#[cfg(target_arch = "x86_64")]
macro_rules! by_rows {
    ($kernel:ident, $vectors:literal, $rows:ident, $($count:literal)*, $arguments:tt) => {
        match $rows {
            $($count => by_rows!(@call $kernel, $count, $vectors, $arguments),)*
            _ => unreachable!("tiles have no more rows"),
        }
    };
    (@call $kernel:ident, $count:literal, $vectors:literal, ($($argument:ident),*)) => {
        $kernel::<$count, $vectors>($($argument),*)
    };
}

/// Kernels for one instruction set: up to three vectors of columns at a time, the last one masked where the
/// columns end, by as many rows as leave registers for the operands.
#[cfg(target_arch = "x86_64")]
macro_rules! kernels {
    ($module:ident, $features:literal, $rows:expr, $lanes:literal, $vector:ty, $mask:ty,
     $make_mask:expr, $broadcast:ident, $load:ident, $masked_load:expr, $store:ident,
     $masked_store:expr, $fma:ident, $max:ident) => {
        mod $module {
            use super::{Place, Product, Start};
            use std::arch::x86_64::*;

            /// Rows of a tile of one, two and three vectors.
            const ROWS: [usize; 3] = $rows;
            const LANES: usize = $lanes;

            pub(super) fn write(product: &Product<'_>, c: &mut [f32]) {
                // SAFETY: the features were detected before this function was chosen, and
                // `Product::check` has checked every offset.
                unsafe { panels(product, c.as_mut_ptr()) }
            }

            #[target_feature(enable = $features)]
            unsafe fn panels(p: &Product<'_>, c: *mut f32) {
                // Panels of equal width: four vectors are two and two, not three and one.
                let vectors = p.columns.div_ceil(LANES);
                let panels = vectors.div_ceil(3);
                let mut column = 0;
                for panel in 0..panels {
                    let width = vectors * (panel + 1) / panels - vectors * panel / panels;
                    let last = (p.columns - column - (width - 1) * LANES).min(LANES);
                    for place in p.places {
                        let mut row = 0;
                        while row < p.rows {
                            let count = (p.rows - row).min(ROWS[width - 1]);
                            // SAFETY: rows and columns are inside, by the loops' bounds.
                            unsafe {
                                let a = p.a.as_ptr().wrapping_add(row * p.a_row);
                                let b = p.b.as_ptr().wrapping_add(column);
                                let c = c.add(place.c + row * p.c_row + column);
                                dispatch(p, place, a, b, c, column, count, width, last);
                            }
                            row += count;
                        }
                    }
                    column += width * LANES;
                }
            }

            #[target_feature(enable = $features)]
            #[inline]
            #[allow(clippy::too_many_arguments)] // where a tile is
            unsafe fn dispatch(
                p: &Product<'_>,
                place: &Place,
                a: *const f32,
                b: *const f32,
                c: *mut f32,
                column: usize,
                rows: usize,
                vectors: usize,
                last: usize,
            ) {
                // SAFETY: as promised to this function.
                unsafe {
                    match vectors {
                        1 => by_rows!(kernel, 1, rows, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16, (p, place, a, b, c, column, last)),
                        2 => by_rows!(kernel, 2, rows, 1 2 3 4 5 6 7 8, (p, place, a, b, c, column, last)),
                        _ => by_rows!(kernel, 3, rows, 1 2 3 4 5 6 7 8, (p, place, a, b, c, column, last)),
                    }
                }
            }

            /// `R` rows by `V` vectors, the last of which has `last` columns.
            #[target_feature(enable = $features)]
            unsafe fn kernel<const R: usize, const V: usize>(
                p: &Product<'_>,
                place: &Place,
                a: *const f32,
                b: *const f32,
                c: *mut f32,
                column: usize,
                last: usize,
            ) {
                let mask: $mask = $make_mask(last);
                // SAFETY: `Product::check` checked that R rows and V vectors (the last one masked)
                // are inside the slices for every run of the place.
                unsafe {
                    let mut sums = [[$broadcast(0.0); V]; R];
                    match p.start {
                        Start::Zero if place.first => {}
                        Start::Bias(bias) if place.first => {
                            for j in 0..V {
                                let at = bias.as_ptr().add(column + j * LANES);
                                let value = match j + 1 == V {
                                    true => $masked_load(at, mask),
                                    false => $load(at),
                                };
                                for i in 0..R {
                                    sums[i][j] = value;
                                }
                            }
                        }
                        _ => {
                            for i in 0..R {
                                for j in 0..V {
                                    let at = c.add(i * p.c_row + j * LANES) as *const f32;
                                    sums[i][j] = match j + 1 == V {
                                        true => $masked_load(at, mask),
                                        false => $load(at),
                                    };
                                }
                            }
                        }
                    }
                    let (a_inner, b_inner) = (p.a_inner, p.b_inner);
                    // Hidden from the compiler, which would derive them from each other in every step
                    // with additions that take the place of multiplications.
                    let mut rows = [0; 8];
                    for i in 1..R.min(8) {
                        rows[i] = std::hint::black_box(i * p.a_row);
                    }
                    let second = std::hint::black_box(8 * p.a_row);
                    for run in p.runs.get_unchecked(place.runs.clone()) {
                        let mut a = a.wrapping_add(run.a);
                        let mut a_second = a.wrapping_add(second);
                        let mut b = b.wrapping_add(run.b);
                        for _ in 0..p.inner {
                            let mut right = [$broadcast(0.0); V];
                            for j in 0..V {
                                let at = b.add(j * LANES);
                                right[j] = match j + 1 == V {
                                    true => $masked_load(at, mask),
                                    false => $load(at),
                                };
                            }
                            for i in 0..R {
                                let a = if i < 8 { a } else { a_second };
                                let left = $broadcast(*a.add(rows[i % 8]));
                                for j in 0..V {
                                    sums[i][j] = $fma(left, right[j], sums[i][j]);
                                }
                            }
                            a = a.wrapping_add(a_inner);
                            a_second = a_second.wrapping_add(a_inner);
                            b = b.wrapping_add(b_inner);
                        }
                    }
                    if p.relu && place.last {
                        // In this order a NaN stays one.
                        for i in 0..R {
                            for j in 0..V {
                                sums[i][j] = $max($broadcast(0.0), sums[i][j]);
                            }
                        }
                    }
                    for i in 0..R {
                        for j in 0..V {
                            let at = c.add(i * p.c_row + j * LANES);
                            match j + 1 == V {
                                true => $masked_store(at, mask, sums[i][j]),
                                false => $store(at, sums[i][j]),
                            }
                        }
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
kernels!(
    avx512,
    "avx512f,avx2,fma",
    [16, 8, 8],
    16,
    __m512,
    __mmask16,
    |last: usize| ((1u32 << last) - 1) as u16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    |at, mask| _mm512_maskz_loadu_ps(mask, at),
    _mm512_storeu_ps,
    |at, mask, value| _mm512_mask_storeu_ps(at, mask, value),
    _mm512_fmadd_ps,
    _mm512_max_ps
);

#[cfg(target_arch = "x86_64")]
kernels!(
    avx2,
    "avx2,fma",
    [8, 4, 4],
    8,
    __m256,
    __m256i,
    |last: usize| {
        let lane = |i: usize| if i < last { -1 } else { 0 };
        _mm256_setr_epi32(
            lane(0),
            lane(1),
            lane(2),
            lane(3),
            lane(4),
            lane(5),
            lane(6),
            lane(7),
        )
    },
    _mm256_set1_ps,
    _mm256_loadu_ps,
    |at, mask| _mm256_maskload_ps(at, mask),
    _mm256_storeu_ps,
    |at, mask, value| _mm256_maskstore_ps(at, mask, value),
    _mm256_fmadd_ps,
    _mm256_max_ps
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(n: usize, seed: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 31 + seed * 17) % 23) as f32 / 7.0 - 1.5)
            .collect()
    }

    fn kernels() -> Vec<(&'static str, Kernel)> {
        let mut kernels: Vec<(&str, Kernel)> = vec![("portable", portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(("avx2", avx2::write));
            }
            if is_x86_feature_detected!("avx512f") {
                kernels.push(("avx512", avx512::write));
            }
        }
        kernels
    }

    proptest! {
        /// Every kernel gives the bits of the portable one, and that one the sums in float64, in every
        /// shape, orientation, start and end.
        #[test]
        fn products_are_right_to_the_bit(
            rows in 1usize..20, inner in 0usize..40, columns in 1usize..120, transposed: bool,
            runs in 0usize..4, gap in 0usize..3, start in 0usize..3, relu: bool, again: bool,
        ) {
            let (a_row, a_inner) = if transposed { (1, rows) } else { (inner, 1) };
            let (b_inner, c_row) = (columns + gap, columns + gap);
            let (a, b) = (values((runs + 1) * rows * inner.max(1), 1), values((runs + 1) * inner.max(1) * b_inner, 2));
            let runs: Vec<Run> = (0..runs).map(|i| Run { a: i * rows * inner, b: i * inner * b_inner }).collect();
            // Two places, the first of which may be visited in two parts.
            let block = rows * c_row;
            let half = if again { runs.len() / 2 } else { runs.len() };
            let mut places = vec![Place { c: 0, runs: 0..half, first: true, last: !again }];
            places.push(Place { c: block, runs: half..runs.len(), first: true, last: true });
            if again {
                places.push(Place { c: 0, runs: half..runs.len(), first: false, last: true });
            }
            let bias = values(columns, 4);
            let product = Product {
                rows, columns, inner, a: &a, a_row, a_inner, b: &b, b_inner, c_row, places: &places, runs: &runs,
                start: [Start::Zero, Start::Bias(&bias), Start::Add][start], relu,
            };
            let before = values(2 * block, 3);
            let mut expected = before.clone();
            product.check(&expected);
            portable(&product, &mut expected);
            for (name, kernel) in kernels() {
                let mut out = before.clone();
                kernel(&product, &mut out);
                prop_assert_eq!(&out, &expected, "{}", name);
            }
            for (c, used) in [(0, 0..runs.len()), (block, half..runs.len())] {
                for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                    let at = c + i * c_row + j;
                    let mut sum = [0.0, f64::from(bias[j]), f64::from(before[at])][start];
                    let mut magnitude = sum.abs();
                    for run in &runs[used.clone()] {
                        for p in 0..inner {
                            let term = f64::from(a[run.a + i * a_row + p * a_inner])
                                * f64::from(b[run.b + p * b_inner + j]);
                            sum += term;
                            magnitude += term.abs();
                        }
                    }
                    let sum = if relu { sum.max(0.0) } else { sum };
                    // A chain of k fused multiply-adds rounds k times, each by at most half an epsilon of
                    // what has been summed so far: Higham, "Accuracy and Stability of Numerical
                    // Algorithms", section 3.1.
                    let steps = (used.len() * inner) as f64;
                    let error = (f64::from(expected[at]) - sum).abs();
                    prop_assert!(error <= steps * f64::from(f32::EPSILON) * magnitude, "({}, {}): off by {}", i, j, error);
                }
            }
            // What lies between the rows stays.
            for row in 0..2 * rows {
                prop_assert_eq!(&expected[row * c_row + columns..(row + 1) * c_row], &before[row * c_row + columns..(row + 1) * c_row]);
            }
        }
    }

    #[test]
    #[should_panic(expected = "the right matrix")]
    fn what_lies_outside_is_refused() {
        let (a, b) = ([0.0; 8], [0.0; 7]);
        let product = Product {
            rows: 2,
            columns: 2,
            inner: 4,
            a: &a,
            a_row: 4,
            a_inner: 1,
            b: &b,
            b_inner: 2,
            c_row: 2,
            places: &[],
            runs: &[Run { a: 0, b: 0 }],
            start: Start::Zero,
            relu: false,
        };
        product.write(&mut [0.0; 4]);
    }
}
