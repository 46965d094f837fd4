//! Multinomial logistic regression with a squared penalty, as `sklearn.linear_model.LogisticRegression` fits it.

use rayon::prelude::*;

use crate::lbfgs::{StoppingCriteria, add, dot, minimise};
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
    /// columns of `table` should have similar scales.
    ///
    /// With two classes, each class has its own weights, so `C` corresponds to scikit-learn's `2 C`.
    pub fn fit(table: &Table, labels: &[u32], classes: usize, options: LogisticOptions) -> Self {
        let width = table.width();
        let mut weights = vec![0.0; classes * (width + 1)];
        let penalty = 1.0 / (options.c * table.rows() as f64);
        let stop = StoppingCriteria {
            gradient: options.tolerance,
            iterations: options.iterations,
        };
        let loss = |weights: &[f64], gradient: &mut [f64]| {
            let mut loss = mean_loss(table, labels, classes, weights, gradient);
            for (weights_of_class, gradient) in weights
                .chunks_exact(width + 1)
                .zip(gradient.chunks_exact_mut(width + 1))
            {
                loss += 0.5 * penalty * dot(&weights_of_class[..width], &weights_of_class[..width]);
                add(&mut gradient[..width], penalty, &weights_of_class[..width]);
            }
            loss
        };
        minimise(&mut weights, loss, stop);
        Self { weights, classes }
    }

    /// Class probabilities.
    ///
    /// # Shapes
    /// `[N, classes]`, flattened.
    pub fn probabilities(&self, table: &Table) -> Vec<f64> {
        let mut row = vec![0.0; self.classes];
        let mut all = Vec::with_capacity(table.rows() * self.classes);
        for values in table.iter() {
            softmax(values, &self.weights, &mut row);
            all.extend_from_slice(&row);
        }
        all
    }

    /// Weights of a class, one per column, and its intercept.
    pub fn class_weights(&self, class: usize) -> (&[f64], f64) {
        let width = self.weights.len() / self.classes;
        let weights_of_class = &self.weights[class * width..][..width];
        (&weights_of_class[..width - 1], weights_of_class[width - 1])
    }
}

/// Writes the probabilities of a row to `out`.
fn softmax(values: &[f64], weights: &[f64], out: &mut [f64]) {
    let width = values.len();
    for (out, weights_of_class) in out.iter_mut().zip(weights.chunks_exact(width + 1)) {
        *out = dot(values, &weights_of_class[..width]) + weights_of_class[width];
    }
    let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.iter_mut()
        .for_each(|logit| *logit = (*logit - largest).exp());
    let sum: f64 = out.iter().sum();
    out.iter_mut().for_each(|value| *value /= sum);
}

/// Returns the mean cross-entropy and writes its gradient to `gradient`.
fn mean_loss(
    table: &Table,
    labels: &[u32],
    classes: usize,
    weights: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let width = table.width();
    let part = |first: usize| {
        let mut gradient = vec![0.0; weights.len()];
        let mut probabilities = vec![0.0; classes];
        let mut loss = 0.0;
        for row in first..(first + ROWS).min(table.rows()) {
            let values = table.row(row);
            softmax(values, weights, &mut probabilities);
            let label = labels[row] as usize;
            loss -= probabilities[label].max(f64::MIN_POSITIVE).ln();
            probabilities[label] -= 1.0;
            for (gradient_of_class, &error) in
                gradient.chunks_exact_mut(width + 1).zip(&probabilities)
            {
                add(&mut gradient_of_class[..width], error, values);
                gradient_of_class[width] += error;
            }
        }
        (loss, gradient)
    };
    let firsts: Vec<usize> = (0..table.rows()).step_by(ROWS).collect();
    let parts: Vec<_> = firsts.into_par_iter().map(part).collect();
    let scale = 1.0 / table.rows() as f64;
    gradient.fill(0.0);
    let mut loss = 0.0;
    for (part_loss, part) in parts {
        loss += part_loss * scale;
        add(gradient, scale, &part);
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
