//! Matrix products for the shapes of these networks, without copying the operands.
//!
//! Libraries for large matrices copy both operands into panels first. At these sizes, that copying takes as long as the
//! product itself, and so does the gathering of columns that turns a convolution into one product.
//!
//! Here one [`Product`] is a convolution. Every block of the result is a sum over runs of the inner dimension, one run
//! per kernel tap. A tap in the padding costs nothing, and nothing is gathered. The rows of a tile are one position of
//! different samples. A kernel broadcasts elements of `a` with any stride and loads vectors of `b`, whose columns are
//! contiguous. The sums of a tile stay in registers over all its runs.
//!
//! Every element of the result is one chain of fused multiply-adds over its runs, in order. The bits depend neither on
//! the tile nor on the processor.
#![allow(unsafe_code)]

use std::ops::Range;

/// Offsets of one run of the inner dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Offset into `a`.
    pub a: usize,
    /// Offset into `b`.
    pub b: usize,
}

/// One block of the result, `rows x columns` from offset `c` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub c: usize,
    /// Range of its runs in the product's list. A block may be visited several times.
    pub runs: Range<usize>,
    /// Whether this is the first visit of the block, which starts with the product's [`Start`]; later visits add.
    pub first: bool,
    /// Whether this is the last visit of the block, after which the ReLU follows if there is one.
    pub last: bool,
}

/// Initial value of a block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start<'a> {
    Zero,
    /// A bias, the same in every row.
    Bias(&'a [f32]),
    /// The existing values.
    Add,
}

/// For every block: `c[i][j] = start + sum over runs, p of a[run.a + i * a_row + p * a_inner] * b[run.b + p * b_inner +
/// j]`, with rows of `c` `c_row` apart.
pub(super) struct Product<'a> {
    pub rows: usize,
    pub columns: usize,
    /// Length of every run.
    pub inner: usize,
    pub a: &'a [f32],
    pub a_row: usize,
    pub a_inner: usize,
    pub b: &'a [f32],
    pub b_inner: usize,
    pub c_row: usize,
    pub blocks: &'a [Block],
    pub runs: &'a [Run],
    pub start: Start<'a>,
    pub relu: bool,
}

