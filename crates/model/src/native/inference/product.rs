//! Products with packed kernels. The rows of a tile are adjacent, so that whole lines and whole batches are one
//! product.
//!
//! Every element is one chain of fused multiply-adds over its runs, in order. The bits do not depend on tile, batch or
//! processor.
#![allow(unsafe_code)]

use std::ops::Range;

use super::finish::Finish;
use super::packed::{Packed, Panel};
use super::vector::{Isa, Tiled, Vector};

/// One run of the inner dimension: a group of input rows and a kernel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub group: usize,
    pub kernel: usize,
}

/// Groups of rows of the result that are computed in the same way. A group has one row per sample.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// The first group of the result, and the number of groups.
    pub out: usize,
    pub groups: usize,
    /// Range of its runs in the product's list; those of its other groups follow group by group.
    pub runs: Range<usize>,
}

/// The blocks of a product and their runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    runs: Vec<Run>,
    /// Required numbers of groups of the result, groups of the input, and kernels.
    reach: [usize; 3],
}

impl Blocks {
    pub fn add(&mut self, out: usize, groups: usize, runs: impl Iterator<Item = Run>) {
        let start = self.runs.len();
        self.runs.extend(runs);
        let runs = start..self.runs.len();
        for run in &self.runs[runs.clone()] {
            let reach = [0, run.group + groups, run.kernel + 1];
            (0..3).for_each(|i| self.reach[i] = self.reach[i].max(reach[i]));
        }
        self.reach[0] = self.reach[0].max(out + groups);
        self.blocks.push(Block { out, groups, runs });
    }
}

/// Some rows of a block by the columns of a panel.
pub(super) struct Tile<'a> {
    /// The first row in its first group of the input, and the distances between rows and between groups.
    a: *const f32,
    row: usize,
    group: usize,
    runs: &'a [Run],
    /// The panel's first kernel.
    b: *const f32,
    width: usize,
    /// First row and column in the result; `columns` columns are written.
    c: *mut f32,
    c_row: usize,
    columns: usize,
    /// Operations on the sums; `None` leaves them unchanged.
    finish: Option<&'a Finish>,
    /// Offset of the panel's columns in `finish`.
    column: usize,
}

/// Hides a number from the compiler. Otherwise it would derive the addresses of rows from each other in every step,
/// with additions that compete with the multiplications.
#[inline(always)]
fn opaque(value: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let mut value = value;
        // SAFETY: the assembly contains no instruction.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) value, options(pure, nomem, nostack, preserves_flags));
        }
        value
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::hint::black_box(value)
}

/// Computes `R` rows by `N` vectors and, if `T` is 1, a narrower one.
///
/// # Safety
/// The instruction set must have been detected; the tile's rows, kernels and results must be inside their slices.
#[inline(always)]
unsafe fn tile<V: Isa, const R: usize, const N: usize, const T: usize>(t: &Tile<'_>) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        let (bias, none) = (t.finish.map(|f| f.bias[t.column..].as_ptr()), V::splat(0.0));
        let mut sums = [[none; N]; R];
        let mut tails = [[none.low(); T]; R];
        if let Some(bias) = bias {
            for i in 0..R {
                for j in 0..N {
                    sums[i][j] = V::load(bias.add(j * V::LANES));
                }
                for j in 0..T {
                    tails[i][j] = V::Tail::load(bias.add(N * V::LANES));
                }
            }
        }
        let mut rows = [0; R];
        for i in 1..R {
            rows[i] = opaque(i * t.row);
        }
        let (row, width) = (t.row, t.width);
        for run in t.runs {
            let mut a = t.a.add(run.group * t.group);
            let mut b = t.b.add(run.kernel * row * width);
            for _ in 0..row {
                let mut right = [none; N];
                for j in 0..N {
                    right[j] = V::load(b.add(j * V::LANES));
                }
                let mut right_tail = [none.low(); T];
                for j in 0..T {
                    right_tail[j] = V::Tail::load(b.add(N * V::LANES));
                }
                for i in 0..R {
                    let left = V::splat(*a.add(rows[i]));
                    for j in 0..N {
                        sums[i][j] = left.multiply_add(right[j], sums[i][j]);
                    }
                    for j in 0..T {
                        tails[i][j] = left.low().multiply_add(right_tail[j], tails[i][j]);
                    }
                    if R * N == V::ROWS[2] * 3 {
                        // All registers are taken.
                        sums[i] = sums[i].map(|sum| sum.settled());
                    }
                }
                a = a.add(1);
                b = b.add(width);
            }
        }
        if let Some(finish) = t.finish {
            for i in 0..R {
                for j in 0..N {
                    sums[i][j] = finish.rest(sums[i][j], t.column + j * V::LANES);
                }
                for j in 0..T {
                    tails[i][j] = finish.rest(tails[i][j], t.column + N * V::LANES);
                }
            }
        }
        if t.columns == t.width {
            for i in 0..R {
                let c = t.c.add(i * t.c_row);
                for j in 0..N {
                    sums[i][j].store(c.add(j * V::LANES));
                }
                for j in 0..T {
                    tails[i][j].store(c.add(N * V::LANES));
                }
            }
            return;
        }
        store_columns::<V, R, N, T>(t, sums, tails);
    }
}

