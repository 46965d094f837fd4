//! Multinomial logistic regression with a squared penalty, as `sklearn.linear_model.LogisticRegression` fits it.

use rayon::prelude::*;

use crate::lbfgs::{Stop, add, dot, minimise};
use crate::table::Table;

/// Rows whose sums are one addend. Fixed, so that the sums do not depend on the number of threads.
const ROWS: usize = 256;

/// How a regression is fitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogisticOptions {
    /// Inverse strength of the penalty, as scikit-learn's `C`.
    pub c: f64,
    /// Largest component of the mean loss's gradient at the end.
    pub tolerance: f64,
    /// Iterations at most.
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
    /// `[classes, width + 1]`: weights of the columns, then the intercept.
    weights: Vec<f64>,
    classes: usize,
}

impl Logistic {
    /// Minimises `C * sum of cross-entropies + 0.5 * sum of squared weights`; intercepts are free. The columns of
    /// `table` should have similar scales.
    ///
    /// With two classes each has weights of its own, so `C` stands for scikit-learn's `2 C`.
    pub fn fit(table: &Table, labels: &[u32], classes: usize, options: LogisticOptions) -> Self {
        let width = table.width();
        let mut weights = vec![0.0; classes * (width + 1)];
        let penalty = 1.0 / (options.c * table.rows() as f64);
        let stop = Stop {
            gradient: options.tolerance,
            iterations: options.iterations,
        };
        let loss = |weights: &[f64], gradient: &mut [f64]| {
            let mut loss = mean_loss(table, labels, classes, weights, gradient);
            for (own, gradient) in weights
                .chunks_exact(width + 1)
                .zip(gradient.chunks_exact_mut(width + 1))
            {
                loss += 0.5 * penalty * dot(&own[..width], &own[..width]);
                add(&mut gradient[..width], penalty, &own[..width]);
            }
            loss
        };
        minimise(&mut weights, loss, stop);
        Self { weights, classes }
    }

    /// Probabilities `[N, classes]` laid end to end.
    pub fn probabilities(&self, table: &Table) -> Vec<f64> {
        let mut row = vec![0.0; self.classes];
        let mut all = Vec::with_capacity(table.rows() * self.classes);
        for values in table.iter() {
            softmax(values, &self.weights, &mut row);
            all.extend_from_slice(&row);
        }
        all
    }

    /// Weights of a class, one a column, and its intercept.
    pub fn class_weights(&self, class: usize) -> (&[f64], f64) {
        let width = self.weights.len() / self.classes;
        let own = &self.weights[class * width..][..width];
        (&own[..width - 1], own[width - 1])
    }
}

/// Fills `out` with the probabilities of a row.
fn softmax(values: &[f64], weights: &[f64], out: &mut [f64]) {
    let width = values.len();
    for (out, own) in out.iter_mut().zip(weights.chunks_exact(width + 1)) {
        *out = dot(values, &own[..width]) + own[width];
    }
    let largest = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.iter_mut()
        .for_each(|logit| *logit = (*logit - largest).exp());
    let sum: f64 = out.iter().sum();
    out.iter_mut().for_each(|value| *value /= sum);
}

/// Mean cross-entropy; its gradient replaces `gradient`.
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
            for (own, &error) in gradient.chunks_exact_mut(width + 1).zip(&probabilities) {
                add(&mut own[..width], error, values);
                own[width] += error;
            }
        }
        (loss, gradient)
    };
    let firsts: Vec<usize> = (0..table.rows()).step_by(ROWS).collect();
    let parts: Vec<_> = firsts.into_par_iter().map(part).collect();
    let scale = 1.0 / table.rows() as f64;
    gradient.fill(0.0);
    let mut loss = 0.0;
    for (own, part) in parts {
        loss += own * scale;
        add(gradient, scale, &part);
    }
    loss
}
