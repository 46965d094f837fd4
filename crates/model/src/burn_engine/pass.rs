//! The forward pass over the steps of the plan.

mod norm;

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};

use self::norm::BatchNorm;
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
                self.batch_norm(x, norm)
            }
            StepKind::Relu => {
                let output = relu(x);
                self.keep(|| Saved::Relu {
                    output: output.clone(),
                });
                output
            }
            StepKind::MaxPool { columns } => self.max_pool(x, shape.height_and_width(), columns),
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

    fn max_pool(
        &mut self,
        x: Tensor<2>,
        (height, width): (usize, usize),
        columns: usize,
    ) -> Tensor<2> {
        let [_, channels] = x.dims();
        let windows = width / columns;
        // Windows of neighbouring columns; remaining columns at the end are dropped.
        let (lines, row) = match self.layout {
            Layout::SamplesFirst => (self.batch * height, channels),
            Layout::PositionsFirst(_) => (height, self.batch * channels),
        };
        let rows = x.reshape([lines, width, row]);
        let pooled = rows
            .narrow(1, 0, windows * columns)
            .reshape([lines * windows, columns, row]);
        let largest = if self.tape.is_none() {
            pooled.max_dim(1)
        } else {
            let mut largest = pooled.clone().narrow(1, 0, 1);
            let mut kept = Vec::with_capacity(columns - 1);
            for column in 1..columns {
                let next = pooled.clone().narrow(1, column, 1);
                let keep = largest.clone().greater_equal(next.clone());
                largest = next.mask_where(keep.clone(), largest);
                kept.push(keep);
            }
            self.keep(|| Saved::MaxPool {
                kept,
                lines,
                width,
                row,
            });
            largest
        };
        largest.reshape([height * windows * self.batch, channels])
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
