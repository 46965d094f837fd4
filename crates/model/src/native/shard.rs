//! Some samples of a batch on their way through a network: all that one thread touches between two batch
//! normalisations. Shards have a fixed size and are summed over in their order, so results depend on the
//! batch alone, never on how many threads there are.

use super::kernels as k;
use super::program::{BufferId, Kind, Norm, Program, Step};
use crate::network::Mode;
use crate::pass::dropout_mask;

/// Samples of a shard: its activations fit a core's own cache.
pub(super) const SHARD: usize = 16;

/// A batch of inputs `[batch, height, width, channels]`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    /// End to end, in order.
    Batch(&'a [f32]),
    /// The samples at `indices` of many that lie end to end.
    Gather { x: &'a [f32], indices: &'a [usize] },
}

/// Consecutive shards that one thread takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub shards: Vec<Shard>,
    /// Gradients of all parameters over its shards, in their order.
    pub gradients: Vec<f32>,
}

/// What a batch normalisation found in a batch, or the running statistics.
#[derive(Clone, Debug)]
pub(super) struct NormState {
    pub mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse: Vec<f32>,
    /// `inverse * gamma`.
    pub scale: Vec<f32>,
}

/// What all shards read.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub program: &'a Program,
    pub parameters: &'a [f32],
    pub transposed: &'a [f32],
    pub norms: &'a [NormState],
    /// All gradients so far: those of batch normalisations are read on the way back.
    pub gradients: &'a [f32],
    pub input: Input<'a>,
    pub mode: Mode,
    /// Samples of the batch.
    pub batch: usize,
    /// Of every class; empty where all count once.
    pub class_weights: &'a [f32],
}

/// Buffers of some samples. They grow to what is needed and are reused.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    /// First sample, and how many.
    first: usize,
    samples: usize,
    gathered: Vec<f32>,
    activations: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    /// Of every step that drops.
    masks: Vec<Vec<f32>>,
    /// Of every batch normalisation: two sums a channel.
    sums: Vec<Vec<f32>>,
    /// Sum of the samples' losses.
    pub loss: f64,
}

impl Shard {
    /// Makes room for `samples` samples from `first` on.
    pub fn place(&mut self, program: &Program, first: usize, samples: usize, training: bool) {
        (self.first, self.samples) = (first, samples);
        self.activations.resize(program.buffers.len(), Vec::new());
        self.gradients.resize(program.buffers.len(), Vec::new());
        self.masks.resize(program.steps.len(), Vec::new());
        self.sums.resize(program.norms.len(), Vec::new());
        // The input is read where it is; its gradient is nobody's.
        for (id, shape) in program.buffers.iter().enumerate().skip(1) {
            let length = samples * shape.length();
            self.activations[id].resize(length, 0.0);
            if training {
                self.gradients[id].resize(length, 0.0);
            }
        }
    }

    /// Samples it holds.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Activations of a buffer, those of the input included.
    pub fn activation<'a>(&'a self, id: BufferId, shared: &Shared<'a>) -> &'a [f32] {
        if id != 0 {
            return &self.activations[id];
        }
        let length = shared.program.buffers[0].length();
        match shared.input {
            Input::Batch(x) => &x[self.first * length..(self.first + self.samples) * length],
            Input::Gather { .. } => &self.gathered,
        }
    }

    /// Gradient of a buffer.
    pub fn gradient(&self, id: BufferId) -> &[f32] {
        &self.gradients[id]
    }

    /// The two sums a channel that were made for a batch normalisation.
    pub fn sums(&self, norm: usize) -> &[f32] {
        &self.sums[norm]
    }

    /// The network's output.
    pub fn output(&self, program: &Program) -> &[f32] {
        &self.activations[program.output]
    }

