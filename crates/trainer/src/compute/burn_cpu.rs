//! Burn on a CPU with autodiff: the reference for the other engines.

use burn::tensor::{Device, Tensor, TensorData};
use data::{Dataset, Preprocessing, Split, batch};
use model::{
    Adam, AdamState, AveragedNetwork, Mode, Network, Targets, Weights, soft_cross_entropy,
};

use super::logits::{DeviceLogits, wait_every_few_steps};
use super::{EVALUATION_BATCH, Engine, Samples, Start};
use crate::error::TrainerError;

/// A network on a CPU device of Burn.
pub(super) struct BurnCpuEngine {
    /// On the autodiff device.
    network: Network,
    adam: Adam,
    /// Moving average of the weights, if enabled.
    average: Option<AveragedNetwork>,
    logits: DeviceLogits,
    targets: Targets,
    /// Batch size in samples.
    batch: usize,
}

impl BurnCpuEngine {
    /// Creates an engine; `network` must be on an autodiff device.
    pub fn new(network: Network, batch: usize, start: Start) -> Self {
        let average = start.average;
        let average =
            average.map(|average| AveragedNetwork::new(average.decay, &average.weights, &network));
        Self {
            adam: Adam::restore(start.optimizer, start.state, &network),
            average,
            targets: Targets::new(network.architecture().num_classes, 0.0),
            network,
            logits: DeviceLogits::default(),
            batch,
        }
    }

    /// The same device without autodiff.
    fn plain_device(&self) -> Device {
        self.network.device().clone().inner()
    }

    /// A batch of inputs `[samples, height, width, bins]`, without autodiff.
    fn input(&self, values: Vec<f32>) -> Tensor<4> {
        let input = self.network.architecture().input;
        let [height, width, bins] = input.dims();
        let samples = values.len() / input.elements();
        let data = TensorData::new(values, [samples, height, width, bins]);
        Tensor::from_data(data, &self.plain_device())
    }
}

impl<'d> Engine<'d> for BurnCpuEngine {
    fn set_targets(&mut self, targets: Targets) -> Result<(), TrainerError> {
        self.targets = targets;
        Ok(())
    }

    fn steps(&self) -> u64 {
        self.adam.steps()
    }

    /// Not used: batches are copied in any case.
    fn direct(&self, _split: &'d Split, _preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        None
    }

    fn begin_epoch(&mut self, _order: &[usize], _labels: &[u32]) -> Result<(), TrainerError> {
        Ok(())
    }

    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError> {
        let Samples::Batch(batch) = samples else {
            unreachable!("`direct` gives nothing to index");
        };
        let mode = Mode::Training {
            dropout: true,
            seed,
            step: self.adam.steps(),
        };
        let device = self.network.device().clone();
        let size = batch.y.len();
        let classes = self.network.architecture().num_classes;
        let targets = TensorData::new(self.targets.of(&batch.y, size), [size, classes]);
        let targets = Tensor::from_data(targets, &device);
        let x = Tensor::from_inner(self.input(batch.x));
        let forward = self.network.forward(x, mode);
        let logits = forward.logits.clone();
        let loss = soft_cross_entropy(logits.clone(), targets);
        self.adam
            .step(&mut self.network, loss.backward(), learning_rate);
        let momentum = model::batch_norm_momentum(self.average.is_some(), self.adam.steps());
        self.network.update_running_statistics(&forward, momentum);
        if let Some(average) = &mut self.average {
            average.follow(&self.network, self.adam.steps());
        }
        self.logits.push(logits.inner(), size);
        wait_every_few_steps(&self.plain_device(), self.adam.steps())?;
        Ok(true)
    }

    fn logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        Ok(self.logits.to_host())
    }

    fn take_logits(&mut self) -> Result<Vec<f32>, TrainerError> {
        Ok(std::mem::take(&mut self.logits).to_host())
    }

    fn weights(&mut self) -> Result<Weights, TrainerError> {
        Ok(self.network.weights())
    }

    fn average(&mut self) -> Result<Option<Weights>, TrainerError> {
        Ok(self.average.as_ref().map(AveragedNetwork::weights))
    }

    fn adam_state(&mut self) -> Result<AdamState, TrainerError> {
        Ok(self.adam.state())
    }

    fn classify(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError> {
        let network = match &self.average {
            Some(average) => average.network().clone(),
            None => self.network.without_autodiff(),
        };
        let mut logits = DeviceLogits::default();
        let size = EVALUATION_BATCH.max(self.batch).min(split.len());
        let indices: Vec<usize> = (0..split.len()).collect();
        let batches = indices.chunks(size);
        batch::for_each(split, &dataset.preprocessing, batches, |batch| {
            let forward = network.forward(self.input(batch.x), Mode::Inference);
            logits.push(forward.logits, batch.y.len());
            true
        })
        .map_err(TrainerError::Stream)?;
        Ok(logits.to_host())
    }
}
