//! What simple classifiers reach on a dataset, and whether a network is better.

use std::fmt;
use std::time::{Duration, Instant};

use data::folds::{FoldError, FoldScheme, Folds, coincidence_warnings, few_groups_warning};
use data::{DataError, DatasetConfig};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::evaluate::{Judged, PartScores, Scores};
use crate::metrics::bootstrap::{self, Difference, Interval, Options};
use crate::metrics::{confusion, macro_f1};
use crate::model::{Baseline, Prediction, Problem};
use crate::remember::{self, Key};
use crate::samples::{Splits, at_most};

/// Changes when the same data and seed would give other results.
const VERSION: u32 = 1;

/// Windows that scores are about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// `validation`, `test` or `folds`.
    pub split: String,
    /// True classes, one a window.
    pub labels: Vec<u32>,
    /// Recordings, one a window.
    pub groups: Vec<String>,
    /// The fold in which each window was tested; empty for splits.
    pub fold_of: Vec<usize>,
}

/// A baseline on the windows of a [`Reference`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Its [`Reference::split`].
    pub split: String,
    /// Scores over all windows.
    pub scores: Scores,
    /// Scores of each fold; empty for splits.
    pub by_fold: Vec<PartScores>,
    /// Scores of each group.
    pub by_group: Vec<PartScores>,
    /// Predicted classes, one a window.
    pub predicted: Vec<u32>,
}

/// What one baseline reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaselineResult {
    /// Model and features.
    #[serde(flatten)]
    pub baseline: Baseline,
    /// Parameters that were chosen on inner folds of the training windows, one a fit.
    pub chosen: Vec<f64>,
    /// One for every [`Reference`] of the comparison, in its order.
    pub judgements: Vec<Judgement>,
}

/// What baselines reach on a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Class names, one a label.
    pub class_names: Vec<String>,
    /// SHA-256 of the splits.
    pub fingerprints: Vec<String>,
    /// Seed.
    pub seed: u64,
    /// Windows that scores are about.
    pub references: Vec<Reference>,
    /// The baselines, in the order they were asked for.
    pub results: Vec<BaselineResult>,
    /// Windows that were learned from, where not all of them.
    pub learned_from: Option<usize>,
    /// Whether some windows name no group, so that the intervals are too narrow.
    pub ungrouped: bool,
    /// What makes the scores doubtful.
    pub warnings: Vec<String>,
}

/// How baselines are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareOptions {
    /// Which.
    pub baselines: Vec<Baseline>,
    /// Cross-validation over training and validation split together, instead of their own division. The test split
    /// stays untouched.
    pub folds: Option<FoldScheme>,
    /// Windows that are learned from at most, every class in proportion.
    pub most_windows: usize,
    /// Seed of the folds, so that they do not change with the other.
    pub fold_seed: u64,
    /// Seed of all else.
    pub seed: u64,
}

