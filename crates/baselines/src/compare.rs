//! Evaluates simple classifiers on a dataset, and compares a network with the best of them.

mod quick;
mod verdict;

use std::time::{Duration, Instant};

use data::folds::{FoldError, FoldScheme, Folds, coincidence_warnings, few_groups_warning};
use serde::{Deserialize, Serialize};

pub use self::quick::{Budget, QuickOptions, quick};
pub use self::verdict::Verdict;
use crate::evaluate::{PartScores, PredictedWindows, Scores};
pub use crate::metrics::bootstrap::TestedWindows;
use crate::model::{Baseline, Prediction, Problem};
use crate::samples::{Splits, at_most};

/// Increase this when the same data and seed would give other results.
const VERSION: u32 = 3;

/// Windows on which baselines are evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// `validation`, `test` or `folds`.
    pub split: String,
    /// True classes, one per window.
    pub labels: Vec<u32>,
    /// Recordings, one per window.
    pub groups: Vec<String>,
    /// The fold in which each window was tested; empty for splits.
    pub fold_of: Vec<usize>,
}

/// Evaluation of a baseline on the windows of a [`Reference`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Name of the split, see [`Reference::split`].
    pub split: String,
    /// Scores over all windows.
    pub scores: Scores,
    /// Scores of each fold; empty for splits.
    pub by_fold: Vec<PartScores>,
    /// Scores of each group.
    pub by_group: Vec<PartScores>,
    /// Predicted classes, one per window.
    pub predicted: Vec<u32>,
}

/// Results of one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineResult {
    /// Model and features.
    #[serde(flatten)]
    pub baseline: Baseline,
    /// Parameters selected on inner folds of the training windows, one per fit.
    pub chosen: Vec<f64>,
    /// One for every [`Reference`] of the comparison, in its order.
    pub judgements: Vec<Judgement>,
}

/// Results of several baselines on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Class names in label order.
    pub class_names: Vec<String>,
    /// SHA-256 of each split.
    pub fingerprints: Vec<String>,
    /// Seed.
    pub seed: u64,
    /// Evaluated windows.
    pub references: Vec<Reference>,
    /// The baselines, in the order requested.
    pub results: Vec<BaselineResult>,
    /// Number of training windows, if not all were used.
    pub learned_from: Option<usize>,
    /// Whether some windows have no group, which makes the intervals too narrow.
    pub ungrouped: bool,
    /// Reasons to doubt the scores.
    pub warnings: Vec<String>,
    /// Requested baselines that were left out, and why.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// Options of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareOptions {
    /// Baselines to evaluate.
    pub baselines: Vec<Baseline>,
    /// Cross-validation on training and validation data, instead of the dataset's splits. The test split is not used.
    pub folds: Option<FoldScheme>,
    /// Maximum number of training windows, stratified by class.
    pub most_windows: usize,
    /// Seed that assigns groups to folds; independent of `seed`.
    pub fold_seed: u64,
    /// Seed of everything else.
    pub seed: u64,
}

/// Fits and evaluates baselines; `watch` is called after each with the time it took.
///
/// # Errors
/// [`FoldError`] if the groups cannot be assigned to folds.
pub fn compare(
    splits: &Splits,
    options: &CompareOptions,
    watch: &mut dyn FnMut(Baseline, Duration),
) -> Result<Comparison, FoldError> {
    let (samples, classes) = (&splits.samples, splits.class_names.len());
    let mut comparison = Comparison {
        class_names: splits.class_names.clone(),
        fingerprints: splits.fingerprints.clone(),
        seed: options.seed,
        references: Vec::new(),
        results: Vec::new(),
        learned_from: None,
        ungrouped: splits.ungrouped,
        warnings: Vec::new(),
        left_out: Vec::new(),
    };
    if splits.ungrouped {
        comparison.warnings.push(
            "some windows name no group: each counts as a recording of its own, so windows of one recording may be learned \
             from and tested, and the intervals are too narrow"
                .into(),
        );
    }
    let mut fits = match options.folds {
        Some(scheme) => fold_fits(splits, scheme, options.fold_seed, &mut comparison)?,
        None => vec![split_fit(splits, &mut comparison)],
    };
    for Fit { train, .. } in &mut fits {
        if train.len() > options.most_windows {
            *train = at_most(train, &samples.labels, options.most_windows, options.seed);
            comparison.learned_from = Some(train.len());
        }
    }
    for &asked in &options.baselines {
        let same = asked.same_as(samples.shape);
        if let Some(same) = same.filter(|same| options.baselines.contains(same)) {
            comparison
                .left_out
                .extend(asked.reason(samples.shape, same));
            continue;
        }
        let baseline = same.unwrap_or(asked);
        let started = Instant::now();
        let fit = |fit: &Fit| {
            baseline.predict(Problem {
                samples,
                classes,
                train: &fit.train,
                test: &fit.test,
                seed: options.seed,
            })
        };
        let predictions: Vec<Prediction> = fits.iter().map(fit).collect();
        let result = comparison.judge_baseline(baseline, &predictions);
        comparison.results.push(result);
        watch(baseline, started.elapsed());
    }
    Ok(comparison)
}

/// Windows of one fit, as positions in the samples.
struct Fit {
    train: Vec<usize>,
    test: Vec<usize>,
}

