//! Training on a device of Burn.
//!
//! On a GPU the samples of a split lie on the device, batches are picked there by index, and all have one size: a
//! last one that is not full is filled up with samples that count nothing, so that kernels are compiled and tuned
//! for one shape. No step waits for the device; logits are fetched once an epoch. Its gradients are found without autodiff
//! ([`Network::gradients`]), in half the kernels; CPUs take Burn's.

use burn::tensor::{Device, Int, Tensor, TensorData};
use data::{Dataset, Inputs, Normalisation, Preprocessing, Split, batch};
use model::{
    Adam, AdamConfig, AdamState, Architecture, Forward, Mode, Network, PaddedBatch, Weights,
    targets, weighted_cross_entropy,
};

use crate::engine::{EVALUATION_BATCH, Samples};
use crate::error::TrainerError;

/// Steps queued before the host waits for the device: enough that it never idles, few enough that Ctrl-C and the
/// progress bar mean what they say. Also the number of small tensors that are kept before they become one.
const QUEUED: usize = 64;

/// Network, optimizer and samples on a device.
pub struct OnDevice<'d> {
    network: Network,
    adam: Adam,
    logits: Kept,
    /// Whether batches have one size and samples stay on the device; then the bytes of its largest buffer.
    largest_buffer: Option<u64>,
    /// Of every class in the loss.
    class_weights: Option<Vec<f32>>,
    /// Samples a batch.
    batch: usize,
    /// Splits on the device, by where the host has them: `[positions, samples, bins]`.
    resident: Vec<(&'d [f32], Tensor<3>)>,
    epoch: Option<Epoch>,
}

/// Order and targets of an epoch, filled up to whole batches.
struct Epoch {
    order: Tensor<1, Int>,
    /// `[samples, classes]`.
    targets: Tensor<2>,
}

/// Logits of steps: few tensors, however many steps.
#[derive(Default)]
struct Kept(Vec<Tensor<2>>);

impl Kept {
    fn push(&mut self, logits: Tensor<2>) {
        self.0.push(logits);
        if self.0.len() >= QUEUED {
            self.0 = vec![Tensor::cat(std::mem::take(&mut self.0), 0)];
        }
    }

    fn host(&self) -> Vec<f32> {
        match self.0.is_empty() {
            true => Vec::new(),
            false => host(Tensor::cat(self.0.clone(), 0)),
        }
    }
}

impl<'d> OnDevice<'d> {
    /// Places `weights` on `device`, for batches of `batch` samples.
    ///
    /// # Errors
    /// [`TrainerError::Plan`].
    pub fn new(
        device: &Device,
        largest_buffer: Option<u64>,
        batch: usize,
        architecture: &Architecture,
        weights: &Weights,
        adam: AdamState,
    ) -> Result<Self, TrainerError> {
        let device = match largest_buffer {
            Some(_) => device.clone(),
            None => device.clone().autodiff(),
        };
        let network = Network::new(architecture, weights, &device)?;
        let adam = Adam::restore(AdamConfig::default(), adam, &network);
        Ok(Self {
            network,
            adam,
            logits: Kept::default(),
            largest_buffer,
            class_weights: None,
            batch,
            resident: Vec::new(),
            epoch: None,
        })
    }

    /// Has samples count in the loss as much as their class weighs.
    pub fn set_class_weights(&mut self, weights: Vec<f32>) {
        self.class_weights = Some(weights);
    }

