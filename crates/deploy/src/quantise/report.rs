//! Loss of accuracy from 8 bits, layer by layer.

use crate::network::{Network, Runner};

use super::{Encoding, IntegerNetwork, IntegerRunner, largest};

/// One layer of an integer network.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerReport {
    /// Name; `input` is the encoding of the features.
    pub name: String,
    /// Bytes of weights, biases and multipliers.
    pub bytes: usize,
    /// Smallest and largest number that its output can represent.
    pub range: (f32, f32),
    /// Power of its float32 output relative to that of the error, in decibels, with all layers before it in 8 bits too.
    pub signal_to_noise: f64,
    /// Fraction of windows whose class changes if only this layer's output is quantised.
    pub changed_alone: f64,
}

/// Compares `quantised` with the `network` it was made from, over windows of features.
pub fn layer_reports(
    network: &Network,
    quantised: &IntegerNetwork,
    features: &[f32],
) -> Vec<LayerReport> {
    let mut float = Runner::new(network);
    let mut integers = IntegerRunner::new(quantised);
    let values = network.values.len();
    let (mut power, mut error) = (vec![0.0; values], vec![0.0; values]);
    let mut classes = Vec::new();
    for x in features.chunks_exact(network.input_shape().elements()) {
        classes.push(largest(float.run(x)));
        integers.run(x);
        for value in 0..values {
            let encoding = quantised.encodings[value];
            for (exact, unit) in float.value(value).iter().zip(integers.value(value)) {
                power[value] += f64::from(*exact).powi(2);
                error[value] += f64::from(exact - encoding.decode(*unit)).powi(2);
            }
        }
    }
    let outputs = quantised.layers.iter().map(|layer| {
        let bytes = layer.operation.weights().map_or(0, super::Affine::bytes);
        (layer.output, layer.name.clone(), bytes)
    });
    let outputs = std::iter::once((0, "input".to_owned(), 0)).chain(outputs);
    outputs
        .map(|(value, name, bytes)| LayerReport {
            name,
            bytes,
            range: quantised.encodings[value].range(),
            signal_to_noise: 10.0 * (power[value] / error[value].max(f64::MIN_POSITIVE)).log10(),
            changed_alone: changed(
                &mut float,
                features,
                &classes,
                (value, quantised.encodings[value]),
            ),
        })
        .collect()
}

/// Fraction of windows whose class changes if one value is quantised.
fn changed(
    float: &mut Runner<'_>,
    features: &[f32],
    classes: &[usize],
    (value, encoding): (usize, Encoding),
) -> f64 {
    let round = |values: &mut [f32]| {
        for v in values {
            *v = encoding.decode(encoding.encode(*v));
        }
    };
    let windows = features.chunks_exact(features.len() / classes.len().max(1));
    let changed = windows.zip(classes).filter(|(x, class)| {
        let mut x = x.to_vec();
        if value == 0 {
            round(&mut x);
        }
        let logits = float.run_with(&x, |at, values| {
            if at == value {
                round(values);
            }
        });
        largest(logits) != **class
    });
    changed.count() as f64 / classes.len().max(1) as f64
}
