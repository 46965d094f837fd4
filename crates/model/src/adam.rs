//! Adam's hyperparameters and state, on the host.
//!
//! Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015), in the form of their section 2 that Keras
//! uses: epsilon is added to the uncorrected `sqrt(v)`. Burn's optimiser adds it to the corrected one, which changes
//! the losses compared with Keras.

/// Hyperparameters of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay of the first moment. Default 0.9.
    pub beta_1: f64,
    /// Decay of the second moment. Default 0.999.
    pub beta_2: f64,
    /// Added to the denominator. Default 1e-7.
    pub epsilon: f64,
    /// Decoupled weight decay of kernels, relative to the learning rate (AdamW: I. Loshchilov and F. Hutter,
    /// "Decoupled weight decay regularization", ICLR 2019). Biases and batch normalisations do not decay. Default 0.
    pub weight_decay: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            weight_decay: 0.0,
        }
    }
}

impl AdamConfig {
    /// Factor applied to every kernel before a step.
    pub(crate) fn decay(&self, learning_rate: f64) -> f32 {
        (1.0 - learning_rate * self.weight_decay) as f32
    }

    /// Factor of `first / (sqrt(second) + epsilon)` in step number `steps`, counted from 1: the learning rate,
    /// corrected for the bias of both moments.
    pub(crate) fn rate(&self, learning_rate: f64, steps: u64) -> f64 {
        let t = steps as f64;
        learning_rate * (1.0 - self.beta_2.powf(t)).sqrt() / (1.0 - self.beta_1.powf(t))
    }
}

/// Adam's state on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamState {
    /// Number of steps taken.
    pub steps: u64,
    /// First moments of all trainable tensors in order; empty before the first step.
    pub first: Vec<f32>,
    /// Second moments, in the same order.
    pub second: Vec<f32>,
}
