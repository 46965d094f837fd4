//! A network on a Burn device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, Transaction};

use crate::architecture::{Architecture, BATCH_NORM_MOMENTUM};
use crate::backward::{Backward, Saved, of_loss};
use crate::conv::{Geometry, Picks, Way};
use crate::pass::{Activations, Layout, Pass};
use crate::plan::{Plan, PlanError};
use crate::rows;
use crate::weights::Weights;

type PickCache = Mutex<HashMap<(Geometry, usize, Way), Option<Picks>>>;
type IndexCache = Mutex<HashMap<(Geometry, usize, usize), Tensor<1, Int>>>;

/// Gather indices kept a network: a few batch sizes of every layer.
const INDEX_CACHE: usize = 64;

/// A network's tensors on a device. On an autodiff device the trainable ones record gradients.
#[derive(Clone, Debug)]
pub struct Network {
    architecture: Arc<Architecture>,
    plan: Arc<Plan>,
    device: Device,
    /// In the order of the plan: kernels as `[everything but the last axis, last axis]`, vectors
    /// as `[1, n]`.
    tensors: Vec<Tensor<2>>,
    picks: Arc<PickCache>,
    indices: Arc<IndexCache>,
}

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

/// What a forward pass gives.
#[derive(Debug)]
pub struct Forward {
    /// `[batch, classes]`, before softmax.
    pub logits: Tensor<2>,
    /// In training, for every batch normalisation the index of its `moving_mean` among the tensors,
    /// the batch's mean and its biased variance, each `[1, channels]`.
    statistics: Vec<(usize, Tensor<2>, Tensor<2>)>,
}

/// A batch of fixed size whose last samples may be none: they take part in no statistic and no gradient.
#[derive(Clone, Debug)]
pub struct Filled {
    /// How many samples there are.
    pub count: usize,
    /// One for each of these, then zeros `[batch, 1]`.
    pub(crate) weights: Tensor<2>,
}

impl Filled {
    /// The first `count` of `batch` samples.
    pub fn new(count: usize, batch: usize, device: &Device) -> Self {
        let weights: Vec<f32> = (0..batch).map(|i| f32::from(i < count)).collect();
        let weights = TensorData::new(weights, [batch, 1]);
        Self {
            count,
            weights: Tensor::from_data(weights, device),
        }
    }
}

