//! Batch normalisation in the forward pass.

use burn::tensor::Tensor;
use burn::tensor::module::{batch_norm, batch_norm_train};

use super::Pass;
use crate::burn_engine::backward::Saved;
use crate::mode::Mode;
use crate::plan::TensorId;

/// Tensors of a batch normalisation.
#[derive(Clone, Copy)]
pub(super) struct BatchNorm {
    pub gamma: TensorId,
    pub beta: TensorId,
    pub mean: TensorId,
    pub variance: TensorId,
    pub epsilon: f64,
}

impl Pass<'_> {
    pub(super) fn batch_norm(&mut self, x: Tensor<2>, norm: BatchNorm) -> Tensor<2> {
        let frozen = self.network.is_frozen(norm.gamma.index());
        match (self.mode, &self.tape) {
            (Mode::Inference, _) => self.batch_norm_running(x, norm),
            (Mode::Training { .. }, _) if frozen => self.batch_norm_frozen(x, norm),
            (Mode::Training { .. }, None) => self.batch_norm_autodiff(x, norm),
            (Mode::Training { .. }, Some(_)) => self.batch_norm_saved(x, norm),
        }
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
}
