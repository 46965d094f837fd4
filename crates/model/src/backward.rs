//! The backward pass by hand, for batches with positions first.
//!
//! Automatic differentiation records every operation and undoes it alone: a gather by scattered additions, a rectifier by a
//! comparison and a fill. Here a layer is undone as a whole, in the operations a GPU has to start anyway: a convolution's way
//! back is a gather too, statistics of a normalisation are two sums, and the loss itself, which nobody reads, is not computed.
//! `scripts/bench/kernels.py` counts what a step starts. Autodiff stays the reference: `tests/gradients.rs` compares both.

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};

use crate::conv::{Geometry, Way, columns, one_after_another, side_by_side};
use crate::network::Network;

/// What a layer's way back needs of its way there.
#[allow(clippy::large_enum_variant)] // a few dozen a step
pub(crate) enum Saved {
    /// `columns` `[rows_out, taps * in]` times the kernel, which is tensor `weight`; the bias follows it.
    Conv {
        weight: usize,
        columns: Tensor<2>,
        geometry: Geometry,
    },
    /// `input` `[rows, in]` times the kernels of all taps, gathered and added: see [`crate::conv::multiplies_first`].
    Products {
        weight: usize,
        input: Tensor<2>,
        geometry: Geometry,
    },
    /// As `Conv`, with `columns` `[rows, taps, channels]`.
    Depthwise {
        weight: usize,
        columns: Tensor<3>,
        geometry: Geometry,
    },
    /// `normal * gamma + beta`; `scale` is gamma over the deviation, `[1, channels]`, `share` one over the rows that
    /// count, which `rows` marks `[rows, 1]` where not all do.
    BatchNorm {
        gamma: usize,
        normal: Tensor<2>,
        scale: Tensor<2>,
        rows: Option<Tensor<2>>,
        share: f64,
    },
    /// What came out.
    Relu { output: Tensor<2> },
    /// Whether the first of two neighbours was taken, `[lines * half, 1, row]`.
    MaxPool {
        first: Tensor<3, Bool>,
        lines: usize,
        width: usize,
        row: usize,
    },
    /// A rectified sum.
    Residual {
        body: Vec<Saved>,
        shortcut: Vec<Saved>,
        output: Tensor<2>,
    },
    /// A mean over so many positions.
    GlobalAveragePool { positions: usize },
    /// `input` times tensor `weight`; the bias follows it.
    Dense { weight: usize, input: Tensor<2> },
    /// Times `mask`.
    Dropout { mask: Tensor<2> },
}

/// Gradient of the mean cross-entropy over `count` samples by the logits; `targets` as [`crate::targets`] makes them.
pub(crate) fn of_loss(logits: Tensor<2>, targets: Tensor<2>, count: usize) -> Tensor<2> {
    // Nothing where there is no sample.
    let weights = targets.clone().sum_dim(1);
    (softmax(logits, 1) * weights - targets) * (1.0 / count as f64)
}

/// The pass back.
pub(crate) struct Backward<'a> {
    network: &'a Network,
    batch: usize,
    /// By tensor of the network.
    pub gradients: Vec<Option<Tensor<2>>>,
}

impl<'a> Backward<'a> {
    pub fn new(network: &'a Network, batch: usize) -> Self {
        Self {
            network,
            batch,
            gradients: vec![None; network.tensors().len()],
        }
    }

    /// Undoes `tape`, whose output has the gradient `d`: the gradient of its input, where that is `needed`.
    pub fn sequence(&mut self, tape: Vec<Saved>, d: Tensor<2>, needed: bool) -> Option<Tensor<2>> {
        let mut d = d;
        for (i, saved) in tape.into_iter().enumerate().rev() {
            d = self.one(saved, d, needed || i > 0)?;
        }
        Some(d)
    }

