//! Linear systems with a symmetric matrix. Every sum has a fixed order, for any number of threads.

use lanes::wide;
use rayon::prelude::*;

use crate::matrix::{add_rows, dots};

/// Columns of a panel of [`cholesky`].
const PANEL: usize = 64;
/// Rows that a thread updates at a time.
const ROWS: usize = 32;

/// Replaces the lower triangle of a matrix, `[rows, rows]`, by its Cholesky factor, on all threads; `None` if it is not
/// positive definite. Panel by panel: its columns are factored, then their products leave the columns to the right.
pub(crate) fn cholesky(matrix: &mut [f64], rows: usize) -> Option<()> {
    for first in (0..rows).step_by(PANEL) {
        let end = (first + PANEL).min(rows);
        let (done, below) = matrix.split_at_mut(end * rows);
        let top = &mut done[first * rows..];
        factor_top(top, rows, first)?;
        below
            .par_chunks_mut(ROWS * rows)
            .for_each(|part| factor_below(part, top, rows, first));
        // A copy, so that threads may read the panel of other rows while they write theirs.
        let size = end - first;
        let panel: Vec<f64> = below
            .chunks_exact(rows)
            .flat_map(|row| &row[first..end])
            .copied()
            .collect();
        below
            .par_chunks_mut(ROWS * rows)
            .enumerate()
            .for_each(|(k, part)| subtract_panel(part, &panel, [rows, end, size], k * ROWS));
    }
    Some(())
}

wide! {
    /// Factors the square at the top of a panel.
    fn factor_top(top: &mut [f64], rows: usize, first: usize) -> Option<()> {
        for i in 0..top.len() / rows {
            let (above, from) = top.split_at_mut(i * rows);
            let row = &mut from[first..=first + i];
            for j in 0..i {
                let other = &above[j * rows + first..][..=j];
                row[j] = (row[j] - dots(&row[..j], [&other[..j]])[0]) / other[j];
            }
            let rest = row[i] - dots(&row[..i], [&row[..i]])[0];
            if rest <= 0.0 || !rest.is_finite() {
                return None;
            }
            row[i] = rest.sqrt();
        }
        Some(())
    }
}

wide! {
    /// Factors rows below the square `top` of a panel.
    fn factor_below(part: &mut [f64], top: &[f64], rows: usize, first: usize) {
        for row in part.chunks_exact_mut(rows) {
            for (j, other) in top.chunks_exact(rows).enumerate() {
                let (row, other) = (&mut row[first..], &other[first..]);
                row[j] = (row[j] - dots(&row[..j], [&other[..j]])[0]) / other[j];
            }
        }
    }
}

wide! {
    /// Subtracts the products of the panel's rows from rows below it; `number` is that of the first of these.
    fn subtract_panel(part: &mut [f64], panel: &[f64], shape: [usize; 3], number: usize) {
        let [rows, end, size] = shape;
        let of = |i: usize| &panel[i * size..][..size];
        for (k, row) in part.chunks_exact_mut(rows).enumerate() {
            let (i, row) = (number + k, &mut row[end..]);
            let mut j = 0;
            while j + 4 <= i + 1 {
                let products = dots(of(i), [of(j), of(j + 1), of(j + 2), of(j + 3)]);
                row[j..j + 4].iter_mut().zip(products).for_each(|(value, product)| *value -= product);
                j += 4;
            }
            while j <= i {
                row[j] -= dots(of(i), [of(j)])[0];
                j += 1;
            }
        }
    }
}

wide! {
    /// Solves a linear system with its Cholesky factor.
    pub(crate) fn solve(factor: &[f64], column: &mut [f64]) {
        let rows = column.len();
        for i in 0..rows {
            let row = &factor[i * rows..][..=i];
            column[i] = (column[i] - dots(&row[..i], [&column[..i]])[0]) / row[i];
        }
        for i in (0..rows).rev() {
            let row = &factor[i * rows..][..=i];
            let value = column[i] / row[i];
            column[i] = value;
            add_rows(&mut column[..i], [-value], [row]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::tests::{numbers, plain_dot};

    /// Sizes of less than a panel, and of several with a part of one.
    #[test]
    fn systems_are_solved() {
        for rows in [1, 5, 64, 150] {
            let half = numbers(rows * rows);
            let mut matrix = vec![0.0; rows * rows];
            for i in 0..rows {
                for j in 0..rows {
                    matrix[i * rows + j] =
                        plain_dot(&half[i * rows..][..rows], &half[j * rows..][..rows]);
                }
                matrix[i * rows + i] += 1.0;
            }
            let expected = numbers(rows);
            let mut column: Vec<f64> = matrix
                .chunks_exact(rows)
                .map(|row| plain_dot(row, &expected))
                .collect();
            let whole = matrix.clone();
            cholesky(&mut matrix, rows).unwrap();
            solve(&matrix, &mut column);
            for (found, expected) in column.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-8,
                    "{rows}: {found} {expected}"
                );
            }
            let one = rayon::ThreadPoolBuilder::new().num_threads(1).build();
            let mut again = whole;
            one.unwrap().install(|| cholesky(&mut again, rows)).unwrap();
            assert_eq!(again, matrix);
        }
        assert_eq!(cholesky(&mut [1.0, 0.0, 2.0, 1.0], 2), None);
    }
}
