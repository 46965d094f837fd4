//! Evaluates simple classifiers on a dataset, and compares a network with the best of them.

use std::fmt;
use std::time::{Duration, Instant};

use data::folds::{FoldError, FoldScheme, Folds, coincidence_warnings, few_groups_warning};
use data::{DataError, DatasetConfig};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cache::{self, Key};
use crate::evaluate::{PartScores, PredictedWindows, Scores};
use crate::metrics::bootstrap::{self, Difference, Interval, Options};
use crate::metrics::{confusion, macro_f1};
use crate::model::{Baseline, Prediction, Problem};
use crate::samples::{Splits, at_most};

/// Increase this when the same data and seed would give other results.
const VERSION: u32 = 1;

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
    for &baseline in &options.baselines {
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

/// Windows on which classifiers are compared.
#[derive(Clone, Copy, Debug)]
pub struct TestedWindows<'a> {
    /// True classes, one per window.
    pub labels: &'a [u32],
    /// Recordings, one per window.
    pub groups: &'a [String],
    /// Number of classes.
    pub classes: usize,
}

/// Comparison of a network with the best baseline on the same windows: macro F1 with intervals over groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Best baseline.
    pub baseline: Baseline,
    /// Its macro F1.
    pub baseline_score: Interval,
    /// Macro F1 of the network.
    pub network_score: Interval,
    /// Network minus baseline.
    pub difference: Difference,
}

impl Verdict {
    /// Compares a network's predictions with those of the best of `baselines` on the same windows. `None` if there is
    /// no baseline, or predictions differ in length.
    pub fn new(
        tested: TestedWindows<'_>,
        network: &[u32],
        baselines: &[(Baseline, Vec<u32>)],
        seed: u64,
    ) -> Option<Self> {
        let TestedWindows {
            labels,
            groups,
            classes,
        } = tested;
        let fits = |predicted: &[u32]| {
            predicted.len() == labels.len()
                && predicted.iter().all(|&class| (class as usize) < classes)
        };
        if !fits(network) || !baselines.iter().all(|(_, predicted)| fits(predicted)) {
            return None;
        }
        let score = |predicted: &[u32]| macro_f1(&confusion(labels, predicted, classes));
        let mut best = baselines.first()?;
        for other in baselines {
            if score(&other.1) > score(&best.1) {
                best = other;
            }
        }
        let options = Options {
            seed,
            ..Options::default()
        };
        let interval = |predicted: &[u32]| {
            bootstrap::interval(labels, predicted, groups, classes, macro_f1, options)
        };
        let both = [network, &best.1];
        Some(Self {
            baseline: best.0,
            baseline_score: interval(&best.1),
            network_score: interval(network),
            difference: bootstrap::difference(labels, both, groups, classes, macro_f1, options),
        })
    }

    /// Whether the network is better by more than chance differences between groups.
    pub fn network_is_better(&self) -> bool {
        self.difference.interval.low > 0.0
    }

    /// The verdict in words.
    pub fn words(&self) -> &'static str {
        let difference = &self.difference.interval;
        if self.network_is_better() {
            "the network is better than the best simple baseline"
        } else if difference.high < 0.0 {
            "the network is WORSE than the best simple baseline"
        } else if difference.score > 0.0 {
            "the network is NOT CLEARLY BETTER than the best simple baseline"
        } else {
            "the network is NOT BETTER than the best simple baseline"
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let difference = &self.difference.interval;
        write!(
            f,
            "{} ({}): macro F1 {:.3} against {:.3}, difference {:+.3} [{:+.3}, {:+.3}]",
            self.words(),
            self.baseline.title(),
            self.network_score.score,
            self.baseline_score.score,
            difference.score,
            difference.low,
            difference.high,
        )
    }
}

/// Limits of the quick comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Maximum number of training windows. A count rather than a time, so that results are the same on every machine.
    pub most_windows: usize,
}

impl Budget {
    /// Number of windows times classes. Aims at 20 s on two cores; not yet measured.
    const WORK: usize = 18_000;

    /// Reduces the number of windows with the number of classes, since regression takes longer with more.
    pub fn for_classes(classes: usize) -> Self {
        Self {
            most_windows: (Self::WORK / classes.max(1)).clamp(500, 6000),
        }
    }
}

/// Maximum number of windows, over all splits, that the quick comparison reads.
const MAX_READ: usize = 100_000;

/// Input of a quick comparison.
#[derive(Clone, Copy, Debug)]
pub struct QuickOptions<'a> {
    /// Identity of the data from [`crate::samples::identity`], which the caller has read.
    pub identity: &'a str,
    /// Number of windows in all splits.
    pub windows: usize,
    /// Positions of the training windows to use; `None` for all.
    pub learn_from: Option<&'a [usize]>,
    /// Limits.
    pub budget: Budget,
    /// Seed.
    pub seed: u64,
}

/// Evaluates the two baselines that every training is compared with: logistic regression and extra trees. Results for
/// the same data, configuration and seed come from the user's cache without reading any data.
///
/// # Errors
/// [`DataError`] if the windows cannot be read, or there are too many to read in a short time.
pub fn quick(config: &DatasetConfig, options: QuickOptions<'_>) -> Result<Comparison, DataError> {
    let key = key(config, &options);
    if let Some(comparison) = cache::read(&key) {
        return Ok(comparison);
    }
    if options.windows > MAX_READ {
        return Err(DataError::Usage(format!(
            "{} windows take too long: `trainer baselines` fits them apart from the training",
            options.windows
        )));
    }
    let baselines = Baseline::quick();
    let mut splits = Splits::read(config, Baseline::needs(&baselines))?;
    if splits.identity != options.identity {
        let problem = "the data have changed since the training read them";
        return Err(DataError::Usage(problem.into()));
    }
    if let Some(positions) = options.learn_from {
        let kept = positions.iter().map(|&at| splits.train[at]);
        splits.train = kept.collect();
    }
    let compared = compare(
        &splits,
        &CompareOptions {
            baselines,
            folds: None,
            most_windows: options.budget.most_windows,
            fold_seed: 0,
            seed: options.seed,
        },
        &mut |_, _| {},
    );
    let comparison = compared.map_err(DataError::Fold)?;
    cache::store(&key, &comparison);
    Ok(comparison)
}

/// Cache key: everything that decides a quick comparison.
fn key(config: &DatasetConfig, options: &QuickOptions<'_>) -> Key {
    Key::new(&json!({
        "version": VERSION,
        "program": env!("CARGO_PKG_VERSION"),
        "baselines": Baseline::quick(),
        "identity": options.identity,
        "class_names": config.class_names(),
        "steps": config.steps,
        "sampling_rate": config.spectral.sampling_rate,
        "learn_from": options.learn_from,
        "budget": options.budget,
        "seed": options.seed,
    }))
}

#[cfg(test)]
mod tests;
