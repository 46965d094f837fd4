//! How a pass treats dropout and batch normalisation.

use crate::rng::Rng;

/// How a forward pass treats dropout and batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Running statistics, no dropout.
    Inference,
    /// Batch statistics; dropout masks drawn from `seed` and `step` alone, none where `dropout` is
    /// false.
    Training {
        /// Whether dropout layers drop.
        dropout: bool,
        /// The run's seed.
        seed: u64,
        /// Optimizer step, counted over the whole run.
        step: u64,
    },
}

/// Zero with probability `rate`, else `1 / (1 - rate)`, from element `first` of the batch's activations on;
/// `number` counts the network's dropout layers from 1. Drawn on the host so that every backend sees the same mask.
pub(crate) fn dropout_mask(
    seed: u64,
    step: u64,
    number: u64,
    rate: f64,
    first: usize,
) -> impl Iterator<Item = f32> {
    // Streams of initial weights are small numbers: dropout's start far from them.
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
