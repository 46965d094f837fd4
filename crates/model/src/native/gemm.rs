//! Matrix products of the sizes these networks have: hundreds to thousands of rows, 10 to 500 columns.
//!
//! Libraries for large matrices copy both operands into panels first; at these sizes that copying takes
//! as long as the product (measured: half of a training step of `simple_cnn` with `matrixmultiply`;
//! and the AVX-512 kernel of `gemm` 0.19 keeps its sums on the stack). Here the operands are read where
//! they lie: a kernel broadcasts elements of `a`, which may be strided either way, and loads rows of `b`,
//! which lie side by side. Only a transposed `b`, always a small kernel matrix, is copied.
//!
//! Every element of the result is one chain of fused multiply-adds over the inner dimension, in order,
//! whatever block or thread computes it: the bits do not depend on the number of threads.
#![allow(unsafe_code)]

use std::cell::RefCell;

use rayon::prelude::*;

/// Multiply-accumulates from which a product is shared among threads: below, waking them costs more
/// (measured on two virtual cores: at batch 32 one thread trains the small networks faster than two).
const PARALLEL: usize = 32 << 20;
/// Inner dimension of one block, so that the rows of `b` a kernel reads stay in the first-level cache.
const INNER: usize = 256;
/// Rows of the result that one thread takes at a time.
const ROWS_A_TASK: usize = 64;

/// Runs `work` of about `macs` multiply-accumulates inside the thread pool where it pays: products then
/// hand parts to the other threads without putting this one to sleep.
pub(super) fn in_pool<R: Send>(macs: usize, work: impl FnOnce() -> R + Send) -> R {
    let outside = rayon::current_thread_index().is_none();
    if outside && macs >= 4 * PARALLEL && rayon::current_num_threads() > 1 {
        rayon::scope(|_| work())
    } else {
        work()
    }
}

/// A row-major matrix, read as it is or transposed.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    /// `rows x columns`.
    ///
    /// # Panics
    /// Where `values` does not hold them.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(
            values.len() >= rows * columns,
            "a {rows} x {columns} matrix"
        );
        Self {
            values,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The transposed matrix, nothing copied.
    pub fn t(self) -> Self {
        Self {
            transposed: !self.transposed,
            ..self
        }
    }

    fn shape(&self) -> (usize, usize) {
        match self.transposed {
            false => (self.rows, self.columns),
            true => (self.columns, self.rows),
        }
    }

    /// Distances of neighbouring rows and columns.
    fn strides(&self) -> (usize, usize) {
        match self.transposed {
            false => (self.columns, 1),
            true => (1, self.columns),
        }
    }
}

thread_local! {
    /// Where a transposed `b` is copied to.
    static TRANSPOSED: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// `out = a * b`, or `out += a * b`; `out` is row-major.
///
/// # Panics
/// Where the shapes do not fit.
pub(super) fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32], accumulate: bool) {
    let ((m, k), (inner, n)) = (a.shape(), b.shape());
    assert_eq!(k, inner, "inner dimensions");
    assert!(out.len() >= m * n, "a {m} x {n} result");
    if m * n == 0 {
        return;
    }
    let out = &mut out[..m * n];
    if !accumulate {
        out.fill(0.0);
    }
    if b.transposed {
        TRANSPOSED.with_borrow_mut(|copy| {
            copy.clear();
            copy.resize(k * n, 0.0);
            transpose(b.values, b.rows, b.columns, copy);
            add_product(a, Matrix::new(copy, k, n), out);
        });
    } else {
        add_product(a, b, out);
    }
}

