//! Multinomial logistic regression with a squared penalty, as `sklearn.linear_model.LogisticRegression` fits it.

use rayon::prelude::*;

use crate::lbfgs::{StoppingCriteria, minimise};
use crate::matrix::{add, add_products, dot, products};
use crate::precondition::ColumnProducts;
use crate::table::Table;

/// Rows per partial sum. Fixed, so that sums do not depend on the number of threads.
const ROWS: usize = 256;

/// Options of a regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticOptions {
    /// Inverse regularisation strength, scikit-learn's `C`.
    pub c: f64,
    /// Stopping criterion: largest absolute component of the mean loss's gradient.
    pub tolerance: f64,
    /// Maximum number of iterations.
    pub iterations: usize,
}

impl Default for LogisticOptions {
    fn default() -> Self {
        Self {
            c: 1.0,
            tolerance: 1e-5,
            iterations: 500,
        }
    }
}

/// Fitted weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// Per class the weights of the columns, then the intercept: `[classes, width + 1]`.
    weights: Vec<f64>,
    classes: usize,
}

impl Logistic {
    /// Minimises `C * sum of cross-entropies + 0.5 * sum of squared weights`; intercepts are not penalised. The
    /// columns of `table` should have mean 0 and similar scales.
    ///
    /// With two classes, each class has its own weights, so `C` corresponds to scikit-learn's `2 C`.
    pub fn fit(table: &Table, labels: &[u32], classes: usize, options: LogisticOptions) -> Self {
        let mut path = Self::path(table, labels, classes, &[options.c], options);
        path.pop().expect("there is one C")
    }

    /// Fits one regression for each `C`, instead of that in the options. Each starts with the weights of the one
    /// before, so neighbours in size should be neighbours in the list.
    pub fn path(
        table: &Table,
        labels: &[u32],
        classes: usize,
        cs: &[f64],
        options: LogisticOptions,
    ) -> Vec<Self> {
        let products = ColumnProducts::new(table);
        let stop = StoppingCriteria {
            gradient: options.tolerance,
            iterations: options.iterations,
        };
        let mut weights = vec![0.0; classes * (table.width() + 1)];
        let mut fit = |&c: &f64| {
            let penalty = 1.0 / (c * table.rows() as f64);
            let preconditioner = products.preconditioner(classes, penalty);
            minimise(
                &mut weights,
                |weights, gradient| {
                    penalised_loss((table, labels, classes), penalty, weights, gradient)
                },
                |direction| {
                    if let Some(preconditioner) = &preconditioner {
                        preconditioner.apply(direction);
                    }
                },
                stop,
            );
            Self {
                weights: weights.clone(),
                classes,
            }
        };
        cs.iter().map(&mut fit).collect()
    }

    /// Class probabilities.
    ///
    /// # Shapes
    /// `[N, classes]`, flattened.
    pub fn probabilities(&self, table: &Table) -> Vec<f64> {
        let mut all = vec![0.0; table.rows() * self.classes];
        probabilities(table.values(), table.width(), &self.weights, &mut all);
        all
    }

    /// Weights of a class, one per column, and its intercept.
    pub fn class_weights(&self, class: usize) -> (&[f64], f64) {
        let width = self.weights.len() / self.classes;
        let weights_of_class = &self.weights[class * width..][..width];
        (&weights_of_class[..width - 1], weights_of_class[width - 1])
    }
}

/// Writes the class probabilities of rows, `[rows, classes]`. Per class, `weights` has those of the columns and the
/// intercept.
fn probabilities(values: &[f64], width: usize, weights: &[f64], out: &mut [f64]) {
    products(values, weights, width, width + 1, out);
    for out in out.chunks_exact_mut(weights.len() / (width + 1)) {
        for (logit, weights_of_class) in out.iter_mut().zip(weights.chunks_exact(width + 1)) {
            *logit += weights_of_class[width];
        }
        let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.iter_mut()
            .for_each(|logit| *logit = (*logit - largest).exp());
        let sum: f64 = out.iter().sum();
        out.iter_mut().for_each(|value| *value /= sum);
    }
}

