//! Forward and backward over a program's buffers.

use std::mem::take;

use super::NativeNetwork;
use super::gemm::{Matrix, in_pool, multiply};
use super::kernels as k;
use super::program::{BufferId, ConvStep, Kind, Program};
use crate::architecture::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM};
use crate::conv::ConvForm;
use crate::network::{Mode, dropout_mask};

/// Activations, gradients and whatever a step keeps for its backward pass. They grow to the largest
/// batch seen and are reused.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers {
    /// A buffer of the program each; the input's stays empty, it is read where it is.
    activations: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    /// A step each: gathered columns, dropout mask, or batch mean and inverse deviation.
    kept: Vec<Vec<f32>>,
    /// Kernels side by side, and products or their gradients.
    kernel: Vec<f32>,
    products: Vec<f32>,
}

fn resize(buffer: &mut Vec<f32>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}

impl Buffers {
    pub fn new(program: &Program) -> Self {
        Self {
            activations: vec![Vec::new(); program.buffers.len()],
            gradients: vec![Vec::new(); program.buffers.len()],
            kept: vec![Vec::new(); program.steps.len()],
            ..Default::default()
        }
    }

    /// Logits of the last pass.
    pub fn output(&self, program: &Program, batch: usize) -> &[f32] {
        let classes = program.buffers[program.output].channels;
        &self.activations[program.output][..batch * classes]
    }
}

impl NativeNetwork {
    /// Elements of buffer `id` for a batch.
    fn length(&self, id: BufferId, batch: usize) -> usize {
        let shape = self.program.buffers[id];
        batch * shape.rows * shape.channels
    }

    pub(super) fn forward(&mut self, x: &[f32], mode: Mode) -> &[f32] {
        let sample = self.length(0, 1);
        assert!(
            !x.is_empty() && x.len().is_multiple_of(sample),
            "whole samples of {sample} values"
        );
        let batch = x.len() / sample;
        in_pool(batch * self.macs, || {
            for i in 0..self.program.steps.len() {
                self.step_forward(i, x, batch, mode);
            }
        });
        self.buffers.output(&self.program, batch)
    }

    fn step_forward(&mut self, i: usize, x: &[f32], batch: usize, mode: Mode) {
        let (from, to) = (self.program.steps[i].from, self.program.steps[i].to);
        let length = self.length(to, batch);
        let mut out = take(&mut self.buffers.activations[to]);
        resize(&mut out, length);
        let mut kept = take(&mut self.buffers.kept[i]);
        let target = &mut out[..length];
        {
            // In-place steps have no other input: theirs is `target`.
            let input = match from {
                _ if from == to => &[][..],
                0 => x,
                from => &self.buffers.activations[from][..self.length(from, batch)],
            };
            let parameters = &self.parameters;
            match &self.program.steps[i].kind {
                Kind::Conv(conv) => {
                    let scratch = (&mut self.buffers.kernel, &mut self.buffers.products);
                    conv_forward(conv, parameters, input, batch, &mut kept, scratch, target);
                }
                Kind::Depthwise(conv) => depthwise_forward(conv, parameters, input, target),
                Kind::BatchNorm {
                    gamma,
                    beta,
                    mean,
                    variance,
                } => {
                    let channels = gamma.len();
                    resize(&mut kept, 3 * channels);
                    let (batch_mean, rest) = kept.split_at_mut(channels);
                    let (batch_inverse, scale) = rest.split_at_mut(channels);
                    let epsilon = BATCH_NORM_EPSILON as f32;
                    if mode == Mode::Inference {
                        batch_mean.copy_from_slice(&self.statistics[mean.clone()]);
                        batch_inverse.copy_from_slice(&self.statistics[variance.clone()]);
                    } else {
                        k::moments(input, batch_mean, batch_inverse);
                        let momentum = BATCH_NORM_MOMENTUM as f32;
                        let rest = (1.0 - BATCH_NORM_MOMENTUM) as f32;
                        for (range, batch) in [(mean, &*batch_mean), (variance, &*batch_inverse)] {
                            let running = &mut self.statistics[range.clone()];
                            for (running, batch) in running.iter_mut().zip(batch) {
                                *running = *running * momentum + batch * rest;
                            }
                        }
                    }
                    let gamma = &parameters[gamma.clone()];
                    for ((inverse, scale), gamma) in
                        batch_inverse.iter_mut().zip(scale.iter_mut()).zip(gamma)
                    {
                        *inverse = 1.0 / (*inverse + epsilon).sqrt();
                        *scale = *inverse * gamma;
                    }
                    k::normalise(input, batch_mean, scale, &parameters[beta.clone()], target);
                }
                Kind::Relu => target.iter_mut().for_each(|value| *value = value.max(0.0)),
                Kind::MaxPool { width } => {
                    k::max_pool(input, *width, self.program.buffers[to].channels, target);
                }
                Kind::Add { other } => {
                    let other = match other {
                        0 => x,
                        other => &self.buffers.activations[*other][..length],
                    };
                    target.copy_from_slice(input);
                    k::add(target, other);
                }
                Kind::Pool => {
                    let shape = self.program.buffers[from];
                    let samples = input.chunks_exact(shape.rows * shape.channels);
                    for (sample, out) in samples.zip(target.chunks_exact_mut(shape.channels)) {
                        k::sum_rows(sample, out);
                        out.iter_mut().for_each(|sum| *sum /= shape.rows as f32);
                    }
                }
                Kind::Dropout { rate, layer } => {
                    kept.clear();
                    if let Mode::Training {
                        dropout: true,
                        seed,
                        step,
                    } = mode
                    {
                        let channels = self.program.buffers[to].channels;
                        let shape = [length / channels, channels];
                        kept = dropout_mask(shape, *rate, seed, step, *layer);
                        target
                            .iter_mut()
                            .zip(&kept)
                            .for_each(|(value, mask)| *value *= mask);
                    }
                }
            }
        }
        self.buffers.kept[i] = kept;
        self.buffers.activations[to] = out;
    }

