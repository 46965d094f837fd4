//! The comparison that every training makes: two baselines, few windows, results from the cache.

use data::error::UsageError;
use data::{DataError, DatasetConfig};
use serde::Serialize;
use serde_json::{Value, json};

use super::{CompareOptions, Comparison, VERSION, compare};
use crate::cache::{self, Key};
use crate::model::Baseline;
use crate::samples::Splits;

/// Limits of the quick comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Maximum number of training windows. A count rather than a time, so that results are the same on every machine.
    pub most_windows: usize,
}

impl Budget {
    /// Number of windows times classes. Three classes make 6,000 windows: 5 s of one core for 2 x 1,024 samples.
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

impl QuickOptions<'_> {
    /// Reads the windows for some baselines, with the training windows to use.
    pub(crate) fn read(
        &self,
        config: &DatasetConfig,
        baselines: &[Baseline],
    ) -> Result<Splits, DataError> {
        if self.windows > MAX_READ {
            return Err(UsageError::TooManyWindows(self.windows).into());
        }
        let mut splits = Splits::read(config, Baseline::needs(baselines))?;
        if splits.identity != self.identity {
            return Err(UsageError::Changed.into());
        }
        if let Some(positions) = self.learn_from {
            let kept = positions.iter().map(|&at| splits.train[at]);
            splits.train = kept.collect();
        }
        Ok(splits)
    }

    /// Everything besides the baselines that decides a result: part of a cache key.
    pub(crate) fn basis(&self, config: &DatasetConfig) -> Value {
        json!({
            "program": env!("CARGO_PKG_VERSION"),
            "identity": self.identity,
            "class_names": config.class_names(),
            "steps": config.steps,
            "sampling_rate": config.spectral.sampling_rate,
            "learn_from": self.learn_from,
            "budget": self.budget,
            "seed": self.seed,
        })
    }
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
    let baselines = Baseline::quick();
    let splits = options.read(config, &baselines)?;
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
pub(super) fn key(config: &DatasetConfig, options: &QuickOptions<'_>) -> Key {
    Key::new(&json!({
        "version": VERSION,
        "baselines": Baseline::quick(),
        "options": options.basis(config),
    }))
}
