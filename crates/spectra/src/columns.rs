//! Sums of the columns and rows of matrices, in blocks of columns whose sums stay in registers.

use lanes::{ROW, wide};

use crate::loops::larger;

/// Sums and largest magnitudes of `N` columns of a matrix whose rows are `stride` apart, from the column `first` on.
#[inline(always)]
fn sums_of_columns<const N: usize>(
    matrix: &[f32],
    stride: usize,
    first: usize,
    sums: &mut [f64],
    largest: &mut [f32],
) {
    let (mut local_sums, mut local_largest) = ([0.0; N], [0f32; N]);
    for row in matrix.chunks_exact(stride) {
        let row = &row[first..first + N];
        for ((sum, largest), value) in local_sums.iter_mut().zip(&mut local_largest).zip(row) {
            *sum += f64::from(*value);
            *largest = larger(*largest, value.abs());
        }
    }
    sums[first..first + N].copy_from_slice(&local_sums);
    largest[first..first + N].copy_from_slice(&local_largest);
}

wide! {
    /// Sums of the first columns of a matrix whose rows are `stride` apart, and their largest magnitudes. There are as many
    /// as `sums` and `largest` have room for, a multiple of [`ROW`].
    pub fn column_sums(matrix: &[f32], stride: usize, sums: &mut [f64], largest: &mut [f32]) {
        // So many that no addition waits for the one before it.
        const BLOCK: usize = 4 * ROW;
        let columns = sums.len();
        let blocks = columns / BLOCK * BLOCK;
        for first in (0..blocks).step_by(BLOCK) {
            sums_of_columns::<BLOCK>(matrix, stride, first, sums, largest);
        }
        for first in (blocks..columns).step_by(ROW) {
            sums_of_columns::<ROW>(matrix, stride, first, sums, largest);
        }
    }
}

wide! {
    /// Sums of every `count` neighbouring columns, from their sums, and their largest magnitudes.
    pub fn sums_of_neighbours(columns: (&[f64], &[f32]), count: usize, sums: &mut [f64], largest: &mut [f32]) {
        sums.fill(0.0);
        largest.fill(0.0);
        for first in 0..count {
            for (sum, column) in sums.iter_mut().zip(&columns.0[first..]) {
                *sum += column;
            }
            for (largest, column) in largest.iter_mut().zip(&columns.1[first..]) {
                *largest = larger(*largest, *column);
            }
        }
    }
}

/// Sums of every `count` rows of a matrix in `N` columns, from the column `first` on.
#[inline(always)]
fn row_sums_of<const N: usize>(
    rows: &[f32],
    count: usize,
    first: usize,
    length: usize,
    out: &mut [f32],
) {
    for (rows, out) in rows
        .chunks_exact(count * length)
        .zip(out.chunks_exact_mut(length))
    {
        let mut sums = [0.0; N];
        sums.copy_from_slice(&rows[first..first + N]);
        for row in rows[length..].chunks_exact(length) {
            for (sum, value) in sums.iter_mut().zip(&row[first..first + N]) {
                *sum += value;
            }
        }
        out[first..first + N].copy_from_slice(&sums);
    }
}

wide! {
    /// Sums of every `count` rows of a matrix, as rows that are `length` values long.
    pub fn row_sums(rows: &[f32], count: usize, length: usize, out: &mut [f32]) {
        // In vectors of all sizes, so that few columns are left.
        let mut first = 0;
        while length - first >= 16 {
            row_sums_of::<16>(rows, count, first, length, out);
            first += 16;
        }
        if length - first >= 8 {
            row_sums_of::<8>(rows, count, first, length, out);
            first += 8;
        }
        if length - first >= 4 {
            row_sums_of::<4>(rows, count, first, length, out);
            first += 4;
        }
        while first < length {
            row_sums_of::<1>(rows, count, first, length, out);
            first += 1;
        }
    }
}