    /// The inputs of `split`, where they can stay on the device.
    pub fn direct(&self, split: &'d Split, preprocessing: &Preprocessing) -> Option<&'d [f32]> {
        match (&split.x, preprocessing.normalisation) {
            // A batch's own statistics make new inputs of it.
            (_, Normalisation::Batch) | (Inputs::Streamed(_) | Inputs::Windows(..), _) => None,
            (Inputs::Memory(x), _) => {
                let fits = |bytes| size_of_val(&x[..]) as u64 <= bytes;
                self.largest_buffer.is_some_and(fits).then_some(x)
            }
        }
    }

    /// Tells order and labels of the epoch whose steps come.
    pub fn begin_epoch(&mut self, order: &[usize], labels: &[u32]) {
        let device = self.inner();
        let length = order.len().next_multiple_of(self.batch);
        let mut order: Vec<i64> = order.iter().map(|&i| i as i64).collect();
        order.resize(length, 0);
        self.epoch = Some(Epoch {
            order: Tensor::from_data(TensorData::new(order, [length]), &device),
            targets: self.targets(labels, length),
        });
    }

    /// Targets of `size` samples, the first of which have these labels.
    fn targets(&self, labels: &[u32], size: usize) -> Tensor<2> {
        let classes = self.network.architecture().num_classes;
        let values = targets(labels, size, classes, self.class_weights.as_deref());
        Tensor::from_data(TensorData::new(values, [size, classes]), &self.inner())
    }

    /// One step; its logits are kept.
    ///
    /// # Errors
    /// [`TrainerError::Device`] where the device has failed.
    pub fn step(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        seed: u64,
    ) -> Result<(), TrainerError> {
        let mode = Mode::Training {
            dropout: true,
            seed,
            step: self.adam.steps(),
        };
        let count = samples.count();
        let (forward, logits) = match self.largest_buffer {
            Some(_) => self.step_by_hand(samples, learning_rate, mode),
            None => self.step_by_autodiff(samples, learning_rate, mode),
        };
        self.network.update_running_statistics(&forward);
        self.logits.push(match count < logits.dims()[0] {
            true => logits.narrow(0, 0, count),
            false => logits,
        });
        if self.adam.steps().is_multiple_of(QUEUED as u64) {
            self.wait()?;
        }
        Ok(())
    }

    /// On an accelerator: the pass and its logits, the parameters moved.
    fn step_by_hand(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        mode: Mode,
    ) -> (Forward, Tensor<2>) {
        let (count, size) = (samples.count(), self.batch);
        let (x, targets) = match samples {
            Samples::Of { x, first, .. } => {
                let all = self.resident(x);
                let epoch = self.epoch.as_ref().expect("an epoch was begun");
                let order = epoch.order.clone().narrow(0, first, size);
                let targets = epoch.targets.clone().narrow(0, first, size);
                (all.select(1, order), targets)
            }
            Samples::Batch(batch) => (self.place(batch.x, size), self.targets(&batch.y, size)),
        };
        let filled = (count < size).then(|| PaddedBatch::new(count, size, &self.inner()));
        let pass = self.network.gradients(x, targets, mode, filled.as_ref());
        let (forward, gradients) = pass;
        self.adam.apply(&mut self.network, gradients, learning_rate);
        let logits = forward.logits.clone();
        (forward, logits)
    }

    /// On a CPU, likewise.
    fn step_by_autodiff(
        &mut self,
        samples: Samples<'d, '_>,
        learning_rate: f64,
        mode: Mode,
    ) -> (Forward, Tensor<2>) {
        let Samples::Batch(batch) = samples else {
            unreachable!("samples stay on accelerators alone: see `direct`");
        };
        let device = self.network.device().clone();
        let size = batch.y.len();
        let targets: Vec<i64> = batch.y.iter().map(|&y| y.into()).collect();
        let targets = Tensor::from_data(TensorData::new(targets, [size]), &device);
        let classes = self.class_weights.clone().map(|weights| {
            let shape = [weights.len(), 1];
            Tensor::from_data(TensorData::new(weights, shape), &device)
        });
        let x = Tensor::from_inner(self.place(batch.x, size));
        let forward = self.forward(&self.network, x, mode);
        let logits = forward.logits.clone();
        let loss = weighted_cross_entropy(logits.clone(), targets, classes.as_ref());
        self.adam
            .step(&mut self.network, loss.backward(), learning_rate);
        (forward, logits.inner())
    }

    /// Waits until the device has done what it was told.
    fn wait(&self) -> Result<(), TrainerError> {
        self.inner().sync().map_err(|error| TrainerError::Device {
            device: "the device".into(),
            problem: error.to_string(),
            advice: "",
        })
    }

    /// Copies the logits of the steps since they were taken, in their order.
    pub fn logits(&self) -> Vec<f32> {
        self.logits.host()
    }

    /// Takes them.
    pub fn take_logits(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.logits).host()
    }

