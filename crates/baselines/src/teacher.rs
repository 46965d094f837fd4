//! Class probabilities of training windows from classifiers that have not seen their recordings: what a network can learn
//! from besides labels (knowledge distillation).
//!
//! A label says more than its window shows. Where recordings differ, a network learns the rest by heart. Classifiers that are
//! tested on recordings they have not seen say how much a window shows.
//!
//! The teacher is a logarithmic pool: the mean of the log probabilities of three simple classifiers, which err in different
//! ways.

use std::collections::BTreeSet;

use data::folds::{FoldError, FoldScheme, Folds};
use data::{DataError, DatasetConfig};
use serde_json::json;

use crate::cache::{self, Key};
use crate::compare::QuickOptions;
use crate::features::FeatureSet;
use crate::model::{Baseline, DEFAULT_C, Prediction, Problem, logistic};
use crate::samples::{Splits, at_most};

/// Raised whenever the same data and seed would give other results.
const VERSION: u32 = 2;

/// Most folds over the groups of the training windows.
const FOLDS: usize = 5;

/// Lowest probability: trees may be sure of something wrong.
const LOWEST: f64 = 1e-3;

/// The classifiers. Logistic regressions have the default penalty.
const POOL: [Baseline; 3] = [
    Baseline::ExtraTrees(FeatureSet::MeanBandsAndTime),
    Baseline::Logistic(FeatureSet::MeanBands),
    Baseline::Logistic(FeatureSet::SegmentBands),
];

/// Logits of the training windows of `config`, those of `options.learn_from` in their order. Each comes from fits to other
/// groups. They come from the user's cache if they were computed before, and are the same to the bit with any number of
/// threads.
///
/// # Shapes
/// `[windows, classes]`, flattened.
///
/// # Errors
/// [`DataError`] if the windows cannot be read, there are too many, or all have the same group.
pub fn teach(config: &DatasetConfig, options: QuickOptions<'_>) -> Result<Vec<f32>, DataError> {
    let key = Key::new(&json!({
        "teacher": VERSION,
        "pool": POOL,
        "options": options.basis(config),
    }));
    // Bits, since decimal fractions may be read back with another last bit.
    if let Some(bits) = cache::read::<Vec<u32>>(&key) {
        return Ok(bits.into_iter().map(f32::from_bits).collect());
    }
    let splits = options.read(config, &POOL)?;
    let logits = pooled(&splits, options.budget.most_windows, options.seed);
    let logits = logits.map_err(DataError::Fold)?;
    let bits: Vec<u32> = logits.iter().map(|logit| logit.to_bits()).collect();
    cache::store(&key, &bits);
    Ok(logits)
}

/// Logits of the training windows, from fits to at most `most_windows` windows of other groups.
fn pooled(splits: &Splits, most_windows: usize, seed: u64) -> Result<Vec<f32>, FoldError> {
    let (samples, rows) = (&splits.samples, &splits.train);
    let classes = splits.class_names.len();
    let (labels, groups) = (samples.labels_of(rows), samples.groups_of(rows));
    let count = groups.iter().collect::<BTreeSet<_>>().len();
    let scheme = FoldScheme::Stratified(count.clamp(2, FOLDS));
    let folds = Folds::new(&labels, &groups, scheme, seed)?;
    let pool = POOL.map(|baseline| baseline.same_as(samples.shape).unwrap_or(baseline));
    let pool: BTreeSet<Baseline> = pool.into_iter().collect();
    let mut logits = vec![0.0; rows.len() * classes];
    for fold in 0..folds.count() {
        let roles = folds.roles(fold);
        let of = |positions: &[usize]| positions.iter().map(|&i| rows[i]).collect::<Vec<_>>();
        let problem = Problem {
            samples,
            classes,
            train: &at_most(&of(&roles.train), &samples.labels, most_windows, seed),
            test: &of(&roles.test),
            seed,
        };
        for &baseline in &pool {
            let probabilities = predict(baseline, problem).probabilities;
            let predicted = probabilities.chunks_exact(classes);
            for (&position, row) in roles.test.iter().zip(predicted) {
                let sums = &mut logits[position * classes..][..classes];
                for (logit, probability) in sums.iter_mut().zip(row) {
                    *logit += probability.max(LOWEST).ln() / pool.len() as f64;
                }
            }
        }
    }
    Ok(logits.into_iter().map(|logit| logit as f32).collect())
}

/// Fits a classifier without a search for its penalty, which would take longer than all else.
fn predict(baseline: Baseline, problem: Problem<'_>) -> Prediction {
    match baseline {
        Baseline::Logistic(set) => logistic(problem, set, &[DEFAULT_C]),
        other => other.predict(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;
    use crate::metrics::argmax;
    use crate::samples::Samples;

    /// Two classes of noise, one of them smoothed, in 12 groups of 10 windows; the labels of the last group are swapped.
    fn splits() -> Splits {
        let shape = [1, 512];
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        let mut samples = Samples {
            shape,
            ..Samples::default()
        };
        for i in 0..120u32 {
            let (group, class) = (i / 10, i % 2);
            let mut before = 0.0;
            let window: Vec<f32> = (0..shape[1])
                .map(|_| {
                    before = noise() + class as f32 * 0.9 * before;
                    before
                })
                .collect();
            samples.features.append(&Features::of(&window, shape, true));
            samples
                .labels
                .push(if group == 11 { 1 - class } else { class });
            samples.groups.push(format!("g{group}"));
        }
        Splits {
            train: (0..120).collect(),
            class_names: vec!["a".into(), "b".into()],
            samples,
            ..Splits::default()
        }
    }

    /// What windows show counts, and not the labels of their own recording.
    #[test]
    fn recordings_are_judged_by_others() {
        let splits = splits();
        let logits = pooled(&splits, 1000, 0).unwrap();
        let predicted: Vec<u32> = logits
            .chunks_exact(2)
            .map(|row| argmax(&[f64::from(row[0]), f64::from(row[1])]) as u32)
            .collect();
        let agrees = |from: usize, to: usize| {
            let pairs = predicted[from..to]
                .iter()
                .zip(&splits.samples.labels[from..to]);
            pairs
                .filter(|(predicted, label)| predicted == label)
                .count()
        };
        assert!(agrees(0, 110) >= 105, "{}", agrees(0, 110));
        assert!(agrees(110, 120) <= 1, "{}", agrees(110, 120));
        assert_eq!(logits, pooled(&splits, 1000, 0).unwrap());
    }

    #[test]
    fn one_group_teaches_nothing() {
        let mut splits = splits();
        splits.train.truncate(10);
        assert!(matches!(
            pooled(&splits, 1000, 0),
            Err(FoldError::TooFewGroups { .. })
        ));
    }
}
