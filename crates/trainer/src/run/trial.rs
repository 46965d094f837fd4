//! Short trainings of a small network that compare ways to train on a dataset, by the validation split.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use data::{Augmentation, Dataset, Split, batch};
use model::{Architecture, InputShape, ModelKind, TrainingState};

use super::SEED;
use super::paired::Paired;
use crate::compute::{self, Start, Target};
use crate::error::TrainerError;
use crate::metrics::probabilities;
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::training::calibration::{fit_temperature, loss_at};
use crate::training::{EpochResult, Interrupt, LoopState, Recorder, TrainingInput, train};

/// Most windows of each split in a trial.
const WINDOWS: usize = 2000;

/// Blocks of neighbouring windows in a split without groups: windows of one recording overlap, and mostly follow each other.
const BLOCKS: usize = 20;

/// How much a trial trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Epochs of a training.
    epochs: usize,
    /// Trainings in each way. Their probabilities are averaged, since single short ones vary by several points.
    trainings: u64,
    /// The network.
    model: ModelKind,
}

impl Effort {
    /// A few epochs, enough to tell front ends apart.
    pub const SHORT: Self = Self {
        epochs: 10,
        trainings: 3,
        model: ModelKind::UltraLightweight,
    };

    /// As short, and twice as often: augmentations differ less than front ends.
    pub const OF_AUGMENTATION: Self = Self {
        trainings: 6,
        ..Self::SHORT
    };

    /// A few epochs of a network that can learn from raw samples in so few: `ultra_lightweight_cnn`, without batch
    /// normalisation, cannot.
    pub const OF_RAW_SAMPLES: Self = Self {
        epochs: 10,
        trainings: 1,
        model: ModelKind::Simple,
    };

    /// With a first training, three: losses of single trainings on few recordings differ by more than the gain that is asked
    /// for.
    pub const OF_RAW_SAMPLES_AGAIN: Self = Self {
        trainings: 2,
        ..Self::OF_RAW_SAMPLES
    };

    /// As many epochs as a training has by default: what is learned by heart shows late.
    pub const WHOLE: Self = Self {
        epochs: 50,
        trainings: 1,
        model: ModelKind::UltraLightweight,
    };
}

/// One way to train.
pub struct TrialSetup<'a> {
    /// The data, with inputs.
    pub dataset: &'a Dataset,
    /// Augmentation of the training split.
    pub augmentation: Augmentation,
    /// Class probabilities of the training windows from a teacher, and their share in the targets.
    pub teacher: Option<(&'a [f32], f64)>,
    /// How much to train.
    pub effort: Effort,
}

/// Short trainings in several ways.
pub struct Trial {
    labels: Vec<u32>,
    /// Group of each validation window; `None` if some have none.
    groups: Option<Vec<String>>,
    classes: usize,
    /// One for each way, in the order in which they were tried.
    results: Vec<TrialResult>,
}

/// What trainings in one way found.
struct TrialResult {
    /// Whether a training diverged.
    diverged: bool,
    /// Number of trainings.
    trainings: u64,
    /// Class probabilities, summed over the trainings.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    probabilities: Vec<f64>,
}

impl TrialResult {
    /// Logarithms of the mean probabilities.
    ///
    /// # Shapes
    /// `[windows, classes]`, flattened.
    fn logits(&self) -> Vec<f32> {
        // Probabilities that are 0 in float64 would be infinitely wrong.
        let logarithm =
            |sum: &f64| (sum / self.trainings as f64).max(f64::MIN_POSITIVE).ln() as f32;
        self.probabilities.iter().map(logarithm).collect()
    }
}

impl Trial {
    /// No trainings yet, on a dataset of which every way has the same windows.
    pub fn new(dataset: &Dataset) -> Self {
        let val = part_of_val(dataset);
        let groups = val.group_names();
        let groups = groups.map(|names| names.into_iter().map(str::to_owned).collect());
        Self {
            results: Vec::new(),
            classes: dataset.class_names.len(),
            groups,
            labels: val.y,
        }
    }