    fn one(&mut self, saved: Saved, d: Tensor<2>, needed: bool) -> Option<Tensor<2>> {
        let d = match saved {
            Saved::Conv {
                weight,
                columns: read,
                geometry,
            } => {
                self.keep(weight, read.transpose().matmul(d.clone()));
                self.keep(weight + 1, d.clone().sum_dim(0));
                if !needed {
                    return None;
                }
                let kernel = self.network.tensors()[weight].clone();
                let taps = geometry.taps();
                let [fan, out] = kernel.dims();
                let inputs = fan / taps;
                let turned = kernel
                    .reshape([taps, inputs, out])
                    .swap_dims(1, 2)
                    .reshape([taps * out, inputs]);
                let picks = self.network.picks(&geometry, self.batch, Way::Back);
                columns(d, picks.as_ref(), taps).matmul(turned)
            }
            Saved::Products {
                weight,
                input,
                geometry,
            } => {
                self.keep(weight + 1, d.clone().sum_dim(0));
                let taps = geometry.taps();
                let picks = self.network.picks(&geometry, self.batch, Way::Back);
                let products = columns(d, picks.as_ref(), taps);
                let kernel = input.transpose().matmul(products.clone());
                self.keep(weight, one_after_another(kernel, taps));
                if !needed {
                    return None;
                }
                let kernel = self.network.tensors()[weight].clone();
                products.matmul(side_by_side(kernel, taps).transpose())
            }
            Saved::Depthwise {
                weight,
                columns: read,
                geometry,
            } => {
                let [rows, taps, channels] = read.dims();
                let own = d.clone().reshape([rows, 1, channels]);
                self.keep(weight, (read * own).sum_dim(0).reshape([taps, channels]));
                self.keep(weight + 1, d.clone().sum_dim(0));
                if !needed {
                    return None;
                }
                let kernel = self.network.tensors()[weight].clone();
                let picks = self.network.picks(&geometry, self.batch, Way::Back);
                let back = columns(d, picks.as_ref(), taps).reshape([rows, taps, channels]);
                let products = back * kernel.reshape([1, taps, channels]);
                products.sum_dim(1).reshape([rows, channels])
            }
            Saved::BatchNorm {
                gamma,
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
                self.keep(gamma + 1, by_beta);
                (d - common) * scale
            }
            Saved::Relu { output } => rectified(d, output),
            Saved::MaxPool {
                first,
                lines,
                width,
                row,
            } => {
                let half = width / 2;
                let d = d.reshape([lines * half, 1, row]);
                let taken = d.clone().mask_fill(first.clone().bool_not(), 0.0);
                let pairs = Tensor::cat(vec![taken, d.mask_fill(first, 0.0)], 1);
                let mut lines_of = pairs.reshape([lines, 2 * half, row]);
                if width > 2 * half {
                    // The last of an odd number had no neighbour and went nowhere.
                    let none = Tensor::zeros([lines, 1, row], &lines_of.device());
                    lines_of = Tensor::cat(vec![lines_of, none], 1);
                }
                lines_of.reshape([lines * width * self.batch, row / self.batch])
            }
            Saved::Residual {
                body,
                shortcut,
                output,
            } => {
                let d = rectified(d, output);
                let main = self.sequence(body, d.clone(), needed);
                let side = self.sequence(shortcut, d, needed);
                main? + side?
            }
            Saved::GlobalAveragePool { positions } => {
                let [batch, channels] = d.dims();
                let each = (d * (1.0 / positions as f64)).reshape([1, batch, channels]);
                each.expand([positions, batch, channels])
                    .reshape([positions * batch, channels])
            }
            Saved::Dense { weight, input } => {
                self.keep(weight, input.transpose().matmul(d.clone()));
                self.keep(weight + 1, d.clone().sum_dim(0));
                if !needed {
                    return None;
                }
                d.matmul(self.network.tensors()[weight].clone().transpose())
            }
            Saved::Dropout { mask } => d * mask,
        };
        Some(d)
    }

    fn keep(&mut self, tensor: usize, gradient: Tensor<2>) {
        let shape = self.network.tensors()[tensor].dims();
        let gradient = match gradient.dims() == shape {
            true => gradient,
            false => gradient.reshape(shape),
        };
        self.gradients[tensor] = Some(gradient);
    }
}

/// `d` where a rectifier let something through.
fn rectified(d: Tensor<2>, output: Tensor<2>) -> Tensor<2> {
    d.mask_fill(output.lower_equal_elem(0.0), 0.0)
}