/// `rows x columns` to `columns x rows`, in blocks that fit the cache.
fn transpose(values: &[f32], rows: usize, columns: usize, out: &mut [f32]) {
    const BLOCK: usize = 32;
    for first_row in (0..rows).step_by(BLOCK) {
        for first_column in (0..columns).step_by(BLOCK) {
            for column in first_column..columns.min(first_column + BLOCK) {
                for row in first_row..rows.min(first_row + BLOCK) {
                    out[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
}

/// `out += a * b` with `b` row-major.
fn add_product(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) {
    let ((m, k), n) = (a.shape(), b.columns);
    let block: Block = block_for_this_cpu();
    let (row_stride, column_stride) = a.strides();
    let task = |first: usize, out: &mut [f32]| {
        for start in (0..k).step_by(INNER) {
            let operands = Operands {
                a: &a.values[(first * row_stride + start * column_stride).min(a.values.len())..],
                row_stride,
                column_stride,
                b: &b.values[start * n..],
                n,
                k: INNER.min(k - start),
            };
            block(&operands, out);
        }
    };
    if m * n * k < PARALLEL || m <= ROWS_A_TASK || rayon::current_num_threads() == 1 {
        task(0, out);
    } else {
        let tasks = out.par_chunks_mut(ROWS_A_TASK * n).enumerate();
        tasks.for_each(|(i, out)| task(i * ROWS_A_TASK, out));
    }
}

/// `k` steps of the inner dimension: element `(i, p)` of the left matrix is
/// `a[i * row_stride + p * column_stride]`, element `(p, j)` of the right one `b[p * n + j]`.
struct Operands<'a> {
    a: &'a [f32],
    row_stride: usize,
    column_stride: usize,
    b: &'a [f32],
    n: usize,
    k: usize,
}

impl Operands<'_> {
    /// Checks that all elements for `rows` rows lie inside the slices.
    fn check(&self, rows: usize) {
        let last = |count: usize, stride: usize| (count - 1) * stride;
        assert!(rows > 0 && self.k > 0 && self.n > 0, "no empty products");
        let last_a = last(rows, self.row_stride) + last(self.k, self.column_stride);
        assert!(last_a < self.a.len(), "the left matrix");
        assert!(
            last(self.k, self.n) + self.n <= self.b.len(),
            "the right matrix"
        );
    }
}

/// Adds a product to whole rows of the result.
type Block = fn(&Operands<'_>, &mut [f32]);

fn block_for_this_cpu() -> Block {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return avx512::block;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return avx2::block;
        }
    }
    portable_block
}

/// For processors without a kernel of their own. `mul_add` keeps the one rounding of the others.
fn portable_block(operands: &Operands<'_>, out: &mut [f32]) {
    let Operands {
        a,
        row_stride,
        column_stride,
        b,
        n,
        k,
    } = *operands;
    for (i, out) in out.chunks_exact_mut(n).enumerate() {
        for p in 0..k {
            let left = a[i * row_stride + p * column_stride];
            for (out, right) in out.iter_mut().zip(&b[p * n..][..n]) {
                *out = left.mul_add(*right, *out);
            }
        }
    }
}

/// Kernels for one instruction set: `ROWS` rows by up to three vectors of columns at a time, the last
/// vector masked where the columns end.
#[cfg(target_arch = "x86_64")]
macro_rules! kernels {
    ($module:ident, $features:literal, $rows:literal, $lanes:literal, $vector:ty, $mask:ty,
     $make_mask:expr, $broadcast:ident, $load:ident, $masked_load:expr, $store:ident,
     $masked_store:expr, $fma:ident) => {
        mod $module {
            use super::Operands;
            use std::arch::x86_64::*;

            const ROWS: usize = $rows;
            const LANES: usize = $lanes;

            pub(super) fn block(operands: &Operands<'_>, out: &mut [f32]) {
                let rows = out.len() / operands.n;
                operands.check(rows);
                assert_eq!(rows * operands.n, out.len(), "whole rows");
                // SAFETY: the features were detected before this function was chosen, and the
                // operands were checked for this number of rows.
                unsafe { columns(operands, out, rows) }
            }

            #[target_feature(enable = $features)]
            unsafe fn columns(o: &Operands<'_>, out: &mut [f32], rows: usize) {
                let mut column = 0;
                while column < o.n {
                    let left = o.n - column;
                    let vectors = left.div_ceil(LANES).min(3);
                    let last = (left - (vectors - 1) * LANES).min(LANES);
                    let mut row = 0;
                    while row < rows {
                        let count = (rows - row).min(ROWS);
                        // SAFETY: rows and columns are inside, by the loops' bounds.
                        unsafe {
                            let a = o.a.as_ptr().add(row * o.row_stride);
                            let b = o.b.as_ptr().add(column);
                            let c = out.as_mut_ptr().add(row * o.n + column);
                            dispatch(o, a, b, c, count, vectors, last);
                        }
                        row += count;
                    }
                    column += vectors * LANES;
                }
            }

            #[target_feature(enable = $features)]
            #[inline]
            unsafe fn dispatch(
                o: &Operands<'_>,
                a: *const f32,
                b: *const f32,
                c: *mut f32,
                rows: usize,
                vectors: usize,
                last: usize,
            ) {
                macro_rules! by_rows {
                    ($vectors:literal) => {
                        // SAFETY: as promised to this function.
                        unsafe {
                            match rows {
                                1 => kernel::<1, $vectors>(o, a, b, c, last),
                                2 => kernel::<2, $vectors>(o, a, b, c, last),
                                3 => kernel::<3, $vectors>(o, a, b, c, last),
                                4 => kernel::<4, $vectors>(o, a, b, c, last),
                                5 => kernel::<5, $vectors>(o, a, b, c, last),
                                6 => kernel::<6, $vectors>(o, a, b, c, last),
                                7 => kernel::<7, $vectors>(o, a, b, c, last),
                                _ => kernel::<8, $vectors>(o, a, b, c, last),
                            }
                        }
                    };
                }
                match vectors {
                    1 => by_rows!(1),
                    2 => by_rows!(2),
                    _ => by_rows!(3),
                }
            }

            /// `R` rows by `V` vectors, the last of which has `last` columns.
            #[target_feature(enable = $features)]
            unsafe fn kernel<const R: usize, const V: usize>(
                o: &Operands<'_>,
                a: *const f32,
                b: *const f32,
                c: *mut f32,
                last: usize,
            ) {
                let mask: $mask = $make_mask(last);
                // SAFETY: the caller checked that R rows and V vectors (the last one masked) of all
                // three matrices are inside their slices.
                unsafe {
                    let mut sums = [[$broadcast(0.0); V]; R];
                    for i in 0..R {
                        for j in 0..V {
                            let at = c.add(i * o.n + j * LANES);
                            sums[i][j] = match j + 1 == V {
                                true => $masked_load(at as *const f32, mask),
                                false => $load(at),
                            };
                        }
                    }
                    let (row_stride, column_stride, n) = (o.row_stride, o.column_stride, o.n);
                    for p in 0..o.k {
                        let (a, b) = (a.add(p * column_stride), b.add(p * n));
                        let mut right = [$broadcast(0.0); V];
                        for j in 0..V {
                            let at = b.add(j * LANES);
                            right[j] = match j + 1 == V {
                                true => $masked_load(at, mask),
                                false => $load(at),
                            };
                        }
                        for i in 0..R {
                            let left = $broadcast(*a.add(i * row_stride));
                            for j in 0..V {
                                sums[i][j] = $fma(left, right[j], sums[i][j]);
                            }
                        }
                    }
                    for i in 0..R {
                        for j in 0..V {
                            let at = c.add(i * o.n + j * LANES);
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
    8,
    16,
    __m512,
    __mmask16,
    |last: usize| ((1u32 << last) - 1) as u16,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    |at, mask| _mm512_maskz_loadu_ps(mask, at),
    _mm512_storeu_ps,
    |at, mask, value| _mm512_mask_storeu_ps(at, mask, value),
    _mm512_fmadd_ps
);

#[cfg(target_arch = "x86_64")]
kernels!(
    avx2,
    "avx2,fma",
    4,
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
    _mm256_fmadd_ps
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

    fn blocks() -> Vec<(&'static str, Block)> {
        let mut blocks: Vec<(&str, Block)> = vec![("portable", portable_block)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                blocks.push(("avx2", avx2::block));
            }
            if is_x86_feature_detected!("avx512f") {
                blocks.push(("avx512", avx512::block));
            }
        }
        blocks
    }

    #[test]
    fn shared_among_threads_the_bits_are_the_same() {
        let (m, k, n) = (1001, 260, 150);
        assert!(m * k * n >= PARALLEL);
        let (a, b) = (values(m * k, 1), values(k * n, 2));
        let mut expected = vec![0.0; m * n];
        for (row, out) in expected.chunks_exact_mut(n).enumerate() {
            multiply(
                Matrix::new(&a[row * k..], 1, k),
                Matrix::new(&b, k, n),
                out,
                false,
            );
        }
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut out = vec![0.0; m * n];
            pool.install(|| {
                multiply(
                    Matrix::new(&a, m, k),
                    Matrix::new(&b, k, n),
                    &mut out,
                    false,
                );
            });
            assert!(out == expected, "{threads} threads");
        }
    }

    proptest! {
        /// Every kernel gives the bits of the portable one, in every shape and orientation.
        #[test]
        fn kernels_agree_to_the_bit(
            m in 1usize..20, k in 1usize..40, n in 1usize..60, transposed: bool,
        ) {
            let (a, b) = (values(m * k, 1), values(k * n, 2));
            let (row_stride, column_stride) = if transposed { (1, m) } else { (k, 1) };
            let operands = Operands { a: &a, row_stride, column_stride, b: &b, n, k };
            let start = values(m * n, 3);
            let mut expected = start.clone();
            portable_block(&operands, &mut expected);
            for (name, block) in blocks() {
                let mut out = start.clone();
                block(&operands, &mut out);
                prop_assert_eq!(&out, &expected, "{}", name);
            }
        }

        /// All orientations of both operands, against sums in float64, over several blocks and tasks.
        #[test]
        fn products_are_right(
            m in 1usize..300, k in 1usize..600, n in 1usize..40,
            a_transposed: bool, b_transposed: bool, accumulate: bool,
        ) {
            let (a, b) = (values(m * k, 1), values(k * n, 2));
            let left = if a_transposed { Matrix::new(&a, k, m).t() } else { Matrix::new(&a, m, k) };
            let right = if b_transposed { Matrix::new(&b, n, k).t() } else { Matrix::new(&b, k, n) };
            let mut out = values(m * n, 3);
            let before = out.clone();
            multiply(left, right, &mut out, accumulate);
            for i in (0..m).step_by(7) {
                for j in 0..n {
                    let mut sum = if accumulate { f64::from(before[i * n + j]) } else { 0.0 };
                    let mut magnitude = sum.abs();
                    for p in 0..k {
                        let x = if a_transposed { a[p * m + i] } else { a[i * k + p] };
                        let y = if b_transposed { b[j * k + p] } else { b[p * n + j] };
                        sum += f64::from(x) * f64::from(y);
                        magnitude += (f64::from(x) * f64::from(y)).abs();
                    }
                    // A chain of k fused multiply-adds rounds k times, each by at most half an epsilon
                    // of what has been summed so far: Higham, "Accuracy and Stability of Numerical
                    // Algorithms", section 3.1.
                    let bound = k as f64 * f64::from(f32::EPSILON) * magnitude;
                    let error = (f64::from(out[i * n + j]) - sum).abs();
                    prop_assert!(error <= bound, "({}, {}): off by {} of {}", i, j, error, bound);
                }
            }
        }
    }
}