    /// Trains in one more way and returns its number. The rest of `recipe` decides how errors are weighted.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn add(
        &mut self,
        setup: &TrialSetup<'_>,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<usize, TrainerError> {
        self.results.push(TrialResult {
            diverged: false,
            trainings: 0,
            probabilities: vec![0.0; self.labels.len() * self.classes],
        });
        let number = self.results.len() - 1;
        self.train_more(number, setup, recipe, interrupt)?;
        Ok(number)
    }

    /// Trains more in a way that was tried, with other seeds.
    ///
    /// # Errors
    /// As [`Trial::add`].
    pub fn train_more(
        &mut self,
        number: usize,
        setup: &TrialSetup<'_>,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<(), TrainerError> {
        add_trainings(&mut self.results[number], setup, recipe, interrupt)
    }

    /// Mean cross-entropy of two ways, each at its best temperature. Infinite standard error with fewer than two groups.
    pub fn loss(&self, numbers: [usize; 2]) -> Paired {
        let losses = numbers.map(|number| self.losses(number));
        let mut by_group: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for (i, group) in self.parts().into_iter().enumerate() {
            let totals = by_group.entry(group).or_default();
            totals.0 += losses[1][i] - losses[0][i];
            totals.1 += 1.0;
        }
        let windows = self.labels.len() as f64;
        let scores = losses.map(|losses| losses.iter().sum::<f64>() / windows);
        let mean = scores[1] - scores[0];
        // The error of a mean over groups of different size.
        let squares = by_group
            .values()
            .map(|(sum, count)| (sum - count * mean).powi(2));
        let count = by_group.len() as f64;
        let variance = squares.sum::<f64>() * count / (count - 1.0);
        let standard_error = if count < 2.0 {
            f64::INFINITY
        } else {
            variance.sqrt() / windows
        };
        Paired {
            scores,
            standard_error,
        }
    }

    /// Number of groups; of blocks if windows lack groups.
    pub fn groups(&self) -> usize {
        self.parts().into_iter().collect::<BTreeSet<_>>().len()
    }

    /// Whether a training in this way diverged.
    pub fn diverged(&self, number: usize) -> bool {
        self.results[number].diverged
    }

    /// Parts of the validation split that count as independent: groups, or blocks of neighbouring windows.
    fn parts(&self) -> Vec<String> {
        let windows = self.labels.len();
        let block = |i: usize| (i * BLOCKS / windows).to_string();
        let blocks = || (0..windows).map(block).collect();
        self.groups.clone().unwrap_or_else(blocks)
    }

    /// Cross-entropy of each window at the best temperature.
    fn losses(&self, number: usize) -> Vec<f64> {
        let logits = self.results[number].logits();
        let temperature = fit_temperature(&logits, &self.labels);
        let windows = logits.chunks_exact(self.classes).zip(&self.labels);
        windows
            .map(|(logits, label)| loss_at(logits, &[*label], temperature))
            .collect()
    }
}

/// Trains in one way and adds what the networks say of the validation split.
fn add_trainings(
    result: &mut TrialResult,
    setup: &TrialSetup<'_>,
    recipe: &Recipe,
    interrupt: &Interrupt,
) -> Result<(), TrainerError> {
    let kept = part_of_train(setup.dataset);
    let dataset = part_of(setup.dataset, &kept);
    let classes = dataset.class_names.len();
    let teacher = setup.teacher.map(|(teacher, _)| {
        let of = |&i: &usize| &teacher[i * classes..][..classes];
        kept.iter().flat_map(of).copied().collect::<Vec<f32>>()
    });
    for _ in 0..setup.effort.trainings {
        let recipe = Recipe {
            augmentation: setup.augmentation.clone().into(),
            model: setup.effort.model,
            epochs: setup.effort.epochs,
            seed: SEED + result.trainings,
            class_weights: recipe.class_weights.clone(),
            sampling: recipe.sampling,
            distillation: setup.teacher.map(|(_, share)| share),
            ..Recipe::default()
        };
        let (logits, is_whole) = trained_logits(&dataset, &recipe, teacher.as_deref(), interrupt)?;
        result.trainings += 1;
        result.diverged |= !is_whole || logits.iter().any(|logit| !logit.is_finite());
        let sums = result.probabilities.iter_mut();
        for (sum, value) in sums.zip(probabilities(&logits, classes, 1.0)) {
            *sum += value;
        }
    }
    Ok(())
}

/// The windows that judge a trial.
fn part_of_val(dataset: &Dataset) -> Split {
    let val = &dataset.val;
    val.subset(&batch::spread(val.len(), WINDOWS))
}

