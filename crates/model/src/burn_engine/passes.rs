//! Forward passes in both layouts, and gradients without autodiff.

use burn::tensor::Tensor;

use super::backward::{Backward, Saved};
use super::loss;
use super::network::{Forward, Network, PaddedBatch};
use super::pass::{Layout, Pass};
use crate::mode::Mode;

impl Network {
    /// Computes the logits of a batch.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]`.
    ///
    /// # Panics
    /// If `x` has another shape.
    pub fn forward(&self, x: Tensor<4>, mode: Mode) -> Forward {
        let [batch, height, width, channels] = x.dims();
        let input = self.architecture().input.dims();
        assert_eq!([height, width, channels], input, "input shape");
        let rows = x.reshape([batch * height * width, channels]);
        self.pass(Pass::new(self, mode, batch, Layout::SamplesFirst), rows)
            .0
    }

    /// Like [`Network::forward`], in the positions-first layout that suits GPUs.
    ///
    /// # Shapes
    /// `x` `[height * width, batch, channels]`.
    ///
    /// # Panics
    /// If `x` has another shape.
    pub fn forward_positions(&self, x: Tensor<3>, mode: Mode) -> Forward {
        let (rows, batch) = self.rows_of(x);
        let layout = Layout::PositionsFirst(None);
        self.pass(Pass::new(self, mode, batch, layout), rows).0
    }

    /// A positions-first batch as rows, and its size.
    fn rows_of(&self, x: Tensor<3>) -> (Tensor<2>, usize) {
        let [positions, batch, channels] = x.dims();
        let [height, width, bins] = self.architecture().input.dims();
        assert_eq!([positions, channels], [height * width, bins], "input shape");
        (x.reshape([positions * batch, channels]), batch)
    }

    /// Computes the logits like [`Network::forward_positions`], and the gradients of the mean loss
    /// ([`soft_cross_entropy`](super::soft_cross_entropy)) over the real samples. The network must not be on
    /// an autodiff device. Gradients are given by tensor, `None` for tensors that are not trained.
    ///
    /// # Shapes
    /// `x` `[height * width, batch, channels]`, `targets` `[batch, classes]` from [`Targets::of`](crate::Targets::of).
    ///
    /// # Panics
    /// If `x` has another shape, or in inference mode.
    pub fn gradients(
        &self,
        x: Tensor<3>,
        targets: Tensor<2>,
        mode: Mode,
        padded: Option<&PaddedBatch>,
    ) -> (Forward, Vec<Option<Tensor<2>>>) {
        assert_ne!(mode, Mode::Inference, "gradients belong to training");
        let (rows, batch) = self.rows_of(x);
        let mut pass = Pass::new(self, mode, batch, Layout::PositionsFirst(padded));
        pass.tape = Some(Vec::new());
        let (forward, tape) = self.pass(pass, rows);
        let count = padded.map_or(batch, |padded| padded.count);
        let gradient = loss::gradient(forward.logits.clone(), targets, count);
        let backward = Backward::new(self, batch);
        let gradients = backward.run(tape.unwrap_or_default(), gradient);
        (forward, gradients)
    }

    /// Runs a pass; returns its result and, if requested, the saved values.
    fn pass(&self, mut pass: Pass<'_>, rows: Tensor<2>) -> (Forward, Option<Vec<Saved>>) {
        let logits = pass.run(rows);
        let forward = Forward {
            logits,
            statistics: pass.statistics,
        };
        (forward, pass.tape)
    }
}