/// Returns the mean cross-entropy with the penalty on the weights, and writes its gradient to `gradient`.
fn penalised_loss(
    (table, labels, classes): (&Table, &[u32], usize),
    penalty: f64,
    weights: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let width = table.width();
    let part = |(values, labels): (&[f64], &[u32])| {
        let mut errors = vec![0.0; labels.len() * classes];
        probabilities(values, width, weights, &mut errors);
        let mut loss = 0.0;
        let mut gradient = vec![0.0; weights.len()];
        for (errors, &label) in errors.chunks_exact_mut(classes).zip(labels) {
            let error = &mut errors[label as usize];
            loss -= error.max(f64::MIN_POSITIVE).ln();
            *error -= 1.0;
            for (class_gradient, error) in gradient.chunks_exact_mut(width + 1).zip(errors) {
                class_gradient[width] += *error;
            }
        }
        add_products(&mut gradient, width + 1, &errors, values, width);
        (loss, gradient)
    };
    let values = table.values().par_chunks(ROWS * width);
    let parts: Vec<_> = values.zip(labels.par_chunks(ROWS)).map(part).collect();
    let scale = 1.0 / table.rows() as f64;
    gradient.fill(0.0);
    let mut loss = 0.0;
    for (part_loss, part) in parts {
        loss += part_loss * scale;
        add(gradient, scale, &part);
    }
    for (weights, gradient) in weights
        .chunks_exact(width + 1)
        .zip(gradient.chunks_exact_mut(width + 1))
    {
        loss += 0.5 * penalty * dot(&weights[..width], &weights[..width]);
        add(&mut gradient[..width], penalty, &weights[..width]);
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{classes, close, numbers, reference};

    /// Reference: weights and probabilities of scikit-learn, solved to full precision.
    #[test]
    fn as_scikit_learn() {
        for case in reference()["logistic"].as_array().unwrap() {
            let count = case["classes"].as_u64().unwrap() as usize;
            let table = Table::new(numbers(&case["x"]), 4);
            let c = case["c"].as_f64().unwrap();
            let options = LogisticOptions {
                // scikit-learn has one weight vector for two classes.
                c: if count == 2 { c / 2.0 } else { c },
                tolerance: 1e-10,
                iterations: 2000,
            };
            let fitted = Logistic::fit(&table, &classes(&case["y"]), count, options);
            close(
                &fitted.probabilities(&table),
                &numbers(&case["probabilities"]),
                1e-6,
            );
            let theirs = numbers(&case["coef"]);
            if count == 2 {
                let pairs = fitted
                    .class_weights(1)
                    .0
                    .iter()
                    .zip(fitted.class_weights(0).0);
                let difference: Vec<f64> = pairs.map(|(one, zero)| one - zero).collect();
                close(&difference, &theirs, 1e-5);
            } else {
                let ours: Vec<f64> = (0..count)
                    .flat_map(|class| fitted.class_weights(class).0.to_vec())
                    .collect();
                close(&ours, &theirs, 1e-5);
            }
        }
    }

    /// Columns that rise and fall together, as log powers of neighbouring bands do, and noise a hundred times smaller that
    /// tells the classes apart. Without the preconditioner, 40 iterations are far from the minimum.
    #[test]
    fn columns_that_are_alike_need_few_iterations() {
        let (rows, width) = (400, 40);
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1u32 << 24) - 0.5
        };
        let labels: Vec<u32> = (0..rows).map(|row| row as u32 % 3).collect();
        let mut values = Vec::new();
        for &label in &labels {
            let level = random();
            let class_part =
                |column: usize| 0.004 * f64::from(u32::from(column as u32 % 3 == label));
            values.extend(
                (0..width).map(|column| 3.0 * (level + class_part(column) + 0.01 * random())),
            );
        }
        let mut table = Table::new(values, width);
        crate::table::Scaler::learn(&table).apply(&mut table);
        let fit = |iterations| {
            let options = LogisticOptions {
                c: 100.0,
                iterations,
                ..LogisticOptions::default()
            };
            Logistic::fit(&table, &labels, 3, options).probabilities(&table)
        };
        close(&fit(40), &fit(5000), 1e-3);
    }

    #[test]
    fn threads_change_nothing() {
        let values = (0..3000)
            .map(|i| ((i * i) % 97) as f64 / 48.0 - 1.0)
            .collect();
        let table = Table::new(values, 3);
        let labels: Vec<u32> = (0..1000).map(|i| (i * 7 % 3) as u32).collect();
        let fit = || Logistic::fit(&table, &labels, 3, LogisticOptions::default());
        let expected = fit();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            assert_eq!(pool.install(fit), expected);
        }
    }
}
