//! A network on a Burn device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use burn::tensor::{Device, Int, Tensor, TensorData, Transaction};

use super::conv::{Gather, GatherKind};
use super::rows;
use crate::architecture::Architecture;
use crate::geometry::Geometry;
use crate::plan::{Plan, PlanError, TensorId};
use crate::weights::Weights;

type GatherCache = Mutex<HashMap<(Geometry, usize, GatherKind), Option<Gather>>>;
type IndexCache = Mutex<HashMap<(Geometry, usize, usize), Tensor<1, Int>>>;

/// Number of cached gather indices per network, enough for a few batch sizes of every layer.
const INDEX_CACHE: usize = 64;

/// A network's tensors on a device. On an autodiff device the trainable ones record gradients.
#[derive(Clone, Debug)]
pub struct Network {
    architecture: Arc<Architecture>,
    plan: Arc<Plan>,
    device: Device,
    /// In plan order. Kernels have the shape `[product of all axes but the last, last axis]`, vectors `[1, n]`.
    tensors: Vec<Tensor<2>>,
    /// Whether each tensor is frozen.
    frozen: Arc<[bool]>,
    gathers: Arc<GatherCache>,
    indices: Arc<IndexCache>,
}

/// Result of a forward pass.
#[derive(Debug)]
pub struct Forward {
    /// `[batch, classes]`, before softmax.
    pub logits: Tensor<2>,
    /// In training, pairs of a running statistic and its batch value `[1, channels]`; the variance is biased.
    pub(super) statistics: Vec<(TensorId, Tensor<2>)>,
}

/// A batch of fixed size, padded after `count` real samples; padding affects no statistic or gradient.
#[derive(Clone, Debug)]
pub struct PaddedBatch {
    /// Number of real samples.
    pub count: usize,
    /// One for real samples, zero for padding, `[batch, 1]`.
    pub(crate) weights: Tensor<2>,
}

impl PaddedBatch {
    /// Marks the first `count` of `batch` samples as real.
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
    /// Copies `weights` to `device`.
    ///
    /// # Errors
    /// [`PlanError`] if the architecture does not fit its input.
    ///
    /// # Panics
    /// If `weights` belong to another architecture; [`Weights`] read from files are checked.
    pub fn new(
        architecture: &Architecture,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, PlanError> {
        let plan = Plan::new(architecture)?;
        let mut network = Self {
            architecture: Arc::new(architecture.clone()),
            frozen: plan.in_first_layers(0).into(),
            plan: Arc::new(plan),
            device: device.clone(),
            tensors: Vec::new(),
            gathers: Arc::default(),
            indices: Arc::default(),
        };
        network.set_weights(weights);
        Ok(network)
    }

    /// Replaces all tensors.
    ///
    /// # Panics
    /// If `weights` belong to another architecture.
    pub fn set_weights(&mut self, weights: &Weights) {
        let plan = &self.plan.tensors;
        assert_eq!(
            weights.tensors().len(),
            plan.len(),
            "weights of another network"
        );
        let tensors = weights.tensors().iter().zip(plan).zip(&*self.frozen);
        let tensors = tensors.map(|((tensor, plan), frozen)| {
            assert_eq!(tensor.shape, plan.shape, "weights of another network");
            let columns = *plan.shape.last().expect("no tensor is a scalar");
            let shape = [plan.elements() / columns, columns];
            let data = TensorData::new(tensor.values.clone(), shape);
            let on_device = Tensor::from_data(data, &self.device);
            if self.device.is_autodiff() && plan.role.trainable() && !frozen {
                on_device.require_grad()
            } else {
                on_device
            }
        });
        self.tensors = tensors.collect();
    }

    /// Freezes the first `layers` layers of [`Plan::layers`]: no step changes their parameters, and their batch
    /// normalisations use their running statistics. Must be called before training.
    pub fn freeze(&mut self, layers: usize) {
        self.frozen = self.plan.in_first_layers(layers).into();
        for (tensor, _) in self
            .tensors
            .iter_mut()
            .zip(&*self.frozen)
            .filter(|(_, frozen)| **frozen)
        {
            if self.device.is_autodiff() {
                // Records no gradients.
                *tensor = Tensor::from_inner(tensor.clone().inner());
            }
        }
    }

    /// Whether tensor `index` is frozen.
    pub(super) fn is_frozen(&self, index: usize) -> bool {
        self.frozen[index]
    }

    /// One of the plan's tensors.
    pub(crate) fn tensor(&self, id: TensorId) -> Tensor<2> {
        self.tensors[id.index()].clone()
    }

    /// Copies all tensors to the host.
    pub fn weights(&self) -> Weights {
        let tensors = self.tensors.iter().map(|tensor| tensor.clone().inner());
        Weights::from_ordered(&self.plan, host(tensors))
    }

    /// Architecture of the network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Execution plan of the network.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Device of the tensors.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// All tensors, in plan order.
    pub fn tensors(&self) -> &[Tensor<2>] {
        &self.tensors
    }

    /// Replaces trainable tensor `index` after an optimiser step; the new value starts a new autodiff graph.
    pub fn set_tensor(&mut self, index: usize, value: Tensor<2>) {
        self.tensors[index] = if self.device.is_autodiff() {
            Tensor::from_inner(value).require_grad()
        } else {
            value
        };
    }

    /// The same tensors without autodiff, for validation. Nothing is copied.
    pub fn without_autodiff(&self) -> Self {
        let shared = !self.device.is_autodiff();
        Self {
            architecture: self.architecture.clone(),
            plan: self.plan.clone(),
            device: self.device.clone().inner(),
            tensors: self.tensors.iter().map(|t| t.clone().inner()).collect(),
            frozen: self.frozen.clone(),
            gathers: if shared {
                self.gathers.clone()
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

    /// Updates the running averages with the statistics of a training pass, like Keras: `momentum * running + (1 -
    /// momentum) * batch`, with the biased variance; see [`crate::batch_norm_momentum`].
    pub fn update_running_statistics(&mut self, forward: &Forward, momentum: f64) {
        for (id, batch) in &forward.statistics {
            let running = self.tensor(*id) * momentum;
            let batch = batch.clone() * (1.0 - momentum);
            self.tensors[id.index()] = (running + batch).detach();
        }
    }

    /// Gather indices in the samples-first layout.
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

    /// Gather indices in the positions-first layout.
    pub(crate) fn gather(
        &self,
        geometry: &Geometry,
        batch: usize,
        kind: GatherKind,
    ) -> Option<Gather> {
        let mut cache = self.gathers.lock().unwrap_or_else(|e| e.into_inner());
        if cache.len() >= INDEX_CACHE {
            cache.clear();
        }
        let gather = cache.entry((*geometry, batch, kind));
        gather
            .or_insert_with(|| Gather::new(geometry, batch, kind, &self.device))
            .clone()
    }
}

/// Copies tensors to the host with a single wait for the device.
pub(crate) fn host<const D: usize>(tensors: impl Iterator<Item = Tensor<D>>) -> Vec<Vec<f32>> {
    let all = tensors.fold(Transaction::default(), |all, tensor| all.register(tensor));
    let read = all.execute().into_iter().map(|data| {
        let data = data.convert::<f32>();
        data.try_into_vec().expect("the data was converted to f32")
    });
    read.collect()
}
