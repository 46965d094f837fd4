//! Loops over rows of channels. The innermost loop runs over channels, which lie side by side, so the
//! compiler turns it into vector instructions.

/// Adds `bias` to every row.
pub(super) fn add_bias(rows: &mut [f32], bias: &[f32]) {
    for row in rows.chunks_exact_mut(bias.len()) {
        row.iter_mut()
            .zip(bias)
            .for_each(|(value, bias)| *value += bias);
    }
}

/// Sum over rows into `out`.
pub(super) fn sum_rows(rows: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    for row in rows.chunks_exact(out.len()) {
        out.iter_mut()
            .zip(row)
            .for_each(|(sum, value)| *sum += value);
    }
}

/// `a += b`.
pub(super) fn add(a: &mut [f32], b: &[f32]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
}

/// Gathers the rows under every tap, zeros for the padding: `[samples * outputs, taps * channels]`.
pub(super) fn im2col(
    x: &[f32],
    sources: &[Option<usize>],
    rows_in: usize,
    channels: usize,
    out: &mut [f32],
) {
    let samples = x.chunks_exact(rows_in * channels);
    for (sample, out) in samples.zip(out.chunks_exact_mut(sources.len() * channels)) {
        for (source, target) in sources.iter().zip(out.chunks_exact_mut(channels)) {
            match source {
                Some(row) => target.copy_from_slice(&sample[row * channels..][..channels]),
                None => target.fill(0.0),
            }
        }
    }
}

/// The transpose of [`im2col`]: adds every column to the row it came from. `out` must be set before.
pub(super) fn col2im(
    columns: &[f32],
    sources: &[Option<usize>],
    rows_in: usize,
    channels: usize,
    out: &mut [f32],
) {
    let samples = columns.chunks_exact(sources.len() * channels);
    for (columns, out) in samples.zip(out.chunks_exact_mut(rows_in * channels)) {
        for (source, column) in sources.iter().zip(columns.chunks_exact(channels)) {
            if let Some(row) = source {
                add(&mut out[row * channels..][..channels], column);
            }
        }
    }
}

/// Shift-and-add: `out[r] = bias + sum over taps t of products[source(r, t)][t]`, where a row of
/// `products` holds the outputs of all taps side by side.
pub(super) fn shift_add(
    products: &[f32],
    sources: &[Option<usize>],
    rows_in: usize,
    taps: usize,
    bias: &[f32],
    out: &mut [f32],
) {
    let n = bias.len();
    let outputs = sources.len() / taps;
    let samples = products.chunks_exact(rows_in * taps * n);
    for (products, out) in samples.zip(out.chunks_exact_mut(outputs * n)) {
        for (sources, out) in sources.chunks_exact(taps).zip(out.chunks_exact_mut(n)) {
            out.copy_from_slice(bias);
            for (tap, source) in sources.iter().enumerate() {
                if let Some(row) = source {
                    add(out, &products[(row * taps + tap) * n..][..n]);
                }
            }
        }
    }
}

/// The transpose of [`shift_add`]: gradient of the products.
pub(super) fn shift_add_backward(
    gradient: &[f32],
    sources: &[Option<usize>],
    rows_in: usize,
    taps: usize,
    n: usize,
    out: &mut [f32],
) {
    out.fill(0.0);
    let outputs = sources.len() / taps;
    let samples = gradient.chunks_exact(outputs * n);
    for (gradient, out) in samples.zip(out.chunks_exact_mut(rows_in * taps * n)) {
        for (sources, gradient) in sources.chunks_exact(taps).zip(gradient.chunks_exact(n)) {
            for (tap, source) in sources.iter().enumerate() {
                if let Some(row) = source {
                    // A tap reads a row at most once in a sample.
                    out[(row * taps + tap) * n..][..n].copy_from_slice(gradient);
                }
            }
        }
    }
}

/// `[taps, channels, n]` to `[channels, taps * n]`.
pub(super) fn side_by_side(kernel: &[f32], taps: usize, n: usize, out: &mut [f32]) {
    let channels = kernel.len() / (taps * n);
    for (tap, kernel) in kernel.chunks_exact(channels * n).enumerate() {
        for (channel, row) in kernel.chunks_exact(n).enumerate() {
            out[(channel * taps + tap) * n..][..n].copy_from_slice(row);
        }
    }
}

/// The inverse of [`side_by_side`].
pub(super) fn tap_by_tap(side_by_side: &[f32], taps: usize, n: usize, out: &mut [f32]) {
    let channels = out.len() / (taps * n);
    for (tap, out) in out.chunks_exact_mut(channels * n).enumerate() {
        for (channel, row) in out.chunks_exact_mut(n).enumerate() {
            row.copy_from_slice(&side_by_side[(channel * taps + tap) * n..][..n]);
        }
    }
}

