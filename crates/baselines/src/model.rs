//! The baselines: classifiers with their features and hyperparameter selection.

mod rocket;

use data::folds::{FoldScheme, Folds, Roles};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::rocket::ridge;
use crate::features::FeatureSet;
use crate::forest::{Forest, ForestKind, ForestOptions};
use crate::logistic::{Logistic, LogisticOptions};
use crate::majority::Majority;
use crate::metrics::{argmax, confusion, macro_f1};
use crate::samples::{Keep, Samples};
use crate::table::{Scaler, Silence, Table};

/// A simple classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", content = "features")]
pub enum Baseline {
    /// Most frequent class of the training data.
    Majority,
    /// Multinomial logistic regression on standardised features; the penalty is selected on inner folds over training
    /// groups.
    Logistic(FeatureSet),
    /// Extremely randomised trees.
    ExtraTrees(FeatureSet),
    /// Random forest.
    RandomForest(FeatureSet),
    /// Ridge classification of MiniRocket features; the penalty is selected in the same way.
    MiniRocket,
}

/// Predictions of a fitted baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Probabilities `[N, classes]`, flattened. Those of MiniRocket are a softmax of scores and not calibrated.
    pub probabilities: Vec<f64>,
    /// Class of each window.
    pub predicted: Vec<u32>,
    /// Hyperparameter selected on inner folds, if any: `C` or the ridge penalty.
    pub chosen: Option<f64>,
}

/// Training and test data of a fit.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// All windows.
    pub samples: &'a Samples,
    /// Number of classes.
    pub classes: usize,
    /// Positions of the training windows.
    pub train: &'a [usize],
    /// Positions of the test windows.
    pub test: &'a [usize],
    /// Seed of trees, kernels and inner folds.
    pub seed: u64,
}

/// Number of trees.
const TREES: usize = 300;
/// Number of inner folds.
const INNER_FOLDS: usize = 4;
/// Candidates for `C`, strongest penalty first.
const CS: [f64; 4] = [0.01, 0.1, 1.0, 10.0];
/// Used if the training groups cannot be folded.
pub(crate) const DEFAULT_C: f64 = 0.1;
/// Candidates for the ridge penalty, strongest first.
const ALPHAS: [f64; 5] = [1e6, 1e5, 1e4, 1e3, 1e2];
/// Used if the training groups cannot be folded.
const DEFAULT_ALPHA: f64 = 1e4;
/// Maximum number of training windows of the ridge: its time grows with their third power.
const RIDGE_WINDOWS: usize = 2500;

impl Baseline {
    /// All baselines, with the features that suit them.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Majority];
        all.extend(FeatureSet::ALL.map(Self::Logistic));
        all.extend(FeatureSet::ALL.map(Self::ExtraTrees));
        all.extend(FeatureSet::ALL.map(Self::RandomForest));
        all.push(Self::MiniRocket);
        all
    }

    /// The two baselines that are fast enough for every training.
    pub fn quick() -> Vec<Self> {
        vec![
            Self::Logistic(FeatureSet::MeanBands),
            Self::ExtraTrees(FeatureSet::MeanBandsAndTimeAndCorrelation),
        ]
    }

    /// The window data needed to fit `baselines`.
    pub fn needs(baselines: &[Self]) -> Keep {
        Keep {
            segment_bands: baselines
                .iter()
                .any(|baseline| baseline.needs_segment_bands()),
            windows: baselines.contains(&Self::MiniRocket),
        }
    }

    /// Name used as the `model_type` of an experiment.
    pub fn name(self) -> &'static str {
        match self {
            Self::Majority => "baseline_majority",
            Self::Logistic(_) => "baseline_logistic",
            Self::ExtraTrees(_) => "baseline_extra_trees",
            Self::RandomForest(_) => "baseline_random_forest",
            Self::MiniRocket => "baseline_minirocket",
        }
    }

    /// Name of its features.
    pub fn features(self) -> &'static str {
        match self {
            Self::Majority => "none",
            Self::Logistic(set) | Self::ExtraTrees(set) | Self::RandomForest(set) => set.name(),
            Self::MiniRocket => "minirocket",
        }
    }

    /// Name of the model and its features, for people.
    pub fn title(self) -> String {
        let model = match self {
            Self::Majority => return "the most frequent class".into(),
            Self::MiniRocket => return "MiniRocket and ridge".into(),
            Self::Logistic(_) => "logistic regression",
            Self::ExtraTrees(_) => "extra trees",
            Self::RandomForest(_) => "random forest",
        };
        format!("{model} on {}", self.features().replace('_', " "))
    }

    /// The baseline that gives the same predictions for windows of this shape, if there is one.
    pub fn same_as(self, shape: [usize; 2]) -> Option<Self> {
        match self {
            Self::Logistic(set) => set.same_as(shape).map(Self::Logistic),
            Self::ExtraTrees(set) => set.same_as(shape).map(Self::ExtraTrees),
            Self::RandomForest(set) => set.same_as(shape).map(Self::RandomForest),
            Self::Majority | Self::MiniRocket => None,
        }
    }

    /// Why it need not be fitted beside `same`, which is the same for windows of this shape. `None` where there is
    /// nothing to tell: nobody expects a single channel to have a correlation.
    pub(crate) fn reason(self, [_, samples]: [usize; 2], same: Self) -> Option<String> {
        self.needs_segment_bands().then(|| {
            format!(
                "{} is left out: windows of {samples} samples have a single segment, so it is the same as {}",
                self.title(),
                same.title()
            )
        })
    }

    fn needs_segment_bands(self) -> bool {
        match self {
            Self::Logistic(set) | Self::ExtraTrees(set) | Self::RandomForest(set) => {
                set == FeatureSet::SegmentBands
            }
            Self::Majority | Self::MiniRocket => false,
        }
    }

    /// Fits to `problem.train` and predicts `problem.test`. Results are the same to the bit with any number of
    /// threads.
    pub fn predict(self, problem: Problem<'_>) -> Prediction {
        match self {
            Self::Majority => {
                let labels = problem.samples.labels_of(problem.train);
                let fitted = Majority::fit(&labels, problem.classes);
                problem.prediction(fitted.probabilities(problem.test.len()), None)
            }
            Self::Logistic(set) => logistic(problem, set, &CS),
            Self::ExtraTrees(set) => forest(problem, set, ForestKind::Extra),
            Self::RandomForest(set) => forest(problem, set, ForestKind::Random),
            Self::MiniRocket => ridge(problem),
        }
    }
}

