//! Short trainings of a small network that compare two ways to train on a dataset, by the validation split.

use std::sync::atomic::Ordering;
use std::time::Duration;

use baselines::metrics::bootstrap::{Options, TestedWindows, difference};
use baselines::metrics::macro_f1;
use data::{Augmentation, Dataset, batch};
use model::{Architecture, InputShape, ModelKind, TrainingState};

use super::SEED;
use crate::compute::{self, Start, Target};
use crate::error::TrainerError;
use crate::metrics::{predictions, probabilities};
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::training::{EpochResult, Interrupt, LoopState, Recorder, TrainingInput, train};

/// Most windows of each split in a trial.
const WINDOWS: usize = 2000;

/// Epochs of a trial.
const EPOCHS: usize = 10;

/// Trainings in each way. Their probabilities are averaged, since single ones vary by several points.
const TRAININGS: u64 = 3;

/// One way to train.
pub struct Contender<'a> {
    /// The data, with inputs.
    pub dataset: &'a Dataset,
    /// Augmentation of the training split.
    pub augmentation: Augmentation,
}

/// Macro F1 of short trainings in two ways, on the validation split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Of the first and of the second way.
    pub scores: [f64; 2],
    /// Standard error of their difference, over groups.
    pub standard_error: f64,
}

impl Trial {
    /// Trains in both ways. The splits of both have the same windows. The rest of `recipe` decides how errors are
    /// weighted.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn new(
        ways: [Contender<'_>; 2],
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let [first, second] = ways;
        let val = part_of(first.dataset).val;
        let predicted = [
            predicted(&first, recipe, interrupt)?,
            predicted(&second, recipe, interrupt)?,
        ];
        let (labels, classes) = (&val.y, first.dataset.class_names.len());
        let by_window = || (0..labels.len()).map(|i| i.to_string()).collect();
        let groups: Vec<String> = match val.group_names() {
            Some(names) => names.into_iter().map(str::to_owned).collect(),
            None => by_window(),
        };
        let tested = TestedWindows {
            labels,
            groups: &groups,
            classes,
        };
        let options = Options {
            draws: 500,
            ..Options::default()
        };
        let both = [&predicted[1][..], &predicted[0][..]];
        let difference = difference(tested, both, macro_f1, options);
        let score = |predicted: &Vec<u32>| {
            macro_f1(&baselines::metrics::confusion(labels, predicted, classes))
        };
        Ok(Self {
            scores: [score(&predicted[0]), score(&predicted[1])],
            standard_error: difference.interval.standard_error,
        })
    }
}

/// The classes that the trainings give the validation windows together.
fn predicted(
    way: &Contender<'_>,
    recipe: &Recipe,
    interrupt: &Interrupt,
) -> Result<Vec<u32>, TrainerError> {
    let dataset = part_of(way.dataset);
    let classes = dataset.class_names.len();
    let mut sum = vec![0.0; dataset.val.len() * classes];
    for training in 0..TRAININGS {
        let recipe = Recipe {
            augmentation: way.augmentation.clone().into(),
            model: ModelKind::UltraLightweight,
            epochs: EPOCHS,
            seed: SEED + training,
            class_weights: recipe.class_weights.clone(),
            sampling: recipe.sampling,
            ..Recipe::default()
        };
        let logits = trained_logits(&dataset, &recipe, interrupt)?;
        for (sum, value) in sum.iter_mut().zip(probabilities(&logits, classes, 1.0)) {
            *sum += value as f32;
        }
    }
    Ok(predictions(&sum, classes))
}

/// The splits a trial uses: all of them, or part of large ones.
fn part_of(dataset: &Dataset) -> Dataset {
    let ratio = WINDOWS as f64 / dataset.train.len() as f64;
    let train = batch::labelled(&dataset.train.y, ratio.min(1.0), SEED);
    Dataset {
        class_names: dataset.class_names.clone(),
        train: dataset.train.subset(&train),
        val: dataset
            .val
            .subset(&batch::spread(dataset.val.len(), WINDOWS)),
        test: dataset.test.subset(&[]),
        test_is_val: dataset.test_is_val,
        preprocessing: dataset.preprocessing.clone(),
        warnings: Vec::new(),
    }
}

/// Trains by `recipe` on the CPU and classifies the validation split.
///
/// # Shapes
/// The result is `[windows, classes]`, flattened.
fn trained_logits(
    dataset: &Dataset,
    recipe: &Recipe,
    interrupt: &Interrupt,
) -> Result<Vec<f32>, TrainerError> {
    let shape = InputShape::from(dataset.train.shape);
    let architecture = Architecture::new(recipe.model, shape, dataset.class_names.len());
    let input = TrainingInput {
        recipe,
        checkpoint_every: Duration::MAX,
        target: &Target::Native,
        architecture: &architecture,
        dataset,
        initial: None,
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
    engine.classify(&dataset.val, dataset)
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