    /// Gradients of all parameters after a training forward pass; returns the loss.
    pub(super) fn backward(&mut self, x: &[f32], y: &[u32]) -> f32 {
        let batch = y.len();
        assert_eq!(x.len(), self.length(0, batch), "inputs and labels");
        let output = self.program.output;
        let classes = self.program.buffers[output].channels;
        assert!(
            y.iter().all(|&label| (label as usize) < classes),
            "labels are classes"
        );
        let mut gradient = take(&mut self.buffers.gradients[output]);
        resize(&mut gradient, batch * classes);
        let logits = self.buffers.output(&self.program, batch);
        let loss = k::cross_entropy(logits, y, &mut gradient[..batch * classes]);
        self.buffers.gradients[output] = gradient;
        // Whether a buffer's gradient has been set in this pass, or must be before it is added to.
        let mut set = vec![false; self.program.buffers.len()];
        in_pool(batch * self.macs, || {
            for i in (0..self.program.steps.len()).rev() {
                self.step_backward(i, x, batch, &mut set);
            }
        });
        loss
    }

    fn step_backward(&mut self, i: usize, x: &[f32], batch: usize, set: &mut [bool]) {
        let (from, to) = (self.program.steps[i].from, self.program.steps[i].to);
        let length = self.length(to, batch);
        let mut own = take(&mut self.buffers.gradients[to]);
        let gradient = &mut own[..length];
        let activations = &self.buffers.activations;
        if from == to {
            match &self.program.steps[i].kind {
                Kind::Relu => k::relu_backward(&activations[to][..length], gradient),
                Kind::Dropout { .. } => {
                    let mask = &self.buffers.kept[i];
                    gradient
                        .iter_mut()
                        .zip(mask)
                        .for_each(|(gradient, mask)| *gradient *= mask);
                }
                _ => unreachable!("no other step works in place"),
            }
            self.buffers.gradients[to] = own;
            return;
        }
        let from_length = self.length(from, batch);
        let input = if from == 0 {
            x
        } else {
            &activations[from][..from_length]
        };
        let channels = self.program.buffers[from].channels;
        let mut back = take(&mut self.buffers.gradients[from]);
        resize(&mut back, from_length);
        // The input's gradient is nobody's.
        let wanted = from != 0;
        let accumulate = take(&mut set[from]);
        let back_to = &mut back[..from_length];
        let kept = &mut self.buffers.kept[i];
        let (parameters, gradients) = (&self.parameters, &mut self.gradients);
        match &self.program.steps[i].kind {
            Kind::Conv(conv) => {
                let scratch = (&mut self.buffers.kernel, &mut self.buffers.products);
                let back = wanted.then_some((back_to, accumulate));
                conv_backward(
                    conv, parameters, gradients, input, gradient, kept, scratch, back,
                );
            }
            Kind::Depthwise(conv) => {
                if !accumulate {
                    back_to.fill(0.0);
                }
                depthwise_backward(conv, parameters, gradients, input, gradient, back_to);
            }
            Kind::BatchNorm { gamma, beta, .. } => {
                let (mean, rest) = kept.split_at(channels);
                let scale = &parameters[gamma.clone()];
                // Beta follows gamma.
                let (d_gamma, d_beta) = gradients[gamma.start..beta.end].split_at_mut(channels);
                let inverse = &rest[..channels];
                k::batch_norm_backward(
                    input, gradient, mean, inverse, scale, d_gamma, d_beta, accumulate, back_to,
                );
            }
            Kind::MaxPool { width } => {
                if !accumulate {
                    back_to.fill(0.0);
                }
                k::max_pool_backward(input, gradient, *width, channels, back_to);
            }
            Kind::Add { other } => {
                let other = *other;
                let mut second = take(&mut self.buffers.gradients[other]);
                // An identity shortcut comes from the block's own input.
                resize(&mut second, length);
                for (buffer, accumulate) in [
                    (&mut *back_to, accumulate),
                    (&mut second[..length], take(&mut set[other])),
                ] {
                    match accumulate {
                        true => k::add(buffer, gradient),
                        false => buffer.copy_from_slice(gradient),
                    }
                }
                self.buffers.gradients[other] = second;
                set[other] = true;
            }
            Kind::Pool => {
                let rows = self.program.buffers[from].rows;
                let samples = gradient.chunks_exact(channels);
                for (gradient, back) in samples.zip(back_to.chunks_exact_mut(rows * channels)) {
                    for row in back.chunks_exact_mut(channels) {
                        for (back, gradient) in row.iter_mut().zip(gradient) {
                            let value = gradient / rows as f32;
                            *back = if accumulate { *back + value } else { value };
                        }
                    }
                }
            }
            Kind::Relu | Kind::Dropout { .. } => unreachable!("these work in place"),
        }
        set[from] = true;
        self.buffers.gradients[from] = back;
        self.buffers.gradients[to] = own;
    }
}

