//! Hand-written backward pass for the positions-first layout.
//!
//! Automatic differentiation records every operation and reverses each by itself: a gather becomes scattered
//! additions, a ReLU a comparison and a fill. Here whole layers are differentiated with the operations that suit a
//! GPU. The gradient of a convolution is a gather too, the statistics of a normalisation are two sums, and the loss
//! value is skipped. `scripts/bench/kernels.py` counts the kernels of a step. Autodiff remains the reference:
//! `tests/gradients.rs` compares both.

use burn::tensor::{Bool, Tensor};

use super::conv::{GatherKind, columns};
use super::kernel::{columns_to_taps, taps_to_columns};
use super::network::Network;
use crate::geometry::Geometry;
use crate::plan::{Step, TensorId, ValueId};

/// Values of a forward step that its backward step needs.
#[allow(clippy::large_enum_variant)] // only a few dozen per step
pub(crate) enum Saved {
    /// `columns` `[rows_out, taps * in]` before the product with the kernel.
    Conv {
        kernel: TensorId,
        bias: TensorId,
        columns: Tensor<2>,
        geometry: Geometry,
    },
    /// `input` `[rows, in]` before the product with the kernels of all taps, which is then gathered and added: see
    /// [`super::conv::multiplies_first`].
    ConvProducts {
        kernel: TensorId,
        bias: TensorId,
        input: Tensor<2>,
        geometry: Geometry,
    },
    /// Like `Conv`, with `columns` `[rows, taps, channels]`.
    Depthwise {
        kernel: TensorId,
        bias: TensorId,
        columns: Tensor<3>,
        geometry: Geometry,
    },
    /// Batch normalisation `normal * gamma + beta`. `scale` is gamma over the deviation, `[1, channels]`; `share` is
    /// one over the number of real rows, which `rows` `[rows, 1]` marks if some are padding.
    BatchNorm {
        gamma: TensorId,
        beta: TensorId,
        normal: Tensor<2>,
        scale: Tensor<2>,
        rows: Option<Tensor<2>>,
        share: f64,
    },
    /// Batch normalisation with running statistics; `scale` is gamma over the deviation, `[1, channels]`.
    FrozenNorm { scale: Tensor<2> },
    /// Output of the ReLU.
    Relu { output: Tensor<2> },
    /// For every column of a window but the first: whether those before it hold the maximum so far,
    /// `[lines * windows, 1, row]`.
    MaxPool {
        kept: Vec<Tensor<3, Bool>>,
        lines: usize,
        width: usize,
        row: usize,
    },
    /// A sum of two values.
    Add { other: ValueId },
    /// Mean over this many positions.
    GlobalAveragePool { positions: usize },
    /// `input` before the product with the kernel.
    Dense {
        kernel: TensorId,
        bias: TensorId,
        input: Tensor<2>,
    },
    /// Dropout mask; `None` if nothing was dropped.
    Dropout { mask: Option<Tensor<2>> },
}