impl Problem<'_> {
    fn prediction(&self, probabilities: Vec<f64>, chosen: Option<f64>) -> Prediction {
        let rows = probabilities.chunks_exact(self.classes);
        Prediction {
            predicted: rows.map(|row| argmax(row) as u32).collect(),
            probabilities,
            chosen,
        }
    }

    /// Folds over the groups of the training windows, as positions in `train`; `None` if there are too few groups.
    fn inner(&self) -> Option<Folds> {
        let (labels, groups) = (
            self.samples.labels_of(self.train),
            self.samples.groups_of(self.train),
        );
        (2..=INNER_FOLDS).rev().find_map(|count| {
            Folds::new(&labels, &groups, FoldScheme::Stratified(count), self.seed).ok()
        })
    }

    /// Features of training and test windows; values of silent windows are replaced.
    fn tables(&self, set: FeatureSet) -> (Table, Table) {
        let features = &self.samples.features;
        let mut train = features.select(set, self.train);
        let mut test = features.select(set, self.test);
        let silence = Silence::learn(&train);
        silence.fill(&mut train);
        silence.fill(&mut test);
        (train, test)
    }
}

fn forest(problem: Problem<'_>, set: FeatureSet, kind: ForestKind) -> Prediction {
    let (train, test) = problem.tables(set);
    let labels = problem.samples.labels_of(problem.train);
    let options = ForestOptions {
        kind,
        trees: TREES,
        seed: problem.seed,
    };
    let fitted = Forest::fit(&train, &labels, problem.classes, options);
    problem.prediction(fitted.probabilities(&test), None)
}

/// Standardises both tables with the statistics of the first, fits to it for each `C`, and predicts the second.
fn logistic_path(
    mut train: Table,
    labels: &[u32],
    mut test: Table,
    classes: usize,
    cs: &[f64],
) -> Vec<Vec<f64>> {
    let scaler = Scaler::learn(&train);
    scaler.apply(&mut train);
    scaler.apply(&mut test);
    let path = Logistic::path(&train, labels, classes, cs, LogisticOptions::default());
    path.iter()
        .map(|fitted| fitted.probabilities(&test))
        .collect()
}

/// Fits logistic regression with the best of some values of `C` on inner folds, or the only one.
pub(crate) fn logistic(problem: Problem<'_>, set: FeatureSet, cs: &[f64]) -> Prediction {
    let (train, test) = problem.tables(set);
    let labels = problem.samples.labels_of(problem.train);
    let classes = problem.classes;
    let inner = match cs {
        [_] => None,
        _ => problem.inner(),
    };
    let predict = |roles: &Roles, known: &[u32]| {
        let (train, test) = (train.select(&roles.train), train.select(&roles.test));
        let found = logistic_path(train, known, test, classes, cs);
        let predicted = |probabilities: &Vec<f64>| {
            let rows = probabilities.chunks_exact(classes);
            rows.map(|row| argmax(row) as u32).collect()
        };
        found.iter().map(predicted).collect()
    };
    let default = match cs {
        [only] => *only,
        _ => DEFAULT_C,
    };
    let c = inner.map_or(default, |folds| {
        choose(&folds, &labels, classes, cs, predict)
    });
    let mut found = logistic_path(train, &labels, test, classes, &[c]);
    problem.prediction(found.pop().expect("there is one C"), Some(c))
}

/// The parameter with the highest macro F1 over the pooled predictions of all inner folds; the first one wins ties.
/// `predict` gets the roles of a fold's windows and the training labels, and returns the test predictions for every
/// parameter.
fn choose(
    folds: &Folds,
    labels: &[u32],
    classes: usize,
    parameters: &[f64],
    predict: impl Fn(&Roles, &[u32]) -> Vec<Vec<u32>> + Sync,
) -> f64 {
    let predictions: Vec<Vec<Vec<u32>>> = (0..folds.count())
        .into_par_iter()
        .map(|fold| {
            let roles = folds.roles(fold);
            let known: Vec<u32> = roles.train.iter().map(|&row| labels[row]).collect();
            predict(&roles, &known)
        })
        .collect();
    let mut best = (parameters[0], f64::NEG_INFINITY);
    for (number, &parameter) in parameters.iter().enumerate() {
        let mut pooled = vec![0; labels.len()];
        for (fold, predicted) in predictions.iter().enumerate() {
            let test = folds.roles(fold).test;
            test.iter()
                .zip(&predicted[number])
                .for_each(|(&row, &class)| pooled[row] = class);
        }
        let score = macro_f1(&confusion(labels, &pooled, classes));
        if score > best.1 {
            best = (parameter, score);
        }
    }
    best.0
}
