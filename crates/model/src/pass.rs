//! The forward pass, layer by layer.

use burn::tensor::activation::relu;
use burn::tensor::module::{batch_norm, batch_norm_train};
use burn::tensor::{Tensor, TensorData};

use crate::architecture::{BATCH_NORM_EPSILON, Op};
use crate::backward::Saved;
use crate::conv::{self, Geometry, Way};
use crate::network::{Filled, Mode, Network};
use crate::rng::Rng;
use crate::rows;

/// How activations lie.
#[derive(Clone, Copy)]
pub(crate) enum Layout<'a> {
    /// `[batch * height * width, channels]`: for CPUs.
    SamplesFirst,
    /// `[height * width * batch, channels]`: for GPUs, whose batches are filled up to one size.
    PositionsFirst(Option<&'a Filled>),
}

/// Rows in the layout of the pass.
#[derive(Clone)]
pub(crate) struct Activations {
    pub rows: Tensor<2>,
    pub height: usize,
    pub width: usize,
}

impl Activations {
    fn with(self, rows: Tensor<2>) -> Self {
        Self { rows, ..self }
    }
}

pub(crate) struct Pass<'a> {
    network: &'a Network,
    mode: Mode,
    batch: usize,
    layout: Layout<'a>,
    next: usize,
    dropouts: u64,
    /// As in [`crate::Forward`].
    pub statistics: Vec<(usize, Tensor<2>, Tensor<2>)>,
    /// What the way back needs, where there will be one: see [`crate::backward`].
    pub tape: Option<Vec<Saved>>,
}

impl<'a> Pass<'a> {
    pub fn new(network: &'a Network, mode: Mode, batch: usize, layout: Layout<'a>) -> Self {
        Self {
            network,
            mode,
            batch,
            layout,
            next: 0,
            dropouts: 0,
            statistics: Vec::new(),
            tape: None,
        }
    }

    fn keep(&mut self, saved: impl FnOnce() -> Saved) {
        if let Some(tape) = &mut self.tape {
            tape.push(saved());
        }
    }