    /// Copies the samples, where they do not lie end to end.
    pub fn gather(&mut self, shared: &Shared<'_>) {
        if let Input::Gather { x, indices } = shared.input {
            let length = shared.program.buffers[0].length();
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
        // In-place steps have no other input than `out`.
        let input = match from == to {
            true => &[][..],
            false => self.activation(*from, shared),
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
            Kind::Relu => k::relu(&mut out),
            Kind::MaxPool { width } => {
                let channels = shared.program.buffers[*to].channels;
                k::max_pool(input, *width, channels, &mut out);
            }
            Kind::Add { other, relu, .. } => {
                out.copy_from_slice(input);
                k::add(&mut out, self.activation(*other, shared));
                if *relu {
                    k::relu(&mut out);
                }
            }
            Kind::Pool => {
                let shape = shared.program.buffers[*from];
                k::average(input, shape.rows, shape.channels, &mut out);
            }
            Kind::Dropout { rate, layer } => {
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
                    let drawn = dropout_mask(seed, step, *layer, *rate, first);
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

    /// Adds the gradient of a depthwise kernel.
    pub fn depthwise_kernel(
        &self,
        step: &Step,
        gradient: &[f32],
        shared: &Shared<'_>,
        out: &mut [f32],
    ) {
        if let Kind::Depthwise(conv) = &step.kind {
            let (length_in, length_out) = conv.lengths();
            let inputs = self.activation(step.from, shared).chunks_exact(length_in);
            for (x, gradient) in inputs.zip(gradient.chunks_exact(length_out)) {
                k::depthwise_kernel(x, gradient, &conv.sources, conv.out, out);
            }
        }
    }

    /// Loss of the samples and its gradient.
    pub fn loss(&mut self, labels: &[u32], shared: &Shared<'_>) {
        let output = shared.program.output;
        let labels = &labels[self.first..self.first + self.samples];
        let gradient = &mut self.gradients[output];
        self.loss = k::cross_entropy(
            &self.activations[output],
            labels,
            shared.batch,
            shared.class_weights,
            gradient,
        );
    }

    /// What a batch normalisation sums for its gradients.
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
        k::batch_norm_sums(x, gradient, &state.mean, &state.inverse, d_gamma, d_beta);
        self.sums[norm.number] = sums;
    }

    /// One step back: the gradient of the step's input, and those of its parameters where wanted, which
    /// are written or added.
    pub fn backward(
        &mut self,
        i: usize,
        shared: &Shared<'_>,
        parameters: Option<(&mut [f32], bool)>,
    ) {
        let step = &shared.program.steps[i];
        let (from, to, accumulate) = (step.from, step.to, step.accumulate);
        let mut gradient = std::mem::take(&mut self.gradients[to]);
        if from == to {
            match &step.kind {
                Kind::Relu => k::relu_backward(&self.activations[to], &mut gradient),
                Kind::Dropout { .. } if !self.masks[i].is_empty() => {
                    k::multiply(&mut gradient, &self.masks[i]);
                }
                _ => {}
            }
            self.gradients[to] = gradient;
            return;
        }
        let mut back = std::mem::take(&mut self.gradients[from]);
        let channels = shared.program.buffers[from].channels;
        // A batch normalisation has done so before its sums.
        if matches!(&step.kind, Kind::Conv(conv) | Kind::Depthwise(conv) if conv.relu)
            || matches!(step.kind, Kind::Add { relu: true, .. })
        {
            k::relu_backward(&self.activations[to], &mut gradient);
        }
        match &step.kind {
            Kind::Conv(conv) => {
                if conv.transposed.is_some() {
                    conv.backward(shared.transposed, &gradient, accumulate, &mut back);
                }
                if let Some((all, accumulate)) = parameters {
                    // The bias follows the kernel.
                    let own = &mut all[conv.kernel.start..conv.bias.end];
                    let (d_kernel, d_bias) = own.split_at_mut(conv.kernel.len());
                    let x = self.activation(from, shared);
                    conv.parameter_gradients(x, &gradient, accumulate, d_kernel, d_bias);
                }
            }
            Kind::Depthwise(conv) => {
                if let Some((all, accumulate)) = parameters {
                    let own = &mut all[conv.kernel.start..conv.bias.end];
                    if !accumulate {
                        own.fill(0.0);
                    }
                    let (d_kernel, d_bias) = own.split_at_mut(conv.kernel.len());
                    self.depthwise_kernel(step, &gradient, shared, d_kernel);
                    k::sum_rows(&gradient, d_bias);
                }
                // The input of the network is no buffer.
                if from != 0 {
                    if !accumulate {
                        back.fill(0.0);
                    }
                    let kernel = &shared.parameters[conv.kernel.clone()];
                    let (length_in, length_out) = conv.lengths();
                    let backs = back.chunks_exact_mut(length_in);
                    for (gradient, back) in gradient.chunks_exact(length_out).zip(backs) {
                        k::depthwise_backward(gradient, &conv.sources, kernel, channels, back);
                    }
                }
            }
            Kind::BatchNorm(norm) if from != 0 => {
                let state = &shared.norms[norm.number];
                k::batch_norm_backward(
                    self.activation(from, shared),
                    &gradient,
                    &state.mean,
                    &state.inverse,
                    &shared.parameters[norm.gamma.clone()],
                    &shared.gradients[norm.gamma.clone()],
                    &shared.gradients[norm.beta.clone()],
                    (shared.batch * shared.program.buffers[from].rows) as f32,
                    accumulate,
                    &mut back,
                );
            }
            Kind::MaxPool { width } if from != 0 => {
                if !accumulate {
                    back.fill(0.0);
                }
                let x = self.activation(from, shared);
                k::max_pool_backward(x, &gradient, *width, channels, &mut back);
            }
            Kind::Add {
                other,
                accumulate: accumulate_other,
                ..
            } => {
                let second = &mut self.gradients[*other];
                for (back, accumulate) in [(&mut back, accumulate), (second, *accumulate_other)] {
                    match accumulate {
                        true => k::add(back, &gradient),
                        false if back.is_empty() => {}
                        false => back.copy_from_slice(&gradient),
                    }
                }
            }
            Kind::Pool if from != 0 => {
                let rows = shared.program.buffers[from].rows;
                k::average_backward(&gradient, rows, channels, accumulate, &mut back);
            }
            _ => {}
        }
        self.gradients[from] = back;
        self.gradients[to] = gradient;
    }
}
