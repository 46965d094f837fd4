//! Chooses between `standard` and `new_sites` augmentation where the recipe leaves the choice to the data.
//!
//! `new_sites` helps where validation windows come from other sites or days than training windows, and costs accuracy
//! where they do not. So the splits are compared first; only where they differ, a small network is trained with
//! each, and validation decides.

use std::sync::atomic::Ordering;
use std::time::Duration;

use baselines::metrics::bootstrap::{Options, difference};
use baselines::metrics::macro_f1;
use data::{Augmentation, Dataset, Split, batch};
use model::{Architecture, InputShape, ModelKind, TrainingState};
use serde_json::{Value, json};

use super::SEED;
use super::prepared::Prepared;
use super::site_shift::{separability, spread};
use crate::compute::{self, Start, Target};
use crate::error::TrainerError;
use crate::metrics::{predictions, probabilities};
use crate::progress::Progress;
use crate::recipe::{AugmentationChoice, Recipe};
use crate::training::{EpochResult, Interrupt, LoopState, Recorder, TrainingInput, train};

/// Separability of the splits from which on they count as recorded at different sites. Splits by recording within
/// one site reach 0.8 by chance where they have few recordings; those by station or day had 0.9 and more.
const DIFFERENT_SITES: f64 = 0.85;

/// Most windows of each split in a trial.
const WINDOWS: usize = 2000;

/// Epochs of a trial.
const EPOCHS: usize = 10;

/// Trials with each augmentation. Their probabilities are averaged, since single ones vary by several points.
const TRIALS: u64 = 3;

/// Largest loss of macro F1 in the trials that is put down to chance, whatever the standard error.
const MARGIN: f64 = 0.05;

impl Prepared {
    /// Fixes the augmentation where the recipe leaves it to the data. The choice depends on the data alone, not on the
    /// run's seed, network or device.
    ///
    /// # Errors
    /// [`TrainerError::Interrupted`], or those of a training.
    pub fn choose_augmentation(
        mut self,
        interrupt: &Interrupt,
        progress: &Progress,
    ) -> Result<Self, TrainerError> {
        if self.job.recipe.augmentation != AugmentationChoice::Auto {
            return Ok(self);
        }
        let mut chosen = Augmentation::standard();
        if self.has_features_to_augment() {
            let found = separability(&self.dataset).map_err(TrainerError::Stream)?;
            let mut record = json!({"separability": found});
            if found >= DIFFERENT_SITES {
                let trial = Trial::new(&self.dataset, &self.job.recipe, interrupt)?;
                chosen = trial.chosen();
                progress.say(&format!(
                    "training and validation windows come from different sites or days (their spectra tell them apart: \
                     AUC {found:.2}); {trial}"
                ));
                record["trial"] = trial.to_json();
            }
            self.augmentation_choice = Some(record);
        }
        self.job.recipe.augmentation = AugmentationChoice::Fixed(chosen);
        Ok(self)
    }

    /// Whether responses and levels change inputs at all, and validation is not the training split.
    fn has_features_to_augment(&self) -> bool {
        let preprocessing = &self.dataset.preprocessing;
        let (train, val) = (&self.dataset.train, &self.dataset.val);
        preprocessing.bands.is_some()
            && preprocessing.normalisation != data::Normalisation::None
            && train.fingerprint != val.fingerprint
    }
}

/// Macro F1 of short trainings with either augmentation, on the validation split.
struct Trial {
    standard: f64,
    new_sites: f64,
    /// Standard error of their difference.
    standard_error: f64,
}

impl Trial {
    fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        interrupt: &Interrupt,
    ) -> Result<Self, TrainerError> {
        let dataset = part_of(dataset);
        let classes = dataset.class_names.len();
        let augmentations = [Augmentation::standard(), Augmentation::new_sites()];
        let mut predicted = Vec::new();
        for augmentation in augmentations {
            let mut sum = vec![0.0; dataset.val.len() * classes];
            for trial in 0..TRIALS {
                let recipe = Recipe {
                    augmentation: AugmentationChoice::Fixed(augmentation.clone()),
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
        let both = [&predicted[1][..], &predicted[0][..]];
        let options = Options {
            draws: 500,
            ..Options::default()
        };
        let difference = difference(labels, both, &groups, classes, macro_f1, options);
        Ok(Self {
            standard: score(&predicted[0]),
            new_sites: score(&predicted[1]),
            standard_error: difference.interval.standard_error,
        })
    }

    /// `new_sites`, unless it is worse by more than chance: the splits differ, so what it costs is seen only in part.
    fn prefers_new_sites(&self) -> bool {
        self.new_sites - self.standard >= -self.standard_error.min(MARGIN)
    }

    fn chosen(&self) -> Augmentation {
        if self.prefers_new_sites() {
            Augmentation::new_sites()
        } else {
            Augmentation::standard()
        }
    }

    fn name(&self) -> &'static str {
        if self.prefers_new_sites() {
            "new_sites"
        } else {
            "standard"
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "standard": self.standard,
            "new_sites": self.new_sites,
            "standard_error": self.standard_error,
            "chosen": self.name(),
        })
    }
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "in short trials, validation macro F1 is {:.3} with standard augmentation and {:.3} with new_sites: \
             training with {} (--augmentation sets it)",
            self.standard,
            self.new_sites,
            self.name()
        )
    }
}

/// The splits a trial uses: all of them, or part of large ones.
fn part_of(dataset: &Dataset) -> Dataset {
    let train = {
        let ratio = WINDOWS as f64 / dataset.train.len() as f64;
        batch::labelled(&dataset.train.y, ratio.min(1.0), SEED)
    };
    let of = |split: &Split, kept: &[usize]| split.subset(kept);
    Dataset {
        class_names: dataset.class_names.clone(),
        train: of(&dataset.train, &train),
        val: of(&dataset.val, &spread(dataset.val.len(), WINDOWS)),
        test: of(&dataset.test, &[]),
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
        let chosen = |standard, new_sites, standard_error| {
            let trial = Trial {
                standard,
                new_sites,
                standard_error,
            };
            trial.name()
        };
        assert_eq!(chosen(0.78, 0.97, 0.02), "new_sites");
        assert_eq!(chosen(0.48, 0.47, 0.03), "new_sites");
        assert_eq!(chosen(0.85, 0.81, 0.02), "standard");
        // Few recordings have a large error, which excuses little.
        assert_eq!(chosen(0.85, 0.75, 0.2), "standard");
    }
}