/// Positions of the training windows in a trial.
fn part_of_train(dataset: &Dataset) -> Vec<usize> {
    let ratio = WINDOWS as f64 / dataset.train.len() as f64;
    batch::labelled(&dataset.train.y, ratio.min(1.0), SEED)
}

/// The splits a trial uses: all of them, or part of large ones.
fn part_of(dataset: &Dataset, train: &[usize]) -> Dataset {
    Dataset {
        class_names: dataset.class_names.clone(),
        train: dataset.train.subset(train),
        val: part_of_val(dataset),
        test: dataset.test.subset(&[]),
        test_is_val: dataset.test_is_val,
        preprocessing: dataset.preprocessing.clone(),
        warnings: Vec::new(),
    }
}

/// Trains by `recipe` on the CPU and classifies the validation split; false if the training diverged.
///
/// # Shapes
/// The result is `[windows, classes]`, flattened.
fn trained_logits(
    dataset: &Dataset,
    recipe: &Recipe,
    teacher: Option<&[f32]>,
    interrupt: &Interrupt,
) -> Result<(Vec<f32>, bool), TrainerError> {
    let shape = InputShape::from(dataset.train.shape);
    let architecture = Architecture::new(recipe.model, shape, dataset.class_names.len());
    let input = TrainingInput {
        recipe,
        checkpoint_every: Duration::MAX,
        target: &Target::Native,
        architecture: &architecture,
        dataset,
        initial: None,
        teacher,
        interrupt,
    };
    let mut progress = Progress::new(recipe.epochs);
    let outcome = train(&input, &mut progress, &mut Unrecorded, None)?;
    progress.end_steps();
    if interrupt.load(Ordering::Relaxed) {
        return Err(TrainerError::Interrupted);
    }
    let start = Start::for_evaluation(&outcome.best_weights);
    let batch = recipe.batch_size.min(dataset.train.len());
    let mut engine = compute::engine(&Target::Native, batch, &architecture, start)?;
    let logits = engine.classify(&dataset.val, dataset)?;
    Ok((logits, outcome.diverged.is_none()))
}

/// Keeps nothing.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn epoch(&mut self, _: EpochResult, _: &mut Progress) -> Result<(), TrainerError> {
        Ok(())
    }

    fn checkpoint(
        &mut self,
        _: &LoopState,
        _: impl FnOnce() -> Result<TrainingState, TrainerError>,
    ) -> Result<(), TrainerError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(odds: &[f32]) -> TrialResult {
        TrialResult {
            diverged: false,
            trainings: 1,
            probabilities: odds
                .iter()
                .flat_map(|odd| [f64::from(*odd).exp(), 1.0])
                .collect(),
        }
    }

    fn trial(groups: &[&str], first: &[f32], second: &[f32]) -> Trial {
        Trial {
            labels: vec![0; groups.len()],
            groups: Some(groups.iter().map(|group| (*group).to_owned()).collect()),
            classes: 2,
            results: [first, second].map(result).into(),
        }
    }

    /// Windows of one group say what one window says.
    #[test]
    fn errors_are_those_of_groups() {
        let (first, second) = ([1.0, -2.0, 3.0, 0.5], [2.0, -2.5, 2.0, 3.0]);
        let single = trial(&["a", "b", "c", "d"], &first, &second);
        let twice = |odds: &[f32]| odds.iter().flat_map(|odd| [*odd; 3]).collect::<Vec<_>>();
        let names = ["a", "a", "a", "b", "b", "b", "c", "c", "c", "d", "d", "d"];
        let repeated = trial(&names, &twice(&first), &twice(&second));
        assert_eq!((single.groups(), repeated.groups()), (4, 4));
        let (single, repeated) = (single.loss([0, 1]), repeated.loss([0, 1]));
        assert!((single.standard_error / repeated.standard_error - 1.0).abs() < 1e-9);
        assert!((single.scores[1] / repeated.scores[1] - 1.0).abs() < 1e-9);
        let one = trial(&["a"; 4], &first, &second);
        assert_eq!(one.loss([0, 1]).standard_error, f64::INFINITY);
        // Without groups, neighbours count as one recording.
        let blocks = Trial {
            groups: None,
            ..trial(&["a"; 100], &[0.5; 100], &[1.0; 100])
        };
        assert_eq!(blocks.groups(), 20);
    }
}
