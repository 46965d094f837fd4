//! Policies of a training as pure values: `step(metric) -> decision`, and the learning rate of a step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::recipe::{EarlyStoppingSettings, PlateauSettings, Recipe, Schedule};

/// Learning rate by step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRate {
    schedule: Schedule,
    /// Number of warm-up steps.
    warmup: f64,
    /// Number of steps in the whole run.
    total: f64,
}

impl LearningRate {
    /// Schedule of a run over `samples` training samples.
    pub fn new(recipe: &Recipe, samples: usize) -> Self {
        let total = (recipe.epochs * samples.div_ceil(recipe.batch_size)) as f64;
        Self {
            schedule: recipe.schedule,
            warmup: (recipe.warmup * total).round(),
            total,
        }
    }

    /// Learning rate of step `step`, counted from 0; `base` comes from the policies over epochs.
    pub fn of_step(&self, base: f64, step: u64) -> f64 {
        let step = step as f64;
        if step < self.warmup {
            return base * (step + 1.0) / (self.warmup + 1.0);
        }
        match self.schedule {
            Schedule::Constant | Schedule::Plateau => base,
            Schedule::Cosine => {
                let left = (self.total - self.warmup).max(1.0);
                let done = ((step - self.warmup) / left).min(1.0);
                base * 0.5 * (1.0 + (PI * done).cos())
            }
        }
    }
}

/// Tracks the lowest validation loss and decides when to stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlyStopping {
    patience: Option<usize>,
    /// `None` before the first epoch.
    best: Option<f64>,
    /// Number of epochs since the best one.
    waited: usize,
}

/// Decision of [`EarlyStopping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Best so far: keep these weights.
    Best,
    /// Not better: continue.
    Continue,
    /// Not better for too long: stop.
    Stop,
}

impl EarlyStopping {
    /// A policy that has not seen any epoch.
    pub fn new(settings: EarlyStoppingSettings) -> Self {
        Self {
            patience: settings.patience,
            best: None,
            waited: 0,
        }
    }

    /// Judges the validation loss of an epoch; NaN is never better.
    pub fn step(&mut self, loss: f64) -> Verdict {
        if loss < self.best.unwrap_or(f64::INFINITY) {
            self.best = Some(loss);
            self.waited = 0;
            return Verdict::Best;
        }
        self.waited += 1;
        if self
            .patience
            .is_some_and(|patience| self.waited >= patience)
        {
            Verdict::Stop
        } else {
            Verdict::Continue
        }
    }
}

/// Reduces the learning rate when the loss stops improving, like Keras' `ReduceLROnPlateau`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    settings: PlateauSettings,
    /// `None` before the first epoch.
    best: Option<f64>,
    waited: usize,
}

impl Plateau {
    /// A policy that has not seen any epoch.
    pub fn new(settings: PlateauSettings) -> Self {
        Self {
            settings,
            best: None,
            waited: 0,
        }
    }

    /// Learning rate of the next epoch.
    pub fn step(&mut self, loss: f64, learning_rate: f64) -> f64 {
        if loss < self.best.unwrap_or(f64::INFINITY) - self.settings.min_delta {
            self.best = Some(loss);
            self.waited = 0;
            return learning_rate;
        }
        self.waited += 1;
        if self.waited < self.settings.patience {
            return learning_rate;
        }
        self.waited = 0;
        // A rate that starts below the minimum is not raised to it.
        let floor = self.settings.min_learning_rate.min(learning_rate);
        (learning_rate * self.settings.factor).max(floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn early_stopping_by_table() {
        use Verdict::{Best, Continue, Stop};
        let mut policy = EarlyStopping::new(EarlyStoppingSettings { patience: Some(2) });
        let table = [
            (1.0, Best),
            (1.0, Continue),
            (0.9, Best),
            (f64::NAN, Continue),
            (0.95, Stop),
        ];
        for (i, (loss, verdict)) in table.into_iter().enumerate() {
            assert_eq!(policy.step(loss), verdict, "epoch {i}");
        }
    }

    #[test]
    fn plateau_by_table() {
        let mut policy = Plateau::new(PlateauSettings {
            patience: 2,
            min_learning_rate: 0.3,
            ..Default::default()
        });
        let table = [
            (1.0, 1.0),
            (0.99995, 1.0), // less than min_delta better
            (1.0, 0.5),
            (0.5, 0.5),
            (0.6, 0.5),
            (0.6, 0.3), // not below the floor
            (0.6, 0.3),
            (0.6, 0.3),
        ];
        let mut rate = 1.0;
        for (i, (loss, expected)) in table.into_iter().enumerate() {
            rate = policy.step(loss, rate);
            assert_eq!(rate, expected, "epoch {i}");
        }
        assert_eq!(
            Plateau::new(PlateauSettings {
                patience: 1,
                ..Default::default()
            })
            .step(f64::NAN, 1e-9),
            1e-9
        );
    }

    #[test]
    fn the_learning_rate_rises_and_falls() {
        // 10 epochs of 2 steps.
        let recipe = Recipe {
            epochs: 10,
            batch_size: 32,
            warmup: 0.2,
            ..Recipe::default()
        };
        let rate = LearningRate::new(&recipe, 64);
        let rates: Vec<f64> = (0..20).map(|step| rate.of_step(1.0, step)).collect();
        assert_eq!(rates[..5], [0.2, 0.4, 0.6, 0.8, 1.0]);
        assert!((rates[12] - 0.5).abs() < 1e-12, "{rates:?}");
        assert!(rates[4..].windows(2).all(|pair| pair[1] < pair[0]));
        assert!(rates[19] > 0.0 && rates[19] < 0.01);
        let constant = Recipe {
            schedule: Schedule::Constant,
            warmup: 0.0,
            ..recipe
        };
        assert_eq!(LearningRate::new(&constant, 64).of_step(0.5, 7), 0.5);
    }
}
