//! What a network computes: passes over batches in both layouts, and gradients by hand.

use burn::tensor::Tensor;

use super::backward::{Backward, Saved};
use super::loss;
use super::network::{Forward, Network, PaddedBatch};
use super::pass::{Layout, Pass};
use crate::mode::Mode;

impl Network {
    /// Classifies a batch.
    ///
    /// # Shapes
    /// `x` `[batch, height, width, channels]` of the architecture's input.
    ///
    /// # Panics
    /// Where `x` has another shape.
    pub fn forward(&self, x: Tensor<4>, mode: Mode) -> Forward {
        let [batch, height, width, channels] = x.dims();
        let input = self.architecture().input.dims();
        assert_eq!([height, width, channels], input, "input shape");
        let rows = x.reshape([batch * height * width, channels]);
        self.pass(Pass::new(self, mode, batch, Layout::SamplesFirst), rows)
            .0
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
        let layout = Layout::PositionsFirst(None);
        self.pass(Pass::new(self, mode, batch, layout), rows).0
    }

    /// A batch with positions first as rows, and its size.
    fn rows_of(&self, x: Tensor<3>) -> (Tensor<2>, usize) {
        let [positions, batch, channels] = x.dims();
        let [height, width, bins] = self.architecture().input.dims();
        assert_eq!([positions, channels], [height * width, bins], "input shape");
        (x.reshape([positions * batch, channels]), batch)
    }

    /// Classifies a batch as [`Network::forward_positions`] does, and computes the gradients of its mean loss without
    /// autodiff, which the network must not be on: those of [`weighted_cross_entropy`](super::weighted_cross_entropy),
    /// over the real samples of a padded batch. They come by tensor, none of those that are not trained.
    ///
    /// # Shapes
    /// `x` as there, `targets` `[batch, classes]` as [`targets`](super::targets) makes them.
    ///
    /// # Panics
    /// Where `x` has another shape, or for inference, which has no gradients.
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

    /// What a pass gives, and what its backward pass needs, where it was told to keep that.
    fn pass(&self, mut pass: Pass<'_>, rows: Tensor<2>) -> (Forward, Option<Vec<Saved>>) {
        let logits = pass.run(rows);
        let forward = Forward {
            logits,
            statistics: pass.statistics,
        };
        (forward, pass.tape)
    }
}
