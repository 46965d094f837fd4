//! Exponential moving average of weights.
//!
//! Averaged weights generalise better than those of a single step: B. Polyak and A. Juditsky, "Acceleration of
//! stochastic approximation by averaging", SIAM J. Control and Optimization 30 (1992).

use crate::architecture::BATCH_NORM_MOMENTUM;

/// Fraction of the average that a step keeps: `decay`, but less in the first steps, so that the initial weights are
/// soon forgotten. `steps` counts optimiser steps from 1.
pub fn average_decay(decay: f64, steps: u64) -> f32 {
    ramped_decay(decay, steps) as f32
}

fn ramped_decay(decay: f64, steps: u64) -> f64 {
    let steps = steps as f64;
    decay.min((1.0 + steps) / (10.0 + steps))
}

/// Momentum of the running statistics of batch normalisation in step `step`, counted from 1. It equals Keras' value
/// unless the weights are averaged (`averaged`). With an average it is lower in the first steps, because statistics of
/// the untrained network would distort the first epochs.
pub fn batch_norm_momentum(averaged: bool, step: u64) -> f64 {
    if averaged {
        ramped_decay(BATCH_NORM_MOMENTUM, step)
    } else {
        BATCH_NORM_MOMENTUM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_count_more() {
        assert_eq!(average_decay(0.99, 1), (2.0_f64 / 11.0) as f32);
        assert_eq!(average_decay(0.99, 100_000), 0.99);
        assert_eq!(average_decay(0.0, 5), 0.0);
        assert_eq!(batch_norm_momentum(true, 1), 2.0 / 11.0);
        assert_eq!(batch_norm_momentum(true, 10_000), 0.99);
        assert_eq!(batch_norm_momentum(false, 1), 0.99);
    }
}