/// One fit for each fold of training and validation data, with their reference and warnings.
fn fold_fits(
    splits: &Splits,
    scheme: FoldScheme,
    seed: u64,
    comparison: &mut Comparison,
) -> Result<Vec<Fit>, FoldError> {
    let rows = [&splits.train[..], &splits.validation[..]].concat();
    let samples = &splits.samples;
    let folds = Folds::new(
        &samples.labels_of(&rows),
        &samples.groups_of(&rows),
        scheme,
        seed,
    )?;
    let warnings = coincidences(splits, "training and validation", &rows);
    comparison.warnings.extend(warnings);
    let reference = Reference::new(splits, "folds", &rows, folds.fold_of().to_vec());
    comparison.references.push(reference);
    let of = |positions: &[usize]| positions.iter().map(|&i| rows[i]).collect::<Vec<_>>();
    let fit = |fold| {
        let roles = folds.roles(fold);
        Fit {
            train: of(&roles.train),
            test: of(&roles.test),
        }
    };
    Ok((0..folds.count()).map(fit).collect())
}

/// The fit on the dataset's own splits, with its references and warnings.
fn split_fit(splits: &Splits, comparison: &mut Comparison) -> Fit {
    let warnings = coincidences(splits, "training", &splits.train);
    comparison.warnings.extend(warnings);
    let tested = [("validation", &splits.validation), ("test", &splits.test)];
    for (name, rows) in tested {
        // There is always a validation split.
        if name == "test" && rows.is_empty() {
            continue;
        }
        let warning = few_groups_warning(name, &splits.samples.groups_of(rows));
        comparison.warnings.extend(warning);
        let reference = Reference::new(splits, name, rows, Vec::new());
        comparison.references.push(reference);
    }
    Fit {
        train: splits.train.clone(),
        test: [&splits.validation[..], &splits.test[..]].concat(),
    }
}

/// Warnings of classes and recordings that coincide.
fn coincidences(splits: &Splits, name: &str, rows: &[usize]) -> Vec<String> {
    let labels = splits.samples.labels_of(rows);
    let groups = splits.samples.groups_of(rows);
    coincidence_warnings(name, &labels, &groups, &splits.class_names)
}

impl Reference {
    fn new(splits: &Splits, name: &str, rows: &[usize], fold_of: Vec<usize>) -> Self {
        Self {
            split: name.into(),
            labels: splits.samples.labels_of(rows),
            groups: splits.samples.groups_of(rows),
            fold_of,
        }
    }
}

impl Comparison {
    /// Assembles the predictions of all fits in the order of the references.
    fn judge_baseline(&self, baseline: Baseline, predictions: &[Prediction]) -> BaselineResult {
        let classes = self.class_names.len();
        let mut next = vec![0; predictions.len()];
        let mut judgements = Vec::new();
        for reference in &self.references {
            let windows = reference.labels.len();
            let (mut predicted, mut probabilities) = (Vec::with_capacity(windows), Vec::new());
            for window in 0..windows {
                let fit = reference.fold_of.get(window).copied().unwrap_or(0);
                let (prediction, at) = (&predictions[fit], next[fit]);
                predicted.push(prediction.predicted[at]);
                probabilities
                    .extend_from_slice(&prediction.probabilities[at * classes..][..classes]);
                next[fit] += 1;
            }
            let judged = PredictedWindows {
                labels: &reference.labels,
                groups: &reference.groups,
                predicted: &predicted,
                probabilities: Some(&probabilities),
                classes,
            };
            judgements.push(Judgement {
                split: reference.split.clone(),
                scores: judged.scores(self.seed),
                by_fold: judged.by_fold(&reference.fold_of),
                by_group: judged.by_group(),
                predicted,
            });
        }
        BaselineResult {
            baseline,
            chosen: predictions
                .iter()
                .filter_map(|prediction| prediction.chosen)
                .collect(),
            judgements,
        }
    }

    /// Index of a split in [`Comparison::references`]. Without a test split, `test` is the validation split.
    pub fn position(&self, split: &str) -> Option<usize> {
        let named = |name: &str| {
            self.references
                .iter()
                .position(|reference| reference.split == name)
        };
        let serves = || {
            if split == "test" {
                named("validation")
            } else {
                None
            }
        };
        named(split).or_else(serves)
    }

    /// The baseline with the highest macro F1 on a split; the first one wins ties.
    pub fn best(&self, split: &str) -> Option<&BaselineResult> {
        let at = self.position(split)?;
        let score = |result: &BaselineResult| result.judgements[at].scores.macro_f1.score;
        let first = self.results.first()?;
        let better = |best, result| {
            if score(result) > score(best) {
                result
            } else {
                best
            }
        };
        Some(self.results.iter().fold(first, better))
    }

    /// Compares a network with the best baseline of a split. `predicted` has one class per window, in the order of
    /// the split. `None` if the split has other windows.
    pub fn verdict(&self, split: &str, predicted: &[u32]) -> Option<Verdict> {
        let at = self.position(split)?;
        let reference = &self.references[at];
        let of =
            |result: &'_ BaselineResult| (result.baseline, result.judgements[at].predicted.clone());
        let baselines: Vec<_> = self.results.iter().map(of).collect();
        let tested = TestedWindows {
            labels: &reference.labels,
            groups: &reference.groups,
            classes: self.class_names.len(),
        };
        Verdict::new(tested, predicted, &baselines, self.seed)
    }
}

#[cfg(test)]
mod tests;