impl Product<'_> {
    /// Computes the product with the best kernel for this processor.
    ///
    /// # Panics
    /// If an element is outside its slice.
    pub fn write(&self, c: &mut [f32]) {
        self.check(c);
        if self.rows * self.columns > 0 {
            kernel_of_this_cpu()(self, c);
        }
    }

    /// Checks that all elements that the kernels read and write are inside the slices.
    fn check(&self, c: &[f32]) {
        if self.rows * self.columns == 0 {
            return;
        }
        let c_end = (self.rows - 1) * self.c_row + self.columns;
        for block in self.blocks {
            assert!(block.c + c_end <= c.len(), "the result");
            assert!(block.runs.end <= self.runs.len(), "the runs");
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

/// For processors without a specialised kernel. `mul_add` rounds once, as the other kernels do.
fn portable(p: &Product<'_>, c: &mut [f32]) {
    for block in p.blocks {
        for i in 0..p.rows {
            let row = &mut c[block.c + i * p.c_row..][..p.columns];
            match p.start {
                _ if !block.first => {}
                Start::Zero => row.fill(0.0),
                Start::Bias(bias) => row.copy_from_slice(&bias[..p.columns]),
                Start::Add => {}
            }
            for run in &p.runs[block.runs.clone()] {
                for step in 0..p.inner {
                    let left = p.a[run.a + i * p.a_row + step * p.a_inner];
                    let right = &p.b[run.b + step * p.b_inner..][..p.columns];
                    for (c, right) in row.iter_mut().zip(right) {
                        *c = left.mul_add(*right, *c);
                    }
                }
            }
            if p.relu && block.last {
                row.iter_mut()
                    .for_each(|c| *c = if 0.0 > *c { 0.0 } else { *c });
            }
        }
    }
}

/// Pointers of a tile of the product. Each points to the tile's first element; that of `b` is without the offset of a
/// run.
#[cfg(target_arch = "x86_64")]
struct Tile {
    a: *const f32,
    b: *const f32,
    /// Distance from one row of `b` to the next.
    b_inner: usize,
    c: *mut f32,
    /// First column of the product.
    column: usize,
    /// Number of columns of the last vector.
    last: usize,
}

/// Calls the kernel for the given number of rows.
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

/// Kernels for one instruction set. They compute up to three vectors of columns at a time, the last one masked at the
/// end of the columns, by as many rows as leave registers for the operands.
#[cfg(target_arch = "x86_64")]
macro_rules! kernels {
    ($module:ident, $features:literal, $rows:expr, $lanes:literal, $vector:ty, $mask:ty,
     $make_mask:expr, $broadcast:ident, $load:ident, $masked_load:expr, $store:ident,
     $masked_store:expr, $fma:ident, $max:ident, $settled:expr) => {
        mod $module {
            use super::{Block, Product, Start, Tile};
            use std::arch::x86_64::*;

            /// Rows of a tile with one, two and three vectors.
            const ROWS: [usize; 3] = $rows;
            const LANES: usize = $lanes;

            pub(super) fn write(product: &Product<'_>, c: &mut [f32]) {
                // SAFETY: the features were detected before this function was chosen, and
                // `Product::check` has checked every offset.
                unsafe { panels(product, c.as_mut_ptr()) }
            }

            /// Number of values of `b` copied at once.
            const COPY: usize = 4096;

            #[target_feature(enable = $features)]
            unsafe fn panels(p: &Product<'_>, c: *mut f32) {
                let mut copy = [0.0f32; COPY];
                // Panels of similar width: four vectors become two and two, not three and one.
                let vectors = p.columns.div_ceil(LANES);
                let panels = vectors.div_ceil(3);
                let mut column = 0;
                for panel in 0..panels {
                    let width = vectors * (panel + 1) / panels - vectors * panel / panels;
                    let last = (p.columns - column - (width - 1) * LANES).min(LANES);
                    // Rows of a wide matrix that are a power of two apart map to few sets of the cache. If several
                    // blocks read the same rows, they are copied side by side.
                    let packed = p.b_inner > 3 * LANES
                        && p.inner * width * LANES <= COPY
                        && p.blocks.iter().all(|block| block.runs.len() <= 1)
                        && p.blocks.get(..4).is_some_and(|blocks| {
                            let b = |block: &Block| p.runs.get(block.runs.start).map(|run| run.b);
                            blocks.iter().all(|block| b(block) == b(&blocks[0]))
                        });
                    let mut copied = usize::MAX;
                    for block in p.blocks {
                        let (mut b, mut b_inner) = (p.b.as_ptr().wrapping_add(column), p.b_inner);
                        if packed && let Some(run) = p.runs[block.runs.clone()].first() {
                            b_inner = width * LANES;
                            if copied != run.b {
                                copied = run.b;
                                for step in 0..p.inner {
                                    let from = run.b + step * p.b_inner + column;
                                    let count = (width - 1) * LANES + last;
                                    copy[step * b_inner..][..count]
                                        .copy_from_slice(&p.b[from..from + count]);
                                }
                            }
                            // The kernel adds the offset of the run again.
                            b = copy.as_ptr().wrapping_sub(run.b);
                        }
                        let mut row = 0;
                        while row < p.rows {
                            let count = (p.rows - row).min(ROWS[width - 1]);
                            // SAFETY: the bounds of the loops keep rows and columns inside.
                            unsafe {
                                let tile = Tile {
                                    a: p.a.as_ptr().wrapping_add(row * p.a_row),
                                    b,
                                    b_inner,
                                    c: c.add(block.c + row * p.c_row + column),
                                    column,
                                    last,
                                };
                                dispatch(p, block, &tile, (count, width));
                            }
                            row += count;
                        }
                    }
                    column += width * LANES;
                }
            }

            /// The kernel for a tile with the given numbers of rows and vectors.
            #[target_feature(enable = $features)]
            #[inline]
            unsafe fn dispatch(p: &Product<'_>, block: &Block, tile: &Tile, (rows, vectors): (usize, usize)) {
                // SAFETY: the caller upholds this function's contract.
                unsafe {
                    match vectors {
                        1 => by_rows!(kernel, 1, rows, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16, (p, block, tile)),
                        2 => by_rows!(kernel, 2, rows, 1 2 3 4 5 6 7 8, (p, block, tile)),
                        _ => by_rows!(kernel, 3, rows, 1 2 3 4 5 6 7 8, (p, block, tile)),
                    }
                }
            }

            /// `R` rows by `V` vectors, the last of which has `tile.last` columns.
            #[target_feature(enable = $features)]
            unsafe fn kernel<const R: usize, const V: usize>(p: &Product<'_>, block: &Block, tile: &Tile) {
                let &Tile { a, b, b_inner, c, column, last } = tile;
                let mask: $mask = $make_mask(last);
                // Where no register is left for it, it is read in every step.
                let in_memory = std::hint::black_box(&mask);
                // SAFETY: `Product::check` checked that R rows and V vectors (the last one masked) are inside the
                // slices for every run of the block; a copy of `b` contains the rows it needs.
                unsafe {
                    let mut sums = [[$broadcast(0.0); V]; R];
                    match p.start {
                        Start::Zero if block.first => {}
                        Start::Bias(bias) if block.first => {
                            for j in 0..V {
                                let at = bias.as_ptr().add(column + j * LANES);
                                let value = if j + 1 == V { $masked_load(at, mask) } else { $load(at) };
                                for i in 0..R {
                                    sums[i][j] = value;
                                }
                            }
                        }
                        _ => {
                            for i in 0..R {
                                for j in 0..V {
                                    let at = c.add(i * p.c_row + j * LANES) as *const f32;
                                    sums[i][j] = if j + 1 == V { $masked_load(at, mask) } else { $load(at) };
                                }
                            }
                        }
                    }
                    let a_inner = p.a_inner;
                    // Hidden from the compiler, which would otherwise replace the multiplications by additions in every
                    // step.
                    let mut rows = [0; 8];
                    for i in 1..R.min(8) {
                        rows[i] = std::hint::black_box(i * p.a_row);
                    }
                    let second = std::hint::black_box(8 * p.a_row);
                    for run in p.runs.get_unchecked(block.runs.clone()) {
                        let mut a = a.wrapping_add(run.a);
                        let mut a_second = a.wrapping_add(second);
                        let mut b = b.wrapping_add(run.b);
                        for _ in 0..p.inner {
                            let mut right = [$broadcast(0.0); V];
                            for j in 0..V {
                                let at = b.add(j * LANES);
                                right[j] = if j + 1 == V { $masked_load(at, *in_memory) } else { $load(at) };
                            }
                            for i in 0..R {
                                let a = if i < 8 { a } else { a_second };
                                let left = $broadcast(*a.add(rows[i % 8]));
                                for j in 0..V {
                                    sums[i][j] = $fma(left, right[j], sums[i][j]);
                                }
                                if R == ROWS[2] && V == 3 {
                                    sums[i] = sums[i].map($settled);
                                }
                            }
                            a = a.wrapping_add(a_inner);
                            a_second = a_second.wrapping_add(a_inner);
                            b = b.wrapping_add(b_inner);
                        }
                    }
                    if p.relu && block.last {
                        // This operand order preserves NaN.
                        for i in 0..R {
                            for j in 0..V {
                                sums[i][j] = $max($broadcast(0.0), sums[i][j]);
                            }
                        }
                    }
                    for i in 0..R {
                        for j in 0..V {
                            let at = c.add(i * p.c_row + j * LANES);
                            if j + 1 == V { $masked_store(at, mask, sums[i][j]) } else { $store(at, sums[i][j]) }
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
    _mm512_max_ps,
    std::convert::identity
);

#[cfg(target_arch = "x86_64")]
kernels!(
    avx2,
    "avx2,fma",
    [8, 6, 4],
    8,
    __m256,
    __m256i,
    |last: usize| {
        let lanes: [i32; 8] = std::array::from_fn(|i| if i < last { -1 } else { 0 });
        // SAFETY: there are as many lanes.
        unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) }
    },
    _mm256_set1_ps,
    _mm256_loadu_ps,
    |at, mask| _mm256_maskload_ps(at, mask),
    _mm256_storeu_ps,
    |at, mask, value| _mm256_maskstore_ps(at, mask, value),
    _mm256_fmadd_ps,
    _mm256_max_ps,
    // All registers are taken.
    |sum| super::super::registers::settled(sum)
);

#[cfg(test)]
mod tests;
