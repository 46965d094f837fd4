//! Random forests and extremely randomised trees.
//!
//! L. Breiman, "Random forests", Machine Learning 45 (2001); P. Geurts, D. Ernst, L. Wehenkel, "Extremely randomized
//! trees", Machine Learning 63 (2006). As in scikit-learn, trees are fully grown, a split considers the square root
//! of the number of columns, the impurity is Gini's, and probabilities are averaged over trees.

mod tree;

use rand::Rng as _;
use rayon::prelude::*;

use self::tree::{Columns, Tree};
use crate::random::{Purpose, generator};
use crate::table::Table;

/// Kind of forest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForestKind {
    /// Bootstrap sample per tree, best threshold per column.
    Random,
    /// All rows for each tree, one random threshold per column.
    Extra,
}

/// Options of a forest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestOptions {
    /// Kind of forest.
    pub kind: ForestKind,
    /// Number of trees.
    pub trees: usize,
    /// Seed; every tree has its own random stream.
    pub seed: u64,
}

/// A fitted forest.
#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Tree>,
    classes: usize,
}

impl Forest {
    /// Grows trees on all threads.
    pub fn fit(table: &Table, labels: &[u32], classes: usize, options: ForestOptions) -> Self {
        let columns = Columns::new(table, labels, classes, options.kind);
        let grow = |number: usize| {
            let mut rng = generator(options.seed, Purpose::Trees, number);
            let count = table.rows() as u32;
            let rows = match options.kind {
                ForestKind::Extra => (0..count).collect(),
                ForestKind::Random => (0..count).map(|_| rng.random_range(0..count)).collect(),
            };
            Tree::grow(&columns, rows, options.kind, &mut rng)
        };
        Self {
            trees: (0..options.trees).into_par_iter().map(grow).collect(),
            classes,
        }
    }

    /// Class probabilities.
    ///
    /// # Shapes
    /// `[N, classes]`, flattened.
    pub fn probabilities(&self, table: &Table) -> Vec<f64> {
        let rows: Vec<usize> = (0..table.rows()).collect();
        let row = |row: usize| {
            let mut sum = vec![0.0; self.classes];
            for tree in &self.trees {
                let leaf = tree.leaf(table.row(row));
                sum.iter_mut()
                    .zip(leaf)
                    .for_each(|(sum, share)| *sum += f64::from(*share));
            }
            sum.iter_mut()
                .for_each(|sum| *sum /= self.trees.len() as f64);
            sum
        };
        rows.into_par_iter().flat_map_iter(row).collect()
    }
}

#[cfg(test)]
mod tests;
