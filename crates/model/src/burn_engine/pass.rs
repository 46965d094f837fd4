//! The forward pass over the steps of the plan.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Tensor, TensorData};

use super::backward::Saved;
use super::conv::{self, GatherKind};
use super::kernel;
use super::network::{Network, PaddedBatch};
use super::rows;
use crate::geometry::Geometry;
use crate::mode::{Mode, dropout_mask};
use crate::plan::{Step, StepKind, TensorId, ValueId};

/// Memory layout of activations.
#[derive(Clone, Copy)]
pub(crate) enum Layout<'a> {
    /// Samples first, `[batch * height * width, channels]`: for CPUs.
    SamplesFirst,
    /// Positions first, `[height * width * batch, channels]`: for GPUs, with batches padded to one size.
    PositionsFirst(Option<&'a PaddedBatch>),
}

/// Tensors of a batch normalisation.
#[derive(Clone, Copy)]
struct BatchNorm {
    gamma: TensorId,
    beta: TensorId,
    mean: TensorId,
    variance: TensorId,
    epsilon: f64,
}

pub(crate) struct Pass<'a> {
    network: &'a Network,
    mode: Mode,
    batch: usize,
    layout: Layout<'a>,
    /// See [`crate::Forward`].
    pub statistics: Vec<(TensorId, Tensor<2>)>,
    /// Saved values, one entry per step, if a backward pass follows: see [`super::backward`].
    pub tape: Option<Vec<Saved>>,
}

/// Values that later steps read.
struct Values {
    tensors: Vec<Option<Tensor<2>>>,
    /// Remaining number of readers by value.
    uses: Vec<usize>,
}

impl Values {
    /// A value for one reader; the last reader gets it without a copy.
    fn take(&mut self, id: ValueId) -> Tensor<2> {
        let i = id.index();
        self.uses[i] -= 1;
        let tensor = if self.uses[i] == 0 {
            self.tensors[i].take()
        } else {
            self.tensors[i].clone()
        };
        tensor.expect("steps are in execution order")
    }
}

impl<'a> Pass<'a> {
    pub fn new(network: &'a Network, mode: Mode, batch: usize, layout: Layout<'a>) -> Self {
        Self {
            network,
            mode,
            batch,
            layout,
            statistics: Vec::new(),
            tape: None,
        }
    }

    /// The network's output for an input in the layout of the pass.
    pub fn run(&mut self, input: Tensor<2>) -> Tensor<2> {
        let plan = self.network.plan();
        let mut values = Values {
            tensors: vec![None; plan.values.len()],
            uses: plan.uses(),
        };
        values.tensors[plan.input.index()] = Some(input);
        for (number, step) in plan.steps.iter().enumerate() {
            let output = self.step(step, &mut values);
            values.tensors[step.output.index()] = Some(output);
            let saved = self.tape.as_ref().map(Vec::len);
            debug_assert!(
                saved.is_none_or(|saved| saved == number + 1),
                "every step saves once"
            );
        }
        values.take(plan.output)
    }

    fn keep(&mut self, saved: impl FnOnce() -> Saved) {
        if let Some(tape) = &mut self.tape {
            tape.push(saved());
        }
    }