/// Mean and biased variance of every channel.
pub(super) fn moments(rows: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    let count = (rows.len() / mean.len()) as f32;
    sum_rows(rows, mean);
    mean.iter_mut().for_each(|sum| *sum /= count);
    variance.fill(0.0);
    for row in rows.chunks_exact(mean.len()) {
        for ((sum, value), mean) in variance.iter_mut().zip(row).zip(&*mean) {
            let distance = value - mean;
            *sum += distance * distance;
        }
    }
    variance.iter_mut().for_each(|sum| *sum /= count);
}

/// `out = (x - mean) * scale + shift`, channel by channel.
pub(super) fn normalise(x: &[f32], mean: &[f32], scale: &[f32], shift: &[f32], out: &mut [f32]) {
    let channels = mean.len();
    for (x, out) in x.chunks_exact(channels).zip(out.chunks_exact_mut(channels)) {
        for i in 0..channels {
            out[i] = (x[i] - mean[i]) * scale[i] + shift[i];
        }
    }
}

/// Gradients of a batch normalisation over batch statistics. `inverse` is `1 / sqrt(variance + eps)`.
/// Ioffe and Szegedy, "Batch normalization" (ICML 2015), section 3.
#[allow(clippy::too_many_arguments)] // one formula
pub(super) fn batch_norm_backward(
    x: &[f32],
    gradient: &[f32],
    mean: &[f32],
    inverse: &[f32],
    gamma: &[f32],
    d_gamma: &mut [f32],
    d_beta: &mut [f32],
    accumulate: bool,
    out: &mut [f32],
) {
    let channels = mean.len();
    let count = (x.len() / channels) as f32;
    d_gamma.fill(0.0);
    d_beta.fill(0.0);
    for (x, g) in x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact(channels))
    {
        for i in 0..channels {
            d_gamma[i] += g[i] * (x[i] - mean[i]) * inverse[i];
            d_beta[i] += g[i];
        }
    }
    let rows = x
        .chunks_exact(channels)
        .zip(gradient.chunks_exact(channels));
    for ((x, g), out) in rows.zip(out.chunks_exact_mut(channels)) {
        for i in 0..channels {
            let hat = (x[i] - mean[i]) * inverse[i];
            let value = gamma[i] * inverse[i] * (g[i] - (d_beta[i] + hat * d_gamma[i]) / count);
            out[i] = if accumulate { out[i] + value } else { value };
        }
    }
}

/// Zeroes gradients where the activation was not positive.
pub(super) fn relu_backward(activation: &[f32], gradient: &mut [f32]) {
    for (gradient, activation) in gradient.iter_mut().zip(activation) {
        *gradient = if *activation > 0.0 { *gradient } else { 0.0 };
    }
}

/// The larger of neighbouring columns, in lines of `width` columns; an odd last one is dropped.
pub(super) fn max_pool(x: &[f32], width: usize, channels: usize, out: &mut [f32]) {
    let half = width / 2;
    let lines = x.chunks_exact(width * channels);
    for (line, out) in lines.zip(out.chunks_exact_mut(half * channels)) {
        for (pair, out) in line
            .chunks_exact(2 * channels)
            .zip(out.chunks_exact_mut(channels))
        {
            let (a, b) = pair.split_at(channels);
            for i in 0..channels {
                out[i] = if b[i] > a[i] { b[i] } else { a[i] };
            }
        }
    }
}

/// Adds the gradient to the larger of each pair, the first of equals; `out` must be set before.
pub(super) fn max_pool_backward(
    x: &[f32],
    gradient: &[f32],
    width: usize,
    channels: usize,
    out: &mut [f32],
) {
    let half = width / 2;
    let line = width * channels;
    let lines = x.chunks_exact(line).zip(out.chunks_exact_mut(line));
    for ((x, out), g) in lines.zip(gradient.chunks_exact(half * channels)) {
        let pairs = x
            .chunks_exact(2 * channels)
            .zip(out.chunks_exact_mut(2 * channels));
        for ((x, out), g) in pairs.zip(g.chunks_exact(channels)) {
            let ((a, b), (out_a, out_b)) = (x.split_at(channels), out.split_at_mut(channels));
            for i in 0..channels {
                let second = b[i] > a[i];
                out_a[i] += if second { 0.0 } else { g[i] };
                out_b[i] += if second { g[i] } else { 0.0 };
            }
        }
    }
}

/// Softmax cross-entropy: the gradient of its mean over the batch goes to `gradient`; returns the mean.
pub(super) fn cross_entropy(logits: &[f32], labels: &[u32], gradient: &mut [f32]) -> f32 {
    let classes = logits.len() / labels.len();
    let batch = labels.len() as f32;
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
        gradient.iter_mut().for_each(|g| *g /= sum * batch);
        gradient[label as usize] -= 1.0 / batch;
        loss += f64::from(sum.ln() + largest - row[label as usize]);
    }
    (loss / f64::from(batch)) as f32
}
