//! The backward pass by hand, for batches with positions first.
//!
//! Automatic differentiation records every operation and undoes it alone: a gather by scattered additions, a rectifier by a
//! comparison and a fill. Here a layer is undone as a whole, in the operations a GPU has to start anyway: a convolution's way
//! back is a gather too, statistics of a normalisation are two sums, and the loss itself, which nobody reads, is not computed.
//! `scripts/bench/kernels.py` counts what a step starts. Autodiff stays the reference: `tests/gradients.rs` compares both.

use burn::tensor::{Bool, Tensor};

use super::conv::{GatherKind, columns};
use super::kernel::{one_after_another, side_by_side};
use super::network::Network;
use crate::geometry::Geometry;
use crate::plan::{Step, TensorId, ValueId};

/// What a step's backward pass needs of its forward pass.
#[allow(clippy::large_enum_variant)] // a few dozen a step
pub(crate) enum Saved {
    /// `columns` `[rows_out, taps * in]` times the kernel.
    Conv {
        kernel: TensorId,
        bias: TensorId,
        columns: Tensor<2>,
        geometry: Geometry,
    },
    /// `input` `[rows, in]` times the kernels of all taps, gathered and added: see [`super::conv::multiplies_first`].
    ConvProducts {
        kernel: TensorId,
        bias: TensorId,
        input: Tensor<2>,
        geometry: Geometry,
    },
    /// As `Conv`, with `columns` `[rows, taps, channels]`.
    Depthwise {
        kernel: TensorId,
        bias: TensorId,
        columns: Tensor<3>,
        geometry: Geometry,
    },
    /// `normal * gamma + beta`; `scale` is gamma over the deviation, `[1, channels]`, `share` one over the rows that
    /// count, which `rows` marks `[rows, 1]` where not all do.
    BatchNorm {
        gamma: TensorId,
        beta: TensorId,
        normal: Tensor<2>,
        scale: Tensor<2>,
        rows: Option<Tensor<2>>,
        share: f64,
    },
    /// Its output.
    Relu { output: Tensor<2> },
    /// Whether the first of two neighbours was taken, `[lines * half, 1, row]`.
    MaxPool {
        first: Tensor<3, Bool>,
        lines: usize,
        width: usize,
        row: usize,
    },
    /// A sum of two values.
    Add { other: ValueId },
    /// A mean over so many positions.
    GlobalAveragePool { positions: usize },
    /// `input` times the kernel.
    Dense {
        kernel: TensorId,
        bias: TensorId,
        input: Tensor<2>,
    },
    /// Times `mask`; nothing was dropped where there is none.
    Dropout { mask: Option<Tensor<2>> },
}

/// The backward pass.
pub(crate) struct Backward<'a> {
    network: &'a Network,
    batch: usize,
    /// By tensor of the network.
    gradients: Vec<Option<Tensor<2>>>,
    /// Gradients of values that later steps read, by value, as far as they are known.
    values: Vec<Option<Tensor<2>>>,
    /// Of which values gradients are wanted.
    wanted: Vec<bool>,
}

impl<'a> Backward<'a> {
    pub fn new(network: &'a Network, batch: usize) -> Self {
        let plan = network.plan();
        Self {
            network,
            batch,
            gradients: vec![None; plan.tensors.len()],
            values: vec![None; plan.values.len()],
            wanted: plan.depends_on_parameters(),
        }
    }

    /// Gradients by tensor; `tape` has what every step of the plan saved, and `logits` is the gradient of its output.
    pub fn run(mut self, tape: Vec<Saved>, logits: Tensor<2>) -> Vec<Option<Tensor<2>>> {
        let plan = self.network.plan();
        assert_eq!(tape.len(), plan.steps.len(), "every step saves once");
        self.values[plan.output.index()] = Some(logits);
        for (step, saved) in plan.steps.iter().zip(tape).rev() {
            // None where no logit depends on it, or it on no parameter.
            if let Some(d) = self.values[step.output.index()].take() {
                self.step(step, saved, d);
            }
        }
        self.gradients
    }

    /// Adds to the gradient of a value.
    fn add_to(&mut self, value: ValueId, d: Tensor<2>) {
        if self.wanted[value.index()] {
            let known = &mut self.values[value.index()];
            *known = Some(match known.take() {
                Some(known) => known + d,
                None => d,
            });
        }
    }

