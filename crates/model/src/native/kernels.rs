//! Loops over rows of channels. The innermost loop runs over channels, which are contiguous, so that the compiler
//! vectorises it for the full width of the processor ([`lanes`]).

use lanes::wide;

use crate::targets::Targets;

/// Values besides the rows that the gradient of a batch normalisation's input needs, by channel.
pub(super) struct NormGradients<'a> {
    pub mean: &'a [f32],
    /// One over the standard deviation.
    pub inverse: &'a [f32],
    pub gamma: &'a [f32],
    pub d_gamma: &'a [f32],
    pub d_beta: &'a [f32],
    /// Total number of rows.
    pub count: f32,
}

/// Coefficients of one step of Adam.
pub(super) struct AdamStep {
    /// Learning rate, with the bias corrections included.
    pub rate: f32,
    pub beta_1: f32,
    /// `1 - beta_1`.
    pub rest_1: f32,
    pub beta_2: f32,
    pub rest_2: f32,
    pub epsilon: f32,
}

wide! {
    /// Adds the sum over rows to `out`.
    pub(super) fn sum_rows(rows: &[f32], out: &mut [f32]) {
        for row in rows.chunks_exact(out.len()) {
            for (sum, value) in out.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

wide! {
    /// `a += b`.
    pub(super) fn add(a: &mut [f32], b: &[f32]) {
        for (a, b) in a.iter_mut().zip(b) {
            *a += b;
        }
    }
}

wide! {
    /// `a *= factor`.
    pub(super) fn scale(a: &mut [f32], factor: f32) {
        for a in a {
            *a *= factor;
        }
    }
}

wide! {
    /// `a += share * (b - a)`.
    pub(super) fn approach(a: &mut [f32], b: &[f32], share: f32) {
        for (a, b) in a.iter_mut().zip(b) {
            *a += share * (b - *a);
        }
    }
}

wide! {
    /// `a *= b`.
    pub(super) fn multiply(a: &mut [f32], b: &[f32]) {
        for (a, b) in a.iter_mut().zip(b) {
            *a *= b;
        }
    }
}

wide! {
    /// `max(x, 0)`; NaN stays NaN.
    pub(super) fn relu(x: &mut [f32]) {
        for x in x {
            *x = if 0.0 > *x { 0.0 } else { *x };
        }
    }
}

wide! {
    /// Zeroes gradients where the activation was not positive.
    pub(super) fn relu_backward(activation: &[f32], gradient: &mut [f32]) {
        for (gradient, activation) in gradient.iter_mut().zip(activation) {
            *gradient = if *activation > 0.0 { *gradient } else { 0.0 };
        }
    }
}

wide! {
    /// `[rows, columns]` to `[columns, rows]`, in blocks that fit the registers.
    pub(super) fn transpose(values: &[f32], rows: usize, columns: usize, out: &mut [f32]) {
        const BLOCK: usize = 16;
        for first_row in (0..rows).step_by(BLOCK) {
            let height = BLOCK.min(rows - first_row);
            for first_column in (0..columns).step_by(BLOCK) {
                let width = BLOCK.min(columns - first_column);
                if height == BLOCK && width == BLOCK {
                    let mut block = [[0.0f32; BLOCK]; BLOCK];
                    for (i, line) in block.iter_mut().enumerate() {
                        line.copy_from_slice(&values[(first_row + i) * columns + first_column..][..BLOCK]);
                    }
                    for j in 0..BLOCK {
                        let target = &mut out[(first_column + j) * rows + first_row..][..BLOCK];
                        for i in 0..BLOCK {
                            target[i] = block[i][j];
                        }
                    }
                } else {
                    for column in first_column..first_column + width {
                        for row in first_row..first_row + height {
                            out[column * rows + row] = values[row * columns + column];
                        }
                    }
                }
            }
        }
    }
}

wide! {
    /// Mean of every channel, and the sum of squared distances from it, over the given rows.
    pub(super) fn moments(rows: &[f32], mean: &mut [f32], squares: &mut [f32]) {
        let count = (rows.len() / mean.len()) as f32;
        mean.fill(0.0);
        for row in rows.chunks_exact(mean.len()) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += value;
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        squares.fill(0.0);
        for row in rows.chunks_exact(mean.len()) {
            for ((sum, value), mean) in squares.iter_mut().zip(row).zip(&*mean) {
                let distance = value - mean;
                *sum += distance * distance;
            }
        }
    }
}

wide! {
    /// `out = (x - mean) * scale + shift`, channel by channel.
    pub(super) fn normalise(x: &[f32], mean: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32]) {
        let channels = mean.len();
        let (scale, shift) = (&scale[..channels], &shift[..channels]);
        for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
            for i in 0..channels {
                out[i] = (x[i] - mean[i]) * scale[i] + shift[i];
            }
        }
    }
}

wide! {
    /// Sums over rows that the gradients of a batch normalisation need: of `g * hat(x)` (gamma's gradient) and of `g`
    /// (beta's), where `hat(x) = (x - mean) * inverse`.
    pub(super) fn batch_norm_sums(
        x: &[f32], gradient: &[f32], moments: (&[f32], &[f32]), d_gamma: &mut [f32], d_beta: &mut [f32],
    ) {
        let (mean, inverse) = moments;
        let channels = mean.len();
        let (inverse, d_gamma, d_beta) = (&inverse[..channels], &mut d_gamma[..channels], &mut d_beta[..channels]);
        d_gamma.fill(0.0);
        d_beta.fill(0.0);
        for (x, g) in x.chunks_exact(channels).zip(gradient.chunks_exact(channels)) {
            for i in 0..channels {
                d_gamma[i] += g[i] * (x[i] - mean[i]) * inverse[i];
                d_beta[i] += g[i];
            }
        }
    }
}

wide! {
    /// The input's gradient of a batch normalisation over `count` rows in total, given the sums over all of them. Ioffe
    /// and Szegedy, "Batch normalization" (ICML 2015), section 3.
    pub(super) fn batch_norm_backward(
        x: &[f32], gradient: &[f32], norm: &NormGradients<'_>, accumulate: bool, out: &mut [f32],
    ) {
        let NormGradients { mean, inverse, gamma, d_gamma, d_beta, count } = *norm;
        let channels = mean.len();
        let (inverse, gamma) = (&inverse[..channels], &gamma[..channels]);
        let (d_gamma, d_beta) = (&d_gamma[..channels], &d_beta[..channels]);
        let rows = x.chunks_exact(channels).zip(gradient.chunks_exact(channels));
        for ((x, g), out) in rows.zip(out.chunks_exact_mut(channels)) {
            for i in 0..channels {
                let hat = (x[i] - mean[i]) * inverse[i];
                let value = gamma[i] * inverse[i] * (g[i] - (d_beta[i] + hat * d_gamma[i]) / count);
                out[i] = if accumulate { out[i] + value } else { value };
            }
        }
    }
}

wide! {
    /// Mean over the rows of every sample.
    pub(super) fn average(x: &[f32], rows: usize, channels: usize, out: &mut [f32]) {
        for (x, out) in x.chunks_exact(rows * channels).zip(out.chunks_exact_mut(channels)) {
            out.fill(0.0);
            for row in x.chunks_exact(channels) {
                for (sum, value) in out.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            out.iter_mut().for_each(|sum| *sum /= rows as f32);
        }
    }
}

wide! {
    /// The gradient of [`average`].
    pub(super) fn average_backward(gradient: &[f32], rows: usize, channels: usize, accumulate: bool, out: &mut [f32]) {
        let samples = gradient.chunks_exact(channels);
        for (gradient, out) in samples.zip(out.chunks_exact_mut(rows * channels)) {
            for row in out.chunks_exact_mut(channels) {
                for (out, gradient) in row.iter_mut().zip(gradient) {
                    let value = gradient / rows as f32;
                    *out = if accumulate { *out + value } else { value };
                }
            }
        }
    }
}

wide! {
    /// Depthwise convolution of a sample: `sources` has the row under every tap of every output row.
    pub(super) fn depthwise(
        input: &[f32], sources: &[Option<usize>], kernel: &[f32], bias: &[f32], out: &mut [f32],
    ) {
        let channels = bias.len();
        let taps = kernel.len() / channels;
        for (sources, out) in sources.chunks_exact(taps).zip(out.chunks_exact_mut(channels)) {
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

wide! {
    /// Adds the gradient of a depthwise convolution's input, of one sample.
    pub(super) fn depthwise_backward(
        gradient: &[f32], sources: &[Option<usize>], kernel: &[f32], channels: usize, out: &mut [f32],
    ) {
        let taps = kernel.len() / channels;
        for (sources, gradient) in sources.chunks_exact(taps).zip(gradient.chunks_exact(channels)) {
            for (source, kernel) in sources.iter().zip(kernel.chunks_exact(channels)) {
                if let Some(row) = source {
                    let out = &mut out[row * channels..][..channels];
                    for i in 0..channels {
                        out[i] += kernel[i] * gradient[i];
                    }
                }
            }
        }
    }
}

wide! {
    /// Adds the gradient of a depthwise convolution's kernel, of one sample.
    pub(super) fn depthwise_kernel(
        input: &[f32], gradient: &[f32], sources: &[Option<usize>], channels: usize, out: &mut [f32],
    ) {
        let taps = out.len() / channels;
        for (sources, gradient) in sources.chunks_exact(taps).zip(gradient.chunks_exact(channels)) {
            for (source, out) in sources.iter().zip(out.chunks_exact_mut(channels)) {
                if let Some(row) = source {
                    let input = &input[row * channels..][..channels];
                    for i in 0..channels {
                        out[i] += input[i] * gradient[i];
                    }
                }
            }
        }
    }
}

wide! {
    /// One step of Adam over some parameters.
    pub(super) fn adam(
        parameters: &mut [f32], gradients: &[f32], first: &mut [f32], second: &mut [f32], step: &AdamStep,
    ) {
        let AdamStep { rate, beta_1, rest_1, beta_2, rest_2, epsilon } = *step;
        let moments = first.iter_mut().zip(second);
        for ((first, second), (parameter, gradient)) in moments.zip(parameters.iter_mut().zip(gradients)) {
            *first = *first * beta_1 + gradient * rest_1;
            *second = *second * beta_2 + gradient * gradient * rest_2;
            *parameter -= rate * *first / (second.sqrt() + epsilon);
        }
    }
}

/// Softmax cross-entropy of some samples of a batch of `batch` samples. Writes the gradient of the mean to `gradient`
/// and returns the sum.
pub(super) fn cross_entropy(
    logits: &[f32],
    labels: &[u32],
    batch: usize,
    targets: &Targets,
    gradient: &mut [f32],
) -> f64 {
    let classes = logits.len() / labels.len();
    let batch = batch as f32;
    let mut loss = 0.0f64;
    let rows = logits
        .chunks_exact(classes)
        .zip(gradient.chunks_exact_mut(classes));
    for ((row, gradient), &label) in rows.zip(labels) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for (g, value) in gradient.iter_mut().zip(row) {
            *g = (value - largest).exp();
            sum += *g;
        }
        let (weight, log_sum) = (targets.weight(label), sum.ln() + largest);
        for ((g, value), target) in gradient.iter_mut().zip(row).zip(targets.row(label)) {
            *g = *g / (sum * batch) * weight - target / batch;
            if *target != 0.0 {
                loss += f64::from(*target) * f64::from(log_sum - value);
            }
        }
    }
    loss
}
