//! Burn on a GPU.
//!
//! The samples of a split stay on the device, and batches are gathered there by index. The last batch is padded, so
//! that kernels are compiled and tuned for one shape. No step waits for the device; logits are fetched once per
//! epoch. Gradients are computed without autodiff ([`Network::gradients`]), which halves the number of kernels.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Dataset, Inputs, Normalisation, Preprocessing, Split, batch};
use model::{Adam, AdamState, AveragedNetwork, Mode, Network, PaddedBatch, Targets, Weights};

use super::logits::{DeviceLogits, wait_every_few_steps};
use super::{EVALUATION_BATCH, Engine, Samples, Start};
use crate::error::TrainerError;

/// Network, optimiser and samples on a GPU.
pub(super) struct AcceleratorEngine<'d> {
    /// Without autodiff.
    network: Network,
    adam: Adam,
    /// Moving average of the weights, if enabled.
    average: Option<AveragedNetwork>,
    logits: DeviceLogits,
    /// Limit for a buffer in bytes; larger splits do not stay on the device.
    largest_buffer: u64,
    goals: Targets,
    /// Batch size in samples.
    batch: usize,
    /// Splits on the device, keyed by their address on the host.
    ///
    /// # Shapes
    /// `[positions, samples, bins]`
    resident: Vec<(&'d [f32], Tensor<3>)>,
    epoch: Option<Epoch>,
}

/// Order and targets of an epoch, padded to full batches.
struct Epoch {
    order: Tensor<1, Int>,
    /// `[samples, classes]`.
    targets: Tensor<2>,
}

impl<'d> AcceleratorEngine<'d> {
    /// Creates an engine. `network` must be on the device without autodiff; `largest_buffer` is in bytes.
    pub fn new(network: Network, batch: usize, start: Start, largest_buffer: u64) -> Self {
        let average = start.average;
        let average =
            average.map(|average| AveragedNetwork::new(average.decay, &average.weights, &network));
        Self {
            adam: Adam::restore(start.optimizer, start.state, &network),
            average,
            goals: Targets::new(network.architecture().num_classes, 0.0),
            network,
            logits: DeviceLogits::default(),
            largest_buffer,
            batch,
            resident: Vec::new(),
            epoch: None,
        }
    }

    fn device(&self) -> &Device {
        self.network.device()
    }

    /// Targets for `size` rows; rows beyond `labels` are padding.
    fn targets(&self, labels: &[u32], size: usize) -> Tensor<2> {
        let classes = self.network.architecture().num_classes;
        let values = self.goals.of(labels, size);
        Tensor::from_data(TensorData::new(values, [size, classes]), self.device())
    }

    /// Uploads a batch of inputs, padded with zeros to `[positions, size, bins]`.
    fn input(&self, mut values: Vec<f32>, size: usize) -> Tensor<3> {
        let [height, width, bins] = self.network.architecture().input.dims();
        values.resize(size * height * width * bins, 0.0);
        let data = TensorData::new(values, [size, height * width, bins]);
        Tensor::<3>::from_data(data, self.device()).swap_dims(0, 1)
    }

    /// A split on the device, `[positions, samples, bins]`; uploaded on first use.
    fn resident(&mut self, x: &'d [f32]) -> Tensor<3> {
        let mut resident = self.resident.iter();
        if let Some((_, tensor)) = resident.find(|(known, _)| std::ptr::eq(*known, x)) {
            return tensor.clone();
        }
        let [height, width, bins] = self.network.architecture().input.dims();
        let (positions, samples) = (height * width, x.len() / (height * width * bins));
        let data = TensorData::new(x.to_vec(), [samples, positions, bins]);
        let tensor = Tensor::<3>::from_data(data, self.device()).swap_dims(0, 1);
        // Made contiguous: gathering from a strided view would slow every step.
        let tensor = tensor
            .reshape([positions * samples, bins])
            .reshape([positions, samples, bins]);
        self.resident.push((x, tensor.clone()));
        tensor
    }
}

