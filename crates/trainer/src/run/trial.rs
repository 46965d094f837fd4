//! The choice between `standard` and `new_sites` augmentation, based on the data.
//!
//! `new_sites` helps if validation windows come from other sites or days than training windows, and costs accuracy if
//! they do not. The splits are therefore compared first. Only if they differ, a small network is trained with each
//! augmentation, and validation decides.

use std::sync::atomic::Ordering;
use std::time::Duration;

use baselines::metrics::bootstrap::{Options, TestedWindows, difference};
use baselines::metrics::macro_f1;
use data::{Augmentation, Dataset, batch};
use model::{Architecture, InputShape, ModelKind, TrainingState};
use serde::{Deserialize, Serialize};

use super::SEED;
use super::site_shift::separability;
use crate::compute::{self, Start, Target};
use crate::error::TrainerError;
use crate::metrics::{predictions, probabilities};
use crate::progress::Progress;
use crate::recipe::Recipe;
use crate::training::{EpochResult, Interrupt, LoopState, Recorder, TrainingInput, train};

/// Separability of the splits above which they count as recorded at different sites. Splits by recording within one
/// site reach 0.8 by chance if they have few recordings; those by station or day had 0.9 and more.
const DIFFERENT_SITES: f64 = 0.85;

/// Most windows of each split in a trial.
const WINDOWS: usize = 2000;

/// Epochs of a trial.
const EPOCHS: usize = 10;

/// Trials with each augmentation. Their probabilities are averaged, since single ones vary by several points.
const TRIALS: u64 = 3;

/// Largest loss of macro F1 in the trials that is attributed to chance, whatever the standard error.
const MARGIN: f64 = 0.05;

/// How the augmentation of a dataset is chosen; stored as `augmentation_choice` in the metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AugmentationSearch {
    /// See [`separability`].
    separability: f64,
    /// The trials, if the splits differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    trial: Option<Trial>,
}

impl AugmentationSearch {
    /// Compares the splits, and tries both augmentations if they differ.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let separability = separability(dataset).map_err(TrainerError::Stream)?;
        let differ = separability >= DIFFERENT_SITES;
        let trial = differ.then(|| Trial::new(dataset, recipe, interrupt));
        Ok(Self {
            separability,
            trial: trial.transpose()?,
        })
    }

    /// The chosen augmentation.
    pub fn chosen(&self) -> Augmentation {
        let trial = self.trial.as_ref();
        trial
            .map_or(Candidate::Standard, |trial| trial.chosen)
            .settings()
    }

    /// Message to the user, if the splits differ.
    pub fn message(&self) -> Option<String> {
        let trial = self.trial.as_ref()?;
        Some(format!(
            "training and validation windows come from different sites or days (their spectra tell them apart: AUC {:.2}); \
             in short trials, validation macro F1 is {:.3} with standard augmentation and {:.3} with new_sites: \
             training with {} (--augmentation sets it)",
            self.separability,
            trial.standard,
            trial.new_sites,
            trial.chosen.name()
        ))
    }
}

/// The augmentations between which trials decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Candidate {
    Standard,
    NewSites,
}

impl Candidate {
    fn settings(self) -> Augmentation {
        match self {
            Self::Standard => Augmentation::standard(),
            Self::NewSites => Augmentation::new_sites(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::NewSites => "new_sites",
        }
    }

    /// `NewSites`, unless it is worse by more than chance: the splits differ, so what `Standard` costs at a third site is
    /// seen only in part.
    fn by_scores(standard: f64, new_sites: f64, standard_error: f64) -> Self {
        if new_sites - standard >= -standard_error.min(MARGIN) {
            Self::NewSites
        } else {
            Self::Standard
        }
    }
}

/// Macro F1 of short trainings with either augmentation, on the validation split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Trial {
    standard: f64,
    new_sites: f64,
    /// Standard error of their difference.
    standard_error: f64,
    chosen: Candidate,
}

impl Trial {
    fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let dataset = part_of(dataset);
        let classes = dataset.class_names.len();
        let mut predicted = Vec::new();
        for candidate in [Candidate::Standard, Candidate::NewSites] {
            let mut sum = vec![0.0; dataset.val.len() * classes];
            for trial in 0..TRIALS {
                let recipe = Recipe {
                    augmentation: candidate.settings().into(),
                    model: ModelKind::UltraLightweight,
                    epochs: EPOCHS,
                    seed: SEED + trial,
                    class_weights: recipe.class_weights.clone(),
                    sampling: recipe.sampling,
                    ..Recipe::default()
                };
                let logits = trained_logits(&dataset, &recipe, interrupt)?;
                for (sum, value) in sum.iter_mut().zip(probabilities(&logits, classes, 1.0)) {
                    *sum += value as f32;
                }
            }
            predicted.push(predictions(&sum, classes));
        }
        let labels = &dataset.val.y;
        let by_window = || (0..labels.len()).map(|i| i.to_string()).collect();
        let groups: Vec<String> = match dataset.val.group_names() {
            Some(names) => names.into_iter().map(str::to_owned).collect(),
            None => by_window(),
        };
        let score = |predicted: &[u32]| {
            macro_f1(&baselines::metrics::confusion(labels, predicted, classes))
        };
        let tested = TestedWindows {
            labels,
            groups: &groups,
            classes,
        };
        let both = [&predicted[1][..], &predicted[0][..]];
        let options = Options {
            draws: 500,
            ..Options::default()
        };
        let difference = difference(tested, both, macro_f1, options);
        let (standard, new_sites) = (score(&predicted[0]), score(&predicted[1]));
        let standard_error = difference.interval.standard_error;
        Ok(Self {
            standard,
            new_sites,
            standard_error,
            chosen: Candidate::by_scores(standard, new_sites, standard_error),
        })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_sites_is_refused_only_where_it_is_clearly_worse() {
        let chosen =
            |standard, new_sites, error| Candidate::by_scores(standard, new_sites, error).name();
        assert_eq!(chosen(0.78, 0.97, 0.02), "new_sites");
        assert_eq!(chosen(0.48, 0.47, 0.03), "new_sites");
        assert_eq!(chosen(0.85, 0.81, 0.02), "standard");
        // With few recordings the error is large, but only a limited loss is accepted.
        assert_eq!(chosen(0.85, 0.75, 0.2), "standard");
    }
}