/// The backward pass.
pub(crate) struct Backward<'a> {
    network: &'a Network,
    batch: usize,
    /// Gradients by tensor of the network.
    gradients: Vec<Option<Tensor<2>>>,
    /// Gradients by value, as far as computed; needed by earlier steps.
    values: Vec<Option<Tensor<2>>>,
    /// Whether a gradient is needed, by value.
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

    /// Gradients by tensor. `tape` holds the saved values of every step, `logits` the gradient of the output.
    pub fn run(mut self, tape: Vec<Saved>, logits: Tensor<2>) -> Vec<Option<Tensor<2>>> {
        let plan = self.network.plan();
        assert_eq!(tape.len(), plan.steps.len(), "every step saves once");
        self.values[plan.output.index()] = Some(logits);
        for (step, saved) in plan.steps.iter().zip(tape).rev() {
            // `None` if the logits do not depend on the value, or it does not depend on a parameter.
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

    /// Propagates `d`, the gradient of the step's output.
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
                let products = self.conv_products(kernel, &geometry, input, d);
                wanted.then(|| self.products_input(kernel, geometry, products))
            }
            Saved::Depthwise {
                kernel,
                bias,
                columns,
                geometry,
            } => {
                self.keep(kernel, depthwise_kernel(columns, d.clone()));
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
                let common = batch_mean_part(normal, [&by_gamma, &by_beta], share, rows);
                self.keep(gamma, by_gamma);
                self.keep(beta, by_beta);
                Some((d - common) * scale)
            }
            Saved::FrozenNorm { scale } => Some(d * scale),
            // The ReLU passes gradients where its output is positive.
            Saved::Relu { output } => Some(d.mask_fill(output.lower_equal_elem(0.0), 0.0)),
            Saved::MaxPool {
                kept,
                lines,
                width,
                row,
            } => Some(self.max_pool_input(kept, [lines, width, row], d)),
            Saved::Add { other } => {
                self.add_to(other, d.clone());
                Some(d)
            }
            Saved::GlobalAveragePool { positions } => Some(average_input(d, positions)),
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

    /// Keeps the gradient of a kernel whose products with `input` were saved; returns the gradients of these products.
    fn conv_products(
        &mut self,
        kernel: TensorId,
        geometry: &Geometry,
        input: Tensor<2>,
        d: Tensor<2>,
    ) -> Tensor<2> {
        let taps = geometry.taps();
        let gather = self
            .network
            .gather(geometry, self.batch, GatherKind::Backward);
        let products = columns(d, gather.as_ref(), taps);
        let gradient = input.transpose().matmul(products.clone());
        self.keep(kernel, columns_to_taps(gradient, taps));
        products
    }

    /// Gradient of the input of a convolution with kernel `kernel`.
    /// Gradient of a convolution's input, from those of its products.
    fn products_input(
        &self,
        kernel: TensorId,
        geometry: Geometry,
        products: Tensor<2>,
    ) -> Tensor<2> {
        let kernel = self.network.tensor(kernel);
        products.matmul(taps_to_columns(kernel, geometry.taps()).transpose())
    }

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

    /// Gradient of the input of max-pooling: `lines` of `width` positions with `row` values each.
    fn max_pool_input(
        &self,
        kept: Vec<Tensor<3, Bool>>,
        [lines, width, row]: [usize; 3],
        d: Tensor<2>,
    ) -> Tensor<2> {
        let columns = kept.len() + 1;
        let windows = width / columns;
        // Only the first of several largest columns gets the gradient. Starts with the last column.
        let mut rest = d.reshape([lines * windows, 1, row]);
        let mut parts = Vec::with_capacity(columns);
        for keep in kept.into_iter().rev() {
            parts.push(rest.clone().mask_fill(keep.clone(), 0.0));
            rest = rest.mask_fill(keep.bool_not(), 0.0);
        }
        parts.push(rest);
        parts.reverse();
        let mut back = Tensor::cat(parts, 1).reshape([lines, windows * columns, row]);
        if width > windows * columns {
            // Remaining columns at the end get no gradient.
            let none = Tensor::zeros([lines, width - windows * columns, row], &back.device());
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

/// Gradient of a depthwise kernel, `[taps, channels]`. `columns` is `[rows, taps, channels]`, `d` `[rows, channels]`.
fn depthwise_kernel(columns: Tensor<3>, d: Tensor<2>) -> Tensor<2> {
    let [rows, taps, channels] = columns.dims();
    let products = (columns * d.reshape([rows, 1, channels])).sum_dim(0);
    products.reshape([taps, channels])
}

/// Part of a gradient that is lost because mean and standard deviation of a batch depend on its values. `sums` are the
/// gradients of gamma and beta, `[1, channels]`; `share` is one over the number of rows; `rows` marks the real rows, if
/// some are padding.
fn batch_mean_part(
    normal: Tensor<2>,
    sums: [&Tensor<2>; 2],
    share: f64,
    rows: Option<Tensor<2>>,
) -> Tensor<2> {
    let [by_gamma, by_beta] = sums;
    let common = (normal * by_gamma.clone() + by_beta.clone()) * share;
    match rows {
        Some(rows) => common * rows,
        None => common,
    }
}

/// Gradient of the input of a mean over `positions`; `d` is `[batch, channels]`.
fn average_input(d: Tensor<2>, positions: usize) -> Tensor<2> {
    let [batch, channels] = d.dims();
    let each = (d * (1.0 / positions as f64)).reshape([1, batch, channels]);
    let each = each.expand([positions, batch, channels]);
    each.reshape([positions * batch, channels])
}
