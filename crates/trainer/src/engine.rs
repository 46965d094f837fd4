//! What computes a training: the native CPU path, or Burn on a device. Both hold network and
//! optimizer and give the same results within rounding (`crates/model/tests/conformance.rs`).

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Dataset, Inputs, Normalisation, Preprocessing, Split, batch};
use model::native::NativeNetwork;
use model::{Adam, AdamConfig, AdamState, Architecture, Mode, Network, Weights, cross_entropy};

use crate::backend::{Backend, Place};
use crate::error::TrainerError;
use crate::metrics::Evaluation;

/// Windows classified at once while evaluating: enough for speed, little enough for a small machine.
const EVALUATION_BATCH: usize = 256;

/// A network that is being trained.
pub struct Engine {
    kind: Kind,
    /// Shape of one input.
    shape: [usize; 3],
}

/// The samples of a step.
pub enum Samples<'a> {
    /// Assembled.
    Batch(batch::Batch),
    /// Those at `indices` of inputs that lie end to end, with their labels.
    Of {
        /// All inputs, where [`Engine::direct`] gives them.
        x: &'a [f32],
        /// Which of them.
        indices: &'a [usize],
        /// Their labels.
        y: &'a [u32],
    },
}

impl Samples<'_> {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Samples::Batch(batch) => batch.y.len(),
            Samples::Of { y, .. } => y.len(),
        }
    }
}

enum Kind {
    Native {
        network: Box<NativeNetwork>,
        /// Of the steps since [`Engine::take_logits`].
        logits: Vec<f32>,
    },
    Burn {
        network: Box<Network>,
        adam: Box<Adam>,
        /// As above, on the device: no step waits for the host.
        logits: Vec<Tensor<2>>,
    },
}

impl Engine {
    /// Places `weights` where `backend` computes.
    ///
    /// # Errors
    /// [`TrainerError::Usage`] where the build lacks the backend, [`TrainerError::Plan`] where the
    /// architecture does not fit its input.
    pub fn new(
        backend: Backend,
        architecture: &Architecture,
        weights: &Weights,
    ) -> Result<Self, TrainerError> {
        let adam = AdamConfig::default();
        let kind = match backend.place()? {
            Place::Native => Kind::Native {
                network: Box::new(NativeNetwork::new(architecture, weights, adam)?),
                logits: Vec::new(),
            },
            Place::Device(device) => Kind::Burn {
                network: Box::new(Network::new(architecture, weights, &device.autodiff())?),
                adam: Box::new(Adam::new(adam)),
                logits: Vec::new(),
            },
        };
        Ok(Self {
            kind,
            shape: architecture.input.dims(),
        })
    }

    /// As [`Engine::new`], with an optimizer that goes on from `adam`.
    ///
    /// # Errors
    /// As there.
    pub fn restore(
        backend: Backend,
        architecture: &Architecture,
        weights: &Weights,
        adam: AdamState,
    ) -> Result<Self, TrainerError> {
        let mut engine = Self::new(backend, architecture, weights)?;
        match &mut engine.kind {
            Kind::Native { network, .. } => network.restore_adam(adam),
            Kind::Burn {
                network, adam: own, ..
            } => **own = Adam::restore(AdamConfig::default(), adam, network),
        }
        Ok(engine)
    }

    /// Copies the optimizer's state.
    pub fn adam_state(&self) -> AdamState {
        match &self.kind {
            Kind::Native { network, .. } => network.adam_state().clone(),
            Kind::Burn { adam, .. } => adam.state(),
        }
    }

    /// Optimizer steps taken.
    pub fn steps(&self) -> u64 {
        match &self.kind {
            Kind::Native { network, .. } => network.steps(),
            Kind::Burn { adam, .. } => adam.steps(),
        }
    }