impl Network {
    /// Places `weights` on `device`.
    ///
    /// # Errors
    /// [`PlanError`] where the architecture does not fit its input.
    ///
    /// # Panics
    /// Where `weights` belong to another architecture; [`Weights`] read from files are checked.
    pub fn new(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, PlanError> {
        let plan = Plan::new(architecture)?;
        let mut network = Self {
            architecture: Arc::new(architecture.clone()),
            plan: Arc::new(plan),
            device: device.clone(),
            tensors: Vec::new(),
            picks: Arc::default(),
            indices: Arc::default(),
        };
        network.set_weights(weights);
        Ok(network)
    }

    /// Replaces all tensors.
    ///
    /// # Panics
    /// Where `weights` belong to another architecture.
    pub fn set_weights(&mut self, weights: &Weights) {
        let plan = &self.plan.tensors;
        assert_eq!(
            weights.tensors().len(),
            plan.len(),
            "weights of another network"
        );
        let tensors = weights.tensors().iter().zip(plan).map(|(tensor, plan)| {
            assert_eq!(tensor.shape, plan.shape, "weights of another network");
            let columns = *plan.shape.last().expect("no tensor is a scalar");
            let shape = [plan.elements() / columns, columns];
            let data = TensorData::new(tensor.values.clone(), shape);
            let on_device = Tensor::from_data(data, &self.device);
            if self.device.is_autodiff() && plan.role.trainable() {
                on_device.require_grad()
            } else {
                on_device
            }
        });
        self.tensors = tensors.collect();
    }

    /// Copies all tensors to the host.
    pub fn weights(&self) -> Weights {
        let tensors = self.tensors.iter().map(|tensor| tensor.clone().inner());
        Weights::from_ordered(&self.plan, host(tensors))
    }

    /// What the network is.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Its shapes and tensors.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Where its tensors are.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The tensors, in the order of the plan.
    pub fn tensors(&self) -> &[Tensor<2>] {
        &self.tensors
    }

    /// Replaces trainable tensor `index`, as an optimizer does: the new value starts a new graph.
    pub fn set_tensor(&mut self, index: usize, value: Tensor<2>) {
        self.tensors[index] = if self.device.is_autodiff() {
            Tensor::from_inner(value).require_grad()
        } else {
            value
        };
    }

    /// The same tensors without autodiff, for validation; nothing is copied.
    pub fn without_autodiff(&self) -> Self {
        let shared = !self.device.is_autodiff();
        Self {
            architecture: self.architecture.clone(),
            plan: self.plan.clone(),
            device: self.device.clone().inner(),
            tensors: self.tensors.iter().map(|t| t.clone().inner()).collect(),
            picks: if shared {
                self.picks.clone()
            } else {
                Arc::default()
            },
            indices: if shared {
                self.indices.clone()
            } else {
                Arc::default()
            },
        }
    }

    /// Classifies a batch.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]` of the architecture's input.
    ///
    /// # Panics
    /// Where `x` has another shape.
    pub fn forward(&self, x: Tensor<4>, mode: Mode) -> Forward {
        let [batch, height, width, channels] = x.dims();
        let input = self.architecture.input.dims();
        assert_eq!([height, width, channels], input, "input shape");
        let rows = x.reshape([batch * height * width, channels]);
        let pass = Pass::new(self, mode, batch, Layout::SamplesFirst);
        self.pass(pass, rows).0
    }

    /// As [`Network::forward`], of a batch whose positions lie outermost: the layout that suits GPUs.
    ///
    /// # Shapes
    /// `x` `[height * width, batch, channels]` of the architecture's input.
    ///
    /// # Panics
    /// Where `x` has another shape.
    pub fn forward_positions(&self, x: Tensor<3>, mode: Mode) -> Forward {
        let (rows, batch) = self.rows_of(x);
        let pass = Pass::new(self, mode, batch, Layout::PositionsFirst(None));
        self.pass(pass, rows).0
    }

    /// A batch with positions first as rows, and its size.
    fn rows_of(&self, x: Tensor<3>) -> (Tensor<2>, usize) {
        let [positions, batch, channels] = x.dims();
        let [height, width, bins] = self.architecture.input.dims();
        assert_eq!([positions, channels], [height * width, bins], "input shape");
        (x.reshape([positions * batch, channels]), batch)
    }

    /// Classifies a batch as [`Network::forward_positions`] does, and finds the gradients of its mean loss without
    /// autodiff, which the network must not be on: those of [`cross_entropy_of`], over the samples that `filled` names.
    /// They come by tensor, none of those that are not trained.
    ///
    /// # Shapes
    /// `x` as there, `targets` `[batch, classes]` as [`targets`] makes them.
    ///
    /// # Panics
    /// Where `x` has another shape, or for inference, which has no gradients.
    pub fn gradients(
        &self,
        x: Tensor<3>,
        targets: Tensor<2>,
        mode: Mode,
        filled: Option<&Filled>,
    ) -> (Forward, Vec<Option<Tensor<2>>>) {
        assert_ne!(mode, Mode::Inference, "gradients belong to training");
        let (rows, batch) = self.rows_of(x);
        let mut pass = Pass::new(self, mode, batch, Layout::PositionsFirst(filled));
        pass.tape = Some(Vec::new());
        let (forward, tape) = self.pass(pass, rows);
        let count = filled.map_or(batch, |filled| filled.count);
        let gradient = of_loss(forward.logits.clone(), targets, count);
        let mut backward = Backward::new(self, batch);
        backward.sequence(tape.unwrap_or_default(), gradient, false);
        (forward, backward.gradients)
    }

    /// What a pass gives, and what its way back needs, where it was told to keep that.
    fn pass(&self, mut pass: Pass<'_>, rows: Tensor<2>) -> (Forward, Option<Vec<Saved>>) {
        let [height, width, _] = self.architecture.input.dims();
        let activations = Activations {
            rows,
            height,
            width,
        };
        let output = pass.sequence(&self.architecture.ops, activations);
        let forward = Forward {
            logits: output.rows,
            statistics: pass.statistics,
        };
        (forward, pass.tape)
    }

    /// Moves the running averages towards the statistics of a training pass, as Keras does:
    /// `0.99 * running + 0.01 * batch`, with the biased variance.
    pub fn update_running_statistics(&mut self, forward: &Forward) {
        for (index, mean, variance) in &forward.statistics {
            for (index, batch) in [(*index, mean), (*index + 1, variance)] {
                let running = self.tensors[index].clone() * BATCH_NORM_MOMENTUM;
                let batch = batch.clone() * (1.0 - BATCH_NORM_MOMENTUM);
                self.tensors[index] = (running + batch).detach();
            }
        }
    }

    /// Rows to gather, with samples first.
    pub(crate) fn index(&self, geometry: &Geometry, batch: usize, fan: usize) -> Tensor<1, Int> {
        let mut cache = self.indices.lock().unwrap_or_else(|e| e.into_inner());
        if cache.len() >= INDEX_CACHE {
            cache.clear();
        }
        cache
            .entry((*geometry, batch, fan))
            .or_insert_with(|| rows::gather_index(geometry, batch, fan, &self.device))
            .clone()
    }

    /// Rows to gather, with positions first.
    pub(crate) fn picks(&self, geometry: &Geometry, batch: usize, way: Way) -> Option<Picks> {
        let mut cache = self.picks.lock().unwrap_or_else(|e| e.into_inner());
        if cache.len() >= INDEX_CACHE {
            cache.clear();
        }
        let picks = cache.entry((*geometry, batch, way));
        picks
            .or_insert_with(|| Picks::new(geometry, batch, way, &self.device))
            .clone()
    }
}

/// Copies tensors to the host, waiting for the device once.
pub(crate) fn host<const D: usize>(tensors: impl Iterator<Item = Tensor<D>>) -> Vec<Vec<f32>> {
    let all = tensors.fold(Transaction::default(), |all, tensor| all.register(tensor));
    let read = all.execute().into_iter().map(|data| {
        let data = data.convert::<f32>();
        data.try_into_vec().expect("the data was converted to f32")
    });
    read.collect()
}

/// What a batch of `size` samples should be classified as, `[size, classes]`: the weight of a sample's class (one without
/// weights) at its label, zero elsewhere, and zero for samples after the last label.
pub fn targets(labels: &[u32], size: usize, classes: usize, weights: Option<&[f32]>) -> Vec<f32> {
    let mut targets = vec![0.0; size * classes];
    for (row, label) in targets.chunks_exact_mut(classes).zip(labels) {
        let label = *label as usize;
        row[label] = weights.map_or(1.0, |weights| weights[label]);
    }
    targets
}

/// Mean softmax cross-entropy over the batch.
///
/// # Shapes
/// `logits` `[batch, classes]`, `targets` `[batch]` with class indices; the result `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let picked = log_softmax(logits, 1).gather(1, targets.reshape([batch, 1]));
    picked.mean().neg()
}

/// As [`cross_entropy`], of samples each of which counts as much as its class weighs.
///
/// # Shapes
/// As there; `class_weights` `[classes, 1]`.
pub fn cross_entropy_of(
    logits: Tensor<2>,
    targets: Tensor<1, Int>,
    class_weights: Option<&Tensor<2>>,
) -> Tensor<1> {
    let [batch, _] = logits.dims();
    let mut picked = log_softmax(logits, 1).gather(1, targets.clone().reshape([batch, 1]));
    if let Some(weights) = class_weights {
        picked = picked * weights.clone().select(0, targets);
    }
    picked.mean().neg()
}
