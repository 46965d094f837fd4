//! Adam on device tensors; see [`AdamConfig`] for its form.

use burn::tensor::{Gradients, Tensor, TensorData};

use super::network::{Network, host};
use crate::adam::{AdamConfig, AdamState};

/// Optimiser and its state for the trainable tensors of one network.
#[derive(Clone, Debug)]
pub struct Adam {
    config: AdamConfig,
    /// Steps taken.
    steps: u64,
    moments: Moments,
}

/// First and second moments.
#[derive(Clone, Debug)]
enum Moments {
    /// Before the first step.
    None,
    /// One concatenated tensor, after [`Adam::step`]: a dozen operations per step instead of a dozen per tensor.
    Flat(Box<(Tensor<1>, Tensor<1>)>),
    /// One tensor per parameter, after [`Adam::apply`]. With kernel fusion each needs a single kernel, and no
    /// concatenating and splitting.
    Each(Vec<(Tensor<2>, Tensor<2>)>),
}

impl Adam {
    /// Creates an optimiser before its first step.
    pub fn new(config: AdamConfig) -> Self {
        Self {
            config,
            steps: 0,
            moments: Moments::None,
        }
    }

    /// Number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Copies the state to the host.
    pub fn state(&self) -> AdamState {
        let (first, second) = match &self.moments {
            Moments::None => Default::default(),
            Moments::Flat(flat) => {
                let all = host([flat.0.clone(), flat.1.clone()].into_iter());
                let [first, second] = all.try_into().expect("two tensors");
                (first, second)
            }
            Moments::Each(each) => {
                let first = each.iter().map(|(first, _)| first.clone());
                let second = each.iter().map(|(_, second)| second.clone());
                let mut all = host(first.chain(second));
                let second = all.split_off(each.len()).concat();
                (all.concat(), second)
            }
        };
        AdamState {
            steps: self.steps,
            first,
            second,
        }
    }

    /// Continues from `state` on the device of `network`.
    pub fn restore(config: AdamConfig, state: AdamState, network: &Network) -> Self {
        let device = network.device().clone().inner();
        let place = |values: Vec<f32>| {
            let length = values.len();
            Tensor::from_data(TensorData::new(values, [length]), &device)
        };
        let moments = match state.steps {
            0 => Moments::None,
            _ => Moments::Flat(Box::new((place(state.first), place(state.second)))),
        };
        Self {
            config,
            steps: state.steps,
            moments,
        }
    }

    /// Updates every trainable tensor of `network` with its gradient, but for frozen ones, whose moments stay zero.
    ///
    /// # Panics
    /// If `gradients` belong to another network.
    pub fn step(&mut self, network: &mut Network, mut gradients: Gradients, learning_rate: f64) {
        let trainable = trainable(network);
        let flat = trainable.iter().map(|&i| {
            let tensor = &network.tensors()[i];
            let length = network.plan().tensors[i].elements();
            let gradient = if network.is_frozen(i) {
                tensor.clone().inner().zeros_like()
            } else {
                let gradient = tensor.grad_remove(&mut gradients);
                gradient.expect("every trainable tensor takes part in the loss")
            };
            gradient.reshape([length])
        });
        let gradient = Tensor::cat(flat.collect(), 0);

        self.steps += 1;
        let moments = match std::mem::replace(&mut self.moments, Moments::None) {
            Moments::None => (gradient.zeros_like(), gradient.zeros_like()),
            Moments::Flat(flat) => *flat,
            Moments::Each(each) => {
                let flat = |t: &Tensor<2>| t.clone().reshape([t.dims()[0] * t.dims()[1]]);
                let first = each.iter().map(|(first, _)| flat(first)).collect();
                let second = each.iter().map(|(_, second)| flat(second)).collect();
                (Tensor::cat(first, 0), Tensor::cat(second, 0))
            }
        };
        let (first, second, update) = self.update(moments, gradient, learning_rate);
        self.moments = Moments::Flat(Box::new((first, second)));

        let mut start = 0;
        for i in trainable {
            let tensor = network.tensors()[i].clone().inner();
            let length = network.plan().tensors[i].elements();
            if !network.is_frozen(i) {
                let part = update.clone().narrow(0, start, length);
                let dims = tensor.dims();
                let value = self.decayed(network, i, tensor, learning_rate) - part.reshape(dims);
                network.set_tensor(i, value);
            }
            start += length;
        }
    }

    /// Like [`Adam::step`], tensor by tensor, with the gradients of [`Network::gradients`].
    ///
    /// # Panics
    /// If `gradients` belong to another network.
    pub fn apply(
        &mut self,
        network: &mut Network,
        mut gradients: Vec<Option<Tensor<2>>>,
        learning_rate: f64,
    ) {
        let trainable = trainable(network);
        self.steps += 1;
        let mut start = 0;
        let before = std::mem::replace(&mut self.moments, Moments::None);
        let mut each = Vec::with_capacity(trainable.len());
        for (number, &i) in trainable.iter().enumerate() {
            let tensor = network.tensors()[i].clone();
            let gradient = if network.is_frozen(i) {
                tensor.zeros_like()
            } else {
                let gradient = gradients[i].take();
                gradient.expect("every trainable tensor takes part in the loss")
            };
            let length = network.plan().tensors[i].elements();
            let part = |flat: &Tensor<1>| {
                let part = flat.clone().narrow(0, start, length);
                part.reshape(tensor.dims())
            };
            let moments = match &before {
                Moments::None => (gradient.zeros_like(), gradient.zeros_like()),
                Moments::Flat(flat) => (part(&flat.0), part(&flat.1)),
                Moments::Each(each) => each[number].clone(),
            };
            let (first, second, update) = self.update(moments, gradient, learning_rate);
            if !network.is_frozen(i) {
                let value = self.decayed(network, i, tensor, learning_rate) - update;
                network.set_tensor(i, value);
            }
            each.push((first, second));
            start += length;
        }
        self.moments = Moments::Each(each);
    }

    /// Applies weight decay to a tensor.
    fn decayed(
        &self,
        network: &Network,
        index: usize,
        tensor: Tensor<2>,
        learning_rate: f64,
    ) -> Tensor<2> {
        let decays = self.config.weight_decay != 0.0;
        if decays && network.plan().tensors[index].role.is_kernel() {
            tensor * self.config.decay(learning_rate)
        } else {
            tensor
        }
    }

    /// Returns the new moments and the update of the parameters. `steps` already counts this step.
    fn update<const D: usize>(
        &self,
        (first, second): (Tensor<D>, Tensor<D>),
        gradient: Tensor<D>,
        learning_rate: f64,
    ) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
        let AdamConfig {
            beta_1,
            beta_2,
            epsilon,
            weight_decay: _,
        } = self.config;
        let first = first * beta_1 + gradient.clone() * (1.0 - beta_1);
        let second = second * beta_2 + gradient.clone() * gradient * (1.0 - beta_2);
        let rate = self.config.rate(learning_rate, self.steps);
        let update = first.clone() / (second.clone().sqrt() + epsilon) * rate;
        (first, second, update)
    }
}

/// Indices of the trainable tensors.
fn trainable(network: &Network) -> Vec<usize> {
    let tensors = &network.plan().tensors;
    (0..tensors.len())
        .filter(|i| tensors[*i].role.trainable())
        .collect()
}