fn conv_forward(
    conv: &ConvStep,
    parameters: &[f32],
    input: &[f32],
    batch: usize,
    kept: &mut Vec<f32>,
    (side, products): (&mut Vec<f32>, &mut Vec<f32>),
    out: &mut [f32],
) {
    let (kernel, bias) = (
        &parameters[conv.kernel.clone()],
        &parameters[conv.bias.clone()],
    );
    let (taps, channels, n) = (conv.geometry.taps(), conv.channels, conv.out);
    let rows_in = conv.geometry.positions_in();
    match conv.form {
        ConvForm::Pointwise => {
            let rows = out.len() / n;
            multiply(
                Matrix::new(input, rows, channels),
                Matrix::new(kernel, channels, n),
                out,
                false,
            );
            k::add_bias(out, bias);
        }
        ConvForm::Im2col => {
            let rows = out.len() / n;
            resize(kept, rows * taps * channels);
            k::im2col(input, &conv.sources, rows_in, channels, kept);
            let columns = Matrix::new(kept, rows, taps * channels);
            multiply(columns, Matrix::new(kernel, taps * channels, n), out, false);
            k::add_bias(out, bias);
        }
        ConvForm::ShiftAdd => {
            let rows = batch * rows_in;
            resize(side, kernel.len());
            resize(products, rows * taps * n);
            k::side_by_side(kernel, taps, n, side);
            let side = Matrix::new(side, channels, taps * n);
            multiply(Matrix::new(input, rows, channels), side, products, false);
            let products = &products[..rows * taps * n];
            k::shift_add(products, &conv.sources, rows_in, taps, bias, out);
        }
    }
}