    /// Passes on `d`, the gradient of the step's output.
    fn step(&mut self, step: &Step, saved: Saved, d: Tensor<2>) {
        let wanted = self.wanted[step.input.index()];
        let back = match saved {
            Saved::Conv {
                kernel,
                bias,
                columns,
                geometry,
            } => {
                self.keep(kernel, columns.transpose().matmul(d.clone()));
                self.keep(bias, d.clone().sum_dim(0));
                wanted.then(|| self.conv_input(kernel, geometry, d))
            }
            Saved::ConvProducts {
                kernel,
                bias,
                input,
                geometry,
            } => {
                self.keep(bias, d.clone().sum_dim(0));
                let taps = geometry.taps();
                let gather = self
                    .network
                    .gather(&geometry, self.batch, GatherKind::Backward);
                let products = columns(d, gather.as_ref(), taps);
                let gradient = input.transpose().matmul(products.clone());
                self.keep(kernel, one_after_another(gradient, taps));
                wanted.then(|| {
                    let kernel = self.network.tensor(kernel);
                    products.matmul(side_by_side(kernel, taps).transpose())
                })
            }
            Saved::Depthwise {
                kernel,
                bias,
                columns,
                geometry,
            } => {
                let [rows, taps, channels] = columns.dims();
                let repeated = d.clone().reshape([rows, 1, channels]);
                let products = (columns * repeated).sum_dim(0);
                self.keep(kernel, products.reshape([taps, channels]));
                self.keep(bias, d.clone().sum_dim(0));
                wanted.then(|| self.depthwise_input(kernel, geometry, d))
            }
            Saved::BatchNorm {
                gamma,
                beta,
                normal,
                scale,
                rows,
                share,
            } => {
                let by_gamma = (d.clone() * normal.clone()).sum_dim(0);
                let by_beta = d.clone().sum_dim(0);
                // What the batch's mean and deviation give back to every row that made them.
                let mut common = (normal * by_gamma.clone() + by_beta.clone()) * share;
                if let Some(rows) = rows {
                    common = common * rows;
                }
                self.keep(gamma, by_gamma);
                self.keep(beta, by_beta);
                Some((d - common) * scale)
            }
            // What the rectifier let through.
            Saved::Relu { output } => Some(d.mask_fill(output.lower_equal_elem(0.0), 0.0)),
            Saved::MaxPool {
                first,
                lines,
                width,
                row,
            } => Some(self.max_pool_input(first, lines, width, row, d)),
            Saved::Add { other } => {
                self.add_to(other, d.clone());
                Some(d)
            }
            Saved::GlobalAveragePool { positions } => {
                let [batch, channels] = d.dims();
                let each = (d * (1.0 / positions as f64)).reshape([1, batch, channels]);
                let each = each.expand([positions, batch, channels]);
                Some(each.reshape([positions * batch, channels]))
            }
            Saved::Dense {
                kernel,
                bias,
                input,
            } => {
                self.keep(kernel, input.transpose().matmul(d.clone()));
                self.keep(bias, d.clone().sum_dim(0));
                wanted.then(|| d.matmul(self.network.tensor(kernel).transpose()))
            }
            Saved::Dropout { mask: Some(mask) } => Some(d * mask),
            Saved::Dropout { mask: None } => Some(d),
        };
        if let Some(back) = back {
            self.add_to(step.input, back);
        }
    }

    /// Gradient of a convolution's input, whose kernel is `kernel`.
    fn conv_input(&self, kernel: TensorId, geometry: Geometry, d: Tensor<2>) -> Tensor<2> {
        let kernel = self.network.tensor(kernel);
        let taps = geometry.taps();
        let [fan, out] = kernel.dims();
        let inputs = fan / taps;
        let turned = kernel
            .reshape([taps, inputs, out])
            .swap_dims(1, 2)
            .reshape([taps * out, inputs]);
        let gather = self
            .network
            .gather(&geometry, self.batch, GatherKind::Backward);
        columns(d, gather.as_ref(), taps).matmul(turned)
    }

    fn depthwise_input(&self, kernel: TensorId, geometry: Geometry, d: Tensor<2>) -> Tensor<2> {
        let [rows, channels] = d.dims();
        let taps = geometry.taps();
        let kernel = self.network.tensor(kernel);
        let gather = self
            .network
            .gather(&geometry, self.batch, GatherKind::Backward);
        let back = columns(d, gather.as_ref(), taps).reshape([rows, taps, channels]);
        let products = back * kernel.reshape([1, taps, channels]);
        products.sum_dim(1).reshape([rows, channels])
    }

    /// Gradient of a pooled value, `lines` of `width` positions of `row` values.
    fn max_pool_input(
        &self,
        first: Tensor<3, Bool>,
        lines: usize,
        width: usize,
        row: usize,
        d: Tensor<2>,
    ) -> Tensor<2> {
        let half = width / 2;
        let d = d.reshape([lines * half, 1, row]);
        let taken = d.clone().mask_fill(first.clone().bool_not(), 0.0);
        let pairs = Tensor::cat(vec![taken, d.mask_fill(first, 0.0)], 1);
        let mut back = pairs.reshape([lines, 2 * half, row]);
        if width > 2 * half {
            // The last of an odd number had no neighbour and went nowhere.
            let none = Tensor::zeros([lines, 1, row], &back.device());
            back = Tensor::cat(vec![back, none], 1);
        }
        back.reshape([lines * width * self.batch, row / self.batch])
    }

    fn keep(&mut self, tensor: TensorId, gradient: Tensor<2>) {
        let shape = self.network.tensor(tensor).dims();
        let gradient = if gradient.dims() == shape {
            gradient
        } else {
            gradient.reshape(shape)
        };
        self.gradients[tensor.index()] = Some(gradient);
    }
}
