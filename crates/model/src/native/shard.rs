//! Some samples of a batch on their way through a network: all that one thread accesses between two batch
//! normalisations. Shards have a fixed size and are summed in order, so results depend only on the batch, not on the
//! number of threads.

use super::conv::Conv;
use super::kernels as k;
use super::pooling;
use super::program::{BufferId, INPUT, Kind, Norm, Program, Step};
use crate::mode::{Mode, dropout_mask};
use crate::targets::Targets;

/// Samples of a shard: its activations fit a core's own cache.
pub(super) const SHARD: usize = 16;

/// A batch of inputs `[batch, height, width, channels]`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    /// Contiguous samples, in order.
    Batch(&'a [f32]),
    /// Samples at `indices` of a contiguous array.
    Gather { x: &'a [f32], indices: &'a [usize] },
}

/// Consecutive shards that one thread processes.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub shards: Vec<Shard>,
    /// Gradients of all parameters over its shards, in their order.
    pub gradients: Vec<f32>,
}

/// Statistics of a batch normalisation: those of the batch, or the running ones.
#[derive(Clone, Debug)]
pub(super) struct NormState {
    pub mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse: Vec<f32>,
    /// `inverse * gamma`.
    pub scale: Vec<f32>,
}

/// Data that all shards read.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub program: &'a Program,
    pub parameters: &'a [f32],
    pub transposed: &'a [f32],
    pub norms: &'a [NormState],
    /// All gradients so far: the backward pass reads those of batch normalisations.
    pub gradients: &'a [f32],
    pub input: Input<'a>,
    pub mode: Mode,
    /// Number of samples in the batch.
    pub batch: usize,
}

/// Buffers of some samples. They grow as needed and are reused.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    /// First sample, and number of samples.
    first: usize,
    samples: usize,
    gathered: Vec<f32>,
    pub(super) activations: Vec<Vec<f32>>,
    pub(super) gradients: Vec<Vec<f32>>,
    /// Mask of every dropout step.
    pub(super) masks: Vec<Vec<f32>>,
    /// Sums of every batch normalisation: two per channel.
    sums: Vec<Vec<f32>>,
    /// Sum of the samples' losses.
    pub loss: f64,
}

impl Shard {
    /// Makes room for `samples` samples from `first` on.
    pub fn prepare(&mut self, program: &Program, first: usize, samples: usize) {
        (self.first, self.samples) = (first, samples);
        self.activations.resize(program.buffers.len(), Vec::new());
        self.gradients.resize(program.buffers.len(), Vec::new());
        self.masks.resize(program.steps.len(), Vec::new());
        self.sums.resize(program.norms.len(), Vec::new());
        for (id, shape) in program.buffers.iter().enumerate() {
            let length = samples * shape.length();
            if id != INPUT {
                self.activations[id].resize(length, 0.0);
            }
            if program.wanted[id] {
                self.gradients[id].resize(length, 0.0);
            }
        }
    }

    /// Number of samples in the shard.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Activations of a buffer, including the input.
    pub fn activation<'a>(&'a self, id: BufferId, shared: &Shared<'a>) -> &'a [f32] {
        if id != INPUT {
            return &self.activations[id];
        }
        let length = shared.program.buffers[INPUT].length();
        match shared.input {
            Input::Batch(x) => &x[self.first * length..(self.first + self.samples) * length],
            Input::Gather { .. } => &self.gathered,
        }
    }

    /// Gradient of a buffer.
    pub fn gradient(&self, id: BufferId) -> &[f32] {
        &self.gradients[id]
    }

    /// The two sums per channel of a batch normalisation.
    pub fn sums(&self, norm: usize) -> &[f32] {
        &self.sums[norm]
    }

    /// The network's output.
    pub fn output(&self, program: &Program) -> &[f32] {
        &self.activations[program.output]
    }

    /// Copies the samples if they are not contiguous.
    pub fn gather(&mut self, shared: &Shared<'_>) {
        if let Input::Gather { x, indices } = shared.input {
            let length = shared.program.buffers[INPUT].length();
            self.gathered.clear();
            for &i in &indices[self.first..self.first + self.samples] {
                self.gathered
                    .extend_from_slice(&x[i * length..(i + 1) * length]);
            }
        }
    }

