//! Validity of a recipe, and what may change when its run is resumed.

use serde_json::Value;

use super::{Recipe, RecipeArgs, Schedule};
use crate::error::{RecipeError, TrainerError, UsageError};

/// Fields that may change when a run is resumed: its length, and the place of its data (fingerprints decide whether
/// they are the same data).
pub(super) const MAY_CHANGE: [&str; 2] = ["epochs", "dataset_config"];

impl Recipe {
    /// Refuses options that differ from this recipe, with which `id` was started.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] naming the option and the value it had.
    pub fn check_unchanged(&self, args: &RecipeArgs, id: &str) -> Result<(), TrainerError> {
        let fields = self.to_map();
        for (key, value) in args.given() {
            let stored = fields.get(&key).unwrap_or(&Value::Null);
            if *stored == value {
                continue;
            }
            if key == "epochs" && !self.is_open_ended() {
                let (id, epochs) = (id.to_owned(), self.epochs);
                return Err(UsageError::EpochsArePlanned { id, epochs }.into());
            }
            // `auto` chose the stored augmentation, so it does not contradict it.
            let chooses = key == "augmentation" && value == "auto";
            if chooses || MAY_CHANGE.contains(&key.as_str()) {
                continue;
            }
            let shown = match stored {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let changed = UsageError::Changed {
                option: format!("--{}", key.replace('_', "-")),
                id: id.to_owned(),
                value: shown,
            };
            return Err(changed.into());
        }
        Ok(())
    }

    /// Whether more epochs would leave those already run unchanged.
    fn is_open_ended(&self) -> bool {
        match self.schedule {
            Schedule::Constant | Schedule::Plateau => self.warmup == 0.0,
            Schedule::Cosine => false,
        }
    }

    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`RecipeError`] naming the field.
    pub fn check(&self) -> Result<(), RecipeError> {
        self.check_values()?;
        if self.decay() * self.learning_rate >= 1.0 {
            return Err(RecipeError::ReversesSigns {
                weight_decay: self.decay(),
                learning_rate: self.learning_rate,
            });
        }
        if self.fold.is_none() && !self.held_out.is_empty() {
            return Err(RecipeError::HeldOutWithoutFold);
        }
        if self.freeze > 0 && self.init_from.is_none() {
            return Err(RecipeError::FreezeWithoutInit);
        }
        Ok(())
    }

    /// Refuses values that are invalid whatever the others are, which options may still replace.
    ///
    /// # Errors
    /// [`RecipeError`] naming the field.
    pub(super) fn check_values(&self) -> Result<(), RecipeError> {
        self.check_counts()?;
        self.check_ranges()?;
        if let Some(fold) = self.fold {
            fold.check()?;
        }
        self.plateau.check()?;
        self.class_weights.check()?;
        Ok(self.augmentation.settings().check()?)
    }

    fn check_counts(&self) -> Result<(), RecipeError> {
        let counts = [
            ("number of epochs", self.epochs),
            ("batch size", self.batch_size),
            (
                "patience of early stopping",
                self.early_stopping.patience.unwrap_or(1),
            ),
            ("patience of the plateau", self.plateau.patience),
        ];
        match counts.into_iter().find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(RecipeError::Zero { name }),
            None => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), RecipeError> {
        let rate = self.learning_rate;
        let decay = self.decay();
        let average = self.average.unwrap_or_default();
        let distillation = self.distillation.unwrap_or_default();
        let ranges = [
            (
                "learning_rate",
                rate,
                rate.is_finite() && rate > 0.0,
                "greater than 0",
            ),
            (
                "label_ratio",
                self.label_ratio,
                self.label_ratio > 0.0 && self.label_ratio <= 1.0,
                "greater than 0 and at most 1",
            ),
            (
                "weight_decay",
                decay,
                decay.is_finite() && decay >= 0.0,
                "0 or more",
            ),
            (
                "warmup",
                self.warmup,
                (0.0..=1.0).contains(&self.warmup),
                "between 0 and 1",
            ),
            (
                "average",
                average,
                (0.0..1.0).contains(&average),
                "at least 0 and below 1",
            ),
            (
                "label_smoothing",
                self.smoothing(),
                (0.0..1.0).contains(&self.smoothing()),
                "at least 0 and below 1",
            ),
            (
                "distillation",
                distillation,
                (0.0..=1.0).contains(&distillation),
                "between 0 and 1",
            ),
        ];
        RecipeError::check_ranges(ranges)
    }
}