    /// Copies the weights.
    pub fn weights(&self) -> Weights {
        self.network.weights()
    }

    /// Copies the optimizer's state.
    pub fn adam_state(&self) -> AdamState {
        self.adam.state()
    }

    /// Optimizer steps taken.
    pub fn steps(&self) -> u64 {
        self.adam.steps()
    }

    /// Logits of all samples of `split`.
    ///
    /// # Errors
    /// [`TrainerError::Stream`] where a streamed source cannot be read any more.
    pub fn evaluate(
        &mut self,
        split: &'d Split,
        dataset: &'d Dataset,
    ) -> Result<Vec<f32>, TrainerError> {
        let samples = split.len();
        let network = self.network.without_autodiff();
        let direct = self.direct(split, &dataset.preprocessing);
        let direct = direct.map(|x| self.resident(x));
        let mut logits = Kept::default();
        let mut classify = |x: Tensor<3>| {
            logits.push(self.forward(&network, x, Mode::Inference).logits);
        };
        let preprocessing = &dataset.preprocessing;
        let size = EVALUATION_BATCH.max(self.batch).min(samples);
        if let Some(all) = direct {
            let length = samples.next_multiple_of(size);
            let indices: Vec<i64> = (0..length).map(|i| i.min(samples - 1) as i64).collect();
            let indices =
                Tensor::<1, Int>::from_data(TensorData::new(indices, [length]), &self.inner());
            for first in (0..length).step_by(size) {
                classify(
                    all.clone()
                        .select(1, indices.clone().narrow(0, first, size)),
                );
            }
        } else {
            let indices: Vec<usize> = (0..samples).collect();
            batch::for_each(split, preprocessing, indices.chunks(size), |batch| {
                let filled = if self.largest_buffer.is_some() {
                    size
                } else {
                    batch.y.len()
                };
                classify(self.place(batch.x, filled));
                true
            })
            .map_err(TrainerError::Stream)?;
        }
        let mut logits = logits.host();
        logits.truncate(samples * dataset.class_names.len());
        Ok(logits)
    }

    /// The device without autodiff.
    fn inner(&self) -> Device {
        self.network.device().clone().inner()
    }

    /// A pass in the layout that suits the device: see [`OnDevice::place`].
    fn forward(&self, network: &Network, x: Tensor<3>, mode: Mode) -> Forward {
        if self.largest_buffer.is_some() {
            return network.forward_positions(x, mode);
        }
        let [size, _, _] = x.dims();
        let [height, width, bins] = network.architecture().input.dims();
        network.forward(x.reshape([size, height, width, bins]), mode)
    }

    /// Inputs end to end on the device, zeros where there are fewer: `[positions, size, bins]`, which suits GPUs, or on a
    /// CPU `[size, positions, bins]`.
    fn place(&self, mut values: Vec<f32>, size: usize) -> Tensor<3> {
        let [height, width, bins] = self.network.architecture().input.dims();
        values.resize(size * height * width * bins, 0.0);
        let data = TensorData::new(values, [size, height * width, bins]);
        let tensor = Tensor::<3>::from_data(data, &self.inner());
        match self.largest_buffer {
            Some(_) => tensor.swap_dims(0, 1),
            None => tensor,
        }
    }

    /// `x` on the device.
    fn resident(&mut self, x: &'d [f32]) -> Tensor<3> {
        if let Some((_, there)) = self.resident.iter().find(|(own, _)| std::ptr::eq(*own, x)) {
            return there.clone();
        }
        let [height, width, bins] = self.network.architecture().input.dims();
        let (positions, samples) = (height * width, x.len() / (height * width * bins));
        let data = TensorData::new(x.to_vec(), [samples, positions, bins]);
        let tensor = Tensor::<3>::from_data(data, &self.inner()).swap_dims(0, 1);
        // As it is picked from: a view would be gathered with strides in every step.
        let tensor = tensor
            .reshape([positions * samples, bins])
            .reshape([positions, samples, bins]);
        self.resident.push((x, tensor.clone()));
        tensor
    }
}

fn host(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data_as::<f32>();
    data.try_into_vec().expect("the data was converted to f32")
}