    /// One step forward.
    pub fn forward(&mut self, i: usize, shared: &Shared<'_>) {
        let Step { kind, from, to, .. } = &shared.program.steps[i];
        let mut out = std::mem::take(&mut self.activations[*to]);
        let in_place = from == to;
        // In-place steps read only `out`.
        let input = if in_place {
            &[][..]
        } else {
            self.activation(*from, shared)
        };
        match kind {
            Kind::Conv(conv) => conv.forward(shared.parameters, input, &mut out),
            Kind::Depthwise(conv) => {
                let kernel = &shared.parameters[conv.kernel.clone()];
                let bias = &shared.parameters[conv.bias.clone()];
                let (length_in, length_out) = conv.lengths();
                let outs = out.chunks_exact_mut(length_out);
                for (input, out) in input.chunks_exact(length_in).zip(outs) {
                    k::depthwise(input, &conv.sources, kernel, bias, out);
                }
                if conv.relu {
                    k::relu(&mut out);
                }
            }
            Kind::BatchNorm(norm) => {
                let state = &shared.norms[norm.number];
                let shift = &shared.parameters[norm.beta.clone()];
                k::normalise(input, &state.mean, &state.scale, shift, &mut out);
                if norm.relu {
                    k::relu(&mut out);
                }
            }
            Kind::Relu => {
                if !in_place {
                    out.copy_from_slice(input);
                }
                k::relu(&mut out);
            }
            Kind::MaxPool { width, columns } => {
                let channels = shared.program.buffers[*to].channels;
                pooling::max_pool(input, (*width, *columns), channels, &mut out);
            }
            Kind::Add { other, relu, .. } => {
                out.copy_from_slice(input);
                k::add(&mut out, self.activation(*other, shared));
                if *relu {
                    k::relu(&mut out);
                }
            }
            Kind::AveragePool => {
                let shape = shared.program.buffers[*from];
                k::average(input, shape.rows, shape.channels, &mut out);
            }
            Kind::Dropout { rate, number } => {
                if !in_place {
                    out.copy_from_slice(input);
                }
                let mask = &mut self.masks[i];
                mask.clear();
                if let Mode::Training {
                    dropout: true,
                    seed,
                    step,
                } = shared.mode
                {
                    let length = shared.program.buffers[*to].length();
                    let first = self.first * length;
                    let drawn = dropout_mask(seed, step, *number, *rate, first);
                    mask.extend(drawn.take(out.len()));
                    k::multiply(&mut out, mask);
                }
            }
        }
        self.activations[*to] = out;
    }

    /// Mean and sum of squared distances of a batch normalisation's input.
    pub fn moments(&mut self, norm: &Norm, from: BufferId, shared: &Shared<'_>) {
        let channels = norm.gamma.len();
        let mut sums = std::mem::take(&mut self.sums[norm.number]);
        sums.resize(2 * channels, 0.0);
        let (mean, squares) = sums.split_at_mut(channels);
        k::moments(self.activation(from, shared), mean, squares);
        self.sums[norm.number] = sums;
    }

    /// Adds the gradient of a depthwise kernel that reads buffer `from`.
    pub fn depthwise_kernel(
        &self,
        conv: &Conv,
        from: BufferId,
        gradient: &[f32],
        shared: &Shared<'_>,
        out: &mut [f32],
    ) {
        let (length_in, length_out) = conv.lengths();
        let inputs = self.activation(from, shared).chunks_exact(length_in);
        for (x, gradient) in inputs.zip(gradient.chunks_exact(length_out)) {
            k::depthwise_kernel(x, gradient, &conv.sources, conv.out, out);
        }
    }

    /// Loss of the samples and its gradient.
    pub fn loss(&mut self, labels: &[u32], targets: &Targets, shared: &Shared<'_>) {
        let output = shared.program.output;
        let labels = &labels[self.first..self.first + self.samples];
        let gradient = &mut self.gradients[output];
        self.loss = k::cross_entropy(
            &self.activations[output],
            labels,
            shared.batch,
            targets,
            gradient,
        );
    }

    /// Sums that the gradients of a batch normalisation need.
    pub fn backward_sums(&mut self, norm: &Norm, step: &Step, shared: &Shared<'_>) {
        if norm.relu {
            k::relu_backward(&self.activations[step.to], &mut self.gradients[step.to]);
        }
        let channels = norm.gamma.len();
        let state = &shared.norms[norm.number];
        let mut sums = std::mem::take(&mut self.sums[norm.number]);
        sums.resize(2 * channels, 0.0);
        let (d_gamma, d_beta) = sums.split_at_mut(channels);
        let x = self.activation(step.from, shared);
        let gradient = &self.gradients[step.to];
        k::batch_norm_sums(x, gradient, (&state.mean, &state.inverse), d_gamma, d_beta);
        self.sums[norm.number] = sums;
    }
}
