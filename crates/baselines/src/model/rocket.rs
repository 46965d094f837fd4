//! MiniRocket features with ridge classification.

use data::folds::Roles;
use rayon::prelude::*;

use super::{ALPHAS, Baseline, DEFAULT_ALPHA, Prediction, Problem, RIDGE_WINDOWS, choose};
use crate::matrix::products_32;
use crate::metrics::argmax;
use crate::minirocket::MiniRocket;
use crate::ridge::{Gram, Ridge};
use crate::samples::at_most;

/// MiniRocket with ridge classification. Windows shorter than nine samples have no features; the majority class is
/// predicted for them.
pub(super) fn ridge(problem: Problem<'_>) -> Prediction {
    let samples = problem.samples;
    let kept = at_most(problem.train, &samples.labels, RIDGE_WINDOWS, problem.seed);
    let problem = Problem {
        train: &kept,
        ..problem
    };
    let train = samples.values(problem.train);
    let Some(rocket) = MiniRocket::fit(&train, samples.shape, problem.seed) else {
        return Baseline::Majority.predict(problem);
    };
    let mut train = rocket.features(&train);
    let scales = scales(&train, rocket.width());
    scale(&mut train, &scales);
    let gram = Gram::new(
        products_32(&train, &train, rocket.width()),
        problem.train.len(),
    );
    let labels = samples.labels_of(problem.train);
    let classes = problem.classes;
    let inner = problem.inner();
    let predict = |roles: &Roles, known: &[u32]| {
        let gram_of_train = gram.select(&roles.train, &roles.train);
        let products = gram.select(&roles.test, &roles.train);
        let with = |&alpha: &f64| {
            let Some(ridge) = Ridge::fit(&gram_of_train, known, classes, alpha) else {
                return vec![0; roles.test.len()];
            };
            let rows = products.chunks_exact(known.len());
            rows.map(|row| argmax(&ridge.scores(row)) as u32).collect()
        };
        ALPHAS.iter().map(with).collect()
    };
    let alpha = inner.map_or(DEFAULT_ALPHA, |folds| {
        choose(&folds, &labels, classes, &ALPHAS, predict)
    });
    let all: Vec<usize> = (0..labels.len()).collect();
    let fitted = Ridge::fit(&gram.select(&all, &all), &labels, classes, alpha);
    let Some(fitted) = fitted else {
        return Baseline::Majority.predict(problem);
    };
    let mut probabilities = Vec::with_capacity(problem.test.len() * classes);
    for rows in problem.test.chunks(1024) {
        let mut test = rocket.features(&samples.values(rows));
        scale(&mut test, &scales);
        for row in products_32(&test, &train, rocket.width()).chunks_exact(labels.len()) {
            let scores = fitted.scores(row);
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            probabilities.extend(scores.iter().map(|score| (score - largest).exp() / sum));
        }
    }
    problem.prediction(probabilities, Some(alpha))
}

/// Inverse standard deviation of each column; 0 for constant columns.
fn scales(values: &[f32], width: usize) -> Vec<f32> {
    let rows = (values.len() / width) as f64;
    let (mut sums, mut squares) = (vec![0.0; width], vec![0.0; width]);
    for row in values.chunks_exact(width) {
        for (j, &value) in row.iter().enumerate() {
            sums[j] += f64::from(value);
            squares[j] += f64::from(value).powi(2);
        }
    }
    let deviation =
        |(sum, square): (&f64, &f64)| (square / rows - (sum / rows).powi(2)).max(0.0).sqrt();
    let scale = |deviation: f64| {
        if deviation > 1e-6 {
            (1.0 / deviation) as f32
        } else {
            0.0
        }
    };
    sums.iter()
        .zip(&squares)
        .map(deviation)
        .map(scale)
        .collect()
}

fn scale(values: &mut [f32], scales: &[f32]) {
    values.par_chunks_exact_mut(scales.len()).for_each(|row| {
        row.iter_mut()
            .zip(scales)
            .for_each(|(value, scale)| *value *= scale);
    });
}
