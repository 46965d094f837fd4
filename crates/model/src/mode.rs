//! Training or inference mode of a pass.

use crate::rng::Rng;

/// Training or inference mode: controls dropout and batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Running statistics, no dropout.
    Inference,
    /// Batch statistics. Dropout masks depend only on `seed` and `step`.
    Training {
        /// Whether dropout is active.
        dropout: bool,
        /// Seed of the run.
        seed: u64,
        /// Optimiser step, counted over the whole run.
        step: u64,
    },
}

/// Dropout mask: zero with probability `rate`, otherwise `1 / (1 - rate)`. It starts at element `first` of the
/// batch's activations; `number` counts the network's dropout layers from 1. Drawn on the host so that every backend
/// uses the same mask.
pub(crate) fn dropout_mask(
    seed: u64,
    step: u64,
    number: u64,
    rate: f64,
    first: usize,
) -> impl Iterator<Item = f32> {
    // Initial weights use small stream numbers; dropout starts far above them.
    let mut rng = Rng::new(seed, (step + 1).wrapping_mul(1 << 32) + number);
    rng.skip(first);
    let keep = (1.0 / (1.0 - rate)) as f32;
    std::iter::repeat_with(move || {
        if f64::from(rng.uniform()) < rate {
            0.0
        } else {
            keep
        }
    })
}