/// Stores the columns of a tile whose last ones only fill the vector.
///
/// # Safety
/// As [`tile`].
#[inline(always)]
unsafe fn store_columns<V: Isa, const R: usize, const N: usize, const T: usize>(
    t: &Tile<'_>,
    sums: [[V; N]; R],
    tails: [[V::Tail; T]; R],
) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        if V::MASKS && N > 0 && T == 0 {
            for i in 0..R {
                let c = t.c.add(i * t.c_row);
                for j in 0..N - 1 {
                    sums[i][j].store(c.add(j * V::LANES));
                }
                let whole = (N - 1) * V::LANES;
                sums[i][N - 1].store_first(c.add(whole), t.columns - whole);
            }
            return;
        }
        let mut all = [0.0f32; 64];
        for i in 0..R {
            for j in 0..N {
                sums[i][j].store(all.as_mut_ptr().add(j * V::LANES));
            }
            for j in 0..T {
                tails[i][j].store(all.as_mut_ptr().add(N * V::LANES));
            }
            std::ptr::copy_nonoverlapping(all.as_ptr(), t.c.add(i * t.c_row), t.columns);
        }
    }
}

impl Tiled for Tile<'_> {
    #[inline(always)]
    unsafe fn tile<V: Isa, const R: usize, const N: usize, const T: usize>(&self) {
        // SAFETY: the caller upholds this function's contract.
        unsafe { tile::<V, R, N, T>(self) }
    }
}

/// Calls the tile for the given number of rows.
macro_rules! by_rows {
    ($isa:ident, $rows:ident, $vectors:literal, $tail:literal, $tile:ident) => {
        match $rows {
            1 => $isa::tile::<1, $vectors, $tail>($tile),
            2 => $isa::tile::<2, $vectors, $tail>($tile),
            3 => $isa::tile::<3, $vectors, $tail>($tile),
            4 => $isa::tile::<4, $vectors, $tail>($tile),
            5 => $isa::tile::<5, $vectors, $tail>($tile),
            6 => $isa::tile::<6, $vectors, $tail>($tile),
            7 => $isa::tile::<7, $vectors, $tail>($tile),
            _ => $isa::tile::<8, $vectors, $tail>($tile),
        }
    };
}

/// `c[group][sample] = finish(sum over runs of a[group][sample] * kernel)` for all blocks. Rows of `a` are as long as
/// the kernels are high, and rows of `c` have `columns` columns.
pub(super) fn product<V: Isa>(
    blocks: &Blocks,
    packed: &Packed,
    samples: usize,
    (a, c, columns): (&[f32], &mut [f32], usize),
    finish: Option<&Finish>,
) {
    let inner = packed.rows;
    let group = samples * inner;
    check(blocks, packed, samples, (a, c, columns));
    for panel in &packed.panels {
        let most = V::ROWS[panel.vectors + usize::from(panel.tail) - 1];
        for block in &blocks.blocks {
            let rows = block.groups * samples;
            let tiles = rows.div_ceil(most);
            for i in 0..tiles {
                let first = rows * i / tiles;
                let count = rows * (i + 1) / tiles - first;
                // SAFETY: `check` ensures that all rows and columns are inside; the caller chose `V` for this
                // processor.
                unsafe {
                    let tile = &Tile {
                        a: a.as_ptr().add(first * inner),
                        row: inner,
                        group,
                        runs: &blocks.runs[block.runs.clone()],
                        b: packed.values[panel.start..].as_ptr(),
                        width: panel.width,
                        c: c.as_mut_ptr()
                            .add((block.out * samples + first) * columns + panel.column),
                        c_row: columns,
                        columns: panel.columns,
                        finish,
                        column: panel.column,
                    };
                    dispatch::<V>(panel, count, tile);
                }
            }
        }
    }
}

/// Computes a tile.
///
/// # Safety
/// See [`tile`].
#[inline]
unsafe fn dispatch<V: Isa>(panel: &Panel, rows: usize, tile: &Tile<'_>) {
    // SAFETY: the caller upholds this function's contract.
    unsafe {
        match (panel.vectors, panel.tail) {
            (0, _) => by_rows!(V, rows, 0, 1, tile),
            (1, false) => by_rows!(V, rows, 1, 0, tile),
            (1, true) => by_rows!(V, rows, 1, 1, tile),
            (2, false) => by_rows!(V, rows, 2, 0, tile),
            (2, true) => by_rows!(V, rows, 2, 1, tile),
            (_, _) => by_rows!(V, rows, 3, 0, tile),
        }
    }
}

/// Checks that everything the tiles read and write is inside the slices.
fn check(
    blocks: &Blocks,
    packed: &Packed,
    samples: usize,
    (a, c, columns): (&[f32], &[f32], usize),
) {
    let [out, groups, kernels] = blocks.reach;
    assert!(out * samples * columns <= c.len(), "the result");
    assert!(groups * samples * packed.rows <= a.len(), "the rows");
    assert!(kernels <= packed.kernels, "the kernels");
    let last = packed.panels.last().map_or(0, |p| p.column + p.columns);
    assert!(last <= columns, "the columns");
}
