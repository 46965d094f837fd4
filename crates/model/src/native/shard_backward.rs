//! The backward pass of a shard, step by step.

use super::conv::Conv;
use super::kernels as k;
use super::pooling;
use super::program::{BufferId, Kind, Norm, Step};
use super::shard::{Shard, Shared};

/// Gradients of all parameters, and whether to add to existing values.
pub(super) type ParameterGradients<'a> = (&'a mut [f32], bool);

impl Shard {
    /// One step back: writes or adds the gradient of the step's input, and those of its parameters if requested.
    pub fn backward(
        &mut self,
        i: usize,
        shared: &Shared<'_>,
        parameters: Option<ParameterGradients<'_>>,
    ) {
        let step = &shared.program.steps[i];
        if !shared.program.wanted[step.to] {
            return;
        }
        let mut gradient = std::mem::take(&mut self.gradients[step.to]);
        match &step.kind {
            Kind::Conv(conv) => {
                self.rectify(conv.relu, step.to, &mut gradient);
                self.conv_backward(conv, step, &gradient, shared, parameters);
            }
            Kind::Depthwise(conv) => {
                self.rectify(conv.relu, step.to, &mut gradient);
                self.depthwise_backward(conv, step, &gradient, shared, parameters);
            }
            // Its ReLU was applied before the sums were computed.
            Kind::BatchNorm(norm) => self.batch_norm_backward(norm, step, &gradient, shared),
            Kind::Relu => {
                self.rectify(true, step.to, &mut gradient);
                self.pass_on(step, &gradient, shared);
            }
            Kind::MaxPool { width, columns } => {
                let channels = shared.program.buffers[step.from].channels;
                self.change(step, shared, |shard, accumulate, back| {
                    if !accumulate {
                        back.fill(0.0);
                    }
                    let x = shard.activation(step.from, shared);
                    pooling::max_pool_backward(x, &gradient, (*width, *columns), channels, back);
                });
            }
            Kind::Add {
                other,
                accumulate,
                relu,
            } => {
                self.rectify(*relu, step.to, &mut gradient);
                self.pass_on(step, &gradient, shared);
                self.add_to(*other, *accumulate, &gradient, shared);
            }
            Kind::AveragePool => {
                let shape = shared.program.buffers[step.from];
                self.change(step, shared, |_, accumulate, back| {
                    k::average_backward(&gradient, shape.rows, shape.channels, accumulate, back);
                });
            }
            Kind::Dropout { .. } => {
                if !self.masks[i].is_empty() {
                    k::multiply(&mut gradient, &self.masks[i]);
                }
                self.pass_on(step, &gradient, shared);
            }
        }
        self.gradients[step.to] = gradient;
    }

    /// Zeroes the gradient of buffer `to` where its ReLU was inactive, if it has one.
    fn rectify(&self, relu: bool, to: BufferId, gradient: &mut [f32]) {
        if relu {
            k::relu_backward(&self.activations[to], gradient);
        }
    }

    /// Passes the gradient of the step's input to `work`, and whether to add to it, if the gradient is needed.
    fn change(
        &mut self,
        step: &Step,
        shared: &Shared<'_>,
        work: impl FnOnce(&Self, bool, &mut [f32]),
    ) {
        if shared.program.wanted[step.from] {
            let mut back = std::mem::take(&mut self.gradients[step.from]);
            work(self, step.accumulate, &mut back);
            self.gradients[step.from] = back;
        }
    }

    /// The gradient of the step's input equals that of its output. For a step in place there is nothing to do.
    fn pass_on(&mut self, step: &Step, gradient: &[f32], shared: &Shared<'_>) {
        if step.from != step.to {
            self.add_to(step.from, step.accumulate, gradient, shared);
        }
    }

    fn add_to(&mut self, to: BufferId, accumulate: bool, gradient: &[f32], shared: &Shared<'_>) {
        if !shared.program.wanted[to] {
            return;
        }
        let back = &mut self.gradients[to];
        if accumulate {
            k::add(back, gradient);
        } else {
            back.copy_from_slice(gradient);
        }
    }

    fn conv_backward(
        &mut self,
        conv: &Conv,
        step: &Step,
        gradient: &[f32],
        shared: &Shared<'_>,
        parameters: Option<ParameterGradients<'_>>,
    ) {
        self.change(step, shared, |_, accumulate, back| {
            conv.backward(shared.transposed, gradient, accumulate, back);
        });
        if let Some((all, accumulate)) = parameters {
            // The bias follows the kernel.
            let both = &mut all[conv.kernel.start..conv.bias.end];
            let (d_kernel, d_bias) = both.split_at_mut(conv.kernel.len());
            let x = self.activation(step.from, shared);
            conv.parameter_gradients(x, gradient, accumulate, d_kernel, d_bias);
        }
    }

    fn depthwise_backward(
        &mut self,
        conv: &Conv,
        step: &Step,
        gradient: &[f32],
        shared: &Shared<'_>,
        parameters: Option<ParameterGradients<'_>>,
    ) {
        if let Some((all, accumulate)) = parameters {
            let both = &mut all[conv.kernel.start..conv.bias.end];
            if !accumulate {
                both.fill(0.0);
            }
            let (d_kernel, d_bias) = both.split_at_mut(conv.kernel.len());
            self.depthwise_kernel(conv, step.from, gradient, shared, d_kernel);
            k::sum_rows(gradient, d_bias);
        }
        self.change(step, shared, |_, accumulate, back| {
            if !accumulate {
                back.fill(0.0);
            }
            let kernel = &shared.parameters[conv.kernel.clone()];
            let (length_in, length_out) = conv.lengths();
            let backs = back.chunks_exact_mut(length_in);
            for (gradient, back) in gradient.chunks_exact(length_out).zip(backs) {
                k::depthwise_backward(gradient, &conv.sources, kernel, conv.channels, back);
            }
        });
    }

    fn batch_norm_backward(
        &mut self,
        norm: &Norm,
        step: &Step,
        gradient: &[f32],
        shared: &Shared<'_>,
    ) {
        let state = &shared.norms[norm.number];
        let rows = shared.batch * shared.program.buffers[step.from].rows;
        let norm = k::NormGradients {
            mean: &state.mean,
            inverse: &state.inverse,
            gamma: &shared.parameters[norm.gamma.clone()],
            d_gamma: &shared.gradients[norm.gamma.clone()],
            d_beta: &shared.gradients[norm.beta.clone()],
            count: rows as f32,
        };
        self.change(step, shared, |shard, accumulate, back| {
            let x = shard.activation(step.from, shared);
            k::batch_norm_backward(x, gradient, &norm, accumulate, back);
        });
    }
}