    /// What is in the batch, where that is less than its size.
    fn filled(&self) -> Option<&'a Filled> {
        match self.layout {
            Layout::PositionsFirst(Some(filled)) if filled.count < self.batch => Some(filled),
            _ => None,
        }
    }

    fn take(&mut self) -> Tensor<2> {
        self.next += 1;
        self.network.tensors()[self.next - 1].clone()
    }

    pub fn sequence(&mut self, ops: &[Op], x: Activations) -> Activations {
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
                let number = self.next;
                let (weight, bias) = (self.take(), self.take());
                let rows = match self.layout {
                    Layout::SamplesFirst => {
                        let index = |fan| self.network.index(&geometry, self.batch, fan);
                        rows::convolve(x.rows, weight, &geometry, index)
                    }
                    Layout::PositionsFirst(_) => self.convolve(x.rows, number, weight, geometry),
                };
                Activations {
                    rows: rows + bias,
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
                let [count, channels] = x.rows.dims();
                let taps = geometry.taps();
                let number = self.next;
                let weight = self.take().reshape([taps, channels]);
                let bias = self.take();
                let rows = match self.layout {
                    Layout::SamplesFirst => {
                        let index = |fan| self.network.index(&geometry, self.batch, fan);
                        rows::depthwise(x.rows.clone(), weight, &geometry, index)
                    }
                    Layout::PositionsFirst(_) => {
                        let columns = self.columns(x.rows.clone(), &geometry);
                        let columns = columns.reshape([count, taps, channels]);
                        self.keep(|| Saved::Depthwise {
                            weight: number,
                            columns: columns.clone(),
                            geometry,
                        });
                        let products = columns * weight.reshape([1, taps, channels]);
                        products.sum_dim(1).reshape([count, channels])
                    }
                };
                x.with(rows + bias)
            }
            Op::BatchNorm { .. } => {
                let rows = self.batch_norm(x.rows.clone());
                x.with(rows)
            }
            Op::Relu => {
                let rows = relu(x.rows.clone());
                let output = rows.clone();
                self.keep(|| Saved::Relu { output });
                x.with(rows)
            }
            Op::MaxPool => {
                let [_, channels] = x.rows.dims();
                let half = x.width / 2;
                // Lines of neighbouring positions, and the values of one.
                let (lines, row) = match self.layout {
                    Layout::SamplesFirst => (self.batch * x.height, channels),
                    Layout::PositionsFirst(_) => (x.height, self.batch * channels),
                };
                let rows = x.rows.reshape([lines, x.width, row]);
                let pairs = rows.narrow(1, 0, 2 * half).reshape([lines * half, 2, row]);
                let rows = match self.tape {
                    None => pairs.max_dim(1),
                    Some(_) => {
                        let first = pairs.clone().narrow(1, 0, 1);
                        let second = pairs.narrow(1, 1, 1);
                        let taken = first.clone().greater_equal(second.clone());
                        self.keep(|| Saved::MaxPool {
                            first: taken.clone(),
                            lines,
                            width: x.width,
                            row,
                        });
                        second.mask_where(taken, first)
                    }
                };
                let rows = rows.reshape([x.height * half * self.batch, channels]);
                Activations {
                    rows,
                    height: x.height,
                    width: half,
                }
            }
            Op::Residual { body, shortcut, .. } => {
                let before = self.tape.as_mut().map(std::mem::take);
                let main = self.sequence(body, x.clone());
                let body = self.tape.as_mut().map(std::mem::take);
                let side = self.sequence(shortcut, x);
                let rows = relu(main.rows.clone() + side.rows);
                if let (Some(before), Some(body)) = (before, body) {
                    let shortcut = self.tape.replace(before).unwrap_or_default();
                    let output = rows.clone();
                    self.keep(|| Saved::Residual {
                        body,
                        shortcut,
                        output,
                    });
                }
                main.with(rows)
            }
            Op::GlobalAveragePool => {
                let [_, channels] = x.rows.dims();
                let positions = x.height * x.width;
                let rows = match self.layout {
                    Layout::SamplesFirst => x
                        .rows
                        .reshape([self.batch, positions, channels])
                        .mean_dim(1),
                    Layout::PositionsFirst(_) => x
                        .rows
                        .reshape([positions, self.batch, channels])
                        .mean_dim(0),
                };
                let rows = rows.reshape([self.batch, channels]);
                self.keep(|| Saved::GlobalAveragePool { positions });
                Activations {
                    rows,
                    height: 1,
                    width: 1,
                }
            }
            Op::Dense { .. } => {
                let number = self.next;
                let (weight, bias) = (self.take(), self.take());
                self.keep(|| Saved::Dense {
                    weight: number,
                    input: x.rows.clone(),
                });
                let rows = x.rows.clone().matmul(weight) + bias;
                x.with(rows)
            }
            Op::Dropout { rate } => {
                let rows = self.dropout(x.rows.clone(), *rate);
                x.with(rows)
            }
        }
    }

    /// With positions first; the kernel is tensor `number`.
    fn convolve(
        &mut self,
        rows: Tensor<2>,
        number: usize,
        kernel: Tensor<2>,
        geometry: Geometry,
    ) -> Tensor<2> {
        let ([count, channels], [_, out]) = (rows.dims(), kernel.dims());
        if !conv::multiplies_first(&geometry, count, channels, out) {
            let columns = self.columns(rows, &geometry);
            self.keep(|| Saved::Conv {
                weight: number,
                columns: columns.clone(),
                geometry,
            });
            return columns.matmul(kernel);
        }
        let taps = geometry.taps();
        let products = rows.clone().matmul(conv::side_by_side(kernel, taps));
        let picks = self.network.picks(&geometry, self.batch, Way::Products);
        let picked = conv::columns(products.reshape([count * taps, out]), picks.as_ref(), taps);
        self.keep(|| Saved::Products {
            weight: number,
            input: rows,
            geometry,
        });
        let [outputs, _] = picked.dims();
        picked
            .reshape([outputs, taps, out])
            .sum_dim(1)
            .reshape([outputs, out])
    }

    /// The rows under every tap of a convolution with positions first.
    fn columns(&self, rows: Tensor<2>, geometry: &Geometry) -> Tensor<2> {
        let picks = self.network.picks(geometry, self.batch, Way::There);
        conv::columns(rows, picks.as_ref(), geometry.taps())
    }

    fn batch_norm(&mut self, rows: Tensor<2>) -> Tensor<2> {
        let [_, channels] = rows.dims();
        if self.tape.is_some() {
            return self.kept_batch_norm(rows);
        }
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

    /// In training, with what the way back needs; statistics are those of the samples that are there.
    fn kept_batch_norm(&mut self, rows: Tensor<2>) -> Tensor<2> {
        let [all, channels] = rows.dims();
        let number = self.next;
        let (gamma, beta) = (self.take(), self.take());
        // Running mean and variance.
        self.next += 2;
        let positions = all / self.batch;
        let there = self.filled().map(|filled| {
            let weights = filled.weights.clone().reshape([1, self.batch, 1]);
            weights.expand([positions, self.batch, 1]).reshape([all, 1])
        });
        let count = self.filled().map_or(self.batch, |filled| filled.count) * positions;
        let share = 1.0 / count as f64;
        let mean_of = |rows: Tensor<2>| {
            let rows = match &there {
                Some(there) => rows * there.clone(),
                None => rows,
            };
            rows.sum_dim(0) * share
        };
        let mean = mean_of(rows.clone());
        let centred = rows - mean.clone();
        let variance = mean_of(centred.clone() * centred.clone());
        let inverse = (variance.clone() + BATCH_NORM_EPSILON).sqrt().recip();
        let normal = centred * inverse.clone();
        let output = normal.clone() * gamma.clone() + beta;
        self.statistics.push((number + 2, mean, variance));
        debug_assert_eq!(output.dims(), [all, channels]);
        self.keep(|| Saved::BatchNorm {
            gamma: number,
            normal,
            scale: gamma * inverse,
            rows: there,
            share,
        });
        output
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
        let [batch, units] = rows.dims();
        let mask = dropout_mask(seed, step, self.dropouts, rate, 0);
        let count = self.filled().map_or(batch, |filled| filled.count) * units;
        let mut mask: Vec<f32> = mask.take(count).collect();
        mask.resize(batch * units, 0.0);
        let mask = TensorData::new(mask, [batch, units]);
        let mask = Tensor::<2>::from_data(mask, self.network.device());
        let kept = mask.clone();
        self.keep(|| Saved::Dropout { mask: kept });
        rows * mask
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
