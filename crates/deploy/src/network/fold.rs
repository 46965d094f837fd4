//! Folds batch normalisation and ReLU into neighbouring layers.
//!
//! | before | after |
//! |---|---|
//! | linear convolution, scale | the convolution, its kernel scaled |
//! | anything without ReLU, ReLU | the layer with ReLU |
//! | scale, mean | the mean, scaled |
//! | convolution with ReLU, (max pool,) scale by `s` | the convolution scaled by `abs(s)`, (max pool,) scale by the sign of `s` |
//!
//! The last row keeps a batch normalisation after a ReLU, since its shift cannot be moved past the zero padding of the
//! next convolution. But all its channels then have about the same range, which suits 8 bits.

use super::{Layer, Network, Operation};

pub(super) fn fold(network: &mut Network) {
    // One pass each: an earlier layer is complete before a later one is merged into it.
    remove_where(network, scale_into_linear);
    remove_where(network, relu_into_layer);
    remove_where(network, scale_into_mean);
    balance(network);
}

/// Runs `merge` on every pair of neighbouring layers where nothing else reads the output of the first. If `merge` returns
/// true, the second layer is removed, and the first produces its output.
fn remove_where(network: &mut Network, merge: fn(&mut Layer, &Layer) -> bool) {
    let mut at = 0;
    while at < network.layers.len() {
        let input = network.layers[at].input;
        let feeding = network.layers[..at]
            .iter()
            .position(|layer| layer.output == input);
        let merged = match feeding {
            Some(before) if network.uses(input) == 1 => {
                let layer = network.layers[at].clone();
                merge(&mut network.layers[before], &layer).then_some((before, layer.output))
            }
            _ => None,
        };
        match merged {
            Some((before, output)) => {
                network.layers[before].output = output;
                network.layers.remove(at);
            }
            None => at += 1,
        }
    }
}

/// A scale after a convolution without ReLU.
fn scale_into_linear(before: &mut Layer, layer: &Layer) -> bool {
    let Operation::Scale { scale, shift } = &layer.operation else {
        return false;
    };
    if before.relu {
        return false;
    }
    let scaled = scale_kernel(&mut before.operation, scale);
    if scaled {
        if let Operation::Conv { bias, .. } | Operation::Depthwise { bias, .. } =
            &mut before.operation
        {
            bias.iter_mut()
                .zip(shift)
                .for_each(|(b, shift)| *b += shift);
        }
        before.relu = layer.relu;
    }
    scaled
}

/// Multiplies kernel and bias by `scale` per channel; returns whether there are any.
fn scale_kernel(operation: &mut Operation, scale: &[f32]) -> bool {
    match operation {
        Operation::Conv { kernel, bias, .. } | Operation::Depthwise { kernel, bias, .. } => {
            for row in kernel.chunks_exact_mut(scale.len()) {
                row.iter_mut().zip(scale).for_each(|(k, s)| *k *= s);
            }
            bias.iter_mut().zip(scale).for_each(|(b, s)| *b *= s);
            true
        }
        Operation::Scale { .. }
        | Operation::Mean { .. }
        | Operation::MaxPool { .. }
        | Operation::Add { .. } => false,
    }
}

/// A ReLU as a separate layer, after any layer without one.
fn relu_into_layer(before: &mut Layer, layer: &Layer) -> bool {
    let is_relu = match &layer.operation {
        Operation::Scale { scale, shift } => {
            layer.relu && scale.iter().all(|s| *s == 1.0) && shift.iter().all(|s| *s == 0.0)
        }
        _ => false,
    } && !matches!(before.operation, Operation::MaxPool { .. });
    if is_relu {
        before.relu = true;
    }
    is_relu
}

/// A mean after a scale: the two are linear.
fn scale_into_mean(before: &mut Layer, layer: &Layer) -> bool {
    let (Operation::Scale { scale, shift }, Operation::Mean { .. }) =
        (&before.operation, &layer.operation)
    else {
        return false;
    };
    if before.relu {
        return false;
    }
    before.operation = Operation::Mean {
        scale: scale.clone(),
        shift: shift.clone(),
    };
    before.name = layer.name.clone();
    before.relu = layer.relu;
    true
}

/// Moves the magnitude of a scale to the convolution before its ReLU.
fn balance(network: &mut Network) {
    for at in 0..network.layers.len() {
        let Some(convolution) = balanced(network, at) else {
            continue;
        };
        let (Operation::Scale { scale, .. } | Operation::Mean { scale, .. }) =
            &mut network.layers[at].operation
        else {
            continue;
        };
        let magnitudes: Vec<f32> = scale
            .iter()
            .map(|s| if *s == 0.0 { 1.0 } else { s.abs() })
            .collect();
        scale.iter_mut().zip(&magnitudes).for_each(|(s, m)| *s /= m);
        scale_kernel(&mut network.layers[convolution].operation, &magnitudes);
    }
}

/// The convolution with ReLU whose output, pooled or not, is read only by the scale in layer `at`.
fn balanced(network: &Network, at: usize) -> Option<usize> {
    let feeding = |value: usize| {
        let layer = network
            .layers
            .iter()
            .position(|layer| layer.output == value);
        layer.filter(|_| network.uses(value) == 1)
    };
    let mut before = feeding(network.layers[at].input)?;
    if matches!(network.layers[before].operation, Operation::MaxPool { .. }) {
        before = feeding(network.layers[before].input)?;
    }
    let layer = &network.layers[before];
    let is_convolution = matches!(
        layer.operation,
        Operation::Conv { .. } | Operation::Depthwise { .. }
    );
    (is_convolution && layer.relu).then_some(before)
}
