//! Ridge classification for few rows with many columns: one regression to +-1 per class, solved in the dual form.

use crate::cholesky::{cholesky, solve};
use crate::matrix::dot;

/// Gram matrix: dot products of all pairs of rows, `[N, N]`, with scaled columns.
#[derive(Clone, Debug)]
pub(crate) struct Gram {
    values: Vec<f64>,
    rows: usize,
}

impl Gram {
    pub(crate) fn new(values: Vec<f64>, rows: usize) -> Self {
        assert_eq!(values.len(), rows * rows);
        Self { values, rows }
    }

    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.rows..][..self.rows]
    }

    /// The submatrix of `rows` and `columns`, row-major.
    pub(crate) fn select(&self, rows: &[usize], columns: &[usize]) -> Vec<f64> {
        let row = |&row: &usize| columns.iter().map(move |&column| self.row(row)[column]);
        rows.iter().flat_map(row).collect()
    }
}

/// A fitted regression.
pub(crate) struct Ridge {
    /// Weights of the training rows, `[classes, N]`.
    dual: Vec<f64>,
    /// Mean over the training rows of their products with each training row, and the mean of all products.
    means: Vec<f64>,
    mean: f64,
    intercepts: Vec<f64>,
}

impl Ridge {
    /// Minimises `|target - x w - b|^2 + alpha |w|^2` with columns centred by their training means. `gram` holds the
    /// products of the training rows, `[N, N]`. `None` if `alpha` is too small for the rounding errors.
    pub(crate) fn fit(gram: &[f64], labels: &[u32], classes: usize, alpha: f64) -> Option<Self> {
        let rows = labels.len();
        let means: Vec<f64> = gram
            .chunks_exact(rows)
            .map(|row| row.iter().sum::<f64>() / rows as f64)
            .collect();
        let mean = means.iter().sum::<f64>() / rows as f64;
        let mut matrix = vec![0.0; rows * rows];
        for i in 0..rows {
            for j in 0..=i {
                matrix[i * rows + j] = gram[i * rows + j] - means[i] - means[j] + mean;
            }
            matrix[i * rows + i] += alpha;
        }
        cholesky(&mut matrix, rows)?;
        let mut dual = Vec::with_capacity(classes * rows);
        let mut intercepts = Vec::with_capacity(classes);
        for class in 0..classes {
            let targets = labels
                .iter()
                .map(|&label| if label as usize == class { 1.0 } else { -1.0 });
            let mut column: Vec<f64> = targets.collect();
            let intercept = column.iter().sum::<f64>() / rows as f64;
            column.iter_mut().for_each(|value| *value -= intercept);
            solve(&matrix, &mut column);
            intercepts.push(intercept);
            dual.extend(column);
        }
        Some(Self {
            dual,
            means,
            mean,
            intercepts,
        })
    }

    /// Class scores of a row, from its products with the training rows.
    pub(crate) fn scores(&self, products: &[f64]) -> Vec<f64> {
        let rows = products.len();
        let mean_product = products.iter().sum::<f64>() / rows as f64;
        let centred: Vec<f64> = products
            .iter()
            .zip(&self.means)
            .map(|(product, mean)| product - mean_product - mean + self.mean)
            .collect();
        let weights = self.dual.chunks_exact(rows).zip(&self.intercepts);
        weights
            .map(|(dual, intercept)| dot(dual, &centred) + intercept)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One column, two classes: slope and intercept by hand.
    #[test]
    fn one_column_by_hand() {
        let x = [1.0, 2.0, 4.0, 5.0];
        let labels = [0, 0, 1, 1];
        let gram: Vec<f64> = x.iter().flat_map(|a| x.map(|b| a * b)).collect();
        let alpha = 2.0;
        let fitted = Ridge::fit(&gram, &labels, 2, alpha).unwrap();
        // Centred: -2, -1, 1, 2 with targets of +-1.
        let slope = 6.0 / (10.0 + alpha);
        for at in [0.0, 3.5, 9.0] {
            let scores = fitted.scores(&x.map(|value| value * at));
            let expected = slope * (at - 3.0);
            assert!((scores[1] - expected).abs() < 1e-12 && (scores[0] + expected).abs() < 1e-12);
        }
        assert!(Ridge::fit(&gram, &labels, 2, 0.0).is_none());
    }
}