/// Fits and judges baselines; `watch` is told of each that is done and how long it took.
///
/// # Errors
/// [`FoldError`] where the groups cannot be dealt to folds.
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
    // Of every fit: what is learned from, what is tested, and where the predictions go.
    let mut fits: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    let reference = |split: &str, rows: &[usize], fold_of: Vec<usize>| Reference {
        split: split.into(),
        labels: samples.labels_of(rows),
        groups: samples.groups_of(rows),
        fold_of,
    };
    let coincidences = |split: &str, rows: &[usize]| {
        let (labels, groups) = (samples.labels_of(rows), samples.groups_of(rows));
        coincidence_warnings(split, &labels, &groups, &splits.class_names)
    };
    let mut warnings = Vec::new();
    if let Some(scheme) = options.folds {
        let rows: Vec<usize> = splits
            .train
            .iter()
            .chain(&splits.validation)
            .copied()
            .collect();
        let folds = Folds::new(
            &samples.labels_of(&rows),
            &samples.groups_of(&rows),
            scheme,
            options.fold_seed,
        )?;
        warnings.extend(coincidences("training and validation", &rows));
        comparison
            .references
            .push(reference("folds", &rows, folds.fold_of().to_vec()));
        for fold in 0..folds.count() {
            let roles = folds.roles(fold);
            let of = |positions: &[usize]| positions.iter().map(|&i| rows[i]).collect::<Vec<_>>();
            fits.push((of(&roles.train), of(&roles.test)));
        }
    } else {
        warnings.extend(coincidences("training", &splits.train));
        let groups = samples.groups_of(&splits.validation);
        warnings.extend(few_groups_warning("validation", &groups));
        let validation = reference("validation", &splits.validation, Vec::new());
        comparison.references.push(validation);
        if !splits.test.is_empty() {
            let groups = samples.groups_of(&splits.test);
            warnings.extend(few_groups_warning("test", &groups));
            comparison
                .references
                .push(reference("test", &splits.test, Vec::new()));
        }
        let tested = splits
            .validation
            .iter()
            .chain(&splits.test)
            .copied()
            .collect();
        fits.push((splits.train.clone(), tested));
    }
    comparison.warnings.extend(warnings);
    for (train, _) in &mut fits {
        if train.len() > options.most_windows {
            *train = at_most(train, &samples.labels, options.most_windows, options.seed);
            comparison.learned_from = Some(train.len());
        }
    }
    for &baseline in &options.baselines {
        let started = Instant::now();
        let fit = |(train, test): &(Vec<usize>, Vec<usize>)| {
            baseline.predict(Problem {
                samples,
                classes,
                train,
                test,
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

impl Comparison {
    /// Puts the predictions of all fits where the references have their windows.
    fn judge_baseline(&self, baseline: Baseline, predictions: &[Prediction]) -> BaselineResult {
        let classes = self.class_names.len();
        let mut next = vec![0; predictions.len()];
        let mut judgements = Vec::new();
        for reference in &self.references {
            let windows = reference.labels.len();
            let (mut predicted, mut probabilities) = (Vec::with_capacity(windows), Vec::new());
            for window in 0..windows {
                let fit = reference.fold_of.get(window).copied().unwrap_or(0);
                let (own, at) = (&predictions[fit], next[fit]);
                predicted.push(own.predicted[at]);
                probabilities.extend_from_slice(&own.probabilities[at * classes..][..classes]);
                next[fit] += 1;
            }
            let judged = Judged {
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
            chosen: predictions.iter().filter_map(|own| own.chosen).collect(),
            judgements,
        }
    }

    /// Position of the split with this name among [`Comparison::references`]. `test` is the validation split where there
    /// is no other.
    pub fn position(&self, split: &str) -> Option<usize> {
        let named = |name: &str| self.references.iter().position(|own| own.split == name);
        let serves = || {
            if split == "test" {
                named("validation")
            } else {
                None
            }
        };
        named(split).or_else(serves)
    }

    /// The baseline with the best macro-F1 on a split, the first of equals.
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

    /// Compares a network with the best baseline of a split. `predicted` has one class a window of the split, in its
    /// order. None where the split has other windows.
    pub fn verdict(&self, split: &str, predicted: &[u32]) -> Option<Verdict> {
        let at = self.position(split)?;
        let reference = &self.references[at];
        let of =
            |result: &'_ BaselineResult| (result.baseline, result.judgements[at].predicted.clone());
        let baselines: Vec<_> = self.results.iter().map(of).collect();
        let tested = Tested {
            labels: &reference.labels,
            groups: &reference.groups,
            classes: self.class_names.len(),
        };
        Verdict::new(tested, predicted, &baselines, self.seed)
    }
}

/// Windows on which classifiers are compared, one entry a window.
#[derive(Clone, Copy, Debug)]
pub struct Tested<'a> {
    /// True classes.
    pub labels: &'a [u32],
    /// Recordings.
    pub groups: &'a [String],
    /// Number of classes.
    pub classes: usize,
}

/// A network beside the best baseline on the same windows: macro-F1, with intervals over groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The best baseline.
    pub baseline: Baseline,
    /// What it reaches.
    pub baseline_score: Interval,
    /// What the network reaches.
    pub network_score: Interval,
    /// Network less baseline.
    pub difference: Difference,
}

impl Verdict {
    /// Compares a network's predictions with those of the best of `baselines`, all of the same windows. None where there
    /// is no baseline, or predictions are of other windows.
    pub fn new(
        tested: Tested<'_>,
        network: &[u32],
        baselines: &[(Baseline, Vec<u32>)],
        seed: u64,
    ) -> Option<Self> {
        let Tested {
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

    /// Whether the network is better, by more than chance among groups.
    pub fn network_is_better(&self) -> bool {
        self.difference.interval.low > 0.0
    }

    /// The verdict in a few words.
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

/// What the quick comparison may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Windows that are learned from at most. A count and not a time, so that the result is the same on every machine.
    pub most_windows: usize,
}

impl Budget {
    /// Windows times classes. Meant for 20 s on two cores; not yet timed.
    const WORK: usize = 18_000;

    /// Fewer windows where there are more classes, whose regression takes longer.
    pub fn for_classes(classes: usize) -> Self {
        Self {
            most_windows: (Self::WORK / classes.max(1)).clamp(500, 6000),
        }
    }
}

/// Windows of all splits that the quick comparison reads at most.
const MOST_READ: usize = 100_000;

/// What a quick comparison is about.
#[derive(Clone, Copy, Debug)]
pub struct QuickOptions<'a> {
    /// What [`crate::samples::identity`] says of the data, which the caller has read.
    pub identity: &'a str,
    /// Windows of all splits.
    pub windows: usize,
    /// Positions in the training split that are learned from; all where there is none.
    pub learn_from: Option<&'a [usize]>,
    /// What it may cost.
    pub budget: Budget,
    /// Seed.
    pub seed: u64,
}

/// The two baselines that every training is compared with: logistic regression and extra trees. Results of the same
/// data, configuration and seed are taken from the user's cache without reading anything.
///
/// # Errors
/// [`DataError`] where the windows cannot be read, or there are more than can be read in a short time.
pub fn quick(config: &DatasetConfig, options: QuickOptions<'_>) -> Result<Comparison, DataError> {
    let key = key(config, &options);
    if let Some(comparison) = remember::recall(&key) {
        return Ok(comparison);
    }
    if options.windows > MOST_READ {
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
    remember::store(&key, &comparison);
    Ok(comparison)
}

/// Everything that decides a quick comparison.
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