#[allow(clippy::too_many_arguments)] // the parts of one step
fn conv_backward(
    conv: &ConvStep,
    parameters: &[f32],
    gradients: &mut [f32],
    input: &[f32],
    gradient: &[f32],
    kept: &mut [f32],
    (side, products): (&mut Vec<f32>, &mut Vec<f32>),
    back: Option<(&mut [f32], bool)>,
) {
    let kernel = &parameters[conv.kernel.clone()];
    k::sum_rows(gradient, &mut gradients[conv.bias.clone()]);
    let d_kernel = &mut gradients[conv.kernel.clone()];
    let (taps, channels, n) = (conv.geometry.taps(), conv.channels, conv.out);
    let rows_in = conv.geometry.positions_in();
    let rows = gradient.len() / n;
    let d_out = Matrix::new(gradient, rows, n);
    match conv.form {
        ConvForm::Pointwise => {
            multiply(
                Matrix::new(input, rows, channels).t(),
                d_out,
                d_kernel,
                false,
            );
            if let Some((back, accumulate)) = back {
                multiply(
                    d_out,
                    Matrix::new(kernel, channels, n).t(),
                    back,
                    accumulate,
                );
            }
        }
        ConvForm::Im2col => {
            let length = taps * channels;
            multiply(Matrix::new(kept, rows, length).t(), d_out, d_kernel, false);
            if let Some((back, accumulate)) = back {
                // The columns are done with: their gradient takes their place.
                multiply(d_out, Matrix::new(kernel, length, n).t(), kept, false);
                if !accumulate {
                    back.fill(0.0);
                }
                k::col2im(
                    &kept[..rows * length],
                    &conv.sources,
                    rows_in,
                    channels,
                    back,
                );
            }
        }
        ConvForm::ShiftAdd => {
            let rows = input.len() / channels;
            resize(products, rows * taps * n);
            let d_products = &mut products[..rows * taps * n];
            k::shift_add_backward(gradient, &conv.sources, rows_in, taps, n, d_products);
            let d_products = Matrix::new(d_products, rows, taps * n);
            resize(side, kernel.len());
            if let Some((back, accumulate)) = back {
                k::side_by_side(kernel, taps, n, side);
                multiply(
                    d_products,
                    Matrix::new(side, channels, taps * n).t(),
                    back,
                    accumulate,
                );
            }
            multiply(
                Matrix::new(input, rows, channels).t(),
                d_products,
                side,
                false,
            );
            k::tap_by_tap(side, taps, n, d_kernel);
        }
    }
}

fn depthwise_forward(conv: &ConvStep, parameters: &[f32], input: &[f32], out: &mut [f32]) {
    let (kernel, bias) = (
        &parameters[conv.kernel.clone()],
        &parameters[conv.bias.clone()],
    );
    let (taps, channels) = (conv.geometry.taps(), conv.channels);
    let sample = conv.geometry.positions_in() * channels;
    for (input, out) in input.chunks_exact(sample).zip(out.chunks_exact_mut(sample)) {
        let rows = conv
            .sources
            .chunks_exact(taps)
            .zip(out.chunks_exact_mut(channels));
        for (sources, out) in rows {
            out.copy_from_slice(bias);
            for (source, kernel) in sources.iter().zip(kernel.chunks_exact(channels)) {
                if let Some(row) = source {
                    let row = &input[row * channels..][..channels];
                    for i in 0..channels {
                        out[i] += row[i] * kernel[i];
                    }
                }
            }
        }
    }
}

fn depthwise_backward(
    conv: &ConvStep,
    parameters: &[f32],
    gradients: &mut [f32],
    input: &[f32],
    gradient: &[f32],
    back: &mut [f32],
) {
    let kernel = &parameters[conv.kernel.clone()];
    k::sum_rows(gradient, &mut gradients[conv.bias.clone()]);
    let d_kernel = &mut gradients[conv.kernel.clone()];
    d_kernel.fill(0.0);
    let (taps, channels) = (conv.geometry.taps(), conv.channels);
    let sample = conv.geometry.positions_in() * channels;
    let samples = input
        .chunks_exact(sample)
        .zip(back.chunks_exact_mut(sample));
    for ((input, back), gradient) in samples.zip(gradient.chunks_exact(sample)) {
        let rows = conv
            .sources
            .chunks_exact(taps)
            .zip(gradient.chunks_exact(channels));
        for (sources, gradient) in rows {
            let kernels = kernel
                .chunks_exact(channels)
                .zip(d_kernel.chunks_exact_mut(channels));
            for (source, (kernel, d_kernel)) in sources.iter().zip(kernels) {
                if let Some(row) = source {
                    let input = &input[row * channels..][..channels];
                    let back = &mut back[row * channels..][..channels];
                    for i in 0..channels {
                        d_kernel[i] += input[i] * gradient[i];
                        back[i] += kernel[i] * gradient[i];
                    }
                }
            }
        }
    }
}
