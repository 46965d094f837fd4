//! An approximation of the inverse Hessian of a logistic regression. Log powers of neighbouring bands rise and fall
//! together, and without it the regression needs ten times as many iterations.

use crate::cholesky::{cholesky, solve};
use crate::matrix::add_squares;
use crate::table::Table;

/// Most columns of a block: its time grows with their square, its factor's with their third power.
const BLOCK: usize = 512;

/// Mean products of the columns of a table, in blocks of neighbouring columns. Correlations between blocks are left
/// out.
pub(crate) struct ColumnProducts {
    width: usize,
    /// First column of each block, and the lower triangle of its products.
    blocks: Vec<(usize, Vec<f64>)>,
}

/// The factors for one penalty.
pub(crate) struct Preconditioner {
    width: usize,
    classes: f64,
    /// First column, number of columns and Cholesky factor of each block.
    blocks: Vec<(usize, usize, Vec<f64>)>,
}

impl ColumnProducts {
    /// From a table whose columns have mean 0.
    pub fn new(table: &Table) -> Self {
        let (rows, width) = (table.rows().max(1) as f64, table.width());
        let count = width.div_ceil(BLOCK).max(1);
        let block = |number: usize| {
            let columns = number * width / count..(number + 1) * width / count;
            let mut products = vec![0.0; columns.len() * columns.len()];
            add_squares(&mut products, table.values(), width, columns.clone());
            products.iter_mut().for_each(|product| *product /= rows);
            (columns.start, products)
        };
        Self {
            width,
            blocks: (0..count).map(block).collect(),
        }
    }

    /// The inverse Hessian where all classes are equally probable: that of the mean cross-entropy is `products /
    /// classes` for weights that sum to zero over the classes, and `penalty` is added. `None` if a block cannot be
    /// factored.
    pub fn preconditioner(&self, classes: usize, penalty: f64) -> Option<Preconditioner> {
        let factor = |(first, products): &(usize, Vec<f64>)| {
            let size = products.len().isqrt();
            let mut matrix = products.clone();
            matrix.iter_mut().for_each(|value| *value /= classes as f64);
            for i in 0..size {
                matrix[i * size + i] += penalty;
            }
            cholesky(&mut matrix, size)?;
            Some((*first, size, matrix))
        };
        Some(Preconditioner {
            width: self.width,
            classes: classes as f64,
            blocks: self.blocks.iter().map(factor).collect::<Option<_>>()?,
        })
    }
}

impl Preconditioner {
    /// Multiplies by the inverse Hessian: per class the weights of the columns, then the intercept.
    pub fn apply(&self, weights: &mut [f64]) {
        // Block by block, so that a factor stays in the cache for all classes.
        for (first, size, factor) in &self.blocks {
            for class_weights in weights.chunks_exact_mut(self.width + 1) {
                solve(factor, &mut class_weights[*first..first + size]);
            }
        }
        for class_weights in weights.chunks_exact_mut(self.width + 1) {
            class_weights[self.width] *= self.classes;
        }
    }
}
