//! Adam as Keras computes it.
//!
//! Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015), in the form of their
//! section 2 that Keras uses: epsilon stands beside the uncorrected `sqrt(v)`. Burn's optimizer puts
//! it beside the corrected one, which moves the losses of users who compare with their Keras runs.

use burn::tensor::{Gradients, Tensor, TensorData};

use crate::network::Network;

/// Hyperparameters of [`Adam`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamConfig {
    /// Decay of the first moment. Default 0.9.
    pub beta_1: f64,
    /// Decay of the second moment. Default 0.999.
    pub beta_2: f64,
    /// Guards the division. Default 1e-7.
    pub epsilon: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        }
    }
}

impl AdamConfig {
    /// Factor of `first / (sqrt(second) + epsilon)` in step number `steps`, counted from 1: the
    /// learning rate with both moments' bias corrected.
    pub(crate) fn rate(&self, learning_rate: f64, steps: u64) -> f64 {
        let t = steps as f64;
        learning_rate * (1.0 - self.beta_2.powf(t)).sqrt() / (1.0 - self.beta_1.powf(t))
    }
}

/// Optimizer state over the trainable tensors of one network. The moments of all tensors lie in two
/// flat vectors: a dozen operations a step instead of a dozen a tensor.
#[derive(Clone, Debug)]
pub struct Adam {
    config: AdamConfig,
    /// Steps taken.
    steps: u64,
    /// First and second moments `[trainable parameters]`, none before the first step.
    moments: Option<(Tensor<1>, Tensor<1>)>,
}

/// [`Adam`]'s state on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamState {
    /// Steps taken.
    pub steps: u64,
    /// First moments of all trainable tensors in order; empty before the first step.
    pub first: Vec<f32>,
    /// Second moments.
    pub second: Vec<f32>,
}

impl Adam {
    /// An optimizer that has taken no step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            steps: 0,
            moments: None,
        }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Copies the state to the host.
    pub fn state(&self) -> AdamState {
        let read = |t: &Tensor<1>| {
            let data = t.clone().into_data_as::<f32>();
            data.try_into_vec().expect("the data was converted to f32")
        };
        let (first, second) = match &self.moments {
            Some((first, second)) => (read(first), read(second)),
            None => Default::default(),
        };
        AdamState {
            steps: self.steps,
            first,
            second,
        }
    }

    /// Continues from `state`, on the device of `network`.
    pub fn restore(config: AdamConfig, state: AdamState, network: &Network) -> Self {
        let device = network.device().clone().inner();
        let place = |values: Vec<f32>| {
            let length = values.len();
            Tensor::from_data(TensorData::new(values, [length]), &device)
        };
        let moments = (state.steps > 0).then(|| (place(state.first), place(state.second)));
        Self {
            config,
            steps: state.steps,
            moments,
        }
    }

    /// Moves every trainable tensor of `network` against its gradient.
    ///
    /// # Panics
    /// Where `gradients` come from another network.
    pub fn step(&mut self, network: &mut Network, mut gradients: Gradients, learning_rate: f64) {
        let AdamConfig {
            beta_1,
            beta_2,
            epsilon,
        } = self.config;
        let trainable: Vec<usize> = (0..network.tensors().len())
            .filter(|i| network.plan().tensors[*i].role.trainable())
            .collect();
        let flat = trainable.iter().map(|&i| {
            let gradient = network.tensors()[i].grad_remove(&mut gradients);
            let gradient = gradient.expect("every trainable tensor takes part in the loss");
            let length = network.plan().tensors[i].elements();
            gradient.reshape([length])
        });
        let gradient = Tensor::cat(flat.collect(), 0);

        self.steps += 1;
        let (first, second) = self
            .moments
            .take()
            .unwrap_or_else(|| (gradient.zeros_like(), gradient.zeros_like()));
        let first = first * beta_1 + gradient.clone() * (1.0 - beta_1);
        let second = second * beta_2 + gradient.clone() * gradient * (1.0 - beta_2);
        let rate = self.config.rate(learning_rate, self.steps);
        let update = first.clone() / (second.clone().sqrt() + epsilon) * rate;
        self.moments = Some((first, second));

        let mut start = 0;
        for i in trainable {
            let tensor = network.tensors()[i].clone().inner();
            let length = network.plan().tensors[i].elements();
            let part = update.clone().narrow(0, start, length);
            let value = tensor.clone() - part.reshape(tensor.dims());
            network.set_tensor(i, value);
            start += length;
        }
    }
}