    /// The padding of the batch, if it has any.
    fn padded(&self) -> Option<&'a PaddedBatch> {
        match self.layout {
            Layout::PositionsFirst(padded) => padded.filter(|padded| padded.count < self.batch),
            Layout::SamplesFirst => None,
        }
    }

    fn step(&mut self, step: &Step, values: &mut Values) -> Tensor<2> {
        let x = values.take(step.input);
        let shape = self.network.plan().shape(step.input);
        match step.kind {
            StepKind::Conv {
                kernel,
                bias,
                size,
                stride,
            } => self.conv(x, kernel, bias, Geometry::new(shape, size, stride)),
            StepKind::Depthwise { kernel, bias, size } => {
                self.depthwise(x, kernel, bias, Geometry::new(shape, size, 1))
            }
            StepKind::BatchNorm {
                gamma,
                beta,
                mean,
                variance,
                epsilon,
            } => {
                let norm = BatchNorm {
                    gamma,
                    beta,
                    mean,
                    variance,
                    epsilon,
                };
                let frozen = self.network.is_frozen(gamma.index());
                match (self.mode, &self.tape) {
                    (Mode::Inference, _) => self.batch_norm_running(x, norm),
                    (Mode::Training { .. }, _) if frozen => self.batch_norm_frozen(x, norm),
                    (Mode::Training { .. }, None) => self.batch_norm_autodiff(x, norm),
                    (Mode::Training { .. }, Some(_)) => self.batch_norm_saved(x, norm),
                }
            }
            StepKind::Relu => {
                let output = relu(x);
                self.keep(|| Saved::Relu {
                    output: output.clone(),
                });
                output
            }
            StepKind::MaxPool => {
                let (height, width) = shape.height_and_width();
                self.max_pool(x, height, width)
            }
            StepKind::Add { other } => {
                let other_value = values.take(other);
                self.keep(|| Saved::Add { other });
                x + other_value
            }
            StepKind::GlobalAveragePool => self.global_average_pool(x, shape.positions()),
            StepKind::Dense { kernel, bias } => {
                self.keep(|| Saved::Dense {
                    kernel,
                    bias,
                    input: x.clone(),
                });
                x.matmul(self.network.tensor(kernel)) + self.network.tensor(bias)
            }
            StepKind::Dropout { rate, number } => self.dropout(x, rate, number),
        }
    }

    fn conv(
        &mut self,
        x: Tensor<2>,
        kernel: TensorId,
        bias: TensorId,
        geometry: Geometry,
    ) -> Tensor<2> {
        let weight = self.network.tensor(kernel);
        let rows = match self.layout {
            Layout::SamplesFirst => {
                let index = |fan| self.network.index(&geometry, self.batch, fan);
                rows::convolve(x, weight, &geometry, index)
            }
            Layout::PositionsFirst(_) => self.conv_positions(x, kernel, bias, geometry),
        };
        rows + self.network.tensor(bias)
    }

    /// Convolution without bias in the positions-first layout.
    fn conv_positions(
        &mut self,
        rows: Tensor<2>,
        kernel: TensorId,
        bias: TensorId,
        geometry: Geometry,
    ) -> Tensor<2> {
        let weight = self.network.tensor(kernel);
        let ([count, channels], [_, out]) = (rows.dims(), weight.dims());
        if !conv::multiplies_first(&geometry, count, channels, out) {
            let columns = self.columns(rows, &geometry);
            self.keep(|| Saved::Conv {
                kernel,
                bias,
                columns: columns.clone(),
                geometry,
            });
            return columns.matmul(weight);
        }
        let taps = geometry.taps();
        let products = rows.clone().matmul(kernel::taps_to_columns(weight, taps));
        let gather = self
            .network
            .gather(&geometry, self.batch, GatherKind::ForwardProducts);
        let gathered = conv::columns(products.reshape([count * taps, out]), gather.as_ref(), taps);
        self.keep(|| Saved::ConvProducts {
            kernel,
            bias,
            input: rows,
            geometry,
        });
        let [outputs, _] = gathered.dims();
        gathered
            .reshape([outputs, taps, out])
            .sum_dim(1)
            .reshape([outputs, out])
    }

    /// The rows under every tap in the positions-first layout.
    fn columns(&self, rows: Tensor<2>, geometry: &Geometry) -> Tensor<2> {
        let gather = self
            .network
            .gather(geometry, self.batch, GatherKind::Forward);
        conv::columns(rows, gather.as_ref(), geometry.taps())
    }

    fn depthwise(
        &mut self,
        x: Tensor<2>,
        kernel: TensorId,
        bias: TensorId,
        geometry: Geometry,
    ) -> Tensor<2> {
        let [count, channels] = x.dims();
        let taps = geometry.taps();
        let weight = self.network.tensor(kernel).reshape([taps, channels]);
        let rows = match self.layout {
            Layout::SamplesFirst => {
                let index = |fan| self.network.index(&geometry, self.batch, fan);
                rows::depthwise(x, weight, &geometry, index)
            }
            Layout::PositionsFirst(_) => {
                let columns = self.columns(x, &geometry);
                let columns = columns.reshape([count, taps, channels]);
                self.keep(|| Saved::Depthwise {
                    kernel,
                    bias,
                    columns: columns.clone(),
                    geometry,
                });
                let products = columns * weight.reshape([1, taps, channels]);
                products.sum_dim(1).reshape([count, channels])
            }
        };
        rows + self.network.tensor(bias)
    }

    /// A vector of the network.
    fn vector(&self, id: TensorId) -> Tensor<1> {
        let tensor = self.network.tensor(id);
        let [rows, columns] = tensor.dims();
        tensor.reshape([rows * columns])
    }

    /// Batch normalisation with running statistics.
    fn batch_norm_running(&self, rows: Tensor<2>, norm: BatchNorm) -> Tensor<2> {
        batch_norm(
            rows,
            self.vector(norm.gamma),
            self.vector(norm.beta),
            self.vector(norm.mean),
            self.vector(norm.variance),
            norm.epsilon,
        )
    }

    /// Batch normalisation of a frozen layer in training: with running statistics, and only the gradient of its input.
    fn batch_norm_frozen(&mut self, rows: Tensor<2>, norm: BatchNorm) -> Tensor<2> {
        self.keep(|| {
            let deviation = (self.network.tensor(norm.variance) + norm.epsilon).sqrt();
            let scale = self.network.tensor(norm.gamma) / deviation;
            Saved::FrozenNorm { scale }
        });
        self.batch_norm_running(rows, norm)
    }

    /// Batch normalisation with batch statistics, for autodiff.
    fn batch_norm_autodiff(&mut self, rows: Tensor<2>, norm: BatchNorm) -> Tensor<2> {
        let [_, channels] = rows.dims();
        let (gamma, beta) = (self.vector(norm.gamma), self.vector(norm.beta));
        let result = batch_norm_train(rows, gamma, beta, norm.epsilon);
        let row = |t: Tensor<1>| t.detach().reshape([1, channels]);
        self.statistics.push((norm.mean, row(result.mean)));
        self.statistics.push((norm.variance, row(result.variance)));
        result.output
    }

    /// Batch normalisation with the statistics of real samples; saves what the backward pass needs.
    fn batch_norm_saved(&mut self, rows: Tensor<2>, norm: BatchNorm) -> Tensor<2> {
        let [all, _] = rows.dims();
        let (gamma, beta) = (
            self.network.tensor(norm.gamma),
            self.network.tensor(norm.beta),
        );
        let positions = all / self.batch;
        let real = self.padded().map(|padded| {
            let weights = padded.weights.clone().reshape([1, self.batch, 1]);
            weights.expand([positions, self.batch, 1]).reshape([all, 1])
        });
        let count = self.padded().map_or(self.batch, |padded| padded.count) * positions;
        let share = 1.0 / count as f64;
        let mean_of = |rows: Tensor<2>| {
            let rows = match &real {
                Some(real) => rows * real.clone(),
                None => rows,
            };
            rows.sum_dim(0) * share
        };
        let mean = mean_of(rows.clone());
        let centred = rows - mean.clone();
        let variance = mean_of(centred.clone() * centred.clone());
        let inverse = (variance.clone() + norm.epsilon).sqrt().recip();
        let normal = centred * inverse.clone();
        let output = normal.clone() * gamma.clone() + beta;
        self.statistics.push((norm.mean, mean));
        self.statistics.push((norm.variance, variance));
        self.keep(|| Saved::BatchNorm {
            gamma: norm.gamma,
            beta: norm.beta,
            normal,
            scale: gamma * inverse,
            rows: real,
            share,
        });
        output
    }

    fn max_pool(&mut self, x: Tensor<2>, height: usize, width: usize) -> Tensor<2> {
        let [_, channels] = x.dims();
        let half = width / 2;
        // Pairs of neighbouring columns; a single column at the end is dropped.
        let (lines, row) = match self.layout {
            Layout::SamplesFirst => (self.batch * height, channels),
            Layout::PositionsFirst(_) => (height, self.batch * channels),
        };
        let rows = x.reshape([lines, width, row]);
        let pairs = rows.narrow(1, 0, 2 * half).reshape([lines * half, 2, row]);
        let rows = if self.tape.is_none() {
            pairs.max_dim(1)
        } else {
            let first = pairs.clone().narrow(1, 0, 1);
            let second = pairs.narrow(1, 1, 1);
            let taken = first.clone().greater_equal(second.clone());
            self.keep(|| Saved::MaxPool {
                first: taken.clone(),
                lines,
                width,
                row,
            });
            second.mask_where(taken, first)
        };
        rows.reshape([height * half * self.batch, channels])
    }

    fn global_average_pool(&mut self, x: Tensor<2>, positions: usize) -> Tensor<2> {
        let [_, channels] = x.dims();
        let rows = match self.layout {
            Layout::SamplesFirst => x.reshape([self.batch, positions, channels]).mean_dim(1),
            Layout::PositionsFirst(_) => x.reshape([positions, self.batch, channels]).mean_dim(0),
        };
        self.keep(|| Saved::GlobalAveragePool { positions });
        rows.reshape([self.batch, channels])
    }

    fn dropout(&mut self, rows: Tensor<2>, rate: f64, number: u64) -> Tensor<2> {
        let Mode::Training {
            dropout: true,
            seed,
            step,
        } = self.mode
        else {
            self.keep(|| Saved::Dropout { mask: None });
            return rows;
        };
        let [all, channels] = rows.dims();
        let positions = all / self.batch;
        let sample = positions * channels;
        let count = self.padded().map_or(self.batch, |padded| padded.count) * sample;
        // Drawn sample by sample in any layout, so that every engine drops the same elements.
        let mask = dropout_mask(seed, step, number, rate, 0);
        let mut mask: Vec<f32> = mask.take(count).collect();
        mask.resize(self.batch * sample, 0.0);
        let device = self.network.device();
        let mask = match self.layout {
            Layout::PositionsFirst(_) if positions > 1 => {
                let mask = TensorData::new(mask, [self.batch, positions, channels]);
                let mask = Tensor::<3>::from_data(mask, device).swap_dims(0, 1);
                mask.reshape([all, channels])
            }
            Layout::PositionsFirst(_) | Layout::SamplesFirst => {
                Tensor::<2>::from_data(TensorData::new(mask, [all, channels]), device)
            }
        };
        self.keep(|| Saved::Dropout {
            mask: Some(mask.clone()),
        });
        rows * mask
    }
}
