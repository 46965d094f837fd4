//! The forward pass on a Burn device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::architecture::{Architecture, BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, Op};
use crate::conv::{self, Geometry};
use crate::plan::{Plan, PlanError};
use crate::rng::Rng;
use crate::weights::Weights;

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
        let values = self.tensors.iter().map(|tensor| {
            let data = tensor.clone().inner().into_data_as::<f32>();
            data.try_into_vec().expect("the data was converted to f32")
        });
        Weights::from_ordered(&self.plan, values.collect())
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
        Self {
            architecture: self.architecture.clone(),
            plan: self.plan.clone(),
            device: self.device.clone().inner(),
            tensors: self.tensors.iter().map(|t| t.clone().inner()).collect(),
            indices: Arc::default(),
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
        assert_eq!(
            [height, width, channels],
            self.architecture.input.dims(),
            "input shape"
        );
        let mut pass = Pass {
            network: self,
            mode,
            batch,
            next: 0,
            dropouts: 0,
            statistics: Vec::new(),
        };
        let activations = Activations {
            rows: x.reshape([batch * height * width, channels]),
            height,
            width,
        };
        let output = pass.sequence(&self.architecture.ops, activations);
        Forward {
            logits: output.rows,
            statistics: pass.statistics,
        }
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

    fn index(&self, geometry: &Geometry, batch: usize, fan: usize) -> Tensor<1, Int> {
        let mut cache = self.indices.lock().unwrap_or_else(|e| e.into_inner());
        if cache.len() >= INDEX_CACHE {
            cache.clear();
        }
        cache
            .entry((*geometry, batch, fan))
            .or_insert_with(|| conv::gather_index(geometry, batch, fan, &self.device))
            .clone()
    }
}

/// `[batch * height * width, channels]`.
#[derive(Clone)]
struct Activations {
    rows: Tensor<2>,
    height: usize,
    width: usize,
}

impl Activations {
    fn with(self, rows: Tensor<2>) -> Self {
        Self { rows, ..self }
    }
}

struct Pass<'a> {
    network: &'a Network,
    mode: Mode,
    batch: usize,
    next: usize,
    dropouts: u64,
    statistics: Vec<(usize, Tensor<2>, Tensor<2>)>,
}

impl Pass<'_> {
    fn take(&mut self) -> Tensor<2> {
        self.next += 1;
        self.network.tensors[self.next - 1].clone()
    }

    fn sequence(&mut self, ops: &[Op], x: Activations) -> Activations {
        ops.iter().fold(x, |x, op| self.op(op, x))
    }

    fn op(&mut self, op: &Op, x: Activations) -> Activations {
        match op {
            Op::Conv { kernel, stride, .. } => {
                let geometry = Geometry {
                    height: x.height,
                    width: x.width,
                    kernel: *kernel,
                    stride: *stride,
                };
                let (weight, bias) = (self.take(), self.take());
                let index = |fan| self.network.index(&geometry, self.batch, fan);
                Activations {
                    rows: conv::convolve(x.rows, weight, &geometry, index) + bias,
                    height: x.height,
                    width: x.width.div_ceil(*stride),
                }
            }
            Op::Depthwise { kernel, .. } => {
                let geometry = Geometry {
                    height: x.height,
                    width: x.width,
                    kernel: *kernel,
                    stride: 1,
                };
                let [_, channels] = x.rows.dims();
                let weight = self.take().reshape([geometry.taps(), channels]);
                let bias = self.take();
                let index = |fan| self.network.index(&geometry, self.batch, fan);
                let rows = conv::depthwise(x.rows.clone(), weight, &geometry, index) + bias;
                x.with(rows)
            }
            Op::BatchNorm { .. } => {
                let rows = self.batch_norm(x.rows.clone());
                x.with(rows)
            }
            Op::Relu => {
                let rows = relu(x.rows.clone());
                x.with(rows)
            }
            Op::MaxPool => {
                let [_, channels] = x.rows.dims();
                let (lines, half) = (self.batch * x.height, x.width / 2);
                let rows = x
                    .rows
                    .reshape([lines, x.width, channels])
                    .slice([0..lines, 0..2 * half, 0..channels])
                    .reshape([lines * half, 2, channels])
                    .max_dim(1)
                    .reshape([lines * half, channels]);
                Activations {
                    rows,
                    height: x.height,
                    width: half,
                }
            }
            Op::Residual { body, shortcut, .. } => {
                let main = self.sequence(body, x.clone());
                let side = self.sequence(shortcut, x);
                let rows = relu(main.rows.clone() + side.rows);
                main.with(rows)
            }
            Op::GlobalAveragePool => {
                let [_, channels] = x.rows.dims();
                let rows = x
                    .rows
                    .reshape([self.batch, x.height * x.width, channels])
                    .mean_dim(1)
                    .reshape([self.batch, channels]);
                Activations {
                    rows,
                    height: 1,
                    width: 1,
                }
            }
            Op::Dense { .. } => {
                let (weight, bias) = (self.take(), self.take());
                let rows = x.rows.clone().matmul(weight) + bias;
                x.with(rows)
            }
            Op::Dropout { rate } => {
                let rows = self.dropout(x.rows.clone(), *rate);
                x.with(rows)
            }
        }
    }

    fn batch_norm(&mut self, rows: Tensor<2>) -> Tensor<2> {
        let [_, channels] = rows.dims();
        let flat = |t: Tensor<2>| t.reshape([channels]);
        let (gamma, beta) = (flat(self.take()), flat(self.take()));
        let mean_index = self.next;
        let (mean, variance) = (self.take(), self.take());
        if self.mode == Mode::Inference {
            return batch_norm(
                rows,
                gamma,
                beta,
                flat(mean),
                flat(variance),
                BATCH_NORM_EPSILON,
            );
        }
        let result = batch_norm_train(rows, gamma, beta, BATCH_NORM_EPSILON);
        let column = |t: Tensor<1>| t.detach().reshape([1, channels]);
        self.statistics
            .push((mean_index, column(result.mean), column(result.variance)));
        result.output
    }

    fn dropout(&mut self, rows: Tensor<2>, rate: f64) -> Tensor<2> {
        let Mode::Training {
            dropout: true,
            seed,
            step,
        } = self.mode
        else {
            return rows;
        };
        self.dropouts += 1;
        let shape = rows.dims();
        let mask = dropout_mask(seed, step, self.dropouts, rate, 0);
        let mask = mask.take(shape[0] * shape[1]).collect::<Vec<f32>>();
        rows * Tensor::<2>::from_data(TensorData::new(mask, shape), &self.network.device)
    }
}

/// Zero with probability `rate`, else `1 / (1 - rate)`, from element `first` of the batch's activations on.
/// Drawn on the host so that every backend sees the same mask.
pub(crate) fn dropout_mask(
    seed: u64,
    step: u64,
    layer: u64,
    rate: f64,
    first: usize,
) -> impl Iterator<Item = f32> {
    // Streams of initial weights are small numbers: dropout's start far from them.
    let mut rng = Rng::new(seed, (step + 1).wrapping_mul(1 << 32) + layer);
    rng.skip(first);
    let keep = (1.0 / (1.0 - rate)) as f32;
    std::iter::repeat_with(move || match f64::from(rng.uniform()) < rate {
        true => 0.0,
        false => keep,
    })
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
