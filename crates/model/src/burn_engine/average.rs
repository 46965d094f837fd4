//! Exponential moving average of a network on its device.

use super::network::Network;
use crate::average::average_decay;
use crate::weights::Weights;

/// A network whose tensors are a moving average of another network's.
#[derive(Clone, Debug)]
pub struct AveragedNetwork {
    decay: f64,
    network: Network,
}

impl AveragedNetwork {
    /// Starts an average at `start`; see [`average_decay`] for `decay`.
    ///
    /// # Panics
    /// If `start` belongs to another network.
    pub fn new(decay: f64, start: &Weights, network: &Network) -> Self {
        let mut network = network.without_autodiff();
        network.set_weights(start);
        Self { decay, network }
    }

    /// Moves every tensor towards that of `trained` after its optimiser step `steps`.
    pub fn follow(&mut self, trained: &Network, steps: u64) {
        let share = 1.0 - average_decay(self.decay, steps);
        for (index, value) in trained.tensors().iter().enumerate() {
            if trained.is_frozen(index) {
                continue;
            }
            let current = self.network.tensors()[index].clone();
            let moved = current.clone() + (value.clone().inner() - current) * share;
            self.network.set_tensor(index, moved);
        }
    }

    /// The average, for validation.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Copies the average to the host.
    pub fn weights(&self) -> Weights {
        self.network.weights()
    }
}