impl<'d> Engine<'d> for AcceleratorEngine<'d> {
    fn set_targets(&mut self, targets: Targets) -> Result<(), TrainerError> {
        self.goals = targets;
        Ok(())
    }

    fn steps(&self) -> u64 {
        self.adam.steps()
    }

    /// The inputs of `split`, if they can stay on the device.
    fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        match (&split.x, preprocessing.normalisation) {
            // Batch normalisation of inputs changes them for every batch.
            (_, Normalisation::Batch) | (Inputs::Streamed(_) | Inputs::Windows(..), _) => None,
            (Inputs::Memory(x), _) => {
                (size_of_val(&x[..]) as u64 <= self.largest_buffer).then_some(x)
            }
        }
    }

    fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) -> Result<(), TrainerError> {
        let length = order.len().next_multiple_of(self.batch);
        let mut order: Vec<i64> = order.iter().map(|&i| i as i64).collect();
        order.resize(length, 0);
        self.epoch = Some(Epoch {
            order: Tensor::from_data(TensorData::new(order, [length]), self.device()),
            targets: self.targets(labels, length),
        });
        Ok(())
    }

    fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<bool, TrainerError> {
        let mode = Mode::Training {
            dropout: true,
            seed,
            step: self.adam.steps(),
        };
        let (count, size) = (samples.count(), self.batch);
        let (x, targets) = match samples {
            Samples::Indexed { x, first, .. } => {
                let all = self.resident(x);
                let epoch = self.epoch.as_ref().expect("an epoch was begun");
                let order = epoch.order.clone().narrow(0, first, size);
                let targets = epoch.targets.clone().narrow(0, first, size);
                (all.select(1, order), targets)
            }
            Samples::Batch(batch) => (self.input(batch.x, size), self.targets(&batch.y, size)),
        };
        let padded = (count < size).then(|| PaddedBatch::new(count, size, self.device()));
        let (forward, gradients) = self.network.gradients(x, targets, mode, padded.as_ref());
        self.adam.apply(&mut self.network, gradients, learning_rate);
        let momentum = model::batch_norm_momentum(self.average.is_some(), self.adam.steps());
        self.network.update_running_statistics(&forward, momentum);
        if let Some(average) = &mut self.average {
            average.follow(&self.network, self.adam.steps());
        }
        self.logits.push(forward.logits, count);
        wait_every_few_steps(self.device(), self.adam.steps())?;
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
        let samples = split.len();
        let network = match &self.average {
            Some(average) => average.network().clone(),
            None => self.network.clone(),
        };
        let size = EVALUATION_BATCH.max(self.batch).min(samples);
        let mut logits = DeviceLogits::default();
        let direct = self.direct(split, &dataset.preprocessing);
        if let Some(all) = direct.map(|x| self.resident(x)) {
            let length = samples.next_multiple_of(size);
            let indices: Vec<i64> = (0..length).map(|i| i.min(samples - 1) as i64).collect();
            let indices = TensorData::new(indices, [length]);
            let indices = Tensor::<1, Int>::from_data(indices, self.device());
            for first in (0..length).step_by(size) {
                let batch = indices.clone().narrow(0, first, size);
                let x = all.clone().select(1, batch);
                let forward = network.forward_positions(x, Mode::Inference);
                logits.push(forward.logits, size);
            }
        } else {
            let indices: Vec<usize> = (0..samples).collect();
            let batches = indices.chunks(size);
            batch::for_each(split, &dataset.preprocessing, batches, |batch| {
                let x = self.input(batch.x, size);
                let forward = network.forward_positions(x, Mode::Inference);
                logits.push(forward.logits, size);
                true
            })
            .map_err(TrainerError::Stream)?;
        }
        let mut logits = logits.to_host();
        logits.truncate(samples * dataset.class_names.len());
        Ok(logits)
    }
}