    /// The inputs of `split`, where steps and evaluations can take them as they lie.
    pub fn direct<'a>(&self, split: &'a Split, preprocessing: &Preprocessing) -> Option<&'a [f32]> {
        match (&self.kind, &split.x, preprocessing.normalisation) {
            // A batch's own statistics make new inputs of it.
            (_, _, Normalisation::Batch) => None,
            (Kind::Native { .. }, Inputs::Memory(x), _) => Some(x),
            _ => None,
        }
    }

    /// One step. Says whether the loss was a finite number, or true where that is only known later.
    pub fn step(&mut self, samples: Samples<'_>, learning_rate: f64, seed: u64) -> bool {
        let mode = Mode::Training {
            dropout: true,
            seed,
            step: self.steps(),
        };
        match &mut self.kind {
            Kind::Native { network, logits } => {
                let pass = match samples {
                    Samples::Batch(batch) => network.training_pass(&batch.x, &batch.y, mode),
                    // The threads that need the samples copy them.
                    Samples::Of { x, indices, y } => {
                        network.training_pass_over(x, indices, y, mode)
                    }
                };
                logits.extend_from_slice(pass.0);
                let finite = pass.1.is_finite();
                network.step(learning_rate);
                finite
            }
            Kind::Burn {
                network,
                adam,
                logits,
            } => {
                let Samples::Batch(batch) = samples else {
                    unreachable!("only the native path takes samples as they lie");
                };
                let x = input(batch.x, self.shape, network.device());
                let targets: Vec<i64> = batch.y.iter().map(|&y| y.into()).collect();
                let targets = TensorData::new(targets, [batch.y.len()]);
                let targets = Tensor::<1, Int>::from_data(targets, network.device());
                let forward = network.forward(x, mode);
                let loss = cross_entropy(forward.logits.clone(), targets);
                adam.step(network, loss.backward(), learning_rate);
                network.update_running_statistics(&forward);
                logits.push(forward.logits.inner());
                true
            }
        }
    }

    /// Copies the logits of all steps since they were taken, in their order.
    pub fn logits(&self) -> Vec<f32> {
        match &self.kind {
            Kind::Native { logits, .. } => logits.clone(),
            Kind::Burn { logits, .. } if logits.is_empty() => Vec::new(),
            Kind::Burn { logits, .. } => host(Tensor::cat(logits.clone(), 0)),
        }
    }

    /// Takes the logits of all steps since the last call, in their order.
    pub fn take_logits(&mut self) -> Vec<f32> {
        match &mut self.kind {
            Kind::Native { logits, .. } => std::mem::take(logits),
            Kind::Burn { logits, .. } if logits.is_empty() => Vec::new(),
            Kind::Burn { logits, .. } => host(Tensor::cat(std::mem::take(logits), 0)),
        }
    }

    /// Copies the weights.
    pub fn weights(&self) -> Weights {
        match &self.kind {
            Kind::Native { network, .. } => network.weights(),
            Kind::Burn { network, .. } => network.weights(),
        }
    }

    /// Loss and confusion matrix over `split`, with running statistics and without dropout.
    ///
    /// # Errors
    /// [`TrainerError::Stream`] where a streamed source cannot be read any more.
    pub fn evaluate(
        &mut self,
        split: &Split,
        dataset: &Dataset,
    ) -> Result<Evaluation, TrainerError> {
        let preprocessing = &dataset.preprocessing;
        let direct = self.direct(split, preprocessing);
        let indices: Vec<usize> = (0..split.len()).collect();
        let lists = indices.chunks(EVALUATION_BATCH);
        let logits: Vec<f32> = match (&mut self.kind, direct) {
            (Kind::Native { network, .. }, Some(x)) => x
                .chunks(EVALUATION_BATCH * split.sample_length())
                .flat_map(|x| network.logits(x).to_vec())
                .collect(),
            (Kind::Native { network, .. }, None) => {
                let mut logits = Vec::new();
                batch::for_each(split, preprocessing, lists, |batch| {
                    logits.extend_from_slice(network.logits(&batch.x));
                    true
                })
                .map_err(TrainerError::Stream)?;
                logits
            }
            (Kind::Burn { network, .. }, _) => {
                let network = network.without_autodiff();
                let mut logits = Vec::new();
                batch::for_each(split, preprocessing, lists, |batch| {
                    let x = input(batch.x, self.shape, network.device());
                    logits.push(network.forward(x, Mode::Inference).logits);
                    true
                })
                .map_err(TrainerError::Stream)?;
                host(Tensor::cat(logits, 0))
            }
        };
        let classes = dataset.class_names.len();
        Ok(Evaluation::new(&logits, &split.y, classes))
    }
}

fn input(values: Vec<f32>, [a, b, c]: [usize; 3], device: &Device) -> Tensor<4> {
    let batch = values.len() / (a * b * c);
    Tensor::from_data(TensorData::new(values, [batch, a, b, c]), device)
}

fn host(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data_as::<f32>();
    data.try_into_vec().expect("the data was converted to f32")
}
